"""Who else is in the tests' database?"""

from django.db import connection


def others() -> list[str]:
    """What each other session of this database asked last."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # inside a transaction the first look would be kept
        cursor.execute(
            "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        return [query for (query,) in cursor.fetchall()]
