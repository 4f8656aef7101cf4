"""Whom a store was told to invite today, as it may still be done: who said no meanwhile is not shown any more."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet

from tongxin.champions.models import Invite
from tongxin.champions.rules.inviting import allowed_today
from tongxin.champions.terms import CHECKERS, WHY_SAID, InviteReason, Outcome
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach import asking
from tongxin.people.models import Customer
from tongxin.people.queries.customers import reached
from tongxin.people.rules import pseudonym
from tongxin.stores.models import Store
from tongxin.stores.queries import business_day_of


@dataclass(frozen=True)
class InviteLine:
    """One person to invite today, and the reason in a sentence."""

    id: UUID
    person_key: int
    person: UUID
    name: str
    why: InviteReason
    said: str
    outcome: Outcome
    done_at: datetime | None


def _mine(viewer: Viewer) -> QuerySet[Invite]:
    places = viewer.places(CHECKERS)
    rows = Invite.objects.select_related("store", "person__survivor")
    return rows if places is None else rows.filter(store__in=places)


def access_invite(viewer: Viewer, invite_id: UUID | str) -> Invite:
    """A suggestion of a store in reach. Refuses `absent`."""
    found = _mine(viewer).filter(public_id=invite_id).first()
    if found is None:
        raise Refused("absent")
    return found


def addressable(store: Store, persons: Collection[int], now: datetime) -> dict[int, bool]:
    """Whom of these (surviving) people the gate of messages would let the store address today. Nothing is sent."""
    today = business_day_of(store, now)
    said = asking.verdicts(persons, store=store.pk, now=now)
    return {
        person: allowed_today(one, today, None if one.until is None else business_day_of(store, one.until))
        for person, one in said.items()
    }


def invites_of(viewer: Viewer, store: Store, day: date) -> list[InviteLine]:
    """The suggestions of a store's day: people in the viewer's reach whom the gate still lets us address."""
    rows = list(_mine(viewer).filter(store=store, day=day).order_by("place"))
    roots = {row.person.survivor_id or row.person_id for row in rows}
    may = addressable(store, roots, clock.now())
    shown = {
        person.pk: person
        for person in reached(viewer).filter(id__in=roots, personalise=True)
        if may[person.pk]
    }
    return [
        _line(row, shown[row.person.survivor_id or row.person_id], viewer.language)
        for row in rows
        if (row.person.survivor_id or row.person_id) in shown
    ]


def _line(row: Invite, person: Customer, language: str) -> InviteLine:
    why = InviteReason(row.why)
    return InviteLine(
        id=row.public_id,
        person_key=person.pk,
        person=person.public_id,
        name=person.nickname or pseudonym(str(person.public_id), language),
        why=why,
        said=WHY_SAID[why][language == "en"].format(**row.facts),
        outcome=Outcome(row.outcome),
        done_at=row.done_at,
    )
