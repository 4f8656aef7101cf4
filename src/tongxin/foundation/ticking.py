"""The beat of the long jobs: short rounds, woken early by NOTIFY."""

import time
from collections.abc import Callable, Iterator

from django.db import connection


def ticks(
    *, window: float, every: float, stop: Callable[[], bool] = lambda: False, channel: str | None = None
) -> Iterator[None]:
    """One round at once, then one every `every` seconds, or at once when `channel` is notified, for `window` seconds.

    A job that beats for a minute costs the queue one row instead of sixty. `stop` is asked before each round.
    """
    until = time.monotonic() + window
    if channel is not None:
        with connection.cursor() as cursor:
            cursor.execute(f'LISTEN "{channel}"')
    try:
        while not stop():
            yield
            left = until - time.monotonic()
            if left > 0:
                _wait(min(every, left), channel)
            if time.monotonic() >= until:
                return
    finally:
        if channel is not None:
            with connection.cursor() as cursor:
                cursor.execute(f'UNLISTEN "{channel}"')


def _wait(seconds: float, channel: str | None) -> None:
    if channel is None:
        time.sleep(seconds)
        return
    connection.ensure_connection()
    for _ in connection.connection.notifies(timeout=seconds, stop_after=1):
        pass
