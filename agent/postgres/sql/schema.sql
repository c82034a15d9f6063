-- SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
-- The schema of cseqguard's CDRs, version 3: roles and tables here, then partitions.sql, views.sql and
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
		IF found > 3 THEN
			RAISE 'schema cseqguard has version %, which is newer than version 3 of this script', found;
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
	end_reason text NOT NULL,          -- none, unguarded: open; bye, gone, relayed_bye, unproven_bye, timeout, reboot, maps_lost, detached, operator
	ended_by text NOT NULL,            -- caller, callee, none
	bye_confirmed boolean NOT NULL,
	suspect boolean NOT NULL,
	blocked_byes int NOT NULL,
	first_blocked_at timestamptz,
	caller_cseq bigint,
	callee_cseq bigint,
	sip_code int NOT NULL,
	caller_side text,                  -- gateway, wire, hep, local, unseen; null: a row of version 2
	callee_side text,
	witness int,                       -- rank: 3 gateway, 2 the host, 1 callee, 0 none; null: version 2
	candidate_end timestamptz,         -- a claimed end without proof; null: none
	twin_uid uuid,                     -- the call's other row, if the host masks Call-IDs; null: none
	closed_at timestamptz,             -- when this row got its end here, or another one; null: open
	PRIMARY KEY (setup_time, call_uid, node)
) PARTITION BY RANGE (setup_time);

-- Rows without a partition of their month. partitions.sql creates those in advance.
CREATE TABLE IF NOT EXISTS cseqguard.cdr_default PARTITION OF cseqguard.cdr DEFAULT;

CREATE INDEX IF NOT EXISTS cdr_open ON cseqguard.cdr (setup_time) WHERE end_time IS NULL;
CREATE INDEX IF NOT EXISTS cdr_suspect ON cseqguard.cdr (setup_time) WHERE suspect;
CREATE INDEX IF NOT EXISTS cdr_call ON cseqguard.cdr (call_uid);
CREATE INDEX IF NOT EXISTS cdr_call_id ON cseqguard.cdr USING hash (call_id);
CREATE INDEX IF NOT EXISTS cdr_answer ON cseqguard.cdr (answer_time);
CREATE INDEX IF NOT EXISTS cdr_end ON cseqguard.cdr (end_time) WHERE end_time IS NOT NULL;
CREATE INDEX IF NOT EXISTS cdr_blocked ON cseqguard.cdr (first_blocked_at) WHERE first_blocked_at IS NOT NULL;

-- Version 2 had no columns for the sides, the witness, the candidate end and the twin. They stay null in
-- its rows. Its closed rows get their end as closed_at. ALTER TABLE would wait for all readers even if the
-- columns exist.
DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'cseqguard.cdr'::regclass AND attname = 'witness') THEN
		ALTER TABLE cseqguard.cdr ADD COLUMN caller_side text, ADD COLUMN callee_side text,
			ADD COLUMN witness int, ADD COLUMN candidate_end timestamptz,
			ADD COLUMN twin_uid uuid, ADD COLUMN closed_at timestamptz;
		UPDATE cseqguard.cdr SET closed_at = end_time WHERE end_time IS NOT NULL;
	END IF;
END $$;

CREATE INDEX IF NOT EXISTS cdr_closed ON cseqguard.cdr (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS cdr_twin ON cseqguard.cdr (twin_uid) WHERE twin_uid IS NOT NULL;

-- Version 1 had one plain table. It becomes the default partition, without a scan.
DO $$
BEGIN
	IF (SELECT relkind = 'r' FROM pg_class WHERE oid = to_regclass('cseqguard.violation')) THEN
		ALTER TABLE cseqguard.violation RENAME TO violation_default;
		ALTER TABLE cseqguard.violation_default ADD COLUMN count bigint NOT NULL DEFAULT 1;
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
	action text NOT NULL,              -- drop, pass, would_drop, rewritten, answered
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
	count bigint NOT NULL DEFAULT 1,   -- violations; more than 1: a sum of a minute, without call and source
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

-- Version 2 had one row for each violation.
DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'cseqguard.violation'::regclass AND attname = 'count') THEN
		ALTER TABLE cseqguard.violation ADD COLUMN count bigint NOT NULL DEFAULT 1;
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

-- Version 2 had two other words. `lost` (reboot, or maps removed) is `maps_lost` now, because its rows do
-- not say which of the two it was. `unseen_bye` (a 2xx to a BYE that was not seen) is `unproven_bye`. All
-- such rows are suspect, so the index on suspect rows finds them. A settled row keeps `operator`.
DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM cseqguard.schema_version WHERE version >= 3) THEN
		UPDATE cseqguard.cdr SET end_reason = CASE end_reason WHEN 'lost' THEN 'maps_lost' ELSE 'unproven_bye' END
		WHERE suspect AND end_reason IN ('lost', 'unseen_bye');
		UPDATE cseqguard.settlement
		SET was_end_reason = CASE was_end_reason WHEN 'lost' THEN 'maps_lost' ELSE 'unproven_bye' END
		WHERE was_end_reason IN ('lost', 'unseen_bye');
	END IF;
END $$;

-- Closes one open or suspect row, or one settled before, at end_at (null: at the end that it has), which
-- makes it billable, and returns 1. Messages of the call seen later do not change its end. of_setup and
-- of_node complete the key. They may be null while only one row of the call_uid can be settled: the same
-- call_uid may be another call of another day. `cseqguard cdr settle` calls this.
CREATE OR REPLACE FUNCTION cseqguard.settle(uid uuid, because text, end_at timestamptz DEFAULT NULL,
	who text DEFAULT session_user, of_setup timestamptz DEFAULT NULL, of_node text DEFAULT NULL)
	RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	utc text := 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"';
	call cseqguard.cdr;
	found cseqguard.cdr[];
BEGIN
	found := ARRAY(SELECT c FROM cseqguard.cdr AS c WHERE call_uid = uid
		AND setup_time = coalesce(of_setup, setup_time) AND node = coalesce(of_node, node)
		AND (suspect OR end_time IS NULL OR end_reason = 'operator') ORDER BY setup_time, node FOR UPDATE);
	call := found[1];
	IF cardinality(found) = 0 THEN
		RAISE no_data_found USING MESSAGE = format('call_uid %s: no such row is open, suspect or settled before; '
			'one that is closed by evidence stays as it is', uid);
	ELSIF cardinality(found) > 1 THEN
		RAISE cardinality_violation USING MESSAGE = format('call_uid %s has %s rows: %s', uid, cardinality(found),
			(SELECT string_agg(to_char(setup_time AT TIME ZONE 'UTC', utc) || ' ' || node, ', ') FROM unnest(found)));
	ELSIF coalesce(end_at, call.end_time) IS NULL THEN
		RAISE invalid_parameter_value USING MESSAGE = format('call_uid %s is open; give its end', uid);
	ELSIF coalesce(end_at, call.end_time) > clock_timestamp() + interval '1 minute' THEN -- clocks differ
		RAISE invalid_parameter_value USING MESSAGE = format('the end %s is in the future',
			coalesce(end_at, call.end_time));
	ELSIF coalesce(end_at, call.end_time) < call.answer_time THEN
		RAISE invalid_parameter_value USING MESSAGE = format('call_uid %s: the end is before the answer at %s', uid,
			to_char(call.answer_time AT TIME ZONE 'UTC', utc));
	END IF;
	INSERT INTO cseqguard.settlement VALUES (clock_timestamp(), uid, call.node, call.setup_time, who, because,
		coalesce(end_at, call.end_time), call.end_time, call.end_reason, call.suspect);
	UPDATE cseqguard.cdr SET end_time = coalesce(end_at, end_time), end_reason = 'operator', suspect = false,
		closed_at = now()
	WHERE setup_time = call.setup_time AND call_uid = uid AND node = call.node;
	RETURN 1;
END $$;

-- The function of version 2 settled all rows of a call_uid. Who may execute that one may execute this one.
DO $$
DECLARE
	old regprocedure := to_regprocedure('cseqguard.settle(uuid, text, timestamptz, text)');
	given record;
BEGIN
	FOR given IN SELECT grantee::regrole AS whom FROM pg_proc, aclexplode(proacl)
		WHERE pg_proc.oid = old AND grantee NOT IN (0, proowner) AND privilege_type = 'EXECUTE'
	LOOP
		EXECUTE format('GRANT EXECUTE ON FUNCTION cseqguard.settle(uuid, text, timestamptz, text, timestamptz, text) TO %s',
			given.whom);
	END LOOP;
	IF old IS NOT NULL THEN
		DROP FUNCTION cseqguard.settle(uuid, text, timestamptz, text);
	END IF;
END $$;
