-- SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
-- What SIPp saw of each call, from the short messages of both sides, and how the bill differs, by more than
-- :within seconds. A busy machine holds SIPp up. Between :unsure_from and :unsure_to (seconds since 1970) low BYEs
-- may be counted or not, and any copy of a BYE may be the one that counts: a host that loses its power loses what it
-- has not published.

CREATE UNLOGGED TABLE caller_log (
	day text, clock text,
	at numeric,      -- seconds since 1970; a line is written behind its message
	way text,        -- S: sent, R: received
	call_id text,
	cseq text,       -- CSeq:13 INVITE
	line text        -- the first
);
CREATE UNLOGGED TABLE callee_log (LIKE caller_log);

-- A message that both sides have a line of came before the earlier of the two: SIPp may be late.
CREATE MATERIALIZED VIEW truth AS
WITH caller AS (
	SELECT call_id,
		min(at) FILTER (WHERE way = 'R' AND line LIKE 'SIP/2.0 200%' AND cseq LIKE '% INVITE') AS answer,
		count(*) FILTER (WHERE way = 'S' AND line LIKE 'BYE %' AND cseq <> 'CSeq:14 BYE') AS low_byes,
		count(*) FILTER (WHERE way = 'S' AND line LIKE 'BYE %' AND cseq <> 'CSeq:14 BYE'
			AND at NOT BETWEEN :unsure_from AND :unsure_to) AS sure_low_byes
	FROM caller_log GROUP BY call_id
), callee AS (
	SELECT call_id,
		min(at) FILTER (WHERE way = 'S' AND line LIKE 'SIP/2.0 200%' AND cseq LIKE '% INVITE') AS answer,
		min(at) FILTER (WHERE way = 'S' AND line LIKE 'SIP/2.0 200%' AND cseq LIKE '% BYE') AS confirmed
	FROM callee_log GROUP BY call_id
), sent AS ( -- the last copy before the answer, and the first whenever its line was written
	SELECT call_id, coalesce(max(at) FILTER (WHERE at <= confirmed), min(at)) AS at, count(*) AS copies,
		max(at) AS last
	FROM caller_log JOIN callee USING (call_id)
	WHERE way = 'S' AND cseq = 'CSeq:14 BYE' GROUP BY call_id
), arrived AS (
	SELECT call_id, max(at) FILTER (WHERE at <= confirmed) AS at, count(*) AS copies
	FROM callee_log JOIN callee USING (call_id)
	WHERE way = 'R' AND cseq = 'CSeq:14 BYE' GROUP BY call_id
)
SELECT call_id, to_timestamp(least(caller.answer, callee.answer)) AS answer_time,
	to_timestamp(CASE WHEN sent.copies = 1 THEN least(sent.at, arrived.at) ELSE sent.at END) AS end_time,
	greatest(sent.last - sent.at, 0) * (sent.at BETWEEN :unsure_from AND :unsure_to)::int AS unsure,
	low_byes, sure_low_byes
FROM caller JOIN callee USING (call_id) JOIN sent USING (call_id) JOIN arrived USING (call_id)
WITH NO DATA;

CREATE VIEW difference AS
SELECT call_id, what
FROM truth FULL JOIN cseqguard.cdr USING (call_id), LATERAL (VALUES
	(truth IS NULL, 'billed, but never called'),
	(cdr IS NULL, 'not billed'),
	(abs(extract(epoch FROM cdr.answer_time - truth.answer_time)) > :within,
		format('answered %s, billed from %s', truth.answer_time, cdr.answer_time)),
	(extract(epoch FROM cdr.end_time - truth.end_time) NOT BETWEEN -:within AND :within + unsure,
		format('ended %s, billed until %s', truth.end_time, cdr.end_time)),
	(extract(epoch FROM duration - (truth.end_time - truth.answer_time)) NOT BETWEEN -:within AND :within + unsure,
		format('lasted %s, billed %s', truth.end_time - truth.answer_time, duration)),
	(cdr.end_time IS NOT NULL AND end_reason <> 'bye' OR suspect, format('ended as %s, suspect: %s', end_reason, suspect)),
	(cdr.end_time IS NULL, 'open'),
	(blocked_byes NOT BETWEEN sure_low_byes AND low_byes, format('%s low BYEs, %s blocked', low_byes, blocked_byes))
) AS rule (broken, what)
WHERE broken
UNION ALL
SELECT call_id, format('billed %s times', count(*))
FROM cseqguard.cdr GROUP BY call_id HAVING count(*) > 1;
