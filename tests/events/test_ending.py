"""An event is over: who did not come is in the book, wishes end, seats are closed; late scans take a no-show back."""

from datetime import timedelta
from uuid import uuid4

import pytest

from events.factories import published
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS
from tongxin.commerce.queries import promise_for
from tongxin.events import actions, queries, tasks
from tongxin.events.models import Attendance, Pool, Registration
from tongxin.events.terms import Admission, Seat
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.people.models import Deed

pytestmark = pytest.mark.django_db


def register(event):
    return actions.register(viewer=member_viewer(CustomerFactory()), event_id=event.public_id)


def came(row, counted=True):
    Attendance.objects.create(
        registration=row,
        occurrence=row.occurrence,
        person=row.person,
        counted=uuid4() if counted else None,
        at=row.occurrence.starts_at if counted else None,
    )


def no_shows():
    return sorted(Deed.objects.filter(kind="no_show", reverses=None).values_list("person", flat=True))


def test_a_day_after_the_end_who_did_not_come_is_written_down(noon):
    event = published(places=3, fee_fen=2000, voucher_fen=2000)
    there, annulled, missing = (register(event) for _ in range(3))
    waits = register(event)
    came(there)
    came(annulled, counted=False)
    with clock.held(event.ends_at + timedelta(hours=23)):
        assert actions.end_due(viewer=TESTS) == 0
    with clock.held(event.ends_at + timedelta(days=1)):
        assert actions.end_due(viewer=TESTS) == 1
        assert actions.end_due(viewer=TESTS) == 0

    event.refresh_from_db()
    assert event.state == "ended"
    assert no_shows() == sorted([annulled.person_id, missing.person_id])
    deed = Deed.objects.get(kind="no_show", person=missing.person_id)
    assert (deed.occurred_at, deed.subject_id, deed.weight) == (event.ends_at, event.subject_id, 0)
    waits.refresh_from_db()
    assert (waits.state, waits.reason) == (Seat.CANCELLED, "event_over")
    assert not Pool.objects.get(occurrence=event).opened
    assert Entry.objects.get(act="events.no_shows_written").after == '{"no_shows":2}'
    assert promise_for(("events", str(missing.public_id))).state == "cancelled"
    assert queries.counters_wrong() == []


def test_wishes_and_offers_end_with_the_event(noon):
    asks, event = published(admission=Admission.APPROVAL), published(places=1)
    applied, seat, waits = register(asks), register(event), register(event)
    actions.cancel_registration(viewer=TESTS, registration_id=seat.public_id)
    with clock.held(event.ends_at + timedelta(days=2)):
        actions.end_due(viewer=TESTS)
        for row in (applied, waits):
            row.refresh_from_db()
            assert (row.state, row.offered_until) == (Seat.CANCELLED, None)
            with pytest.raises(Refused):
                actions.accept(viewer=TESTS, registration_id=row.public_id)
    assert no_shows() == []
    assert queries.counters_wrong() == []


def test_a_draft_and_a_cancelled_event_do_not_end(noon):
    event = published()
    register(event)
    actions.cancel(viewer=TESTS, event_id=event.public_id, reason="rain")
    with clock.held(event.ends_at + timedelta(days=2)):
        assert actions.end_due(viewer=TESTS) == 0
    assert no_shows() == []


def test_a_scan_that_comes_late_takes_the_no_show_back_once(noon):
    event = published()
    late, missing = register(event), register(event)
    with clock.held(event.ends_at + timedelta(days=1)):
        actions.end_due(viewer=TESTS)
        came(late)
        assert actions.mend_no_shows(viewer=TESTS) == 1
        assert actions.mend_no_shows(viewer=TESTS) == 0
    taken_back = Deed.objects.get(kind="no_show", reverses__isnull=False)
    assert taken_back.person_id == late.person_id
    assert Deed.objects.get(person=missing.person_id, kind="no_show").reverses_id is None


def test_the_night_job_does_all_of_it(noon):
    event = published()
    register(event)
    with clock.held(event.ends_at + timedelta(days=40)):
        assert tasks.close_the_day(0) == 1
        assert tasks.pass_seats_on(0) == 0
        assert tasks.draw_lotteries(0) == 0
        assert tasks.one_place_each(0) == 0
    assert Registration.objects.get().state == Seat.CONFIRMED
