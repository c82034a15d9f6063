-- Each call once. On several nodes (two proxies that it passes, two instances) it has a row on each:
-- rows of one call_uid, on different nodes, set up within an hour of each other (the same INVITE came
-- by), which run at the same time. The first of them stands for the call: one that is not suspect
-- before one that is, what a node saw before what an operator settled (else a row that he settles
-- later would take the place of one that was billed). Rows of one node, or one after the other, are
-- calls of their own: a caller must not hide a long call behind a short one of equal Call-ID and tags.
CREATE OR REPLACE VIEW cseqguard.calls AS
SELECT * FROM cseqguard.cdr c
WHERE NOT EXISTS (
	SELECT FROM cseqguard.cdr o
	WHERE o.call_uid = c.call_uid AND o.node <> c.node
		AND o.setup_time BETWEEN c.setup_time - interval '1 hour' AND c.setup_time + interval '1 hour'
		AND o.answer_time <= coalesce(c.end_time, 'infinity') AND c.answer_time <= coalesce(o.end_time, 'infinity')
		AND (o.suspect, o.end_reason = 'operator', o.setup_time, o.node)
			< (c.suspect, c.end_reason = 'operator', c.setup_time, c.node)
	OFFSET 0 -- not a join: a look into the index (and one partition) a row read, not all rows hashed for a day's
);

-- What rating reads. While the row that stands for a call is open, the call is not here.
CREATE OR REPLACE VIEW cseqguard.billable AS
SELECT * FROM cseqguard.calls WHERE end_time IS NOT NULL AND NOT suspect;

-- Ended, with a reason to look twice before it is billed: each node's row.
CREATE OR REPLACE VIEW cseqguard.suspects AS
SELECT * FROM cseqguard.cdr WHERE suspect;

-- Each node's row.
CREATE OR REPLACE VIEW cseqguard.open_calls AS
SELECT *, now() - answer_time AS running FROM cseqguard.cdr WHERE end_time IS NULL;

-- What the guard earned: from a call's first blocked or disbelieved BYE to its true end (or until now).
-- Of an answer that was not believed, the source is the answerer: there the leg counts whose BYE it was.
-- Of a call on several nodes, the node counts that met the BYE first: to the others it came from there.
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

-- The same calls as Kamailio's acc module writes them, for billing that reads those. Its times are of
-- whole seconds, without a time zone: here the session's, there the proxy's.
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
