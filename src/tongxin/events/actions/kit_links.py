"""What kits hear of events that use one: planned, changed, opened, moved, held, cancelled; and the copy that goes with them.

Events without a kit cost nothing here. Kits stands below: it is told, it never asks.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Sum

from tongxin.events.actions import studying
from tongxin.events.audiences import ATTENDED, REGISTERED
from tongxin.events.messages import WEEKDAYS
from tongxin.events.models import Occurrence, Pool, Series
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.kits import actions as kits
from tongxin.kits.actions import Planned
from tongxin.kits.models import Use
from tongxin.kits.rules.adapting import effective
from tongxin.kits.rules.warming import money, timetable
from tongxin.kits.terms import To
from tongxin.outreach import actions as outreach
from tongxin.outreach.actions import CopyIn

ROOM = "events"
WARM_AHEAD = timedelta(days=8)  # the first copy is a week before; further ahead an upgrade still changes it
# What an event calls what the kit calls by the same name.
SHARED = ("title", "summary", "party_most", "fee_fen", "voucher_fen", "minutes")
# What of an event everybody reads, on its page, its poster and in letters.
READ = ("title", "theme", "summary")
# How each kind of copy goes out, to which audience, and (of an event's) to which of its guests.
WAYS: dict[To, tuple[str, str, str]] = {
    To.STORE: ("manual", "store", ""),
    To.REGISTERED: ("inbox", "event", REGISTERED),
    To.CAME: ("inbox", "event", ATTENDED),
}


def keys_of(rows: Sequence[Occurrence]) -> list[str]:
    """How kits call those of the events that use one."""
    return [str(row.public_id) for row in rows if row.kit]


def said(event: Occurrence, words: Mapping[str, Any]) -> None:
    """An organiser changes the event itself. Refuses what the kit does not allow: `kits.locked`, `kits.out_of_range`."""
    if event.kit and (values := _values(words)):
        kits.said(room=ROOM, keys=[str(event.public_id)], values=values)


def looked_at(kit: str, *shown: Mapping[str, Any]) -> None:
    """What members and posters say of an event, with or without a kit, goes past the linter of advertising words.

    The exceptions recorded for the kit hold. Refuses `kits.copy_forbidden`.
    """
    texts = dict.fromkeys((name, str(words[name])) for words in shown for name in READ if words.get(name))
    kits.look(code=kit, texts=texts)


def words_of(event: Occurrence) -> dict[str, str]:
    """What is read of an event."""
    return {name: getattr(event, name) for name in READ}


def timed(event: Occurrence, starts_at: datetime, ends_at: datetime) -> None:
    """An organiser moves the event: its hour and its length must be the kit's, or within its range. Refuses as `said` does."""
    if event.kit:
        local = starts_at.astimezone(ZoneInfo(event.store.zone))
        said(event, {"start_time": local, "minutes": int((ends_at - starts_at).total_seconds()) // 60})


def resized(event: Occurrence) -> None:
    """The places of an event were changed: all its pools together are what the kit calls places."""
    if event.kit:
        places = Pool.objects.filter(occurrence=event).aggregate(n=Sum("size"))["n"]
        said(event, {"places": places})


def series_said(series: Series, rows: Sequence[Occurrence], edits: Mapping[str, Any]) -> None:
    """An organiser changes a series, and with it these dates. Refuses as `said` does."""
    if series.defaults.get("kit") and (values := _values(edits)):
        kits.said(room=ROOM, keys=keys_of(rows), values=values, of=str(series.public_id))


def _values(words: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: words[name] for name in (*SHARED, "places") if name in words}
    if "start_time" in words:
        values["start_time"] = f"{words['start_time']:%H:%M}"
    return values


def cut(old: Series, new: Series, rows: Sequence[Occurrence]) -> None:
    """A series was split: its later part keeps the kit."""
    if new.defaults.get("kit"):
        kits.continued(room=ROOM, of=str(old.public_id), to=str(new.public_id), keys=keys_of(rows))


def laid(series: Series, rows: Sequence[Occurrence]) -> None:
    """A series has these new dates."""
    if rows and series.defaults.get("kit"):
        instance = kits.instance_for(ROOM, str(series.public_id))
        if instance is not None:
            kits.plan_uses(instance=instance, events=[_planned(row) for row in rows])


def _planned(row: Occurrence) -> Planned:
    return Planned(str(row.public_id), row.starts_at, row.ends_at)


def opened(viewer: Viewer, rows: Sequence[Occurrence]) -> None:
    """These can be seen by members now; the copy of those that are near is planned."""
    if keys := keys_of(rows):
        kits.opened(room=ROOM, keys=keys)
        studying.registered(viewer, rows)
        _warm(viewer, kits.to_warm(until=clock.now() + WARM_AHEAD, room=ROOM, keys=keys))


def moved(viewer: Viewer, rows: Sequence[Occurrence]) -> None:
    """These are at another time: the copy moves along."""
    mine = [row for row in rows if row.kit]
    if mine:
        kits.moved(room=ROOM, times=[_planned(row) for row in mine])
        outreach.move_copy(viewer=viewer, room=ROOM, at={str(row.public_id): row.starts_at for row in mine})
        _warm(viewer, kits.to_warm(until=clock.now() + WARM_AHEAD, room=ROOM, keys=keys_of(mine)))


def held(rows: Sequence[Occurrence]) -> None:
    """These took place."""
    if keys := keys_of(rows):
        kits.held(room=ROOM, keys=keys)


def cancelled(viewer: Viewer, rows: Sequence[Occurrence], reason: str) -> None:
    """These do not take place: nothing more is said about them."""
    if keys := keys_of(rows):
        kits.cancelled(room=ROOM, keys=keys)
        outreach.drop_copy(viewer=viewer, room=ROOM, keys=keys, reason=reason)


def warm_due(*, viewer: Viewer) -> int:
    """Plan the copy of open events that have come near; answers how many events. A job."""
    done = 0
    for use in kits.to_warm(until=clock.now() + WARM_AHEAD, room=ROOM):
        with transaction.atomic():
            _warm(viewer, [use])
        done += 1
    return done


def warm_again(viewer: Viewer, uses: Sequence[Use]) -> None:
    """Their kit says something else now: what has not gone is brought up to date, and what was held is asked again."""
    _warm(viewer, [use for use in uses if use.warmed_at is not None])
    outreach.ask_again(viewer=viewer, room=ROOM, keys=[use.key for use in uses])


def _warm(viewer: Viewer, uses: Sequence[Use]) -> None:
    if not uses:
        return
    events = {
        str(row.public_id): row
        for row in Occurrence.objects.select_related("store").filter(public_id__in=[use.key for use in uses])
    }
    sizes = dict(
        Pool.objects.filter(occurrence__in=[row.pk for row in events.values()])
        .values_list("occurrence")
        .annotate(n=Sum("size"))
    )
    for use in uses:
        event = events[use.key]
        outreach.plan_copy(
            viewer=viewer,
            subject=(ROOM, use.key),
            store=event.store_id,
            author=f"kit:{use.version.kit.code} v{use.version.number}",
            copies=_copies(use, event, sizes.get(event.pk, 0)),
            path=f"/m/events/{use.key}/",
        )
    kits.warmed(uses)


def _copies(use: Use, event: Occurrence, places: int) -> list[CopyIn]:
    content = effective(use.version.content, use.overrides)
    zone = event.store.zone
    rows = timetable(
        content, starts_at=event.starts_at, ends_at=event.ends_at, zone=zone, fields=fields_of(event, places)
    )
    return [
        CopyIn(
            step=one.key,
            title=f"{event.title} · {one.title}"[:80],
            text=one.text,
            channel=WAYS[one.to][0],
            audience=WAYS[one.to][1],
            audience_key=str(event.store.public_id) if one.to is To.STORE else f"{use.key}:{WAYS[one.to][2]}",
            due_at=one.due_at,
            expires_at=one.expires_at,
            anchor=one.anchor,
        )
        for one in rows
    ]


def fields_of(event: Occurrence, places: int) -> dict[str, str]:
    """What the copy of an event is filled with."""
    day = day_words(event.starts_at, event.store.zone)
    return {
        "活动名": event.title,
        "活动日期": day[0],
        "开始时间": day[1],
        "门店": event.store.name,
        "名额": str(places),
        "材料费": money(event.fee_fen),
        "主理人": "主理人",
    }


def day_words(at: datetime, zone: str) -> tuple[str, str]:
    """The day and the hour of an instant as copy says them: 3月7日（周六） and 10:00."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local.month}月{local.day}日（周{WEEKDAYS[local.weekday()]}）", f"{local:%H:%M}"
