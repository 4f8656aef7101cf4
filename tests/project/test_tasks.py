"""Jobs of the installation: dead workers' jobs start again, marks are copied out, backups are made at night."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from django.db import connection
from procrastinate.contrib.django import app

from tongxin.foundation import backup, restoring
from tongxin.people.models import Erased
from tongxin.project import tasks, worker

JOB = "INSERT INTO procrastinate_jobs (task_name, queue_name, status, attempts) VALUES (%s, 'default', 'doing', %s) RETURNING id"


@pytest.fixture
def jobs(transactional_db):
    """Rows of the queue, which Django does not know as its own and therefore does not clear."""

    def empty():
        with connection.cursor() as cursor:
            cursor.execute(
                "TRUNCATE procrastinate_jobs, procrastinate_workers, procrastinate_periodic_defers RESTART IDENTITY CASCADE"
            )

    empty()
    yield
    empty()


def status(job):
    with connection.cursor() as cursor:
        cursor.execute("SELECT status FROM procrastinate_jobs WHERE id = %s", [job])
        return cursor.fetchone()[0]


def left_behind(attempts, *, alive=False):
    """A job that is being done by a worker, alive or silent for a minute."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s * interval '1 second') RETURNING id",
            [0 if alive else 60],
        )
        (who,) = cursor.fetchone()
        cursor.execute(JOB, ["x", attempts])
        (job,) = cursor.fetchone()
        cursor.execute("UPDATE procrastinate_jobs SET worker_id = %s WHERE id = %s", [who, job])
    return job


def retry():
    with app.replace_connector(app.connector.get_worker_connector()) as running:

        async def go():
            async with running.open_async():
                return await tasks.retry_stalled(running.job_manager)

        return asyncio.run(go())


def run_queue(queue):
    """A worker for one queue of ours only: the beats of the other rooms last for twenty seconds."""
    with app.replace_connector(app.connector.get_worker_connector()) as running:
        running.run_worker(
            queues=[queue],
            wait=False,
            listen_notify=False,
            install_signal_handlers=False,
            delete_jobs="successful",
        )


class TestStalled:
    def test_a_dead_workers_job_starts_again_and_a_living_ones_is_left(self, jobs):
        dead, living = left_behind(0), left_behind(0, alive=True)
        assert retry() == (1, 0)
        assert (status(dead), status(living)) == ("todo", "doing")
        assert retry() == (0, 0)

    def test_a_job_that_kills_its_worker_each_time_is_put_aside(self, jobs):
        job = left_behind(tasks.MOST_ATTEMPTS)
        assert retry() == (0, 1)
        assert status(job) == "failed"

    def test_control_without_our_task_it_lies_there(self, jobs):
        """procrastinate itself does not do it: a whole worker run leaves the job."""
        job = left_behind(0)
        run_queue("ours")
        assert status(job) == "doing"

    def test_the_task_does_it(self, jobs):
        job = left_behind(0)
        tasks.retry_stalled_jobs.configure(queue="ours").defer(timestamp=0)
        tasks.clear_jobs.configure(queue="ours").defer(timestamp=0)
        run_queue("ours")
        assert status(job) == "todo"
        assert not waiting("project.clear_jobs")


@pytest.mark.django_db
class TestMarks:
    def test_marks_are_copied_out_and_never_taken_back(self, settings, tmp_path):
        settings.HOME = tmp_path
        at = datetime(2026, 3, 5, tzinfo=UTC)
        assert tasks.note_erased(0) == 0
        assert not (tmp_path / "erased.json").exists()
        Erased.objects.create(what="person", hash="aa", at=at)
        assert tasks.note_erased(0) == 1
        assert tasks.note_erased(0) == 0
        Erased.objects.all().delete()
        Erased.objects.create(what="person", hash="bb", at=at)
        assert tasks.note_erased(0) == 1
        assert [m[1] for m in json.loads((tmp_path / "erased.json").read_text())] == ["aa", "bb"]


@pytest.mark.django_db
class TestNightly:
    def test_seven_are_kept(self, settings, tmp_path, monkeypatch):
        monkeypatch.delenv("TONGXIN_BACKUPS", raising=False)
        monkeypatch.setattr(tasks, "KEEP_BACKUPS", 1)
        settings.HOME = tmp_path
        tasks.nightly_backup(0)
        name = tasks.nightly_backup(0)
        assert [p.name for p in (tmp_path / "backups").iterdir()] == [name]
        assert backup.check(tmp_path / "backups" / name).tables

    def test_off(self, monkeypatch):
        monkeypatch.setenv("TONGXIN_BACKUPS", "off")
        assert tasks.nightly_backup(0) == "off"

    def test_elsewhere(self, monkeypatch, tmp_path):
        monkeypatch.setenv("TONGXIN_BACKUPS", str(tmp_path / "there"))
        assert (tmp_path / "there" / tasks.nightly_backup(0)).is_dir()


def test_every_room_has_its_periodic_jobs():
    """What `tongxin worker` will do without being asked."""
    named = {name for name, _ in app.periodic_registry.periodic_tasks}
    assert {
        "outbox.relay",
        "audit.seal",
        "stores.forget_former_staff",
        "webhooks.tend",
        "project.retry_stalled",
        "project.nightly_backup",
        "project.note_erased",
    } <= named


def test_the_worker_works_and_stops_when_told(jobs):
    """The real process on the tests' database: it registers, takes a job, and leaves on SIGTERM."""
    url = restoring.address(os.environ["DATABASE_URL"], connection.settings_dict["NAME"])
    tasks.clear_jobs.configure().defer(timestamp=0)
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tongxin.project.settings"}
    hurried = "from tongxin.project import worker\nworker.GRACE = 1.0\nworker.main()"
    process = subprocess.Popen([sys.executable, "-c", hurried], env=environment)
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end and not (heartbeats() and not waiting("project.clear_jobs")):
            time.sleep(0.2)
        assert heartbeats() == 1
        assert not waiting("project.clear_jobs")
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
    assert heartbeats() == 0


def heartbeats():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_workers")
        return cursor.fetchone()[0]


def waiting(task):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s", [task])
        return cursor.fetchone()[0]


def test_the_worker_has_a_connection_for_every_job(monkeypatch, settings):
    monkeypatch.setattr(worker.asyncio, "run", lambda coroutine: coroutine.close())
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "pool", {"max_size": 6})
    worker.main()
    assert connection.settings_dict["OPTIONS"]["pool"]["max_size"] == worker.CONCURRENCY + 2
    monkeypatch.delitem(connection.settings_dict["OPTIONS"], "pool")
    worker.main()
    assert "pool" not in connection.settings_dict["OPTIONS"]
