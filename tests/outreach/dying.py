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
            return os.WIFSIGNALED(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise AssertionError("the child hung")
