"""Training: a champion's own card, and who has it signed."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from tongxin.champions.models import TrainingSign, TrainingTick
from tongxin.champions.rules import training as rules
from tongxin.champions.rules.training import Standing, Version
from tongxin.champions.terms import READERS, Trained
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.accounts.models import Account
from tongxin.foundation.errors import Refused
from tongxin.stores.models import Grant, Staff, Store
from tongxin.stores.terms import Role

WATCHERS = READERS - {Role.CHAMPION}


@dataclass(frozen=True)
class Card:
    """The card that holds, and what its reader has done of it."""

    version: Version
    read: frozenset[str]
    standing: Standing
    signed_at: datetime | None


@dataclass(frozen=True)
class ChampionRow:
    """A champion of a store as headquarters sees them. `grant` names the grant that a hand-over ends."""

    grant: UUID
    account: UUID
    name: str
    store: UUID
    store_code: str
    store_name: str
    region: str
    since: datetime
    until: datetime | None
    standing: Standing


def my_training(viewer: Viewer) -> Card:
    """One's own card. Refuses `absent` for who has no account."""
    if viewer.account is None:
        raise Refused("absent")
    return training_of(viewer.account)


def training_of(account: int) -> Card:
    """The card of an account that the caller has found in reach."""
    read, signed = _done([account])
    today = clock.business_day(clock.now())
    versions = rules.shipped()
    now = rules.holding(versions, today)
    last = TrainingSign.objects.filter(account=account).order_by("-version").first()
    return Card(
        now,
        frozenset(read[account][now.number]),
        rules.standing(versions, today, read[account], signed[account]),
        last.at if last else None,
    )


def champions_for(viewer: Viewer, *, region: str = "", state: Trained | None = None) -> list[ChampionRow]:
    """The champions of the stores in reach, those without a signature first. Four statements, however many."""
    places = viewer.places(WATCHERS)
    now = clock.now()
    found = (
        Grant.objects.filter(Q(until=None) | Q(until__gt=now), revoked_at=None, role=Role.CHAMPION)
        .filter(account__is_active=True)
        .select_related("account", "store__region")
        .order_by("store__code", "id")
    )
    if places is not None:
        found = found.filter(store__in=places)
    if region:
        found = found.filter(store__region__code=region)
    grants = list(found)
    accounts = {one.account_id for one in grants}
    names = dict(Staff.objects.filter(account__in=accounts).values_list("account", "name"))
    read, signed = _done(accounts)
    today, versions = clock.business_day(now), rules.shipped()
    rows = [
        _row(one, names, rules.standing(versions, today, read[one.account_id], signed[one.account_id]))
        for one in grants
        if one.store is not None
    ]
    shown = [row for row in rows if state is None or row.standing.state is state]
    return sorted(shown, key=lambda row: (row.standing.state is Trained.SIGNED, row.store_code, row.name))


def _row(one: Grant, names: dict[int, str], standing: Standing) -> ChampionRow:
    store: Store | None = one.store
    if store is None:  # a champion's grant is over one store: `stores.terms.BREADTHS`
        raise Refused("absent")
    return ChampionRow(
        grant=one.public_id,
        account=one.account.public_id,
        name=names.get(one.account_id) or one.account.handle,
        store=store.public_id,
        store_code=store.code,
        store_name=store.name,
        region=store.region.name if store.region else "",
        since=one.granted_at,
        until=one.until,
        standing=standing,
    )


def _done(accounts: list[int] | set[int]) -> tuple[dict[int, dict[int, set[str]]], dict[int, set[int]]]:
    read: dict[int, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for account, version, item in TrainingTick.objects.filter(account__in=accounts).values_list(
        "account", "version", "item"
    ):
        read[account][version].add(item)
    signed: dict[int, set[int]] = defaultdict(set)
    for account, version in TrainingSign.objects.filter(account__in=accounts).values_list(
        "account", "version"
    ):
        signed[account].add(version)
    return read, signed


def champion_to_train(viewer: Viewer, account_id: UUID | str, *, roles: frozenset[str] = WATCHERS) -> Account:
    """A champion of a store in the viewer's reach. Refuses `absent`."""
    try:
        wanted = account_id if isinstance(account_id, UUID) else UUID(account_id)
    except ValueError:
        raise Refused("absent") from None
    places = viewer.places(roles)
    grants = Grant.objects.filter(
        Q(until=None) | Q(until__gt=clock.now()),
        revoked_at=None,
        role=Role.CHAMPION,
        account__public_id=wanted,
    )
    if places is not None:
        grants = grants.filter(store__in=places)
    found = grants.select_related("account").first()
    if found is None:
        raise Refused("absent")
    return found.account
