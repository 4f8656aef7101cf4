"""Events made from a kit: a store takes a version for one date or for a series, adapts it, takes an upgrade."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from tongxin.events.actions import bookings, kit_links, publishing, series
from tongxin.events.actions.publishing import EventIn
from tongxin.events.actions.series import Opened, SeriesIn
from tongxin.events.models import Occurrence, Pool, Series
from tongxin.events.rules.recurrence import Holidays
from tongxin.events.terms import Kind, State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.kits import actions as kits
from tongxin.kits import queries as kit_queries
from tongxin.kits.actions import Changed, Planned, Thing
from tongxin.kits.models import Instance, Use
from tongxin.kits.rules.adapting import adapt, effective
from tongxin.kits.rules.content import Value
from tongxin.stores.models import Store

ROOM = kit_links.ROOM


@dataclass(frozen=True)
class FromKit:
    """An event that uses a kit, and the store's instance of it."""

    occurrence: Occurrence
    instance: Instance


@dataclass(frozen=True)
class SeriesFromKit:
    """A series that uses a kit: what opening one answers, and the store's instance."""

    opened: Opened
    instance: Instance


@dataclass(frozen=True)
class Round:
    """How often a kit is repeated; `start_time` None takes the kit's."""

    rule: str
    starts_on: date
    until: date | None = None
    holidays: Holidays = Holidays.SKIP
    start_time: time | None = None
    themes: tuple[str, ...] = ()
    each: Mapping[str, Any] = field(default_factory=dict)


def draft_from_kit(
    *,
    viewer: Viewer,
    store: Store,
    version_id: UUID | str,
    starts_at: datetime,
    overrides: Mapping[str, Value] | None = None,
    host: int | None = None,
    resources: tuple[UUID, ...] = (),
    place: str = "",
    simulated: bool = False,
) -> FromKit:
    """A draft of one event as the kit says, with what the store does differently; its hour is the store's within the kit's range.

    Refuses what `kits.adopt` and `draft` refuse.
    """
    version = kit_queries.access_version(viewer, version_id)
    own = dict(overrides or {}) | {"start_time": f"{starts_at.astimezone(ZoneInfo(store.zone)):%H:%M}"}
    content = effective(version.content, adapt(version.content, own))
    with transaction.atomic():
        made = publishing.draft(
            viewer=viewer,
            store=store,
            event=EventIn(
                title=content["title"],
                format=content["format"],
                kind=Kind(content["kind"]),
                starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=content["minutes"]),
                places=content["places"],
                place=place,
                host=host,
                resources=resources,
                kit=version.kit.code,
                simulated=simulated,
                **_told(content),
            ),
        )
        thing = Thing(ROOM, "occurrence", str(made.public_id))
        instance = kits.adopt(viewer=viewer, version_id=version_id, store=store, thing=thing, overrides=own)
        kits.plan_uses(instance=instance, events=[Planned(thing.key, made.starts_at, made.ends_at)])
    return FromKit(made, instance)


def open_series_from_kit(
    *,
    viewer: Viewer,
    store: Store,
    version_id: UUID | str,
    round_: Round,
    overrides: Mapping[str, Value] | None = None,
    firm_only: bool = True,
) -> SeriesFromKit:
    """A series as the kit says. Refuses what `kits.adopt` and `open_series` refuse."""
    version = kit_queries.access_version(viewer, version_id)
    own = dict(overrides or {})
    if round_.start_time is not None:
        own["start_time"] = f"{round_.start_time:%H:%M}"
    content = effective(version.content, adapt(version.content, own))
    with transaction.atomic():
        made = series.open_series(
            viewer=viewer,
            store=store,
            series=SeriesIn(
                title=content["title"],
                format=content["format"],
                kind=Kind(content["kind"]),
                rule=round_.rule,
                starts_on=round_.starts_on,
                until=round_.until,
                holidays=round_.holidays,
                start_time=time.fromisoformat(content["start_time"]),
                minutes=content["minutes"],
                places=content["places"],
                themes=round_.themes,
                each={**round_.each, **_told(content), "kit": version.kit.code},
            ),
            firm_only=firm_only,
        )
        thing = Thing(ROOM, "series", str(made.series.public_id))
        instance = kits.adopt(viewer=viewer, version_id=version_id, store=store, thing=thing, overrides=own)
        kit_links.laid(made.series, made.occurrences)
    return SeriesFromKit(made, instance)


def _told(content: Mapping[str, Any]) -> dict[str, Any]:
    ages = {name: content[name] for name in ("age_from", "age_to") if content[name]}
    told = {name: content[name] for name in ("summary", "party_most", "fee_fen", "voucher_fen")}
    return {**told, "details": ages}


def adapt_kit(
    *, viewer: Viewer, instance_id: UUID | str, revision: int, overrides: Mapping[str, Value]
) -> Changed:
    """The store's own values for an event or a series; drafts and copy that has not gone follow. The hour changes by moving the
    event. Refuses what `kits.adapt` refuses."""
    with transaction.atomic():
        changed = kits.adapt(viewer=viewer, instance_id=instance_id, revision=revision, overrides=overrides)
        _follow(viewer, changed)
    return changed


def upgrade_kit(
    *,
    viewer: Viewer,
    instance_id: UUID | str,
    revision: int,
    to: UUID | str,
    choices: Mapping[str, str] | None = None,
) -> Changed:
    """Another version for an event or a series. Drafts follow; what is open keeps what people signed up for, unless its version
    was recalled: then its copy is the new version's and what was held goes on. Nothing past is touched, and nothing is moved to
    another hour. Refuses what `kits.upgrade` refuses."""
    with transaction.atomic():
        changed = kits.upgrade(
            viewer=viewer, instance_id=instance_id, revision=revision, to=to, choices=choices
        )
        _follow(viewer, changed)
    return changed


def _follow(viewer: Viewer, changed: Changed) -> None:
    instance = changed.instance
    uses = {use.key: use for use in changed.uses}
    if instance.kind == "series":
        _series(instance)
    drafts = list(
        Occurrence.objects.select_for_update(no_key=True, of=("self",))
        .filter(public_id__in=list(uses), state=State.DRAFT, starts_at__gt=clock.now())
        .order_by("id")
    )
    for row in drafts:
        use = uses[str(row.public_id)]
        _rewrite(viewer, row, effective(use.version.content, use.overrides))
    if drafts:
        Occurrence.objects.bulk_update(
            drafts,
            [
                "title",
                "summary",
                "party_most",
                "fee_fen",
                "priced_by",
                "voucher_fen",
                "details",
                "ends_at",
                "version",
            ],
        )
        for row in drafts:
            bookings.move(occurrence=row)
        kits.moved(
            room=ROOM, times=[Planned(str(row.public_id), row.starts_at, row.ends_at) for row in drafts]
        )
        _resize(drafts, uses)
    kit_links.warm_again(viewer, changed.uses)


def _rewrite(viewer: Viewer, row: Occurrence, content: Mapping[str, Any]) -> None:
    told = _told(content)
    if (row.fee_fen, row.voucher_fen) != (told["fee_fen"], told["voucher_fen"]):
        row.priced_by = viewer.name
    row.title, row.ends_at = content["title"], row.starts_at + timedelta(minutes=content["minutes"])
    row.details = {**row.details, **told.pop("details")}
    for name, value in told.items():
        setattr(row, name, value)
    row.version += 1


def _resize(drafts: Sequence[Occurrence], uses: Mapping[str, Use]) -> None:
    """Nobody has a seat of a draft: the pool for everyone takes what is not kept for some."""
    pools = list(Pool.objects.filter(occurrence__in=drafts).select_related("occurrence").order_by("id"))
    kept: dict[int, int] = {}
    for pool in pools:
        if pool.audience:
            kept[pool.occurrence_id] = kept.get(pool.occurrence_id, 0) + pool.size
    mine = [pool for pool in pools if not pool.audience]
    for pool in mine:
        use = uses[str(pool.occurrence.public_id)]
        places = effective(use.version.content, use.overrides)["places"]
        pool.size = max(0, places - kept.get(pool.occurrence_id, 0))
    Pool.objects.bulk_update(mine, ["size"])


def _series(instance: Instance) -> None:
    """Dates that are still to be made start from what the instance says now."""
    found = Series.objects.select_for_update(no_key=True).filter(public_id=instance.key).first()
    if found is None or found.ended_at is not None:
        return
    content = effective(instance.version.content, instance.overrides)
    found.title, found.minutes = content["title"], content["minutes"]
    found.defaults = {**found.defaults, **_told(content), "places": content["places"]}
    found.version += 1
    found.save(update_fields=["title", "minutes", "defaults", "version"])
