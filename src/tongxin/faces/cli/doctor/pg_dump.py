"""Can backups be made?"""

from collections.abc import Iterator

from tongxin.faces.cli import answers
from tongxin.faces.cli.doctor.finding import Finding, has


def look() -> Iterator[Finding]:
    """Can backups be made?"""
    if not has("psycopg"):
        return
    answers.platform()
    from django.db import connection

    from tongxin.foundation import backup

    connection.ensure_connection()
    major = connection.connection.info.server_version // 10000
    try:
        yield Finding("pg_dump", "ok", str(backup.tools(major)))
    except backup.Broken as fault:
        yield Finding("pg_dump", "bad", str(fault), f"apt-get install postgresql-client-{major}")
