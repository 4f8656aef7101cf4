"""May a work be shown for a use now? The one rule: every page, every API answer and every use on paper asks here."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tongxin.amplify.terms import LICENCE_MOST, Scope, Shut


@dataclass(frozen=True)
class Said:
    """The author's newest word about a work: how far out it may be, until when; `granted` False takes it back."""

    granted: bool
    scope: Scope
    until: datetime


@dataclass(frozen=True)
class WorkNow:
    """What is known of a work at this moment.

    `shown`: its Star is shown and its author is live. `there`: what it consists of can still be seen where it stands.
    `seen_agree`: the furthest scope to which everybody seen in a photo agrees; None for a work without faces.
    """

    shown: bool
    there: bool
    said: Said | None
    photo: bool = False
    seen_agree: Scope | None = None


def why_not(work: WorkNow, use: Scope, now: datetime) -> Shut | None:
    """What is in the way of showing a work for a use; None when nothing is."""
    if work.said is None:
        return Shut.NO_LICENCE
    if not work.said.granted:
        return Shut.WITHDRAWN
    if work.said.until <= now:
        return Shut.OVER
    if use.reach > work.said.scope.reach:
        return Shut.TOO_FAR
    if not work.there:
        return Shut.GONE
    if work.photo and (work.seen_agree is None or use.reach > work.seen_agree.reach):
        return Shut.SEEN_DISAGREE
    return None if work.shown else Shut.NOT_SHOWN


def furthest(work: WorkNow, now: datetime) -> Scope | None:
    """The furthest use that is open now, None for no use at all."""
    return max(
        (use for use in Scope if why_not(work, use, now) is None), key=lambda one: one.reach, default=None
    )


def lasts(until: datetime, now: datetime) -> bool:
    """May a licence run until then: it ends some day, and not yet?

    >>> from datetime import UTC
    >>> lasts(datetime(2027, 1, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    True
    """
    return now < until <= now + LICENCE_MOST


def may_ask(declined_at: datetime | None, now: datetime, pause: timedelta) -> bool:
    """May somebody be invited (again)? Not soon after a no."""
    return declined_at is None or now >= declined_at + pause
