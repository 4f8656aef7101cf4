"""Who gets a seat, a place in the line, a lot or a no. The seat itself is claimed by one conditional update (`actions/claims.py`)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from tongxin.events.terms import Admission, Seat, State


class Way(StrEnum):
    """What a wish to come leads to."""

    SEAT = "seat"  # claim in these pools in order; who finds none free waits in the line
    APPLY = "apply"
    ENTER = "enter"
    REFUSE = "refuse"


@dataclass(frozen=True)
class PoolFact:
    """A pool as last seen. `audience` "" is open to everyone."""

    id: int
    audience: str
    size: int
    free: int


@dataclass(frozen=True)
class SeatFacts:
    """What the decision needs. `audiences` are the words that hold for the person ("ring:middle", "tag:…"); `live` their live
    registration, if any; `seen` the schedule that the form showed (None: not said), `schedule` the present one."""

    state: State
    admission: Admission
    schedule: int
    starts_at: datetime
    opens_at: datetime | None
    closes_at: datetime | None
    party_most: int
    pools: Sequence[PoolFact]
    party: int = 1
    seen: int | None = None
    live: Seat | None = None
    audiences: frozenset[str] = frozenset()
    unanswered: str = ""


@dataclass(frozen=True)
class Verdict:
    """The way, the pools to try in order, or the refusal's code and data."""

    way: Way
    pools: tuple[int, ...] = ()
    code: str = ""
    data: dict[str, Any] = field(default_factory=dict)


def decide_seat(facts: SeatFacts, now: datetime) -> Verdict:
    """What becomes of a wish to come, and why not.

    Kept seats of one's own ring or tag come first, then those for everyone. An event without any pool that is open to the person
    refuses instead of letting them wait for what they cannot get.
    """
    refusal = _closed(facts, now) or _unfit(facts)
    if refusal is not None:
        return refusal
    entitled = tuple(
        pool.id
        for pool in sorted(facts.pools, key=lambda p: (p.audience == "", p.id))
        if pool.audience == "" or pool.audience in facts.audiences
    )
    if not entitled:
        return Verdict(Way.REFUSE, code="events.not_for_you")
    if facts.admission is Admission.LOTTERY:
        return Verdict(Way.ENTER, entitled)
    if facts.admission is Admission.APPROVAL:
        return Verdict(Way.APPLY, entitled)
    return Verdict(Way.SEAT, entitled)


def _closed(facts: SeatFacts, now: datetime) -> Verdict | None:
    if facts.state is State.CANCELLED:
        return Verdict(Way.REFUSE, code="events.cancelled")
    if facts.state is State.ENDED or now >= facts.starts_at:
        return Verdict(Way.REFUSE, code="events.past")
    if facts.state is State.DRAFT:
        return Verdict(Way.REFUSE, code="absent")
    if facts.opens_at is not None and now < facts.opens_at:
        return Verdict(Way.REFUSE, code="events.not_open", data={"opens_at": facts.opens_at.isoformat()})
    if facts.closes_at is not None and now >= facts.closes_at:
        return Verdict(Way.REFUSE, code="events.closed")
    if facts.seen is not None and facts.seen != facts.schedule:
        return Verdict(Way.REFUSE, code="events.moved")
    return None


def _unfit(facts: SeatFacts) -> Verdict | None:
    if facts.live is not None:
        return Verdict(Way.REFUSE, code="events.registered", data={"state": str(facts.live)})
    if facts.party > facts.party_most:
        if facts.party_most == 1:
            return Verdict(Way.REFUSE, code="events.alone")
        return Verdict(Way.REFUSE, code="events.party", data={"most": facts.party_most})
    if facts.party < 1:
        return Verdict(Way.REFUSE, code="events.party", data={"most": facts.party_most})
    if facts.unanswered:
        return Verdict(Way.REFUSE, code="events.question", data={"question": facts.unanswered})
    return None


def unanswered(questions: Sequence[dict[str, Any]], answers: dict[str, str]) -> str:
    """The first required question without an answer, or one answered with a choice that was not offered; "" when all is well."""
    for question in questions:
        given = answers.get(str(question["id"]), "").strip()
        if not given and question.get("required"):
            return str(question["text"])
        if given and question.get("choices") and given not in question["choices"]:
            return str(question["text"])
    return ""
