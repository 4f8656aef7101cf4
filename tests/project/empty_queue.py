"""Django empties the tables it manages after a test that commits; the queue's tables are procrastinate's."""

from django.db import connection


def empty_the_queue():
    """No jobs, no workers."""
    with connection.cursor() as cursor:
        for table in ("jobs", "periodic_defers", "workers"):
            cursor.execute(f"DELETE FROM procrastinate_{table}")
