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
