"""The jobs that belong to the installation rather than to a room: each room has its own `tasks.py`.

Jobs whose worker died are started again (procrastinate leaves them lying), finished ones are cleared away, the marks of
erased people are copied outside of the database, and each night there is a backup.
"""

import json
import os
from pathlib import Path

from django.conf import settings
from procrastinate.contrib.django import app
from procrastinate.job_context import JobContext
from procrastinate.jobs import Status
from procrastinate.manager import JobManager

from tongxin.faces.cli import care
from tongxin.people.queries import tombstones

MOST_ATTEMPTS = 5  # then a job that takes its worker down each time is put aside as failed
SILENT_AFTER = 20.0  # seconds without a heartbeat after which a worker counts as dead
KEEP_BACKUPS = 7
KEEP_FINISHED_HOURS = 30 * 24


async def retry_stalled(manager: JobManager) -> tuple[int, int]:
    """Start the jobs of dead workers again; answers (again, put aside). Delivery is at least once: tasks are idempotent."""
    again = aside = 0
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=SILENT_AFTER):
        if job.attempts >= MOST_ATTEMPTS:  # retry_job itself knows no limit
            await manager.finish_job(job, status=Status.FAILED, delete_job=False)
            aside += 1
        else:
            await manager.retry_job(job)
            again += 1
    return again, aside


@app.periodic(cron="* * * * * */15")
@app.task(name="project.retry_stalled", queueing_lock="project.retry_stalled", pass_context=True)
async def retry_stalled_jobs(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands it over by this name
    """Four times a minute."""
    await retry_stalled(context.app.job_manager)


@app.periodic(cron="17 4 * * *")
@app.task(name="project.clear_jobs", queueing_lock="project.clear_jobs", pass_context=True)
async def clear_jobs(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - procrastinate hands it over by this name
    """Each night: failed and cancelled jobs older than a month."""
    await context.app.job_manager.delete_old_jobs(
        nb_hours=KEEP_FINISHED_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )


@app.periodic(cron="* * * * *")
@app.task(name="project.note_erased", queueing_lock="project.note_erased")
def note_erased(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Each minute: a copy of the marks of erased people outside of the database, so that a restore after its loss knows them.

    Keyed hashes only. Marks are never taken out: the file may know more than a database that was restored.
    """
    file = Path(settings.HOME) / "erased.json"
    noted = {tuple(mark) for mark in json.loads(file.read_text())} if file.exists() else set()
    known = noted | {(stone.what, stone.hash, stone.at.isoformat()) for stone in tombstones()}
    if known != noted:
        fresh = file.with_suffix(".tmp")
        with fresh.open("w") as stream:
            json.dump(sorted(known), stream)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(file)
    return len(known - noted)


@app.periodic(cron="* * * * *")
@app.task(name="project.follow_log", queueing_lock="project.follow_log", lock="project.follow_log")
def follow_log(timestamp: int) -> str:  # noqa: ARG001 - as above
    """Each minute, unless TONGXIN_BACKUPS is `off`: the log of the embedded database, so that a lost machine costs a minute."""
    place = os.environ.get("TONGXIN_BACKUPS") or str(Path(settings.HOME) / "backups")
    if place == "off":
        return "off"
    followed = care.follow_log(to=Path(place))
    return "not the embedded database" if followed is None else f"{followed.segments} segments"


@app.periodic(cron="* * * * *")
@app.task(name="project.rebase_log", queueing_lock="project.rebase_log", lock="project.rebase_log")
def rebase_log(timestamp: int) -> str:  # noqa: ARG001 - as above
    """Each minute: is it time for a new base of the followed log? It may take minutes; the log goes on meanwhile."""
    place = os.environ.get("TONGXIN_BACKUPS") or str(Path(settings.HOME) / "backups")
    if place == "off":
        return "off"
    return "based" if care.rebase_log(to=Path(place)) else "not due"


@app.periodic(cron="40 2 * * *")
@app.task(
    name="project.nightly_backup",
    queueing_lock="project.nightly_backup",
    lock="project.nightly_backup",
    retry=2,
)
def nightly_backup(timestamp: int) -> str:  # noqa: ARG001 - as above
    """Each night, unless TONGXIN_BACKUPS is `off`: a backup into that folder (`backups` in the home), the newest seven kept."""
    place = os.environ.get("TONGXIN_BACKUPS") or str(Path(settings.HOME) / "backups")
    if place == "off":
        return "off"
    folder, _ = care.back_up(to=Path(place), keep=KEEP_BACKUPS)
    return folder.name
