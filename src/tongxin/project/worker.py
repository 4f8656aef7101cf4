"""The job worker: `python -m tongxin.project.worker`. Each room's `tasks.py` is found by procrastinate, `project/tasks.py` by us."""

import asyncio
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import django
from django.db import connections
from procrastinate.contrib.django import app

WORK, BEATS = (
    4,
    4,
)  # jobs at once, and the slots that the beats (relay, webhooks, sealer, messages) hold nearly all the time
if os.environ.get("TONGXIN_WECOM_CORP"):
    BEATS += 1  # its beat holds a slot, too
CONCURRENCY = WORK + BEATS
BEHIND = 5  # niceness: where processors are short, who taps and waits goes before letters that may take a second more
SILENT_AFTER = 20.0  # seconds without a heartbeat after which a worker counts as dead
GRACE = 10.0  # seconds that running jobs get to end when the worker is told to stop; the beats always need them all


def main() -> None:
    """Run jobs until told to stop, or until the database goes (then the supervisor starts us again)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongxin.project.settings")
    django.setup()
    import_module("tongxin.project.tasks")  # it needs the models, which stand only now
    import_module("tongxin.connect.wecom.tasks")  # connect is no app, so nobody looks there
    # Every job is a thread with a connection of its own; the pool of the settings is meant for a web worker's four.
    pool = connections["default"].settings_dict.get("OPTIONS", {}).get("pool")
    if pool:
        pool["max_size"] = CONCURRENCY + 2
    asyncio.run(work())


async def work() -> None:
    """One worker with the settings that were tried: see the design's notes on the queue."""
    # asyncio's own pool has processors + 4 threads, less than we want on a small machine.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(CONCURRENCY + 2))
    with app.replace_connector(app.connector.get_worker_connector()) as running:  # type: ignore[attr-defined]  # Django's connector has it
        async with running.open_async():
            await running.run_worker_async(
                name=f"{socket.gethostname()}:{os.getpid()}",
                concurrency=CONCURRENCY,
                fetch_job_polling_interval=2.0,
                abort_job_polling_interval=2.0,
                shutdown_graceful_timeout=GRACE,
                update_heartbeat_interval=5.0,
                stalled_worker_timeout=SILENT_AFTER,
                delete_jobs="successful",
                listen_notify=True,
            )


if __name__ == "__main__":
    os.nice(BEHIND)
    main()
