"""What the rules of events ask for, looked up once and no more than they need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from django.db import connection

from tongxin.events import queries
from tongxin.events.models import Occurrence, Pool
from tongxin.events.rules.seats import PoolFact, SeatFacts, unanswered
from tongxin.events.terms import Admission, Seat, State
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people import queries as people
from tongxin.people.models import Companion, Tag
from tongxin.rings.queries import rings_held


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
SELECT state FROM events_registration
WHERE occurrence_id = %(event)s AND state IN ('applied', 'entered', 'waiting', 'offered', 'confirmed') AND person_id IN (
    SELECT %(person)s UNION ALL SELECT id FROM people_customer WHERE survivor_id = %(person)s)
LIMIT 1
"""


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
    event = queries.event_to_join(viewer, event_id)
    who = queries.who_registers(viewer, event, person)
    _own(who, companions)
    pools = list(Pool.objects.filter(occurrence=event).order_by("id"))
    facts = SeatFacts(
        state=State(event.state),
        admission=Admission(event.admission),
        schedule=event.schedule,
        starts_at=event.starts_at,
        opens_at=event.opens_at,
        closes_at=event.closes_at,
        party_most=event.party_most,
        pools=[PoolFact(p.pk, p.audience, p.size, p.size - p.taken - p.held) for p in pools],
        party=1 + len(companions),
        seen=seen,
        live=live_of(event, who),
        audiences=audiences_of(who) if any(p.audience for p in pools) else frozenset(),
        unanswered=unanswered(event.questions, dict(answers)),
    )
    return Look(event, who, facts, waited=any(p.waited for p in pools))


def live_of(event: Occurrence, person: int) -> Seat | None:
    """The state of a person's live registration at an event, under whatever entry it was made."""
    with connection.cursor() as cursor:
        cursor.execute(_LIVE, {"event": event.pk, "person": person})
        row = cursor.fetchone()
    return None if row is None else Seat(row[0])


def audiences_of(person: int) -> frozenset[str]:
    """The words that hold for a person: their ring and their tags. Who switched personalisation off stands in the outer ring."""
    ring = rings_held([person]).get(person)
    tags = Tag.objects.filter(customer__in=people.behind([person])).values_list("label", flat=True)
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
