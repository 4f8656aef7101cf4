"""The waiting list of an occurrence: free seats are offered in order, held until answered, passed on when not.

Whoever frees a seat calls `pass_on` in the same transaction, under the lock of the occurrence.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from tongxin.events import queries
from tongxin.events.actions import claims, letters, trails
from tongxin.events.models import Occurrence, Pool, Registration, WaitLine
from tongxin.events.rules import waiting as rules
from tongxin.events.rules.seats import PoolFact
from tongxin.events.rules.waiting import InLine, Step
from tongxin.events.terms import Seat, State, WaitNote
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.people.models import Tag
from tongxin.people.queries import behind, personalised
from tongxin.rings.queries import rings_held

ROOM = "events"
PAGE = 100
AT_ONCE = 500


def pass_on(*, viewer: Viewer, occurrence: Occurrence) -> int:
    """Offer what is free to those who wait, in order; answers how many offers went out. In the caller's transaction.

    As many statements for one who waits as for a hundred. Who is passed over reads why, once
    for each number of free seats.
    """
    pools = claims.locked(occurrence)
    _pour(pools)
    until = rules.offer_ends(clock.now(), occurrence.starts_at, occurrence.store.zone)
    if occurrence.state != State.PUBLISHED or until is None:
        return 0
    facts = [
        PoolFact(p.pk, p.audience, p.size, p.size - p.taken - p.held)
        for p in pools
        if p.opened and p.released_at is None
    ]
    if not any(fact.free > 0 for fact in facts):
        return 0
    seen: dict[int, Registration] = {}
    steps = rules.pass_on(_line(occurrence, facts, seen), facts)
    offered = [step for step in steps if step.note is WaitNote.OFFERED]
    made = [(seen[step.registration], step.pool) for step in offered]
    for row, pool in made:
        row.state, row.pool_id, row.offered_until = Seat.OFFERED, pool, until
        row.version += 1
    for pool, group in groupby(sorted(made, key=lambda m: m[1] or 0), key=lambda m: m[1]):
        rows = [row for row, _ in group]
        claims.hold_locked(pool or 0, sum(row.party for row in rows))
        Registration.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=Seat.OFFERED, pool=pool, offered_until=until, version=F("version") + 1
        )
    _write_down(viewer, steps)
    trails.of_states(viewer, [row for row, _ in made], "events.offered")
    letters.tell_each(viewer=viewer, registrations=[row for row, _ in made])
    return len(made)


def _line(
    occurrence: Occurrence, facts: Sequence[PoolFact], seen: dict[int, Registration]
) -> Iterator[InLine]:
    """Those who wait, in order, a page at a time: the rule stops asking when nothing is free any more."""
    rows = (
        Registration.objects.filter(occurrence=occurrence, state=Seat.WAITING)
        .select_related("person")
        .order_by("-priority", "number", "id")
    )
    kept = any(fact.audience for fact in facts)
    first = 0
    while True:
        page = list(rows[first : first + PAGE])
        first += PAGE
        words = audiences_of_many([person_of(row) for row in page]) if kept else {}
        for row in page:
            row.occurrence = occurrence
            seen[row.pk] = row
            yield InLine(row.pk, row.party, words.get(person_of(row), frozenset()))
        if len(page) < PAGE:
            return


def person_of(row: Registration) -> int:
    """Whoever stands for the entry that registered."""
    return row.person.survivor_id or row.person_id


def audiences_of_many(persons: Collection[int]) -> dict[int, frozenset[str]]:
    """The words that hold for each of these people, as `evidence.audiences_of` for one."""
    entries = behind(personalised(persons))
    words: dict[int, set[str]] = {person: set() for person in persons}
    for person, ring in rings_held(list(persons)).items():
        words[person].add(f"ring:{ring}")
    for entry, label in Tag.objects.filter(customer__in=entries).values_list("customer", "label"):
        words[entries[entry]].add(f"tag:{label}")
    return {person: frozenset(held) for person, held in words.items()}


def _pour(pools: Sequence[Pool]) -> None:
    """What came free of an allotment after its release belongs to everybody."""
    common = next((pool for pool in pools if pool.audience == ""), None)
    for pool in pools:
        free = pool.size - pool.taken - pool.held
        if common is not None and pool.released_at is not None and free > 0:
            claims.shift(pool, common, free)


def _write_down(viewer: Viewer, steps: Sequence[Step]) -> None:
    skipped = [step.registration for step in steps if step.note is not WaitNote.OFFERED]
    last = {
        registration: (note, seats)
        for registration, note, seats in WaitLine.objects.filter(registration__in=skipped)
        .order_by("registration", "-id")
        .distinct("registration")
        .values_list("registration", "note", "seats")
    }
    now = clock.now()
    WaitLine.objects.bulk_create(
        [
            WaitLine(
                registration_id=step.registration, note=step.note, at=now, by=viewer.name, seats=step.seats
            )
            for step in steps
            if not _known(step, last.get(step.registration))
        ]
    )


def _known(step: Step, last: tuple[str, int] | None) -> bool:
    """Is this the reason that they read already? How many seats are kept for others is none of theirs."""
    if last is None or step.note is WaitNote.OFFERED or last[0] != step.note:
        return False
    return step.note is WaitNote.NOT_ENTITLED or last[1] == step.seats


def lapse(*, viewer: Viewer) -> int:
    """Offers that nobody answered in time go to the next; answers how many lapsed. A job of every minute."""
    now = clock.now()
    ended = Q(offered_until__lte=now) | Q(occurrence__starts_at__lte=now + rules.BEFORE_START)
    due = list(
        Registration.objects.filter(ended, state=Seat.OFFERED)
        .order_by("id")
        .values_list("public_id", flat=True)[:AT_ONCE]
    )
    return sum(_lapse_one(viewer, public_id) for public_id in due)


def _lapse_one(viewer: Viewer, public_id: UUID) -> int:
    with transaction.atomic():
        found = locked(viewer, public_id)
        if found.state != Seat.OFFERED or not over(found):
            return 0
        before = found.offered_until
        leave_line(viewer, found, WaitNote.LAPSED, "offer_lapsed")
        found.offered_until = before  # for the words of the letter
        letters.tell_as(viewer=viewer, registration=found, kind="events.offer_lapsed")
        trails.of_state(viewer, found, "events.offer_lapsed")
        pass_on(viewer=viewer, occurrence=found.occurrence)
    return 1


def over(found: Registration) -> bool:
    """Has this offer ended?"""
    until = found.offered_until or found.occurrence.starts_at
    return rules.offer_over(until, found.occurrence.starts_at, clock.now())


def leave_line(viewer: Viewer, found: Registration, why: WaitNote, reason: str) -> None:
    """Somebody is not in the line any more; what was held for them is free."""
    if found.state == Seat.OFFERED and found.pool_id is not None:
        claims.let_go(found.pool_id, found.party)
    found.state, found.ended_at, found.reason = Seat.CANCELLED, clock.now(), reason[:40]
    found.offered_until = None
    found.version += 1
    found.save(update_fields=["state", "ended_at", "reason", "offered_until", "version"])
    note(viewer, found, why)
    letters.withdraw(viewer=viewer, registration=found)


def locked(viewer: Viewer, registration_id: UUID, *, deciding: bool = False) -> Registration:
    """A registration under the lock of its occurrence and its pools, in the lock order of this room."""
    found = queries.access_registration(viewer, registration_id, deciding=deciding)
    claims.locked(claims.locked_occurrence(found.occurrence_id))
    return (
        Registration.objects.select_for_update(no_key=True, of=("self",))
        .select_related("occurrence__store", "person")
        .get(pk=found.pk)
    )


def note(viewer: Viewer, found: Registration, what: WaitNote, seats: int | None = None) -> None:
    """One line of what happened, for both sides."""
    WaitLine.objects.create(
        registration=found,
        note=what,
        at=clock.now(),
        by=viewer.name,
        seats=found.party if seats is None else seats,
    )
