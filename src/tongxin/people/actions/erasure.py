"""Forgetting a person, and handing them everything we know (PIPL 45, 47).

Both walk the declarations of the models (`holdings.py`) and the erasers of the upper rooms, so neither can miss what the other knows.
The book keeps its rows under an opaque number: totals stay true, the person is gone.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.accounts import actions as accounts
from tongxin.foundation.accounts.models import Account, PhoneCode
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.foundation.outbox import actions as outbox
from tongxin.foundation.plugs import wiring
from tongxin.foundation.sealing import blind
from tongxin.people import queries
from tongxin.people.actions.members import subject_of
from tongxin.people.actions.upserts import erased_code
from tongxin.people.holdings import HOLDINGS, forget, shown
from tongxin.people.models import Customer, Erased, Identity
from tongxin.people.ports import Eraser, Person
from tongxin.people.terms import CustomerState, IdentityKind
from tongxin.stores.models import Staff

SCHEMA = "tongxin.export/1"


def erase(
    *, viewer: Viewer, customer: Customer, reason: str, erasers: Sequence[Eraser] | None = None
) -> dict[str, int]:
    """Forget a person with all merged entries, everywhere, in one transaction; answers the rows touched per table and room.

    Done by the person, an admin or a job of ours. `erasers` None are those of the wiring. Refuses `absent`,
    `people.erase_needs_reason`.
    """
    if not reason.strip():
        raise Refused("people.erase_needs_reason")
    with transaction.atomic():
        found = queries.access_customer(viewer, customer.public_id, Verb.ERASE)
        entries = list(
            Customer.objects.select_for_update().filter(id__in=queries.cluster(found)).order_by("id")
        )
        person = _person(entries, found)
        touched = {eraser.room: eraser.erase(person) for eraser in _erasers(erasers)}
        touched |= _forget_here(viewer, entries, person)
        _bury(person)
        trail(
            viewer=viewer,
            act="people.erased",
            subject=subject_of(found),
            after={"entries": len(entries), "touched": touched},
            reason=reason,
        )
    return touched


def _person(entries: Iterable[Customer], survivor: Customer) -> Person:
    ordered = sorted(entries, key=lambda one: (one.pk != survivor.pk, one.pk))
    ids = [one.pk for one in ordered]
    codes = Identity.objects.filter(customer__in=ids, kind=IdentityKind.MEMBER_CODE).order_by("id")
    return Person(
        ids=tuple(ids),
        public_ids=tuple(one.public_id for one in ordered),
        member_codes=tuple(codes.values_list("source", "lookup")),
    )


def _erasers(given: Sequence[Eraser] | None) -> Sequence[Eraser]:
    return wiring().ERASERS if given is None else given


def _forget_here(viewer: Viewer, entries: list[Customer], person: Person) -> dict[str, int]:
    ids = list(person.ids)
    accounts_of = [one.account_id for one in entries if one.account_id is not None]
    phones = list(Identity.objects.filter(customer__in=ids, kind=IdentityKind.PHONE))
    touched = {
        "outbox": sum(outbox.erase_person(person=one, addresses=[p.value for p in phones]) for one in ids),
        "accounts.phonecode": PhoneCode.objects.filter(phone_hash__in=[p.lookup for p in phones]).delete()[0],
    }
    # Staff who are members too keep their account for work.
    for account in Account.objects.filter(id__in=accounts_of).exclude(
        id__in=Staff.objects.filter(account__in=accounts_of).values("account")
    ):
        accounts.end_sessions(viewer=viewer, account=account)
        accounts.switch_account(viewer=viewer, account=account, active=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('tongxin.erasing', 'on', true)")
    for holding in HOLDINGS:
        owners = ids if holding.of == "customer" else accounts_of
        touched[holding.name] = touched.get(holding.name, 0) + forget(holding, owners)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('tongxin.erasing', '', true)")
    Customer.objects.filter(id__in=ids).update(state=CustomerState.ERASED, account=None)
    return touched


def _bury(person: Person) -> None:
    now = clock.now()
    stones = [Erased(what="person", hash=_stone(str(key)), at=now) for key in person.public_ids]
    stones += [
        Erased(what="member_code", hash=erased_code(source, code), at=now)
        for source, code in person.member_codes
    ]
    Erased.objects.bulk_create(stones, ignore_conflicts=True)


def _stone(public_id: str) -> str:
    return blind("erased", f"person|{public_id}")


def reapply_tombstones(
    *, viewer: Viewer, stones: Iterable[queries.Tombstone], erasers: Sequence[Eraser] | None = None
) -> int:
    """After a restore: erase again whoever was erased since the backup was taken; answers how many people. May be repeated."""
    given = list(stones)
    hashes = {stone.hash for stone in given if stone.what == "person"}
    with transaction.atomic():
        Erased.objects.bulk_create(
            [Erased(what=stone.what, hash=stone.hash, at=stone.at) for stone in given], ignore_conflicts=True
        )
        done = 0
        for customer in Customer.objects.exclude(state=CustomerState.ERASED).order_by("id").iterator():
            if _stone(str(customer.public_id)) not in hashes:
                continue
            if queries.survivor_of(customer.public_id) is None:  # went with the person it was merged with
                continue
            erase(viewer=viewer, customer=customer, reason="restored", erasers=erasers)
            done += 1
    return done


def export(*, viewer: Viewer, customer: Customer, erasers: Sequence[Eraser] | None = None) -> dict[str, Any]:
    """Everything about a person as plain JSON values: our tables by their declarations, then the upper rooms.

    Done by the person, an admin or a job of ours; written in the trail. Refuses `absent`.
    """
    with transaction.atomic():
        found = queries.access_customer(viewer, customer.public_id, Verb.EXPORT)
        entries = list(Customer.objects.filter(id__in=queries.cluster(found)).order_by("id"))
        person = _person(entries, found)
        accounts_of = [one.account_id for one in entries if one.account_id is not None]
        tables: dict[str, list[dict[str, Any]]] = {}
        for holding in HOLDINGS:
            rows = shown(holding, list(person.ids) if holding.of == "customer" else accounts_of)
            kept = tables.setdefault(holding.name, [])
            kept += [row for row in rows if row not in kept]
        rooms = {eraser.room: eraser.export(person) for eraser in _erasers(erasers)}
        trail(
            viewer=viewer, act="people.exported", subject=subject_of(found), after={"entries": len(entries)}
        )
    return {
        "schema": SCHEMA,
        "at": clock.now().isoformat(),
        "public_ids": [str(key) for key in person.public_ids],
        "member_codes": [{"source": source, "code": code} for source, code in person.member_codes],
        "tables": tables,
        "rooms": rooms,
    }
