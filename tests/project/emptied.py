"""What a test that commits leaves behind is taken away row by row: a hundred truncated tables cost ten times as much."""

from django.db import connection

# Written by `migrate` and the same for every test.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}
TABLES = """
    SELECT quote_ident(relname) FROM pg_class
    WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace AND relname <> ALL(%s)
"""


def full() -> list[str]:
    """The tables that have rows, but those that `migrate` wrote."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES, [list(KEPT)])
        tables = [name for (name,) in cursor.fetchall()]
        cursor.execute(" UNION ALL ".join(f"(SELECT '{name}' FROM {name} LIMIT 1)" for name in tables))
        return [name for (name,) in cursor.fetchall()]


def empty():
    """No rows: our tables, Django's and the queue's. Triggers and foreign keys are silent meanwhile (a superuser may)."""
    connection.close_if_unusable_or_obsolete()
    if left := full():
        deletions = "".join(f"DELETE FROM {name};" for name in left)
        with connection.cursor() as cursor:
            cursor.execute(f"BEGIN; SET LOCAL session_replication_role = replica; {deletions} COMMIT")
