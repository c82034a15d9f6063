-- Who may do what. Bills are decided by the owner alone, until he says else.
REVOKE EXECUTE ON FUNCTION cseqguard.settle FROM PUBLIC;

INSERT INTO cseqguard.schema_version (version) VALUES (2) ON CONFLICT DO NOTHING;
