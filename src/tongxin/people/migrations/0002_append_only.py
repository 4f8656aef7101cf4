"""The book and the consents cannot be rewritten through SQL, not even by our own code.

The erasure path sets `tongxin.erasing` for its own transaction. Even then no row goes: of a deed only the device and the
source's number may be emptied, of a consent nothing.
"""

from django.db import migrations

APPEND_ONLY = """
CREATE FUNCTION people_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'people_deed'
        AND current_setting('tongxin.erasing', true) = 'on' THEN
        IF (to_jsonb(OLD) - 'device' - 'source_id') = (to_jsonb(NEW) - 'device' - 'source_id') THEN
            RETURN NEW;
        END IF;
    END IF;
    -- Django's tests empty their tables between tests
    IF TG_OP = 'TRUNCATE' AND current_database() LIKE 'test\\_%' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the book is append-only (% of %)', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER people_deed_append_only BEFORE UPDATE OR DELETE ON people_deed
    FOR EACH ROW EXECUTE FUNCTION people_append_only();
CREATE TRIGGER people_consent_append_only BEFORE UPDATE OR DELETE ON people_consent
    FOR EACH ROW EXECUTE FUNCTION people_append_only();
CREATE TRIGGER people_deed_keep BEFORE TRUNCATE ON people_deed
    FOR EACH STATEMENT EXECUTE FUNCTION people_append_only();
CREATE TRIGGER people_consent_keep BEFORE TRUNCATE ON people_consent
    FOR EACH STATEMENT EXECUTE FUNCTION people_append_only();
"""

BACK = """
DROP TRIGGER people_deed_append_only ON people_deed;
DROP TRIGGER people_consent_append_only ON people_consent;
DROP TRIGGER people_deed_keep ON people_deed;
DROP TRIGGER people_consent_keep ON people_consent;
DROP FUNCTION people_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial")]
    operations = [migrations.RunSQL(APPEND_ONLY, BACK)]
