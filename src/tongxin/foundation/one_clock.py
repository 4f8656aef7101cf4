"""One clock for all machines: the database's.

Two machines ten minutes apart would order a yes and a no the wrong way round, take each other's relays for dead and send
a letter twice, and let codes run out before they arrive (promise P36). So each process measures, when it connects and
then about once a minute, how far its own clock is from the database's, and `clock.now()` goes by the latter.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS

from tongxin.foundation import clock

EVERY = 60.0  # seconds between two looks
SMALLEST = timedelta(milliseconds=250)  # below it the difference is the way there and back, not the clocks

_due = float("-inf")


def look(connection: Any, **_: Any) -> None:
    """Receiver of Django's `connection_created`: measure, at most once in `EVERY` seconds."""
    global _due  # noqa: PLW0603 - a process has one clock
    if connection.alias != DEFAULT_DB_ALIAS or connection.vendor != "postgresql" or time.monotonic() < _due:
        return
    begun, ticked = datetime.now(UTC), time.monotonic()
    # Not through Django's cursor: this is no query of whoever happens to connect.
    (there,) = connection.connection.execute("SELECT clock_timestamp()").fetchone()
    took = timedelta(seconds=time.monotonic() - ticked)
    clock.set_ahead(ahead(there=there, begun=begun, took=took))
    _due = time.monotonic() + EVERY


def ahead(*, there: datetime, begun: datetime, took: timedelta) -> timedelta:
    """How far the database is ahead, from its answer `there` to a question asked at `begun` that took `took`.

    Zero when the difference may be the way there and back alone.
    """
    found = clock.as_utc(there) - (begun + took / 2)
    return found if abs(found) > max(SMALLEST, took) else timedelta(0)
