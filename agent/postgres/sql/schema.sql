-- SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
-- The schema of cseqguard's CDRs, version 2: roles and tables here, then partitions.sql, views.sql and
-- grants.sql, as one text. It makes the schema, or brings any older version to this one. The daemon
-- sends it when it needs it and may; else an owner runs it (cseqguardd --print-schema | psql -1).
-- All of it may be run again, and two daemons may come at the same moment.

SET LOCAL lock_timeout = '5s'; -- rather come again than stand in the writers' way
SET LOCAL client_min_messages = warning; -- a notice to a client that gave up would end the transaction
SELECT pg_advisory_xact_lock(hashtext('cseqguard.schema'));

DO $$
DECLARE
	found int;
BEGIN
	IF to_regclass('cseqguard.schema_version') IS NOT NULL THEN
		SELECT max(version) INTO found FROM cseqguard.schema_version;
		IF found > 2 THEN
			RAISE 'schema cseqguard is version %, newer than this text, which makes 2', found;
		END IF;
	END IF;
END $$;

-- Roles are the cluster's: another database's daemon may make them at this moment.
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
				RAISE WARNING 'role % is not made: % may not create roles; have it made, and run this again',
					role, current_user;
		END;
	END LOOP;
END $$;

-- Whoever brings it to this version, all of it belongs to one owner: SECURITY DEFINER means him.
SELECT set_config('role', rolname, true) FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner
WHERE pg_class.oid = to_regclass('cseqguard.cdr') AND rolname <> current_user
	AND pg_has_role(rolname, 'MEMBER');

-- IF NOT EXISTS would ask for CREATE on the database, even where the schema is there.
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

-- A row is there from the answer on; it closes on evidence alone.
CREATE TABLE IF NOT EXISTS cseqguard.cdr (
	setup_time timestamptz NOT NULL,
	call_uid uuid NOT NULL,            -- of Call-ID and tags: the same on every node
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

-- What no other partition takes. partitions.sql makes those of the months ahead.
CREATE TABLE IF NOT EXISTS cseqguard.cdr_default PARTITION OF cseqguard.cdr DEFAULT;

CREATE INDEX IF NOT EXISTS cdr_open ON cseqguard.cdr (setup_time) WHERE end_time IS NULL;
CREATE INDEX IF NOT EXISTS cdr_suspect ON cseqguard.cdr (setup_time) WHERE suspect;
CREATE INDEX IF NOT EXISTS cdr_call ON cseqguard.cdr (call_uid);

-- In version 1 this was one plain table: it becomes the default partition, without being read through.
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
		FOR given IN -- who could use the old table can use the new one
			SELECT privilege_type AS what, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS whom
			FROM pg_class, aclexplode(relacl)
			WHERE oid = 'cseqguard.violation_default'::regclass AND grantee <> relowner
		LOOP
			EXECUTE format('GRANT %s ON cseqguard.violation TO %s', given.what, given.whom);
		END LOOP;
	END IF;
END $$;

CREATE INDEX IF NOT EXISTS violation_call ON cseqguard.violation (call_uid);

-- What operators decided, and what stood in the call's row before.
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

-- Closes an open or suspect call (or one settled before) at end_at, or at the end that it has: from
-- then on it is billable. Returns the number of its rows, one a node. Nothing that is seen of the call
-- later changes its end. `cseqguard cdr settle` calls this.
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
