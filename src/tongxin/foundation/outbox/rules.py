"""When a letter is tried, tried again and given up."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tongxin.foundation.outbox.ports import Outcome
from tongxin.foundation.outbox.terms import State

# 5 s … 6 h; nine tries in about fourteen hours. What matters less long carries an expiry of its own.
WAITS = tuple(timedelta(seconds=s) for s in (5, 15, 60, 300, 900, 3600, 6 * 3600, 6 * 3600))
MOST_ATTEMPTS = len(WAITS) + 1

STALE = timedelta(minutes=2)  # a carrier takes ≤ 15 s; who is silent for longer has died
KEPT = timedelta(days=30)  # address and text of a letter that is done


@dataclass(frozen=True)
class Next:
    """What becomes of a letter: its state and, when it waits, until when."""

    state: State
    at: datetime | None = None


def after(outcome: Outcome, *, attempts: int, dedupes: bool, now: datetime) -> Next:
    """The letter's next state after its `attempts`-th try.

    Unknown is never sent again behind anybody's back, unless the receiver recognises the id and so cannot show it twice.
    """
    if outcome.state == "sent":
        return Next(State.SENT)
    if outcome.state == "unknown" and not dedupes:
        return Next(State.UNKNOWN)
    if outcome.final or attempts >= MOST_ATTEMPTS:
        return Next(State.FAILED if outcome.state == "failed" else State.UNKNOWN)
    return Next(State.WAITING, now + WAITS[attempts - 1])


def found_stale(*, begun: bool, dedupes: bool) -> State:
    """What becomes of a letter whose relay died: untouched ones wait again, touched ones only if that can do no harm."""
    return State.WAITING if not begun or dedupes else State.UNKNOWN
