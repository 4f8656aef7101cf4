"""Somebody else hosts: events to come and rotas of a store go from one colleague to another."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from tongxin.events.actions import bookings
from tongxin.events.models import Booking, Occurrence, Series
from tongxin.events.terms import State
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.stores.models import Store


def pass_on(*, viewer: Viewer, store: Store, of: int, to: int, since: datetime) -> tuple[int, int]:
    """What a member of staff (`of`) hosts in a store from an instant on is hosted by another (`to`), with their time booked for it.

    Where the other is taken already the booking is kept as one that is not firm, as in a series. Answers how many events and
    how many series.
    """
    with transaction.atomic():
        events = list(
            Occurrence.objects.select_for_update(no_key=True, of=("self",))
            .filter(store=store, host=of, starts_at__gt=since, state__in=[State.DRAFT, State.PUBLISHED])
            .order_by("id")
        )
        for event in events:
            event.host_id = to
        Occurrence.objects.filter(pk__in=[event.pk for event in events]).update(
            host=to, version=F("version") + 1
        )
        if events:
            _book(events, of, to)
        rotas = [
            row
            for row in Series.objects.select_for_update().filter(store=store, ended_at=None).order_by("id")
            if any(one.get("staff") == of for one in row.hosts)
        ]
        for row in rotas:
            row.hosts = [one | {"staff": to} if one.get("staff") == of else one for one in row.hosts]
            row.version += 1
        Series.objects.bulk_update(rotas, ["hosts", "version"])
        for kind, key in [("occurrence", one.public_id) for one in events] + [
            ("series", one.public_id) for one in rotas
        ]:
            trail(
                viewer=viewer,
                act="events.changed",
                subject=("events", kind, str(key)),
                after={"host": "another"},
            )
    return len(events), len(rotas)


def _book(events: Sequence[Occurrence], of: int, to: int) -> None:
    """The one's time is free, the other's is taken; instructors and things stay as they are."""
    Booking.objects.filter(occurrence__in=events, staff=of).delete()
    there = set(Booking.objects.filter(occurrence__in=events, staff=to).values_list("occurrence", flat=True))
    wishes = [one for event in events if event.pk not in there for one in bookings.wished(event, [], [to])]
    bookings.put_many(wishes=wishes, firm_only=False)
