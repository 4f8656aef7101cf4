"""Rules of commerce: paid-membership periods."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class MembershipRow:
    """One row of the table `memberships`: a paid period of a member in a program. `fee_fen` None = not told."""

    member_code: str
    program: str
    status: str
    started_at: datetime
    ended_at: datetime | None = None
    fee_fen: int | None = None
    auto_renew: bool | None = None


@dataclass(frozen=True)
class Span:
    """A period from `start` up to, not including, `end` (None = it runs on)."""

    start: datetime
    end: datetime | None


def turned_round(span: Span) -> bool:
    """Does it end before, or when, it begins?"""
    return span.end is not None and span.end <= span.start


def overlap(one: Span, other: Span) -> bool:
    """Is there an instant in both? A period that starts when another ends does not overlap it."""
    return (other.end is None or one.start < other.end) and (one.end is None or other.start < one.end)


def clash(span: Span, others: Iterable[Span]) -> Span | None:
    """The first of `others` that overlaps: a member pays for a program once at a time."""
    return next((other for other in others if overlap(span, other)), None)
