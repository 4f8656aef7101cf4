"""The books cannot be rewritten through SQL, not even by our own code, and an entry that does not add up is not taken (P3)."""

from django.db import migrations

CLOSED = """
CREATE FUNCTION commerce_books_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Django's tests empty their tables between tests
    IF TG_OP = 'TRUNCATE' AND current_database() LIKE 'test\\_%' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the ledger is append-only (% of %)', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER commerce_entry_append_only BEFORE UPDATE OR DELETE ON commerce_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION commerce_books_append_only();
CREATE TRIGGER commerce_line_append_only BEFORE UPDATE OR DELETE ON commerce_ledgerline
    FOR EACH ROW EXECUTE FUNCTION commerce_books_append_only();
CREATE TRIGGER commerce_entry_keep BEFORE TRUNCATE ON commerce_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION commerce_books_append_only();
CREATE TRIGGER commerce_line_keep BEFORE TRUNCATE ON commerce_ledgerline
    FOR EACH STATEMENT EXECUTE FUNCTION commerce_books_append_only();
CREATE TRIGGER commerce_outcome_append_only BEFORE UPDATE OR DELETE ON commerce_outcome
    FOR EACH ROW EXECUTE FUNCTION commerce_books_append_only();

-- At the end of the transaction, when entry and lines are all there: as many lines as the entry says, and together nothing,
-- for every store and every envelope too. A line that somebody adds to an old entry later is refused by the same count.
CREATE FUNCTION commerce_books_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted bigint;
    booked record;
BEGIN
    wanted := CASE TG_TABLE_NAME WHEN 'commerce_ledgerentry' THEN NEW.id ELSE (to_jsonb(NEW) ->> 'entry_id')::bigint END;
    SELECT e.legs, count(l.id) AS lines, coalesce(sum(l.fen), 0) AS fen INTO booked
        FROM commerce_ledgerentry e LEFT JOIN commerce_ledgerline l ON l.entry_id = e.id WHERE e.id = wanted GROUP BY e.legs;
    IF booked.legs IS DISTINCT FROM booked.lines OR booked.fen <> 0 OR EXISTS (
        SELECT FROM commerce_ledgerline WHERE entry_id = wanted GROUP BY store_id, envelope_id HAVING sum(fen) <> 0
    ) THEN
        RAISE EXCEPTION 'entry % does not add up', wanted USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER commerce_entry_balance AFTER INSERT ON commerce_ledgerentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION commerce_books_balance();
CREATE CONSTRAINT TRIGGER commerce_line_balance AFTER INSERT ON commerce_ledgerline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION commerce_books_balance();
"""

BACK = """
DROP TRIGGER commerce_line_balance ON commerce_ledgerline;
DROP TRIGGER commerce_entry_balance ON commerce_ledgerentry;
DROP FUNCTION commerce_books_balance();
DROP TRIGGER commerce_outcome_append_only ON commerce_outcome;
DROP TRIGGER commerce_line_keep ON commerce_ledgerline;
DROP TRIGGER commerce_entry_keep ON commerce_ledgerentry;
DROP TRIGGER commerce_line_append_only ON commerce_ledgerline;
DROP TRIGGER commerce_entry_append_only ON commerce_ledgerentry;
DROP FUNCTION commerce_books_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("commerce", "0003_money")]
    operations = [migrations.RunSQL(CLOSED, BACK)]
