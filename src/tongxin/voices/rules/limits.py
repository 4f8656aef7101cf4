"""How much somebody may post in an hour and a day: the nearer the ring, the more."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Rate:
    """Posts in any hour and in any day."""

    hour: int
    day: int


@dataclass(frozen=True)
class Limits:
    """A rate for each ring; a newcomer of any ring posts at the rate of the outer one."""

    outer: Rate
    middle: Rate
    inner: Rate

    def of(self, ring: str, *, new: bool) -> Rate:
        """The rate that holds for this person."""
        return self.outer if new or ring not in ("middle", "inner") else getattr(self, ring)


def wait(posts_hour: int, posts_day: int, rate: Rate) -> timedelta | None:
    """None when one more post is within the rate; otherwise how long to wait at the most."""
    if posts_day >= rate.day:
        return timedelta(days=1)
    if posts_hour >= rate.hour:
        return timedelta(hours=1)
    return None
