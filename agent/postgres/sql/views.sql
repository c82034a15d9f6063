-- SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
-- Each call once. A call seen by several nodes (two proxies, two instances) has a row of each. Such rows
-- have one call_uid and different nodes. A call through a host that masks the Call-ID has two rows, its
-- twins: the twin_uid of one is the call_uid of the other. The rows of a call were set up within an hour
-- of each other and overlap in time. One of them represents the call, chosen in this order:
--   1. An open row: somebody still sees the call.
--   2. The row with the higher witness. A node on the edge sees only a proxy answer a BYE, while the node
--      in the core sees the carrier continue the call. This holds even if the better row is suspect:
--      otherwise the shorter row would be billed.
--   3. A row that is not suspect.
--   4. A row ended by messages before one settled by an operator: otherwise a row that is settled later
--      would replace one that was already billed.
--   5. The later end, the earlier setup, the name of the node.
-- Rows of version 2 have no witness. Among them the order is 3, 4, then the earlier setup, as it was when
-- they were billed. Rows of one node, or rows that do not overlap, are separate calls: a caller must not
-- hide a long call behind a short one with the same Call-ID and tags.
CREATE OR REPLACE VIEW cseqguard.calls AS
SELECT * FROM cseqguard.cdr c
WHERE NOT EXISTS (
	SELECT FROM (
		SELECT * FROM cseqguard.cdr o WHERE o.call_uid = c.call_uid AND o.node <> c.node
		UNION ALL SELECT * FROM cseqguard.cdr o WHERE o.call_uid = c.twin_uid
		UNION ALL SELECT * FROM cseqguard.cdr o WHERE o.twin_uid = c.call_uid
	) o
	WHERE o.setup_time BETWEEN c.setup_time - interval '1 hour' AND c.setup_time + interval '1 hour'
		AND o.answer_time <= coalesce(c.end_time, 'infinity') AND c.answer_time <= coalesce(o.end_time, 'infinity')
		-- o comes first; a column of which the greater value comes first has o and c exchanged
		AND (c.end_time IS NULL AND c.witness IS NOT NULL, coalesce(c.witness, -1),
				o.suspect, o.end_reason = 'operator',
				CASE WHEN c.witness IS NULL THEN '-infinity' ELSE coalesce(c.end_time, 'infinity') END,
				o.setup_time, o.node, o.call_uid)
			< (o.end_time IS NULL AND o.witness IS NOT NULL, coalesce(o.witness, -1),
				c.suspect, c.end_reason = 'operator',
				CASE WHEN o.witness IS NULL THEN '-infinity' ELSE coalesce(o.end_time, 'infinity') END,
				c.setup_time, c.node, c.call_uid)
	OFFSET 0 -- prevents a join: one index lookup for each row read, instead of hashing all rows
);

-- The calls for rating. A call is absent while any of its rows is open, and while the row that
-- represents it is suspect.
CREATE OR REPLACE VIEW cseqguard.billable AS
SELECT * FROM cseqguard.calls WHERE end_time IS NOT NULL AND NOT suspect;

-- Suspect calls: check them before billing. Each node's row.
CREATE OR REPLACE VIEW cseqguard.suspects AS
SELECT * FROM cseqguard.cdr WHERE suspect;

-- Open calls. Each node's row.
CREATE OR REPLACE VIEW cseqguard.open_calls AS
SELECT setup_time, call_uid, node, call_id, from_tag, to_tag, caller, callee, request_uri,
	caller_addr, caller_port, callee_addr, callee_port, answer_time, end_time, duration, end_reason, ended_by,
	bye_confirmed, suspect, blocked_byes, first_blocked_at, caller_cseq, callee_cseq, sip_code,
	now() - answer_time AS running, -- a column of a view keeps its place when the view is replaced
	caller_side, callee_side, witness, candidate_end, twin_uid
FROM cseqguard.cdr WHERE end_time IS NULL;

-- The time protected by the guard: from a call's first blocked or rejected BYE to its real end, or until
-- now. The calls are those whose first such BYE came from since to until. If the answer to the BYE was
-- rejected, the violation's source is the answerer, so the address of the leg that sent the BYE is used.
-- For a call on several nodes, the node that saw the BYE first counts, because the others got it from that
-- node. A call that was set up more than a day before since counts by its blocked BYEs alone.
CREATE OR REPLACE FUNCTION cseqguard.fraud(since timestamptz, until timestamptz DEFAULT 'infinity')
	RETURNS TABLE (source inet, calls bigint, blocked_byes bigint, protected_seconds numeric)
	LANGUAGE sql STABLE AS $$
WITH disbelieved AS MATERIALIZED (
	SELECT DISTINCT ON (call_uid, node) call_uid, node, at AS first_at, leg,
		CASE WHEN reason NOT IN ('refused', 'wrong_target', 'wrong_answerer') THEN v.source END AS source
	FROM cseqguard.violation v
	WHERE at >= since - interval '1 day' AND at < until AND method = 'BYE' AND reason <> 'unknown_dialog'
	ORDER BY call_uid, node, at, seq
), hit AS ( -- calls with a blocked BYE, then those whose BYE passed and was not believed
	SELECT c FROM cseqguard.cdr c WHERE first_blocked_at >= since AND first_blocked_at < until
	UNION ALL SELECT c FROM disbelieved d JOIN cseqguard.cdr c USING (call_uid, node)
	WHERE c.setup_time >= since - interval '1 day' AND c.setup_time < until
		AND c.setup_time <= d.first_at AND d.first_at < coalesce(c.end_time, now())
		AND (c.first_blocked_at >= since AND c.first_blocked_at < until) IS NOT TRUE
), fraud AS (
	SELECT coalesce(d.source, CASE d.leg WHEN 'callee' THEN (h.c).callee_addr ELSE (h.c).caller_addr END) AS source,
		(h.c).*, least((h.c).first_blocked_at, d.first_at) AS first_at
	FROM hit h LEFT JOIN disbelieved d ON d.call_uid = (h.c).call_uid AND d.node = (h.c).node
		AND (h.c).setup_time <= d.first_at
), call AS (
	SELECT DISTINCT ON (c.call_uid, c.setup_time, c.node) f.source,
		coalesce(c.end_time, now()) - min(f.first_at) OVER same AS protected,
		max(f.blocked_byes) OVER same AS blocked_byes
	FROM fraud f CROSS JOIN LATERAL (
		SELECT c.call_uid, c.setup_time, c.node, c.end_time FROM cseqguard.cdr c
		WHERE c.call_uid = f.call_uid AND (c.node <> f.node OR c.setup_time = f.setup_time)
			AND c.setup_time BETWEEN f.setup_time - interval '1 hour' AND f.setup_time + interval '1 hour'
			AND c.answer_time <= coalesce(f.end_time, 'infinity')
			AND f.answer_time <= coalesce(c.end_time, 'infinity')
		ORDER BY c.end_time IS NULL AND c.witness IS NOT NULL DESC, coalesce(c.witness, -1) DESC, -- as in calls
			c.suspect, c.end_reason = 'operator',
			CASE WHEN c.witness IS NULL THEN '-infinity' ELSE coalesce(c.end_time, 'infinity') END DESC,
			c.setup_time, c.node
		LIMIT 1
	) AS c
	WHERE f.first_at >= since
	WINDOW same AS (PARTITION BY c.call_uid, c.setup_time, c.node)
	ORDER BY c.call_uid, c.setup_time, c.node, f.first_at, f.setup_time
)
SELECT source, count(*), sum(blocked_byes)::bigint, round(sum(greatest(extract(epoch FROM protected), 0)), 3)
FROM call
GROUP BY source
$$;

-- The last 30 days of it.
CREATE OR REPLACE VIEW cseqguard.fraud_by_source AS
SELECT source, calls, blocked_byes, protected_seconds FROM cseqguard.fraud(now() - interval '30 days');

-- The same calls in the format of Kamailio's acc module. Times are in whole seconds without a time zone.
-- They are in the time zone of the session; acc uses that of the proxy. So no index can answer a condition
-- on `time`. `at`, which acc does not have, is the same moment with its time zone: select by it.
CREATE OR REPLACE VIEW cseqguard.kamailio_acc AS
SELECT 'INVITE' AS method, from_tag, to_tag, call_id AS callid, sip_code::text AS sip_code,
	'OK' AS sip_reason, date_trunc('second', answer_time)::timestamp AS time, answer_time AS at
FROM cseqguard.calls
UNION ALL
SELECT 'BYE',
	CASE ended_by WHEN 'callee' THEN to_tag ELSE from_tag END,
	CASE ended_by WHEN 'callee' THEN from_tag ELSE to_tag END,
	call_id, CASE end_reason WHEN 'gone' THEN '481' ELSE '200' END,
	CASE end_reason WHEN 'gone' THEN 'Call/Transaction Does Not Exist' ELSE 'OK' END,
	date_trunc('second', end_time)::timestamp, end_time
FROM cseqguard.billable;
