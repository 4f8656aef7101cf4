"""Is a job worker alive, and does the queue move?"""

from collections.abc import Iterator

from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import words
from tongxin.faces.cli.doctor.finding import Finding, has

STALE_WORKER = 30  # seconds since the last heartbeat


def look() -> Iterator[Finding]:
    """Is a job worker alive, and does the queue move?"""
    if not has("django"):
        return
    answers.platform()
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - %s * interval '1 second'),"
            " (SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'),"
            " (SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, now()) < now() - interval '10 minutes')",
            [STALE_WORKER],
        )
        alive, failed, waiting = cursor.fetchone()
    mend = words("tongxin serve 或 tongxin worker", "tongxin serve, or tongxin worker")
    yield Finding(
        "jobs",
        "ok" if alive else "warn",
        words(f"{alive} 个后台进程", f"{alive} workers"),
        "" if alive else mend,
    )
    if failed or waiting:
        yield Finding(
            "queue",
            "warn",
            words(f"失败 {failed}，积压 {waiting}", f"{failed} failed, {waiting} late"),
            "" if alive else mend,
        )
