"""A store's side: adopting a version for an event or a series, adapting it, taking an upgrade."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.kits import queries
from tongxin.kits.actions.copy import check_copy
from tongxin.kits.models import Instance, Kit, Recall, Use, Version
from tongxin.kits.rules.adapting import adapt as allowed_of
from tongxin.kits.rules.content import Value, is_copy
from tongxin.kits.rules.upgrading import settle, three_way
from tongxin.kits.terms import ADOPTERS, Standing
from tongxin.stores.models import Store

WARMUP = "warmup."


@dataclass(frozen=True)
class Thing:
    """What a version is adopted for, in the room above: an `occurrence` or a `series`."""

    room: str
    kind: str
    key: str


@dataclass(frozen=True)
class Changed:
    """An instance after a change, and the events that follow it. Those that are over, or already open, are not among them."""

    instance: Instance
    uses: tuple[Use, ...]


def subject_of(instance: Instance) -> tuple[str, str, str]:
    """What the trail calls an instance."""
    return ("kits", "instance", str(instance.public_id))


def adopt(
    *,
    viewer: Viewer,
    version_id: UUID | str,
    store: Store,
    thing: Thing,
    overrides: Mapping[str, Value] | None = None,
) -> Instance:
    """Take a version for an event or a series of a store, with what the store does differently.

    Refuses `absent` out of reach, `kits.not_offered`, `kits.recalled`, `kits.no_field`, `kits.locked`, `kits.out_of_range`, `kits.copy_forbidden`.
    """
    if not viewer.reaches(store.pk, ADOPTERS):
        raise Refused("absent")
    with transaction.atomic():
        version = _shared(queries.access_version(viewer, version_id))
        if not queries.offered(version.kit, store.pk):
            raise Refused("kits.not_offered")
        own = allowed_of(version.content, overrides or {})
        _look(version.kit, version.content, own)
        now = clock.now()
        made = Instance.objects.create(
            kit=version.kit,
            version=version,
            store=store,
            room=thing.room,
            kind=thing.kind,
            key=thing.key,
            overrides=own,
            adopted_by=viewer.name,
            adopted_at=now,
            changed_at=now,
        )
        trail(
            viewer=viewer,
            act="kits.adopted",
            subject=subject_of(made),
            after={
                "kit": version.kit.code,
                "version": version.number,
                "store": store.code,
                "fields": sorted(own),
            },
        )
    return made


def adapt(
    *, viewer: Viewer, instance_id: UUID | str, revision: int, overrides: Mapping[str, Value]
) -> Changed:
    """The store's own values, all of them (a path left out takes the version's again).

    Events that are already open keep what people signed up for and take only the copy. Refuses `absent`, `edit.stale`,
    `kits.over` when its one event has begun, `kits.no_field`, `kits.locked`, `kits.out_of_range`, `kits.copy_forbidden`.
    """
    with transaction.atomic():
        found = _locked(viewer, instance_id, revision)
        before = sorted(found.overrides)
        found.overrides = allowed_of(found.version.content, overrides)
        _look(found.kit, found.version.content, found.overrides)
        uses = _followers(found, copy_too=True)
        _over(found, uses)
        _save(found)
        for use in uses:
            use.overrides = found.overrides if use.fixed_at is None else _copy_only(use, found.overrides)
        Use.objects.bulk_update(uses, ["overrides"])
        trail(
            viewer=viewer,
            act="kits.adapted",
            subject=subject_of(found),
            before={"fields": before},
            after={"fields": sorted(found.overrides), "events": len(uses)},
        )
    return Changed(found, tuple(uses))


def upgrade(
    *,
    viewer: Viewer,
    instance_id: UUID | str,
    revision: int,
    to: UUID | str,
    choices: Mapping[str, str] | None = None,
) -> Changed:
    """Another version of the same kit. What the store changed stays where it may; where both changed a field, `choices` says
    `mine` or `new`.

    Events that are over, and those already open, keep their version; only where that was recalled does an event that has not
    begun take the new one. Refuses `absent`, `edit.stale`, `kits.other_kit`, `kits.recalled`, `kits.over`, `kits.conflicts`,
    `kits.locked`, `kits.out_of_range`.
    """
    with transaction.atomic():
        found = _locked(viewer, instance_id, revision)
        new = _shared(queries.access_version(viewer, to))
        if new.kit_id != found.kit_id:
            raise Refused("kits.other_kit")
        before = found.version.number
        own = settle(three_way(found.version.content, found.overrides, new.content), choices or {})
        uses = _followers(found, copy_too=False)
        _over(found, uses)
        found.version, found.overrides = new, allowed_of(new.content, own)
        _look(
            found.kit, new.content, found.overrides
        )  # an exception holds for the kit; the words may be older than the list
        _save(found)
        Use.objects.filter(pk__in=[use.pk for use in uses]).update(version=new, overrides=found.overrides)
        for use in uses:
            use.version, use.overrides = new, found.overrides
        trail(
            viewer=viewer,
            act="kits.upgraded",
            subject=subject_of(found),
            before={"version": before},
            after={"version": new.number, "fields": sorted(found.overrides), "events": len(uses)},
        )
    return Changed(found, tuple(uses))


def _shared(version: Version) -> Version:
    """The version, held so that no recall comes between this look and our commit. Refuses `kits.recalled`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM kits_version WHERE id = %s FOR SHARE", [version.pk])
    gone = queries.recall_of(version.pk)
    if gone is not None:
        raise Refused("kits.recalled", reason=gone.reason)
    return version


def _look(kit: Kit, content: Mapping[str, Any], overrides: Mapping[str, Value]) -> None:
    """The store's own words are looked at as headquarters' are."""
    check_copy(
        kit=kit,
        texts=[(path, str(value)) for path, value in sorted(overrides.items()) if is_copy(path)],
        content=content,
    )


def _locked(viewer: Viewer, instance_id: UUID | str, revision: int) -> Instance:
    found = queries.access_instance(viewer, instance_id, Verb.CHANGE)
    held = (
        Instance.objects.select_for_update(of=("self",))
        .select_related("version__kit", "kit", "store")
        .get(pk=found.pk)
    )
    if held.revision != revision:
        raise Refused("edit.stale", version=held.revision)
    return held


def _followers(found: Instance, *, copy_too: bool) -> list[Use]:
    """The events ahead that go along with their instance. Locked in the order of their ids."""
    now = clock.now()
    ahead = list(
        Use.objects.select_for_update(of=("self",))
        .filter(instance=found, standing__in=[Standing.PLANNED, Standing.OPEN])
        .order_by("id")
    )
    gone = set(
        Recall.objects.filter(version__in={use.version_id for use in ahead}).values_list("version", flat=True)
    )
    return [
        use
        for use in ahead
        if (use.starts_at > now and (use.fixed_at is None or use.version_id in gone))
        or (copy_too and use.ends_at > now)
    ]


def _over(found: Instance, uses: list[Use]) -> None:
    if not uses and found.kind != "series" and Use.objects.filter(instance=found).exists():
        raise Refused("kits.over")


def _copy_only(use: Use, overrides: Mapping[str, Value]) -> dict[str, Value]:
    kept = {path: value for path, value in use.overrides.items() if not path.startswith(WARMUP)}
    return kept | {path: value for path, value in overrides.items() if path.startswith(WARMUP)}


def _save(found: Instance) -> None:
    found.revision += 1
    found.changed_at = clock.now()
    found.save(update_fields=["version", "overrides", "revision", "changed_at"])
