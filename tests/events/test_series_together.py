"""Everybody at once: members take seats and passes while the series is moved, split and resized. Nobody is lost, no counter lies."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import transaction
from django.db.models import F

from events.series_makers import opened, rows
from foundation.racing import in_threads
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, StoreFactory
from tongxin.events import actions
from tongxin.events.actions import group_buys, passes, series_edits
from tongxin.events.models import BuyGroup, BuyPlace, Occurrence, Pool, Registration, Series
from tongxin.events.queries import counters_wrong
from tongxin.events.rules.recurrence import Holidays
from tongxin.events.terms import LIVE, Seat, State
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Send

pytestmark = pytest.mark.django_db(transaction=True)

FINE = {
    "events.moved",
    "events.cancelled",
    "events.pass_full",
    "events.full",
    "edit.stale",
    "absent",
    "events.pass_over",
}


def soon(**more):
    today = datetime.now(UTC).date()
    starts_on = date.fromordinal(today.toordinal() + 3)
    return opened(
        StoreFactory(),
        publish=True,
        starts_on=starts_on,
        holidays=Holidays.KEEP,
        **({"rule": "FREQ=DAILY;COUNT=4", "places": 3} | more),
    )


def member():
    with transaction.atomic():
        return member_viewer(CustomerFactory())


def codes(answers):
    faults = [a for a in answers if isinstance(a, Exception)]
    assert all(isinstance(a, Refused) for a in faults), faults
    return {a.code for a in faults}


def test_seats_passes_and_edits_at_once():
    made = soon()
    dates = rows(made)
    members = [member() for _ in range(8)]

    def edit(**what):
        version = Series.objects.values_list("version", flat=True).get(pk=made.series.pk)
        return series_edits.change_series(
            viewer=TESTS, series_id=made.series.public_id, version=version, **what
        )

    def work(n):
        if n == 8:
            return edit(start_time=time(15))
        if n == 9:
            return edit(from_event=dates[2].public_id, rule="FREQ=DAILY;INTERVAL=2;COUNT=2")
        if n % 2:
            return passes.take_pass(viewer=members[n], series_id=made.series.public_id)
        return actions.register(viewer=members[n], event_id=dates[n % 4].public_id, seen=1)

    assert codes(in_threads(work, 10)) <= FINE

    assert counters_wrong() == []
    assert not Pool.objects.filter(size__lt=F("taken") + F("held")).exists()
    for event in Occurrence.objects.all():
        live = Registration.objects.filter(occurrence=event, state__in=LIVE)
        if event.state == State.CANCELLED:
            assert not live.exists()
        # whoever registered for the hour that is no longer true was told of the new one
        early = (
            live.filter(registered_at__lt=event.changed_at)
            if event.changed_at and event.schedule > 1
            else live.none()
        )
        told = set(
            Send.objects.filter(kind="events.moved", subject_key=str(event.public_id)).values_list(
                "person", flat=True
            )
        )
        assert {row.person_id for row in early} <= told
    for held in Registration.objects.filter(taken_pass__isnull=False).values("taken_pass").distinct():
        assert not Registration.objects.filter(taken_pass=held["taken_pass"], state=Seat.WAITING).exists()


def test_two_edits_at_once_one_wins():
    made = soon()
    version = Series.objects.get(pk=made.series.pk).version

    answers = in_threads(
        lambda n: series_edits.change_series(
            viewer=TESTS, series_id=made.series.public_id, version=version, title=f"第 {n} 种"
        ),
        4,
    )

    assert codes(answers) == {"edit.stale"}
    assert sum(not isinstance(a, Exception) for a in answers) == 1
    assert len({row.title for row in rows(made)}) == 1


def test_the_last_piece_of_a_group_is_one_piece():
    details = {"item": "橙子", "price_fen": 2990, "pay": "till", "group_size": 2, "group_hours": 24}
    event = actions.publish(
        viewer=TESTS,
        event_id=actions.draft(
            viewer=TESTS,
            store=StoreFactory(),
            event=actions.EventIn(
                title="拼团", format="group_buy", places=50, details=details,
                starts_at=datetime.now(UTC) + timedelta(days=3), ends_at=datetime.now(UTC) + timedelta(days=4),
            ),
        ).public_id,
    )  # fmt: skip
    group = group_buys.open_group(viewer=member(), event_id=event.public_id)
    members = [member() for _ in range(6)]

    answers = in_threads(lambda n: group_buys.join_group(viewer=members[n], group_id=group.public_id), 6)

    assert codes(answers) == {"events.group_full"}
    assert BuyPlace.objects.filter(group=group).count() == 2
    assert BuyGroup.objects.get().completed_at is not None
    assert Pool.objects.get().taken == 2
    assert counters_wrong() == []
