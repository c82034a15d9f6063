-- SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
-- :rows rows of calls and of violations over 90 days. Every fourth call is seen by two nodes. Each day has
-- an equal share. One call in 200 is suspect, one in 1,500 open, one in 10 had a blocked BYE.

DO $$
DECLARE
	month timestamptz;
BEGIN
	PERFORM cseqguard.make_partitions();
	FOR month IN SELECT generate_series(date_trunc('month', now()) - interval '3 months',
		date_trunc('month', now()) - interval '1 month', interval '1 month')
	LOOP
		PERFORM cseqguard.make_partition('cdr', 'setup_time', month), cseqguard.make_partition('violation', 'at', month);
	END LOOP;
END $$;

INSERT INTO cseqguard.cdr (setup_time, call_uid, node, call_id, from_tag, to_tag, caller, callee, request_uri,
	caller_addr, caller_port, callee_addr, callee_port, answer_time, end_time, end_reason, ended_by, bye_confirmed, suspect,
	blocked_byes, first_blocked_at, caller_cseq, callee_cseq, sip_code, caller_side, callee_side, witness, closed_at)
SELECT at + core * interval '4 ms', md5(n::text)::uuid, CASE core WHEN 0 THEN 'edge' ELSE 'core' END, md5(n::text) || '@192.0.2.1',
	'tag' || n, 'to' || n, 'sip:' || n || '@example.org', 'sip:49' || n || '@example.net', 'sip:49' || n || '@gw.example.net',
	'192.0.2.0'::inet + (n % 5000), 5060, '198.51.100.1', 5060, at + interval '5 s',
	CASE WHEN n % 1500 > 0 THEN at + interval '5 s' + (n % 600) * interval '1 s' END,
	CASE WHEN n % 1500 = 0 THEN 'none' WHEN n % 200 = 1 THEN 'timeout' ELSE 'bye' END, 'caller', n % 200 <> 1, n % 200 = 1,
	CASE WHEN n % 10 = 2 THEN 1 ELSE 0 END, CASE WHEN n % 10 = 2 THEN at + interval '6 s' END,
	13, NULL, 200, 'wire', 'gateway', 1 + 2 * core,
	CASE WHEN n % 1500 > 0 THEN at + interval '6 s' + (n % 600) * interval '1 s' END
FROM generate_series(1, :rows * 4 / 5) AS n, LATERAL (SELECT now() - interval '90 days' * n / (:rows * 0.8) AS at) AS call,
	generate_series(0, CASE n % 4 WHEN 0 THEN 1 ELSE 0 END) AS core;

INSERT INTO cseqguard.violation (at, node, seq, call_uid, reason, action, call_id, from_tag, to_tag, method, cseq, expected_cseq,
	leg, source, source_port, interface)
SELECT at + interval '6 s', 'edge', n, CASE WHEN n % 10 = 2 AND n <= :rows * 0.8 THEN md5(n::text) ELSE md5('unknown' || n) END::uuid,
	CASE WHEN n % 10 = 2 AND n <= :rows * 0.8 THEN 'out_of_order' ELSE 'unknown_dialog' END, CASE WHEN n % 10 = 2 AND n <= :rows * 0.8 THEN 'drop' ELSE 'pass' END,
	md5(n::text) || '@192.0.2.1', 'tag' || n, 'to' || n, 'BYE', 10, 14, 'caller', '192.0.2.0'::inet + (n % 5000), 5060, 'eth0'
FROM generate_series(1, :rows) AS n, -- those beyond the number of calls are a flood over the same time
	LATERAL (SELECT now() - interval '90 days' * CASE WHEN n <= :rows * 0.8 THEN n / (:rows * 0.8)
		ELSE n / (:rows * 0.2) - 4 END AS at) AS call;
VACUUM ANALYZE cseqguard.cdr;
VACUUM ANALYZE cseqguard.violation;
