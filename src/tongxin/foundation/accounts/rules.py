"""When a try at the door counts, when a session has ended, which code of a generator is due."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tongxin.foundation.accounts.terms import (
    FAILURES_PER_ORIGIN,
    FAILURES_PER_SUBJECT,
    MEMBER_ABSOLUTE,
    MEMBER_IDLE,
    ORIGIN_WINDOW,
    SEEN_EVERY,
    STAFF_ABSOLUTE,
    STAFF_IDLE,
    SUBJECT_WINDOW,
    AccountKind,
)


@dataclass(frozen=True)
class Tries:
    """Failures within their windows, and when the oldest of them falls out."""

    subject: int
    origin: int
    subject_since: datetime | None
    origin_since: datetime | None


def wait_minutes(tries: Tries, now: datetime) -> int:
    """Whole minutes to wait before another try; 0 when one may try.

    Five failures in thirty minutes a name, thirty in an hour an address (promise P24).
    """
    waits = [timedelta(0)]
    if tries.subject >= FAILURES_PER_SUBJECT and tries.subject_since is not None:
        waits.append(tries.subject_since + SUBJECT_WINDOW - now)
    if tries.origin >= FAILURES_PER_ORIGIN and tries.origin_since is not None:
        waits.append(tries.origin_since + ORIGIN_WINDOW - now)
    longest = max(waits)
    return -(-int(longest.total_seconds()) // 60) if longest > timedelta(0) else 0


@dataclass(frozen=True)
class Stay:
    """What decides whether a session still holds."""

    epoch: int
    account_epoch: int
    active: bool
    ended: bool
    idle_until: datetime
    expires_at: datetime


def holds(stay: Stay, now: datetime) -> bool:
    """Does the session still hold? Not after its end, its age, three idle hours, a new epoch, a closed account."""
    return (
        stay.active
        and not stay.ended
        and stay.epoch == stay.account_epoch
        and now < stay.idle_until
        and now < stay.expires_at
    )


def lives(kind: str) -> tuple[timedelta, timedelta]:
    """(absolute, idle) life of a session. Staff: 12 h and 3 h (promise P25); members stay on their own phone."""
    return (MEMBER_ABSOLUTE, MEMBER_IDLE) if kind == AccountKind.MEMBER else (STAFF_ABSOLUTE, STAFF_IDLE)


def worth_noting(seen_at: datetime, now: datetime) -> bool:
    """Is the last note of this session old enough to write another?"""
    return now - seen_at >= SEEN_EVERY
