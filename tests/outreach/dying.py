"""Processes that die where they are told to."""

import os
import signal
import time

from django.db import connection

from foundation.racing import PATIENCE


def killed_at(step, work):
    """Run `work` in a process that dies before its step-th statement; answers whether it died."""
    connection.close()  # a forked child must not inherit our socket
    child = os.fork()
    if child == 0:
        count = 0

        def dying(execute, sql, params, many, context):
            nonlocal count
            count += 1
            if count == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(sql, params, many, context)

        code = 1
        try:
            with connection.execute_wrapper(dying):
                work()
            code = 0
        finally:
            os._exit(code)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
            _its_locks_are_gone(until)
            return os.WIFSIGNALED(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise AssertionError("the child hung")


OPEN = """
    SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND xact_start IS NOT NULL
"""


def _its_locks_are_gone(until):
    """The server notices a moment later that the process died; until then a relay would skip what its transaction holds."""
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute(OPEN)
            if cursor.fetchone() is None:
                return
            time.sleep(0.005)
    raise AssertionError("a transaction of the dead process is still open")
