"""Passes: many dates, one act, all or none; each seat as if taken alone."""

from datetime import timedelta

import pytest

from events.series_makers import opened, rows
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS
from tongxin.commerce.models import Promise
from tongxin.events import actions
from tongxin.events.actions import passes
from tongxin.events.models import Pass, Pool, Registration
from tongxin.events.queries import passes as reading
from tongxin.events.rules.recurrence import Holidays
from tongxin.events.terms import Seat
from tongxin.foundation import clock
from tongxin.foundation.access import ANONYMOUS
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Send
from tongxin.people.models import Deed

pytestmark = pytest.mark.django_db


def course(**more):
    return opened(
        publish=True, **({"rule": "FREQ=WEEKLY;BYDAY=SA;COUNT=4", "holidays": Holidays.KEEP} | more)
    )


def taken():
    return list(Pool.objects.order_by("occurrence").values_list("taken", "held", "waited"))


def test_all_dates_in_one_act(noon):
    made = course(fee_fen=1900, voucher_fen=1900)
    member = CustomerFactory()

    held = passes.take_pass(viewer=member_viewer(member), series_id=made.series.public_id)

    seats = Registration.objects.filter(taken_pass=held)
    assert {(s.state, s.person_id) for s in seats} == {(Seat.CONFIRMED, member.pk)}
    assert taken() == [(1, 0, 0)] * 4
    assert Deed.objects.filter(person=member, kind="registered").count() == 4
    assert Promise.objects.count() == 4
    assert Send.objects.filter(person=member, kind="events.reminder").count() == 4
    (line,) = reading.my_passes(member_viewer(member))
    assert (line.title, line.left, line.next_at, line.given_back) == (
        "周六早茶",
        4,
        rows(made)[0].starts_at,
        False,
    )


def test_a_seat_of_a_pass_is_a_seat_like_any_other(noon):
    made = course()
    one, other = member_viewer(CustomerFactory()), member_viewer(CustomerFactory())
    event = rows(made)[0]
    passes.take_pass(viewer=one, series_id=made.series.public_id)
    actions.register(viewer=other, event_id=event.public_id)

    fields = ("state", "party", "number", "channel", "pool", "walk_in", "priority", "version", "reason")
    first, second = Registration.objects.filter(occurrence=event).order_by("id").values(*fields)
    assert first == second
    with pytest.raises(Refused) as refused:
        actions.register(viewer=one, event_id=event.public_id)
    assert refused.value.code == "events.registered"


def test_chosen_dates_only(noon):
    made = course()
    chosen = [rows(made)[0].public_id, rows(made)[2].public_id]

    passes.take_pass(viewer=member_viewer(CustomerFactory()), series_id=made.series.public_id, events=chosen)

    assert taken() == [(1, 0, 0), (0, 0, 0), (1, 0, 0), (0, 0, 0)]


def test_one_full_date_refuses_all_and_is_named(noon):
    made = course(places=1)
    second, fourth = rows(made)[1], rows(made)[3]
    for event in (second, fourth):
        actions.register(viewer=member_viewer(CustomerFactory()), event_id=event.public_id)
    viewer = member_viewer(CustomerFactory())
    before = taken(), Registration.objects.count(), Send.objects.count(), Deed.objects.count()

    with pytest.raises(Refused) as refused:
        passes.take_pass(viewer=viewer, series_id=made.series.public_id)

    assert refused.value.code == "events.pass_full"
    assert refused.value.data["events"] == [str(second.public_id), str(fourth.public_id)]
    assert refused.value.data["which"] == "3月14日（周六）10:00、3月28日（周六）10:00"
    assert (taken(), Registration.objects.count(), Send.objects.count(), Deed.objects.count()) == before
    assert not Pass.objects.exists()


def test_the_control_arm_date_by_date_some_seats_would_be_taken(noon):
    """What the one act protects from: taken one by one, a full date leaves a half course behind."""
    made = course(places=1)
    actions.register(viewer=member_viewer(CustomerFactory()), event_id=rows(made)[1].public_id)
    viewer = member_viewer(CustomerFactory())

    states = [actions.register(viewer=viewer, event_id=event.public_id).state for event in rows(made)]

    assert states == [Seat.CONFIRMED, Seat.WAITING, Seat.CONFIRMED, Seat.CONFIRMED]


def test_what_a_pass_would_hold(noon):
    made = course(fee_fen=1900)
    actions.register(viewer=member_viewer(CustomerFactory()), event_id=rows(made)[1].public_id)

    offer = reading.pass_offer(ANONYMOUS, made.series.public_id)

    assert (offer.title, offer.fee_fen, [line.left for line in offer.dates]) == (
        "周六早茶",
        7600,
        [12, 11, 12, 12],
    )


def test_who_is_registered_for_one_of_them_is_told_which(noon):
    made = course()
    viewer = member_viewer(CustomerFactory())
    actions.register(viewer=viewer, event_id=rows(made)[1].public_id)

    with pytest.raises(Refused) as refused:
        passes.take_pass(viewer=viewer, series_id=made.series.public_id)

    assert (refused.value.code, refused.value.data["events"]) == (
        "events.pass_taken",
        [str(rows(made)[1].public_id)],
    )
    assert not Pass.objects.exists()


def test_giving_back_what_is_left(noon):
    made = course(fee_fen=1900, voucher_fen=1900)
    viewer = member_viewer(CustomerFactory())
    held = passes.take_pass(viewer=viewer, series_id=made.series.public_id)

    with clock.held(noon + timedelta(days=10)):  # two of four are over
        assert passes.give_back_pass(viewer=viewer, pass_id=held.public_id) == 2
        assert passes.give_back_pass(viewer=viewer, pass_id=held.public_id) == 0

    states = (
        Registration.objects.filter(taken_pass=held).order_by("occurrence").values_list("state", flat=True)
    )
    assert list(states) == [Seat.CONFIRMED, Seat.CONFIRMED, Seat.CANCELLED, Seat.CANCELLED]
    assert taken() == [(1, 0, 0), (1, 0, 0), (0, 0, 0), (0, 0, 0)]
    assert reading.my_passes(viewer)[0].given_back


def test_who_waits_gets_the_seat_of_a_pass_given_back(noon):
    made = course(places=1)
    one, other = member_viewer(CustomerFactory()), member_viewer(CustomerFactory())
    held = passes.take_pass(viewer=one, series_id=made.series.public_id)
    waiting = actions.register(viewer=other, event_id=rows(made)[3].public_id)

    passes.give_back_pass(viewer=one, pass_id=held.public_id)

    waiting.refresh_from_db()
    assert waiting.state == Seat.OFFERED


def test_what_is_not_there_is_absent(noon):
    draft, public = opened(title="草稿"), course()
    viewer, other = member_viewer(CustomerFactory()), member_viewer(CustomerFactory())
    held = passes.take_pass(viewer=viewer, series_id=public.series.public_id)

    for act in (
        lambda: passes.take_pass(viewer=viewer, series_id=draft.series.public_id),
        lambda: passes.take_pass(viewer=ANONYMOUS, series_id=public.series.public_id),
        lambda: passes.take_pass(
            viewer=other, series_id=public.series.public_id, events=[rows(draft)[0].public_id]
        ),
        lambda: passes.give_back_pass(viewer=other, pass_id=held.public_id),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "absent"
    with pytest.raises(Refused) as refused:
        passes.take_pass(viewer=TESTS, series_id=draft.series.public_id, person=CustomerFactory().pk)
    assert refused.value.code == "events.pass_over"
