"""Whom a leak concerns: from the trail (what an account did), from its grants (what it could have seen), from names that were given.

Works on every room by what the models declare of themselves: which row a subject of the trail is, whose it is, what is kept about a
person and how tender it is. Nothing of what is kept is read but counts.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import ForeignKey, Q

from tongxin.foundation.audit.models import Entry
from tongxin.foundation.personal import Kind
from tongxin.people.models import Companion, Customer, Identity
from tongxin.people.terms import CustomerState, IdentityKind
from tongxin.people.terms_incident import Touched
from tongxin.stores.models import Grant, Store
from tongxin.stores.terms import Role

#: acts that hand out whole tables: everybody in them is concerned
TABLES_OUT = frozenset({"connect.exported"})
PERSONAL_TABLES = frozenset({"members", "memberships", "orders", "participation", "surveys", "ties"})
#: roles that read no names
BLIND = frozenset({Role.HQ_ANALYST, Role.AUDITOR})


@dataclass(frozen=True)
class Scope:
    """What is known of the incident: accounts, a time, names (public ids or member codes), entries of the trail (exports)."""

    accounts: tuple[int, ...]
    since: datetime
    until: datetime
    members: tuple[str, ...] = ()
    entries: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class Person:
    """Somebody concerned: how we know, and by which acts."""

    public_id: UUID
    how: Touched
    acts: tuple[str, ...]


@dataclass(frozen=True)
class Held:
    """A table that holds something about them: how many of them, which fields, how tender the tenderest is."""

    table: str
    people: int
    fields: tuple[str, ...]
    kind: str


@dataclass(frozen=True)
class Proof:
    """One entry of the trail, as it can be checked: its place in the chain and what its content hashes to."""

    id: UUID
    at: datetime
    account: int | None
    actor: str
    act: str
    subject: str
    position: int | None
    content: str


@dataclass(frozen=True)
class Found:
    """Everything for the papers. `unknown` are names that belong to nobody."""

    people: tuple[Person, ...]
    held: tuple[Held, ...]
    proofs: tuple[Proof, ...]
    unknown: tuple[str, ...]
    children: int


def concerned(scope: Scope) -> Found:
    """Look it all up: one pass over the trail of the time, one count a table."""
    named, unknown = _named(scope.members)
    entries = _entries(scope, named)
    seen: dict[int, set[str]] = defaultdict(set)
    for entry in entries:
        for person in _people_of(entry):
            seen[person].add(entry.act)
    roots = _roots([*named, *seen])
    acts: dict[int, set[str]] = defaultdict(set)
    for person, done in seen.items():
        acts[roots.get(person, person)] |= done
    how = dict.fromkeys(_reached(scope), Touched.IN_REACH)
    how |= dict.fromkeys(acts, Touched.SEEN)
    how |= {roots[person]: Touched.NAMED for person in named}
    rows = dict(
        Customer.objects.filter(pk__in=how).exclude(state=CustomerState.ERASED).values_list("pk", "public_id")
    )
    entry_ids = _entries_behind(rows)
    return Found(
        people=tuple(Person(rows[key], how[key], tuple(sorted(acts.get(key, ())))) for key in sorted(rows)),
        held=_held(entry_ids),
        proofs=tuple(_proof(entry) for entry in entries),
        unknown=tuple(unknown),
        children=Companion.objects.filter(guardian__in=entry_ids).count(),
    )


def _named(members: Sequence[str]) -> tuple[list[int], list[str]]:
    found, unknown = [], []
    for word in members:
        try:
            rows = Customer.objects.filter(public_id=UUID(word))
        except ValueError:
            codes = Identity.objects.filter(kind=IdentityKind.MEMBER_CODE, lookup=word).values("customer")
            rows = Customer.objects.filter(pk__in=codes)
        keys = list(rows.values_list("pk", flat=True))
        found += keys
        if not keys:
            unknown.append(word)
    return found, unknown


def _entries(scope: Scope, named: Iterable[int]) -> list[Entry]:
    """What the accounts did in the time, the exports that were named, and what anybody did to the people who were named."""
    within = Q(at__gte=scope.since, at__lt=scope.until)
    asked = Q(public_id__in=scope.entries)
    if scope.accounts:
        asked |= within & Q(account__in=scope.accounts)
    ids = [str(one) for one in Customer.objects.filter(pk__in=named).values_list("public_id", flat=True)]
    if ids:
        asked |= within & Q(subject_room="people", subject_kind="customer", subject_id__in=ids)
    return list(Entry.objects.filter(asked).order_by("id"))


def _people_of(entry: Entry) -> set[int]:
    """Whom an act is about: its subject's person, or everybody who hangs on it (who registered for an event, whose table it was)."""
    if entry.act in TABLES_OUT:
        tables = set(json.loads(entry.after or "{}").get("tables", {}))
        if not tables & PERSONAL_TABLES:
            return set()
        return set(Customer.objects.exclude(state=CustomerState.ERASED).values_list("pk", flat=True))
    if (entry.subject_room, entry.subject_kind) == ("people", "customer"):
        return set(_by_public_id(Customer, entry.subject_id).values_list("pk", flat=True))
    found: set[int] = set()
    for model in _models(entry.subject_room):
        keys = list(_by_public_id(model, entry.subject_id).values_list("pk", flat=True))
        if not keys:
            continue
        owners = _owners(model)
        for name in owners:
            rows = model.objects.filter(pk__in=keys, **{f"{name}__isnull": False})
            found |= set(rows.values_list(name, flat=True))
        if not owners:
            found |= _hanging_on(model, keys)
    return found


def _by_public_id(model: Any, key: str) -> Any:
    try:
        return model.objects.filter(public_id=UUID(key))
    except ValueError:
        return model.objects.none()


def _hanging_on(model: Any, keys: list[int]) -> set[int]:
    found: set[int] = set()
    for other in _models(""):
        for field in _of(other).fields:
            if isinstance(field, ForeignKey) and field.related_model is model:
                for name in _owners(other):
                    rows = other.objects.filter(**{f"{field.name}__in": keys, f"{name}__isnull": False})
                    found |= set(rows.values_list(name, flat=True))
    return found


def _of(model: Any) -> Any:
    return model._meta  # noqa: SLF001 (Django's public name for it)


@cache
def _models(room: str) -> tuple[Any, ...]:
    """The models of a room ("" for all) that declare what is personal in them."""
    return tuple(
        model
        for model in apps.get_models()
        if hasattr(model, "personal")
        and (not room or _of(model).app_label == room)
        and (not room or any(field.name == "public_id" for field in _of(model).fields))
    )


@cache
def _owners(model: Any) -> tuple[str, ...]:
    """The fields that say whose a row is."""
    return tuple(
        field.name
        for field in _of(model).fields
        if isinstance(field, ForeignKey) and field.related_model is Customer and field.name != "survivor"
    )


def _reached(scope: Scope) -> set[int]:
    """The members whom an account's grants of the time covered; roles that read no names cover nobody."""
    held = (
        Grant.objects.filter(account__in=scope.accounts, granted_at__lt=scope.until, waits=False)
        .filter(Q(revoked_at=None) | Q(revoked_at__gt=scope.since))
        .filter(Q(until=None) | Q(until__gt=scope.since))
        .exclude(role__in=BLIND)
    )
    live = Customer.objects.filter(state=CustomerState.LIVE)
    found: set[int] = set()
    for grant in held:
        if grant.brand_id is not None:
            return set(live.values_list("pk", flat=True))
        stores = Store.objects.filter(Q(pk=grant.store_id) | Q(region=grant.region_id, region__isnull=False))
        found |= set(live.filter(home_store__in=stores).values_list("pk", flat=True))
    return found


def _roots(persons: Iterable[int]) -> dict[int, int]:
    rows = Customer.objects.filter(pk__in=set(persons)).values_list("pk", "survivor")
    return {key: survivor or key for key, survivor in rows}


def _entries_behind(rows: Iterable[int]) -> list[int]:
    keys = list(rows)
    return [*keys, *Customer.objects.filter(survivor__in=keys).values_list("pk", flat=True)]


def _held(entries: list[int]) -> tuple[Held, ...]:
    """What is kept about these people, table by table, the tenderest first."""
    order = (Kind.CHILD, Kind.SENSITIVE, Kind.PERSONAL)
    found = []
    for model in _models(""):
        owners = ("pk",) if model is Customer else _owners(model)
        rules = {name: rule for name, rule in model.personal.items() if rule.kind is not Kind.NONE}
        people = {
            key
            for name in owners
            for key in model.objects.filter(**{f"{name}__in": entries})
            .values_list(name, flat=True)
            .distinct()
        }
        if people and rules:
            kind = next(one for one in order if any(rule.kind is one for rule in rules.values()))
            found.append(Held(_of(model).label, len(people), tuple(sorted(rules)), str(kind)))
    return tuple(sorted(found, key=lambda one: (order.index(Kind(one.kind)), one.table)))


def _proof(entry: Entry) -> Proof:
    return Proof(
        entry.public_id,
        entry.at,
        entry.account,
        entry.actor,
        entry.act,
        f"{entry.subject_room}/{entry.subject_kind}/{entry.subject_id}",
        entry.position,
        entry.content,
    )
