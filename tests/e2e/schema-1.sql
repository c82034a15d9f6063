-- SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
-- The schema of cseqguard's CDRs, version 1. The daemon makes it on its first connection, if it may;
-- else run this once as an owner (cseqguardd --print-schema | psql -1) and grant the daemon's role
-- USAGE on the schema and SELECT, INSERT, UPDATE on its tables.
-- Everything here may be run again: two daemons may come at the same moment.

SELECT pg_advisory_xact_lock(hashtext('cseqguard.schema'));

CREATE SCHEMA IF NOT EXISTS cseqguard;

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
	end_reason text NOT NULL,          -- none: open; bye, gone, unseen_bye, relayed_bye, timeout, lost, operator
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

-- Partitions of a month or a day are attached beside it, before rows of their range are in here.
CREATE TABLE IF NOT EXISTS cseqguard.cdr_default PARTITION OF cseqguard.cdr DEFAULT;

CREATE INDEX IF NOT EXISTS cdr_open ON cseqguard.cdr (setup_time) WHERE end_time IS NULL;
CREATE INDEX IF NOT EXISTS cdr_call ON cseqguard.cdr (call_uid);

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
);

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

-- What rating reads.
CREATE OR REPLACE VIEW cseqguard.billable AS
SELECT * FROM cseqguard.cdr WHERE end_time IS NOT NULL AND NOT suspect;

-- Ended, with a reason to look twice before it is billed.
CREATE OR REPLACE VIEW cseqguard.suspects AS
SELECT * FROM cseqguard.cdr WHERE suspect;

CREATE OR REPLACE VIEW cseqguard.open_calls AS
SELECT *, now() - answer_time AS running FROM cseqguard.cdr WHERE end_time IS NULL;

-- What the guard earned: from a call's first blocked or disbelieved BYE to its true end (or until now).
-- Of an answer that was not believed, the source is the answerer: there the leg counts whose BYE it was.
CREATE OR REPLACE VIEW cseqguard.fraud_by_source AS
WITH disbelieved AS (
	SELECT DISTINCT ON (call_uid, node) call_uid, node, at AS first_at, leg,
		CASE WHEN reason NOT IN ('refused', 'wrong_target', 'wrong_answerer') THEN source END AS source
	FROM cseqguard.violation
	WHERE method = 'BYE'
	ORDER BY call_uid, node, at, seq
), fraud AS (
	SELECT coalesce(d.source, CASE d.leg WHEN 'callee' THEN c.callee_addr ELSE c.caller_addr END) AS source,
		c.blocked_byes, coalesce(c.end_time, now()) - least(c.first_blocked_at, d.first_at) AS protected
	FROM cseqguard.cdr c LEFT JOIN disbelieved d USING (call_uid, node)
	WHERE c.first_blocked_at IS NOT NULL OR d.first_at < coalesce(c.end_time, now())
)
SELECT source, count(*) AS calls, sum(blocked_byes) AS blocked_byes,
	round(sum(greatest(extract(epoch FROM protected), 0)), 3) AS protected_seconds
FROM fraud
GROUP BY source;

-- The same calls as Kamailio's acc module writes them, for billing that reads those. Its times are of
-- whole seconds, without a time zone: here the session's, there the proxy's.
CREATE OR REPLACE VIEW cseqguard.kamailio_acc AS
SELECT 'INVITE' AS method, from_tag, to_tag, call_id AS callid, sip_code::text AS sip_code,
	'OK' AS sip_reason, date_trunc('second', answer_time)::timestamp AS time
FROM cseqguard.cdr
UNION ALL
SELECT 'BYE',
	CASE ended_by WHEN 'callee' THEN to_tag ELSE from_tag END,
	CASE ended_by WHEN 'callee' THEN from_tag ELSE to_tag END,
	call_id, CASE end_reason WHEN 'gone' THEN '481' ELSE '200' END,
	CASE end_reason WHEN 'gone' THEN 'Call/Transaction Does Not Exist' ELSE 'OK' END,
	date_trunc('second', end_time)::timestamp
FROM cseqguard.billable;

INSERT INTO cseqguard.schema_version (version) VALUES (1) ON CONFLICT DO NOTHING;
