-- SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
-- Privileges. Only the owner settles calls and drops partitions, unless the owner grants more.
REVOKE EXECUTE ON FUNCTION cseqguard.settle, cseqguard.make_partition, cseqguard.make_partitions,
	cseqguard.unsettled, cseqguard.has_unsettled, cseqguard.stored_since, cseqguard.age_limit,
	cseqguard.old_partitions, cseqguard.drop_partitions FROM PUBLIC;

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

INSERT INTO cseqguard.schema_version (version) VALUES (3) ON CONFLICT DO NOTHING;
