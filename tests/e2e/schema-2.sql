-- SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
-- The schema of cseqguard's CDRs, version 2: roles and tables here, then partitions.sql, views.sql and
-- grants.sql, concatenated. It creates the schema, or migrates any older version. The daemon runs it if
-- its role has the privileges. Otherwise the owner runs it (cseqguardd --print-schema | psql -1). It can
-- be run again, and by two daemons at the same time.

SET LOCAL lock_timeout = '5s'; -- fail and retry rather than block the writers
SET LOCAL client_min_messages = warning; -- sending a notice to a disconnected client would abort the transaction
SELECT pg_advisory_xact_lock(hashtext('cseqguard.schema'));

DO $$
DECLARE
	found int;
BEGIN
	IF to_regclass('cseqguard.schema_version') IS NOT NULL THEN
		SELECT max(version) INTO found FROM cseqguard.schema_version;
		IF found > 2 THEN
			RAISE 'schema cseqguard has version %, which is newer than version 2 of this script', found;
		END IF;
	END IF;
END $$;

-- Roles belong to the cluster: a daemon of another database may create them at the same time.
DO $$
DECLARE
	role text;
BEGIN
	FOREACH role IN ARRAY ARRAY['cseqguard_writer', 'cseqguard_reader'] LOOP
		CONTINUE WHEN to_regrole(role) IS NOT NULL;
		BEGIN
			EXECUTE format('CREATE ROLE %I NOLOGIN', role);
		EXCEPTION
			WHEN duplicate_object OR unique_violation THEN
				NULL;
			WHEN insufficient_privilege THEN
				RAISE WARNING 'cannot create role %: % lacks CREATEROLE; have the role created, and run this again',
					role, current_user;
		END;
	END LOOP;
END $$;

-- All objects belong to one owner, whoever migrates the schema: SECURITY DEFINER runs as that owner.
SELECT set_config('role', rolname, true) FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner
WHERE pg_class.oid = to_regclass('cseqguard.cdr') AND rolname <> current_user
	AND pg_has_role(rolname, 'MEMBER');

-- CREATE SCHEMA IF NOT EXISTS needs CREATE on the database even if the schema exists.
DO $$
BEGIN
	IF to_regnamespace('cseqguard') IS NULL THEN
		CREATE SCHEMA cseqguard;
	END IF;
END $$;

CREATE TABLE IF NOT EXISTS cseqguard.schema_version (
	version int PRIMARY KEY,
	at timestamptz NOT NULL DEFAULT now()
);

-- A row is written when the call is answered. It is closed only by evidence.
CREATE TABLE IF NOT EXISTS cseqguard.cdr (
	setup_time timestamptz NOT NULL,
	call_uid uuid NOT NULL,            -- made from Call-ID and tags: the same on every node
	node text NOT NULL,
	call_id text NOT NULL,
	from_tag text NOT NULL,
	to_tag text NOT NULL,
	caller text NOT NULL,              -- From URI
	callee text NOT NULL,              -- To URI
	request_uri text NOT NULL,
	caller_addr inet NOT NULL,
	caller_port int NOT NULL,
	callee_addr inet NOT NULL,
	callee_port int NOT NULL,
	answer_time timestamptz NOT NULL,
	end_time timestamptz,              -- null: open
	duration interval GENERATED ALWAYS AS (end_time - answer_time) STORED,
	end_reason text NOT NULL,          -- none: open; bye, gone, unseen_bye, relayed_bye, timeout, lost, operator, unguarded
	ended_by text NOT NULL,            -- caller, callee, none
	bye_confirmed boolean NOT NULL,
	suspect boolean NOT NULL,
	blocked_byes int NOT NULL,
	first_blocked_at timestamptz,
	caller_cseq bigint,
	callee_cseq bigint,
	sip_code int NOT NULL,
	PRIMARY KEY (setup_time, call_uid, node)
) PARTITION BY RANGE (setup_time);

-- Rows without a partition of their month. partitions.sql creates those in advance.
CREATE TABLE IF NOT EXISTS cseqguard.cdr_default PARTITION OF cseqguard.cdr DEFAULT;

CREATE INDEX IF NOT EXISTS cdr_open ON cseqguard.cdr (setup_time) WHERE end_time IS NULL;
CREATE INDEX IF NOT EXISTS cdr_suspect ON cseqguard.cdr (setup_time) WHERE suspect;
CREATE INDEX IF NOT EXISTS cdr_call ON cseqguard.cdr (call_uid);

-- Version 1 had one plain table. It becomes the default partition, without a scan.
DO $$
BEGIN
	IF (SELECT relkind = 'r' FROM pg_class WHERE oid = to_regclass('cseqguard.violation')) THEN
		ALTER TABLE cseqguard.violation RENAME TO violation_default;
		ALTER INDEX cseqguard.violation_pkey RENAME TO violation_default_pkey;
		ALTER INDEX cseqguard.violation_call RENAME TO violation_default_call_uid_idx;
	END IF;
END $$;

CREATE TABLE IF NOT EXISTS cseqguard.violation (
	at timestamptz NOT NULL,
	node text NOT NULL,
	seq bigint NOT NULL,
	call_uid uuid NOT NULL,            -- as in cdr, where the message named a dialog
	reason text NOT NULL,
	action text NOT NULL,              -- drop, pass, would_drop
	call_id text NOT NULL,
	from_tag text NOT NULL,
	to_tag text NOT NULL,
	method text NOT NULL,
	cseq bigint,
	expected_cseq bigint,              -- the lowest that would have passed
	leg text NOT NULL,                 -- caller, callee, none
	source inet NOT NULL,
	source_port int NOT NULL,
	interface text NOT NULL,
	outcome text,                      -- of would_drop: accepted, refused, silent; null: not known (yet)
	PRIMARY KEY (at, node, seq)
) PARTITION BY RANGE (at);

DO $$
DECLARE
	given record;
BEGIN
	IF to_regclass('cseqguard.violation_default') IS NULL THEN
		CREATE TABLE cseqguard.violation_default PARTITION OF cseqguard.violation DEFAULT;
	ELSIF NOT (SELECT relispartition FROM pg_class WHERE oid = 'cseqguard.violation_default'::regclass) THEN
		ALTER TABLE cseqguard.violation ATTACH PARTITION cseqguard.violation_default DEFAULT;
		FOR given IN -- copy the privileges of the old table
			SELECT privilege_type AS what, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS whom
			FROM pg_class, aclexplode(relacl)
			WHERE oid = 'cseqguard.violation_default'::regclass AND grantee <> relowner
		LOOP
			EXECUTE format('GRANT %s ON cseqguard.violation TO %s', given.what, given.whom);
		END LOOP;
	END IF;
END $$;

CREATE INDEX IF NOT EXISTS violation_call ON cseqguard.violation (call_uid);

-- Decisions of operators, and the content of the call's row before.
CREATE TABLE IF NOT EXISTS cseqguard.settlement (
	at timestamptz NOT NULL,
	call_uid uuid NOT NULL,
	node text NOT NULL,
	setup_time timestamptz NOT NULL,
	operator text NOT NULL,            -- who
	why text NOT NULL,
	end_time timestamptz NOT NULL,
	was_end_time timestamptz,
	was_end_reason text NOT NULL,
	was_suspect boolean NOT NULL,
	PRIMARY KEY (at, call_uid, node, setup_time)
);

-- Closes an open or suspect call, or one settled before, at end_at (NULL: at the end that it has), which
-- makes it billable. Returns the number of its rows, one for each node. Messages of the call seen later
-- do not change its end. `cseqguard cdr settle` calls this.
CREATE OR REPLACE FUNCTION cseqguard.settle(uid uuid, because text, end_at timestamptz DEFAULT NULL,
	who text DEFAULT session_user) RETURNS bigint LANGUAGE sql AS $$
	WITH call AS (
		SELECT * FROM cseqguard.cdr
		WHERE call_uid = uid AND coalesce(end_at, end_time) >= answer_time
			AND (suspect OR end_time IS NULL OR end_reason = 'operator')
		FOR UPDATE
	), trace AS (
		INSERT INTO cseqguard.settlement
		SELECT clock_timestamp(), call_uid, node, setup_time, who, because,
			coalesce(end_at, end_time), end_time, end_reason, suspect FROM call
	), settled AS (
		UPDATE cseqguard.cdr AS c
		SET end_time = coalesce(end_at, c.end_time), end_reason = 'operator', suspect = false
		FROM call
		WHERE c.setup_time = call.setup_time AND c.call_uid = call.call_uid AND c.node = call.node
		RETURNING 1
	) SELECT count(*) FROM settled
$$;
-- Monthly partitions, in UTC: created in advance, and dropped by age.

CREATE OR REPLACE FUNCTION cseqguard.make_partition(parent text, key text, month timestamptz)
	RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
	partition text := parent || to_char(month, '_YYYYMM');
	"default" text := parent || '_default';
	columns text;
	moved bigint;
BEGIN
	SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
	WHERE attrelid = format('cseqguard.%I', parent)::regclass
		AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
	-- Locks are taken in the order of the writers. ATTACH PARTITION only blocks users of the default
	-- partition. CREATE TABLE ... PARTITION OF would wait for every reader.
	EXECUTE format('LOCK TABLE ONLY cseqguard.%I IN SHARE UPDATE EXCLUSIVE MODE', parent);
	EXECUTE format('LOCK TABLE cseqguard.%I IN ACCESS EXCLUSIVE MODE', "default");
	EXECUTE format('CREATE TABLE cseqguard.%I (LIKE cseqguard.%I INCLUDING ALL)', partition, parent);
	EXECUTE format('WITH moved AS (DELETE FROM cseqguard.%1$I WHERE %2$I >= %3$L AND %2$I < %4$L RETURNING %5$s)
		INSERT INTO cseqguard.%6$I (%5$s) SELECT * FROM moved', "default", key, month,
		month + interval '1 month', columns, partition);
	GET DIAGNOSTICS moved = ROW_COUNT;
	EXECUTE format('ALTER TABLE cseqguard.%I ATTACH PARTITION cseqguard.%I FOR VALUES FROM (%L) TO (%L)',
		parent, partition, month, month + interval '1 month');
	RETURN moved;
END $$;

-- Creates the missing partitions of this month and the next two, and of each month from `since` on that
-- has rows in the default partition, and moves those rows. Returns the partitions it created, and those
-- it could not create because existing partitions overlap them. The daemon calls this after each
-- connect, and once a day.
CREATE OR REPLACE FUNCTION cseqguard.make_partitions(since timestamptz DEFAULT now())
	RETURNS TABLE (partition text, made boolean, why text) LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET lock_timeout = '5s' AS $$
DECLARE
	parent text;
	key text;
	this timestamptz := date_trunc('month', now());
	month timestamptz;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('cseqguard.schema'));
	FOR parent, key IN VALUES ('cdr', 'setup_time'), ('violation', 'at') LOOP
		FOR month IN EXECUTE format('SELECT generate_series($1, $1 + interval ''2 months'', interval ''1 month'')
			UNION SELECT DISTINCT date_trunc(''month'', %I) FROM cseqguard.%I
			WHERE %1$I >= date_trunc(''month'', $2) AND %1$I < $1 ORDER BY 1', key, parent || '_default')
			USING this, since
		LOOP
			partition := format('cseqguard.%I', parent || to_char(month, '_YYYYMM'));
			CONTINUE WHEN EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass(partition)
				AND inhparent = format('cseqguard.%I', parent)::regclass);
			BEGIN
				why := format('%s rows moved', cseqguard.make_partition(parent, key, month));
				made := true;
			EXCEPTION WHEN invalid_object_definition OR duplicate_table THEN
				why := SQLERRM;
				made := false;
			END;
			RETURN NEXT;
		END LOOP;
	END LOOP;
END $$;

-- Returns the number of calls in a partition that are not settled; for a partition of violations, the
-- number of such calls that have violations in it.
CREATE OR REPLACE FUNCTION cseqguard.unsettled(parent regclass, partition text)
	RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found bigint;
BEGIN
	EXECUTE format(CASE parent WHEN 'cseqguard.cdr'::regclass
		THEN 'SELECT count(*) FROM %s WHERE suspect OR end_time IS NULL'
		ELSE 'SELECT count(DISTINCT call_uid) FROM %s WHERE call_uid IN
			(SELECT call_uid FROM cseqguard.cdr WHERE suspect OR end_time IS NULL)' END, partition)
		INTO found;
	RETURN found;
END $$;

-- For the owner: drops the partitions that end before now() - older_than, except those with open or
-- suspect calls, or with violations of such calls. Returns a row for each partition.
CREATE OR REPLACE FUNCTION cseqguard.drop_partitions(older_than interval)
	RETURNS TABLE (partition text, dropped boolean, why text) LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET lock_timeout = '5s' AS $$
DECLARE
	parent regclass;
	bound text;
	oldest timestamptz;
	open bigint;
BEGIN
	IF older_than < interval '0' THEN
		RAISE invalid_parameter_value USING MESSAGE = format('older_than %s: expected a positive age such as 1 year', older_than);
	END IF;
	PERFORM pg_advisory_xact_lock(hashtext('cseqguard.schema'));
	FOR parent, partition, bound IN
		SELECT inhparent, inhrelid::regclass, pg_get_expr(relpartbound, inhrelid)
		FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
		WHERE inhparent IN ('cseqguard.cdr'::regclass, 'cseqguard.violation'::regclass)
		ORDER BY inhparent::regclass::text, relname
	LOOP
		dropped := false;
		IF bound = 'DEFAULT' THEN
			EXECUTE format('SELECT count(*), min(%I) FROM %s WHERE %1$I < $1',
				CASE parent WHEN 'cseqguard.cdr'::regclass THEN 'setup_time' ELSE 'at' END, partition)
				INTO open, oldest USING now() - older_than;
			CONTINUE WHEN open = 0;
			why := format('%s older rows; SELECT cseqguard.make_partitions(%L) moves them to partitions', open, oldest);
			RETURN NEXT;
			CONTINUE;
		END IF;
		CONTINUE WHEN coalesce(substring(bound FROM ' TO \(''([^'']+)''\)')::timestamptz > now() - older_than, true);
		BEGIN
			-- the parent first, in the order of the writers
			EXECUTE format('LOCK TABLE ONLY %s, ONLY %s IN ACCESS EXCLUSIVE MODE', parent, partition);
			open := cseqguard.unsettled(parent, partition);
			dropped := open = 0;
			why := CASE WHEN dropped THEN 'older' ELSE format('%s open or suspect calls; settle them', open) END;
			IF dropped THEN
				EXECUTE format('DROP TABLE %s', partition);
			END IF;
		EXCEPTION WHEN lock_not_available THEN
			why := 'in use for 5 s; try again';
		END;
		RETURN NEXT;
	END LOOP;
END $$;
-- Each call once. A call seen by several nodes (two proxies, two instances) has a row of each. Such rows
-- have one call_uid and different nodes, were set up within an hour of each other by the same INVITE,
-- and overlap in time. The first of them represents the call. Rows that are not suspect come before
-- suspect ones. Rows ended by messages come before rows settled by an operator: otherwise a row that
-- is settled later would replace one that was already billed. Rows of one node, or rows that do not
-- overlap, are separate calls: a caller must not hide a long call behind a short one with the same
-- Call-ID and tags.
CREATE OR REPLACE VIEW cseqguard.calls AS
SELECT * FROM cseqguard.cdr c
WHERE NOT EXISTS (
	SELECT FROM cseqguard.cdr o
	WHERE o.call_uid = c.call_uid AND o.node <> c.node
		AND o.setup_time BETWEEN c.setup_time - interval '1 hour' AND c.setup_time + interval '1 hour'
		AND o.answer_time <= coalesce(c.end_time, 'infinity') AND c.answer_time <= coalesce(o.end_time, 'infinity')
		AND (o.suspect, o.end_reason = 'operator', o.setup_time, o.node)
			< (c.suspect, c.end_reason = 'operator', c.setup_time, c.node)
	OFFSET 0 -- prevents a join: one index lookup for each row read, instead of hashing all rows
);

-- The calls for rating. A call is absent while the row that represents it is open.
CREATE OR REPLACE VIEW cseqguard.billable AS
SELECT * FROM cseqguard.calls WHERE end_time IS NOT NULL AND NOT suspect;

-- Suspect calls: check them before billing. Each node's row.
CREATE OR REPLACE VIEW cseqguard.suspects AS
SELECT * FROM cseqguard.cdr WHERE suspect;

-- Open calls. Each node's row.
CREATE OR REPLACE VIEW cseqguard.open_calls AS
SELECT *, now() - answer_time AS running FROM cseqguard.cdr WHERE end_time IS NULL;

-- The time protected by the guard: from a call's first blocked or rejected BYE to its real end, or until
-- now. If the answer to the BYE was rejected, the violation's source is the answerer, so the address of
-- the leg that sent the BYE is used. For a call on several nodes, the node that saw the BYE first
-- counts, because the others got it from that node.
CREATE OR REPLACE VIEW cseqguard.fraud_by_source AS
WITH disbelieved AS (
	SELECT DISTINCT ON (call_uid, node) call_uid, node, at AS first_at, leg,
		CASE WHEN reason NOT IN ('refused', 'wrong_target', 'wrong_answerer') THEN source END AS source
	FROM cseqguard.violation
	WHERE method = 'BYE'
	ORDER BY call_uid, node, at, seq
), fraud AS (
	SELECT coalesce(d.source, CASE d.leg WHEN 'callee' THEN c.callee_addr ELSE c.caller_addr END) AS source,
		c.*, least(c.first_blocked_at, d.first_at) AS first_at
	FROM cseqguard.cdr c LEFT JOIN disbelieved d USING (call_uid, node)
	WHERE c.first_blocked_at IS NOT NULL OR d.first_at < coalesce(c.end_time, now())
), call AS (
	SELECT DISTINCT ON (c.call_uid, c.setup_time, c.node) f.source,
		coalesce(c.end_time, now()) - min(f.first_at) OVER same AS protected,
		max(f.blocked_byes) OVER same AS blocked_byes
	FROM fraud f CROSS JOIN LATERAL (
		SELECT call_uid, setup_time, node, end_time FROM cseqguard.cdr c
		WHERE c.call_uid = f.call_uid AND (c.node <> f.node OR c.setup_time = f.setup_time)
			AND c.setup_time BETWEEN f.setup_time - interval '1 hour' AND f.setup_time + interval '1 hour'
			AND c.answer_time <= coalesce(f.end_time, 'infinity')
			AND f.answer_time <= coalesce(c.end_time, 'infinity')
		ORDER BY suspect, end_reason = 'operator', setup_time, node
		LIMIT 1
	) AS c
	WINDOW same AS (PARTITION BY c.call_uid, c.setup_time, c.node)
	ORDER BY c.call_uid, c.setup_time, c.node, f.first_at, f.setup_time
)
SELECT source, count(*) AS calls, sum(blocked_byes) AS blocked_byes,
	round(sum(greatest(extract(epoch FROM protected), 0)), 3) AS protected_seconds
FROM call
GROUP BY source;

-- The same calls in the format of Kamailio's acc module. Times are in whole seconds without a time zone.
-- They are in the time zone of the session; acc uses that of the proxy.
CREATE OR REPLACE VIEW cseqguard.kamailio_acc AS
SELECT 'INVITE' AS method, from_tag, to_tag, call_id AS callid, sip_code::text AS sip_code,
	'OK' AS sip_reason, date_trunc('second', answer_time)::timestamp AS time
FROM cseqguard.calls
UNION ALL
SELECT 'BYE',
	CASE ended_by WHEN 'callee' THEN to_tag ELSE from_tag END,
	CASE ended_by WHEN 'callee' THEN from_tag ELSE to_tag END,
	call_id, CASE end_reason WHEN 'gone' THEN '481' ELSE '200' END,
	CASE end_reason WHEN 'gone' THEN 'Call/Transaction Does Not Exist' ELSE 'OK' END,
	date_trunc('second', end_time)::timestamp
FROM cseqguard.billable;
-- Privileges. Only the owner settles calls and drops partitions, unless the owner grants more.
REVOKE EXECUTE ON FUNCTION cseqguard.settle, cseqguard.make_partition, cseqguard.make_partitions,
	cseqguard.unsettled, cseqguard.drop_partitions FROM PUBLIC;

DO $$
BEGIN
	IF to_regrole('cseqguard_writer') IS NOT NULL THEN
		GRANT USAGE ON SCHEMA cseqguard TO cseqguard_writer;
		GRANT SELECT ON ALL TABLES IN SCHEMA cseqguard TO cseqguard_writer;
		GRANT INSERT, UPDATE ON cseqguard.cdr, cseqguard.violation TO cseqguard_writer;
		GRANT INSERT ON cseqguard.settlement TO cseqguard_writer; -- no UPDATE: a decision is final
		GRANT EXECUTE ON FUNCTION cseqguard.make_partitions TO cseqguard_writer;
	END IF;
	IF to_regrole('cseqguard_reader') IS NOT NULL THEN
		GRANT USAGE ON SCHEMA cseqguard TO cseqguard_reader;
		GRANT SELECT ON ALL TABLES IN SCHEMA cseqguard TO cseqguard_reader;
	END IF;
END $$;

INSERT INTO cseqguard.schema_version (version) VALUES (2) ON CONFLICT DO NOTHING;

-- Rows as version 2 wrote them: each end reason, an open call, a call of two nodes, and a settled one.
-- The node is no test's: its open calls are not closed as those of before the boot.
INSERT INTO cseqguard.cdr (setup_time, call_uid, node, call_id, from_tag, to_tag, caller, callee, request_uri,
	caller_addr, caller_port, callee_addr, callee_port, answer_time, end_time, end_reason, ended_by,
	bye_confirmed, suspect, blocked_byes, first_blocked_at, caller_cseq, callee_cseq, sip_code)
SELECT at, md5(call)::uuid, node, call, 'a', 'b', 'sip:a@x', 'sip:b@x', 'sip:b@y', '192.0.2.1', 5060, '192.0.2.2', 5060,
	at + interval '1 s', at + lasts, reason, by, confirmed, suspect, blocked,
	CASE WHEN blocked > 0 THEN at + interval '2 s' END, 13, NULL, 200
FROM (VALUES
	('bye', 'old', timestamptz '2026-01-10 12:00Z', interval '61 s', 'bye', 'caller', true, false, 0),
	('gone', 'old', '2026-01-10 12:10Z', '61 s', 'gone', 'callee', true, false, 2),
	('unseen', 'old', '2026-01-10 12:20Z', '61 s', 'unseen_bye', 'caller', false, true, 0),
	('relayed', 'old', '2026-01-10 12:30Z', '61 s', 'relayed_bye', 'caller', false, true, 0),
	('timeout', 'old', '2026-01-10 12:40Z', '12:00:01', 'timeout', 'none', false, true, 0),
	('lost', 'old', '2026-01-10 12:50Z', '61 s', 'lost', 'none', false, true, 0),
	('settled', 'old', '2026-01-10 13:00Z', '61 s', 'operator', 'none', false, false, 0),
	('open', 'old', '2026-01-10 13:10Z', NULL, 'none', 'none', false, false, 0),
	('unguarded', 'old', '2026-01-10 13:20Z', NULL, 'unguarded', 'none', false, true, 0),
	('twice', 'edge', '2026-01-10 13:30Z', '61 s', 'bye', 'caller', true, false, 0),
	('twice', 'core', '2026-01-10 13:30:00.005Z', '62 s', 'bye', 'caller', true, false, 0)
) AS row (call, node, at, lasts, reason, by, confirmed, suspect, blocked);

INSERT INTO cseqguard.settlement VALUES ('2026-01-11 09:00Z', md5('settled')::uuid, 'old', '2026-01-10 13:00Z', 'ann',
	'seen on the gateway', '2026-01-10 13:01:01Z', '2026-01-10 13:00:31Z', 'lost', true);

INSERT INTO cseqguard.violation VALUES ('2026-01-10 12:10:02Z', 'old', 1, md5('gone')::uuid, 'out_of_order', 'drop', 'gone',
	'a', 'b', 'BYE', 10, 14, 'caller', '192.0.2.1', 5060, 'eth0', NULL);
