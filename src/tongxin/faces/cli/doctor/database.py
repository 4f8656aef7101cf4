"""Does it answer, is it new enough, does its clock agree?"""

from collections.abc import Iterator
from datetime import UTC, datetime

from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import words
from tongxin.faces.cli.doctor.finding import Finding, has

OLDEST_SERVER = 15
SKEW = 2.0  # seconds between the clocks of database and program


def look() -> Iterator[Finding]:
    """Does it answer, is it new enough, does its clock agree?"""
    if not has("django"):
        return
    answers.platform()
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int / 10000, clock_timestamp(), current_setting('fsync')"
        )
        major, there, fsync = cursor.fetchone()
    yield Finding(
        "database",
        "ok" if major >= OLDEST_SERVER else "bad",
        f"PostgreSQL {major}",
        ""
        if major >= OLDEST_SERVER
        else words(f"需要 PostgreSQL {OLDEST_SERVER} 以上", f"PostgreSQL {OLDEST_SERVER} or newer"),
    )
    if fsync != "on":
        yield Finding(
            "fsync",
            "warn",
            fsync,
            words("只可用于测试：断电会丢数据", "for tests only: a power cut loses data"),
        )
    skew = abs((datetime.now(UTC) - there).total_seconds())
    mend = "" if skew <= SKEW else "timedatectl set-ntp true"
    yield Finding(
        "clock",
        "ok" if skew <= SKEW else "bad",
        words(f"与数据库相差 {skew:.1f} 秒", f"{skew:.1f} s from the database's"),
        mend,
    )
