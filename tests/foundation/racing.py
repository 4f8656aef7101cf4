"""Real threads and real processes against the real test database, with a bound on every wait."""

import multiprocessing
import threading

from django.db import connection

PATIENCE = 30


def in_threads(work, count):
    """Run `work(n)` in `count` threads that start together; answers in order, exceptions as values."""
    answers, barrier = [None] * count, threading.Barrier(count)

    def run(n):
        try:
            barrier.wait(PATIENCE)
            answers[n] = work(n)
        except Exception as fault:  # noqa: BLE001 (handed back as a value; the test looks at it)
            answers[n] = fault
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[n], daemon=True) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return answers


def in_processes(work, count):
    """The same in forked processes; `work` must answer something that can be pickled."""
    connection.close()  # a forked child must not inherit our socket
    context = multiprocessing.get_context("fork")
    barrier, queue = context.Barrier(count), context.Queue()

    def run(n):
        try:
            barrier.wait(PATIENCE)
            queue.put((n, work(n)))
        except Exception as fault:  # noqa: BLE001 (handed back as a value; the test looks at it)
            queue.put((n, fault))
        finally:
            connection.close()

    children = [context.Process(target=run, args=[n], daemon=True) for n in range(count)]
    for child in children:
        child.start()
    answers = dict(queue.get(timeout=PATIENCE) for _ in children)
    for child in children:
        child.join(PATIENCE)
    return [answers[n] for n in range(count)]
