"""What PostgreSQL itself refuses: two events in one room, a scan or a line of the waiting list rewritten.

Written by hand: the embedded server has no btree_gist, so equality of the room is overlap of one-number ranges.
"""

from django.db import migrations

BOOKINGS = """
ALTER TABLE events_booking ADD CONSTRAINT booking_resource_free EXCLUDE USING gist (
    int8range(resource_id, resource_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&
) WHERE (resource_id IS NOT NULL);
ALTER TABLE events_booking ADD CONSTRAINT booking_staff_free EXCLUDE USING gist (
    int8range(staff_id, staff_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&
) WHERE (staff_id IS NOT NULL);
"""

APPEND_ONLY = """
CREATE FUNCTION events_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Django's tests empty their tables between tests
    IF TG_OP = 'TRUNCATE' AND current_database() LIKE 'test\\_%' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is append-only (%)', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER events_scan_append_only BEFORE UPDATE OR DELETE ON events_scan
    FOR EACH ROW EXECUTE FUNCTION events_append_only();
CREATE TRIGGER events_scan_keep BEFORE TRUNCATE ON events_scan
    FOR EACH STATEMENT EXECUTE FUNCTION events_append_only();
CREATE TRIGGER events_waitline_append_only BEFORE UPDATE OR DELETE ON events_waitline
    FOR EACH ROW EXECUTE FUNCTION events_append_only();
CREATE TRIGGER events_waitline_keep BEFORE TRUNCATE ON events_waitline
    FOR EACH STATEMENT EXECUTE FUNCTION events_append_only();
"""

BACK = """
ALTER TABLE events_booking DROP CONSTRAINT booking_resource_free;
ALTER TABLE events_booking DROP CONSTRAINT booking_staff_free;
DROP TRIGGER events_scan_append_only ON events_scan;
DROP TRIGGER events_scan_keep ON events_scan;
DROP TRIGGER events_waitline_append_only ON events_waitline;
DROP TRIGGER events_waitline_keep ON events_waitline;
DROP FUNCTION events_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]
    operations = [migrations.RunSQL(BOOKINGS + APPEND_ONLY, BACK)]
