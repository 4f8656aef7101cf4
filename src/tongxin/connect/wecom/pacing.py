"""Half of what the platform allows, over all our processes together: a bucket per interface and one for this address, in the database.

Published (document 90454): 10,000 calls a minute and 150,000 an hour per corp and interface; 20,000 and 600,000 per address. A bucket
of size b that fills at r a second lets b + 60 r through within any minute and b + 3,600 r within any hour: 3,000 and 20 give 4,200
and 75,000; 5,000 and 80 give 9,800 and 293,000.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from django.db import connection

from tongxin.foundation import clock


@dataclass(frozen=True)
class Size:
    """A bucket: how much at once, how much a second."""

    burst: int
    rate: float

    def within(self, seconds: float) -> float:
        """The most that ever passes within so many seconds."""
        return self.burst + self.rate * seconds


INTERFACE = Size(burst=3000, rate=20.0)
HERE = Size(burst=5000, rate=80.0)


class Pace(Protocol):
    """What a caller asks before each call."""

    def take(self, path: str) -> float:
        """0: go. Otherwise the seconds until there is room."""
        ...


_TAKE = """
INSERT INTO outreach_wecompace AS p (name, free_at)
SELECT v.name, %(now)s + v.step FROM unnest(%(names)s::text[], %(steps)s::interval[]) AS v(name, step)
ON CONFLICT (name) DO UPDATE SET free_at = greatest(p.free_at, %(now)s) + (excluded.free_at - %(now)s)
WHERE greatest(p.free_at, %(now)s) + (excluded.free_at - %(now)s) - %(now)s
    <= CASE WHEN p.name = %(here)s THEN %(here_room)s::interval ELSE %(room)s::interval END
RETURNING name
"""


class SharedPace:
    """The buckets in the database. Taking is one statement; what does not fit changes nothing in its bucket."""

    def __init__(self, corp: str, *, interface: Size = INTERFACE, here: Size = HERE) -> None:
        self._corp, self._interface, self._here = corp, interface, here

    def take(self, path: str) -> float:
        """As the port says."""
        name, here = f"{self._corp}:{path}", f"{self._corp}:*"
        sizes = (self._interface, self._here)
        steps = [timedelta(seconds=1 / size.rate) for size in sizes]
        rooms = [timedelta(seconds=size.burst / size.rate) for size in sizes]
        with connection.cursor() as cursor:
            given: dict[str, Any] = {
                "now": clock.now(),
                "names": [name, here],
                "steps": steps,
                "here": here,
                "room": rooms[0],
                "here_room": rooms[1],
            }
            cursor.execute(_TAKE, given)
            got = {row[0] for row in cursor.fetchall()}
        if name not in got:
            return max(1 / self._interface.rate, 1.0)
        if here not in got:
            return max(1 / self._here.rate, 1.0)
        return 0.0


class NoPace:
    """Everything at once: the control arm of the tests, and one-off checks from the command line."""

    def take(self, path: str) -> float:  # noqa: ARG002 (the port's shape)
        """Go."""
        return 0.0
