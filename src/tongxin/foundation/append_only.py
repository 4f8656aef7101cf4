"""Tables that PostgreSQL itself keeps as they were: no row is rewritten, taken away or emptied out, not even by our own code.

For migrations, one operation a table: `operations = [append_only("room_noun"), …]`. All triggers share one function of the database.
Migrations older than this file bring functions of their own, which do the same.
"""

from django.db.migrations.operations import RunSQL

_FUNCTION = """
CREATE OR REPLACE FUNCTION tongxin_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Django's tests empty their tables between tests
    IF TG_OP = 'TRUNCATE' AND current_database() LIKE 'test\\_%' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is append-only (%)', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
_ROWS = """
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION tongxin_append_only();
"""
_WHOLE = """
CREATE TRIGGER {table}_keep BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION tongxin_append_only();
"""


def append_only(table: str) -> RunSQL:
    """No UPDATE, DELETE or TRUNCATE. Raises ValueError for what is no name of a table."""
    return _guarded(table, _ROWS, _WHOLE)


def never_emptied(table: str) -> RunSQL:
    """No TRUNCATE, for a table whose rows are guarded already. Raises ValueError as above."""
    return _guarded(table, _WHOLE)


def _guarded(table: str, *triggers: str) -> RunSQL:
    if not table.isidentifier() or not table.isascii():
        raise ValueError(f"{table!r} is no name of a table")
    # The function stays: other tables use it.
    back = "".join(
        f"DROP TRIGGER {table}_{name} ON {table};\n"
        for name, trigger in (("append_only", _ROWS), ("keep", _WHOLE))
        if trigger in triggers
    )
    return RunSQL(_FUNCTION + "".join(t.format(table=table) for t in triggers), back)
