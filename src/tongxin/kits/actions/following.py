"""What the room above tells us of the events that a kit is used for: planned, opened, moved, held, cancelled."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, F, When

from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.kits import queries
from tongxin.kits.actions.copy import check_copy
from tongxin.kits.models import Instance, Use
from tongxin.kits.rules.adapting import adapt
from tongxin.kits.rules.content import Value, is_copy
from tongxin.kits.terms import Standing

WARM_AT_ONCE = 500


@dataclass(frozen=True)
class Planned:
    """An event that a kit is to be used for."""

    key: str
    starts_at: datetime
    ends_at: datetime


def instance_for(room: str, key: str) -> Instance | None:
    """The instance of an event or a series, if it has one."""
    return Instance.objects.select_related("version").filter(room=room, key=key).first()


def plan_uses(*, instance: Instance, events: Sequence[Planned]) -> list[Use]:
    """These events use what the instance says now. Two statements however many; a key that is there stays as it is."""
    rows = [
        Use(
            instance=instance,
            version_id=instance.version_id,
            store_id=instance.store_id,
            room=instance.room,
            key=one.key,
            overrides=instance.overrides,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
        )
        for one in events
    ]
    Use.objects.bulk_create(rows, ignore_conflicts=True)
    return list(Use.objects.filter(room=instance.room, key__in=[one.key for one in events]).order_by("id"))


def opened(*, room: str, keys: Collection[str]) -> int:
    """Members can sign up from now on: what they are promised stays, whatever becomes of the instance."""
    return Use.objects.filter(room=room, key__in=keys, standing=Standing.PLANNED).update(
        standing=Standing.OPEN, fixed_at=clock.now()
    )


def moved(*, room: str, times: Sequence[Planned]) -> int:
    """These events are at another time. What was held is left alone."""
    if not times:
        return 0
    found = Use.objects.filter(
        room=room, key__in=[one.key for one in times], standing__in=[Standing.PLANNED, Standing.OPEN]
    )
    return found.update(
        starts_at=Case(*[When(key=one.key, then=one.starts_at) for one in times], default=F("starts_at")),
        ends_at=Case(*[When(key=one.key, then=one.ends_at) for one in times], default=F("ends_at")),
    )


def held(*, room: str, keys: Collection[str]) -> int:
    """These events took place: their version and values are history."""
    now = clock.now()
    return Use.objects.filter(room=room, key__in=keys, standing__in=[Standing.PLANNED, Standing.OPEN]).update(
        standing=Standing.HELD, fixed_at=Case(When(fixed_at=None, then=now), default=F("fixed_at"))
    )


def cancelled(*, room: str, keys: Collection[str]) -> int:
    """These events will not take place."""
    return Use.objects.filter(room=room, key__in=keys, standing__in=[Standing.PLANNED, Standing.OPEN]).update(
        standing=Standing.CANCELLED
    )


def said(*, room: str, keys: Collection[str], values: Mapping[str, Value], of: str = "") -> int:
    """Somebody changed these events (or with `of` the whole thing that the instance is for) in the room above: the kit must allow
    it, and the drift says so. Answers how many events.

    Refuses `kits.locked`, `kits.out_of_range`, `kits.copy_forbidden`.
    """
    uses = list(
        Use.objects.select_for_update(of=("self",))
        .select_related("version", "instance__kit")
        .filter(room=room, key__in=keys, standing__in=[Standing.PLANNED, Standing.OPEN])
        .order_by("id")
    )
    texts = [(path, str(value)) for path, value in values.items() if is_copy(path)]
    for kit in {use.instance.kit_id: use.instance.kit for use in uses}.values():
        check_copy(kit=kit, texts=texts)
    for use in uses:
        use.overrides = adapt(use.version.content, {**use.overrides, **values})
    Use.objects.bulk_update(uses, ["overrides"])
    instances = Instance.objects.select_for_update(of=("self",)).select_related("version", "kit")
    for instance in instances.filter(room=room, key__in=[of] if of else keys).order_by("id"):
        instance.overrides = adapt(instance.version.content, {**instance.overrides, **values})
        check_copy(kit=instance.kit, texts=texts)
        instance.revision += 1
        instance.changed_at = clock.now()
        instance.save(update_fields=["overrides", "revision", "changed_at"])
    return len(uses)


def continued(*, room: str, of: str, to: str, keys: Collection[str]) -> Instance | None:
    """A series was cut in two: the later part (`to`) goes on with the kit of the earlier one, and these events are its.

    Refuses `kits.recalled`: another version first.
    """
    found = instance_for(room, of)
    if found is None:
        return None
    gone = queries.recall_of(found.version_id)
    if gone is not None:
        raise Refused("kits.recalled", reason=gone.reason)
    now = clock.now()
    made = Instance.objects.create(
        kit_id=found.kit_id,
        version_id=found.version_id,
        store_id=found.store_id,
        room=room,
        kind=found.kind,
        key=to,
        overrides=found.overrides,
        adopted_by=found.adopted_by,
        adopted_at=now,
        changed_at=now,
    )
    Use.objects.filter(instance=found, key__in=keys).update(instance=made)
    return made


def to_warm(*, until: datetime, room: str, keys: Collection[str] | None = None) -> list[Use]:
    """Open events that begin before `until` and whose copy is not planned yet."""
    rows = Use.objects.select_related("version__kit", "store").filter(
        room=room, standing=Standing.OPEN, warmed_at=None, starts_at__lte=until
    )
    return list(
        (rows if keys is None else rows.filter(key__in=keys)).order_by("starts_at", "id")[:WARM_AT_ONCE]
    )


def warmed(uses: Sequence[Use]) -> None:
    """Their copy is planned."""
    Use.objects.filter(pk__in=[use.pk for use in uses]).update(warmed_at=clock.now())
