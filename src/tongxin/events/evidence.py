"""What the rules of events ask for, looked up once and no more than they need."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from django.db import connection

from tongxin.events import queries
from tongxin.events.models import Occurrence, Pool
from tongxin.events.rules.seats import PoolFact, SeatFacts, unanswered
from tongxin.events.terms import Admission, Seat, State
from tongxin.foundation import prepared
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people import queries as people
from tongxin.people.models import Companion, Tag
from tongxin.rings.queries import rings_held
from tongxin.stores.models import Store


class Comes(Protocol):
    """Somebody who comes along."""

    @property
    def companion(self) -> UUID:
        """The companion's public id."""
        ...


@dataclass(frozen=True)
class Look:
    """The facts, and the rows they were read from."""

    occurrence: Occurrence
    person: int
    facts: SeatFacts
    waited: bool = False  # did anybody ever wait here


# The live registration of a person whatever entry of theirs holds it: limits hold across merges (promise P2).
_LIVE = """
SELECT r.state FROM events_registration r
WHERE r.occurrence_id = {event} AND r.state IN ('applied', 'entered', 'waiting', 'offered', 'confirmed') AND r.person_id IN (
    SELECT %(person)s::bigint UNION ALL SELECT id FROM people_customer WHERE survivor_id = %(person)s)
LIMIT 1
"""
_LIVE_AT = _LIVE.format(event="%(event)s")

# All of it in one statement: the event, its store, the counters of its pools, a live registration of who asks.
_EVENT = (  # in the order of the model, as `from_db` wants them
    "id", "public_id", "store_id", "format", "title", "starts_at", "ends_at", "opens_at", "closes_at", "state", "admission",
    "party_most", "fee_fen", "voucher_fen", "voucher_days", "community", "subject_id", "schedule",
)  # fmt: skip
_STORE = ("id", "public_id", "brand_id", "code", "name", "zone", "cutoff_hour")
_LOOK = f"""
SELECT {", ".join(f"e.{name}" for name in _EVENT)}, {", ".join(f"s.{name}" for name in _STORE)}, e.questions::text,
    (SELECT json_agg(json_build_array(p.id, p.audience, p.size, p.taken + p.held, p.waited) ORDER BY p.id)::text
        FROM events_pool p WHERE p.occurrence_id = e.id),
    ({_LIVE.format(event="e.id")})
FROM events_occurrence e JOIN stores_store s ON s.id = e.store_id WHERE e.public_id = %(event)s
"""  # noqa: S608 (names of columns, one constant)


def looked(
    viewer: Viewer,
    event_id: UUID,
    *,
    person: int | None,
    companions: Sequence[Comes],
    answers: Mapping[str, str],
    seen: int | None,
) -> Look:
    """What `decide_seat` needs for this person and event. Refuses `absent` for either, and for somebody else's companion."""
    asked = viewer.person if person is None else person
    row = prepared.one(_LOOK, {"event": event_id, "person": asked})
    if row is None:
        raise Refused("absent")
    event = _event(row)
    questions, counters, live = row[-3:]
    queries.joinable(viewer, event)
    who = queries.who_registers(viewer, event, person)
    _own(who, companions)
    pools = json.loads(counters or "[]")
    facts = SeatFacts(
        state=State(event.state),
        admission=Admission(event.admission),
        schedule=event.schedule,
        starts_at=event.starts_at,
        opens_at=event.opens_at,
        closes_at=event.closes_at,
        party_most=event.party_most,
        pools=[PoolFact(key, audience, size, size - used) for key, audience, size, used, _ in pools],
        party=1 + len(companions),
        seen=seen,
        live=(None if live is None else Seat(live)) if who == asked else live_of(event, who),
        audiences=audiences_of(who) if any(audience for _, audience, *_ in pools) else frozenset(),
        unanswered=unanswered(json.loads(questions), dict(answers)),
    )
    return Look(event, who, facts, waited=any(waited for *_, waited in pools))


def _event(row: Sequence[Any]) -> Occurrence:
    """The event and its store out of a row of `_LOOK`; what it does not carry is looked up if ever asked for."""
    event = Occurrence.from_db(connection.alias, _EVENT, row[: len(_EVENT)])
    event.store = Store.from_db(connection.alias, _STORE, row[len(_EVENT) : len(_EVENT) + len(_STORE)])
    return event


def live_of(event: Occurrence, person: int) -> Seat | None:
    """The state of a person's live registration at an event, under whatever entry it was made."""
    row = prepared.one(_LIVE_AT, {"event": event.pk, "person": person})
    return None if row is None else Seat(row[0])


def audiences_of(person: int) -> frozenset[str]:
    """The words that hold for a person: their ring and their tags. Who switched personalisation off stands in the outer ring, untagged."""
    ring = rings_held([person]).get(person)
    behind = people.behind(people.personalised([person]))
    tags = Tag.objects.filter(customer__in=behind).values_list("label", flat=True)
    return frozenset({*(f"tag:{label}" for label in tags), *([f"ring:{ring}"] if ring else [])})


def pools_for(event: Occurrence, person: int) -> tuple[int, ...]:
    """The pools open to a person, kept ones first, as `decide_seat` orders them."""
    pools = sorted(Pool.objects.filter(occurrence=event), key=lambda p: (p.audience == "", p.pk))
    words = audiences_of(person) if any(p.audience for p in pools) else frozenset()
    return tuple(p.pk for p in pools if p.audience == "" or p.audience in words)


def _own(person: int, companions: Sequence[Comes]) -> None:
    if not companions:
        return
    wanted = {c.companion for c in companions}
    own = Companion.objects.filter(public_id__in=wanted, guardian__in=people.behind([person])).count()
    if own != len(wanted) or len(wanted) != len(companions):
        raise Refused("absent")
