"""Decisions cannot be rewritten or taken away through SQL, not even by our own code."""

from django.db import migrations

APPEND_ONLY = """
CREATE FUNCTION outreach_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Django's tests empty their tables between tests
    IF TG_OP = 'TRUNCATE' AND current_database() LIKE 'test\\_%' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'decisions are append-only (% of %)', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER outreach_decision_append_only BEFORE UPDATE OR DELETE ON outreach_decisionrow
    FOR EACH ROW EXECUTE FUNCTION outreach_append_only();
CREATE TRIGGER outreach_decision_keep BEFORE TRUNCATE ON outreach_decisionrow
    FOR EACH STATEMENT EXECUTE FUNCTION outreach_append_only();
CREATE TRIGGER outreach_cap_append_only BEFORE UPDATE OR DELETE ON outreach_cappolicy
    FOR EACH ROW EXECUTE FUNCTION outreach_append_only();
CREATE TRIGGER outreach_cap_keep BEFORE TRUNCATE ON outreach_cappolicy
    FOR EACH STATEMENT EXECUTE FUNCTION outreach_append_only();
"""

BACK = """
DROP TRIGGER outreach_decision_append_only ON outreach_decisionrow;
DROP TRIGGER outreach_decision_keep ON outreach_decisionrow;
DROP TRIGGER outreach_cap_append_only ON outreach_cappolicy;
DROP TRIGGER outreach_cap_keep ON outreach_cappolicy;
DROP FUNCTION outreach_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("outreach", "0001_initial")]
    operations = [migrations.RunSQL(APPEND_ONLY, BACK)]
