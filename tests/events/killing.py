"""A child process that dies by SIGKILL at its n-th statement, and whether it had answered before."""

import multiprocessing
import os
import signal

from django.db import connection


def killed_at(n, work):
    """Run `work` in a child killed right after its n-th statement; "killed", or what `work` answered when it came to its end.

    The last kill, after the COMMIT and before the answer, is n = one more than there are statements: see `killed_after`.
    """
    return _forked(work, n)


def killed_after(work):
    """The child has committed and dies before it can say so."""
    return _forked(work, 0, silent=True)


def _forked(work, n, *, silent=False):
    connection.close()  # a forked child must not inherit our socket
    reading, writing = os.pipe()

    def body():
        count = 0

        def counting(execute, sql, params, many, context):
            nonlocal count
            answer = execute(sql, params, many, context)
            count += 1
            if count == n:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        with connection.execute_wrapper(counting):
            said = str(work())
        if silent:
            os.kill(os.getpid(), signal.SIGKILL)
        os.write(writing, said.encode())
        os._exit(0)

    child = multiprocessing.get_context("fork").Process(target=body, daemon=True)
    child.start()
    os.close(writing)
    child.join(30)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    assert child.exitcode in {0, -signal.SIGKILL}, child.exitcode
    return said if child.exitcode == 0 else "killed"
