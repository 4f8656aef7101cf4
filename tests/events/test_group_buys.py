"""Buying together: complete in time, or every piece is free again; no link from Moments. A first visit is once in a life."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.factories import drafted, published
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS
from tongxin.events import actions
from tongxin.events.actions import first_timers, group_buys
from tongxin.events.models import BuyGroup, Pool, Registration
from tongxin.events.queries import group_buys as reading
from tongxin.events.queries import ways_in
from tongxin.events.terms import Seat
from tongxin.foundation import clock
from tongxin.foundation.access import ANONYMOUS
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Send
from tongxin.people import actions as people
from tongxin.people.terms import MergeReason

pytestmark = pytest.mark.django_db

DETAILS = {"item": "橙子一箱", "price_fen": 2990, "pay": "till", "group_size": 3, "group_hours": 24}


def sale(**more):
    return published(**({"title": "橙子拼团", "format": "group_buy", "details": DETAILS, "places": 5} | more))


def buyer():
    return member_viewer(CustomerFactory())


def taken():
    return Pool.objects.get().taken


def kinds(viewer):
    return set(Send.objects.filter(person=viewer.person).values_list("kind", flat=True))


def test_the_last_one_makes_it_complete(noon):
    event = sale()
    one, two, three = buyer(), buyer(), buyer()

    group = group_buys.open_group(viewer=one, event_id=event.public_id)
    group_buys.join_group(viewer=two, group_id=group.public_id)
    assert BuyGroup.objects.get().completed_at is None
    group_buys.join_group(viewer=three, group_id=group.public_id)

    assert BuyGroup.objects.get().completed_at == noon
    assert taken() == 3
    assert all("events.group_complete" in kinds(viewer) for viewer in (one, two, three))
    with clock.held(noon + timedelta(days=2)):
        assert group_buys.release_due(viewer=TESTS) == 0
    assert taken() == 3
    with pytest.raises(Refused) as refused:
        group_buys.join_group(viewer=buyer(), group_id=group.public_id)
    assert refused.value.code == "events.group_full"


def test_a_group_shows_numbers_and_nobody(noon):
    event, one, two = sale(), buyer(), buyer()
    group = group_buys.open_group(viewer=one, event_id=event.public_id)
    group_buys.open_group(viewer=buyer(), event_id=event.public_id)
    group_buys.join_group(viewer=two, group_id=group.public_id)

    card = reading.group_card(two, group.public_id)
    assert (card.size, card.joined, card.missing, card.complete, card.over, card.mine) == (
        3,
        2,
        1,
        False,
        False,
        True,
    )
    assert not reading.group_card(ANONYMOUS, group.public_id).mine
    with CaptureQueriesContext(connection) as asked:
        assert [(c.joined, c.mine) for c in reading.groups_of(two, event.public_id)] == [
            (2, True),
            (1, False),
        ]
    assert len(asked) == 4
    with clock.held(noon + timedelta(hours=24)):
        assert reading.group_card(two, group.public_id).over
        assert reading.groups_of(two, event.public_id) == []
    with pytest.raises(Refused) as refused:
        reading.group_card(two, event.public_id)
    assert refused.value.code == "absent"


def test_not_complete_in_time_releases_every_piece(noon):
    event = sale()
    one, two = buyer(), buyer()
    group = group_buys.open_group(viewer=one, event_id=event.public_id)
    group_buys.join_group(viewer=two, group_id=group.public_id)
    assert group.deadline == noon + timedelta(hours=24)
    assert group_buys.release_due(viewer=TESTS) == 0

    with clock.held(noon + timedelta(hours=24)):
        with pytest.raises(Refused) as refused:
            group_buys.join_group(viewer=buyer(), group_id=group.public_id)
        assert refused.value.code == "events.group_closed"
        assert group_buys.release_due(viewer=TESTS) == 1
        assert group_buys.release_due(viewer=TESTS) == 0

        assert taken() == 0
        assert set(Registration.objects.values_list("state", "reason")) == {
            (Seat.CANCELLED, "group_incomplete")
        }
        assert all("events.group_released" in kinds(viewer) for viewer in (one, two))
        group_buys.open_group(viewer=one, event_id=event.public_id)  # and may try again


def test_who_gives_a_piece_back_makes_room_in_the_group(noon):
    event = sale()
    one, two = buyer(), buyer()
    group = group_buys.open_group(viewer=one, event_id=event.public_id)
    group_buys.join_group(viewer=two, group_id=group.public_id)
    actions.cancel_registration(
        viewer=two, registration_id=Registration.objects.get(person=two.person).public_id
    )

    group_buys.join_group(viewer=buyer(), group_id=group.public_id)
    assert BuyGroup.objects.get().completed_at is None
    group_buys.join_group(viewer=buyer(), group_id=group.public_id)
    assert BuyGroup.objects.get().completed_at is not None


def test_a_group_never_waits_in_a_line(noon):
    event = sale(places=1)
    group = group_buys.open_group(viewer=buyer(), event_id=event.public_id)

    for act in (
        lambda: group_buys.join_group(viewer=buyer(), group_id=group.public_id),
        lambda: group_buys.open_group(viewer=buyer(), event_id=event.public_id),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "events.full"
    assert Registration.objects.count() == 1
    assert BuyGroup.objects.count() == 1


def test_a_piece_without_a_group_is_a_group_of_one(noon):
    event = sale()
    actions.register(viewer=buyer(), event_id=event.public_id)

    with clock.held(noon + timedelta(hours=23)):
        group_buys.release_due(viewer=TESTS)
        assert taken() == 1
    with clock.held(noon + timedelta(hours=24)):
        group_buys.release_due(viewer=TESTS)
        assert taken() == 0


def test_one_piece_a_member(noon):
    event, one = sale(), buyer()
    group = group_buys.open_group(viewer=one, event_id=event.public_id)

    with pytest.raises(Refused) as refused:
        group_buys.join_group(viewer=one, group_id=group.public_id)
    assert refused.value.code == "events.registered"


def test_who_comes_from_moments_is_not_served(noon):
    event = sale()
    group = group_buys.open_group(viewer=buyer(), event_id=event.public_id, came_from="groupmessage")

    for act in (
        lambda: group_buys.join_group(viewer=buyer(), group_id=group.public_id, came_from="timeline"),
        lambda: group_buys.open_group(viewer=buyer(), event_id=event.public_id, came_from="timeline"),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "events.channel_policy"
    assert Registration.objects.count() == 1


def test_another_event_or_group_is_absent(noon):
    tea = published(format="tea")
    with pytest.raises(Refused) as refused:
        group_buys.open_group(viewer=buyer(), event_id=tea.public_id)
    assert refused.value.code == "absent"
    with pytest.raises(Refused) as refused:
        group_buys.join_group(viewer=buyer(), group_id=tea.public_id)
    assert refused.value.code == "absent"


def test_it_cannot_be_announced_in_moments(noon):
    with pytest.raises(Refused) as refused:
        drafted(format="group_buy", details={**DETAILS, "channels": ["moments"]})

    assert refused.value.code == "events.channel_policy"


def offer():
    return published(format="low_threshold", fee_fen=990, details={"item": "拉花一次"})


def test_a_first_visit_is_once_in_a_life(noon):
    member, first, second = CustomerFactory(), offer(), offer()
    first_timers.check_first(event=first, person=member.pk)
    seat = actions.register(viewer=member_viewer(member), event_id=first.public_id)

    with pytest.raises(Refused) as refused:
        first_timers.check_first(event=second, person=member.pk)
    assert refused.value.code == "events.first_only"
    first_timers.check_first(event=published(), person=member.pk)  # any other event is fine
    first_timers.check_first(event=second, person=CustomerFactory().pk)
    actions.cancel_registration(viewer=member_viewer(member), registration_id=seat.public_id)
    first_timers.check_first(event=second, person=member.pk)  # given back in time: not taken


def test_an_earlier_entry_of_the_same_person_counts(noon):
    old, new = CustomerFactory(), CustomerFactory()
    actions.register(viewer=member_viewer(old), event_id=offer().public_id)
    people.merge(viewer=TESTS, source=old, target=new, reason=MergeReason.STAFF_CHECKED)

    with pytest.raises(Refused) as refused:
        first_timers.check_first(event=offer(), person=new.pk)
    assert refused.value.code == "events.first_only"


def test_the_way_into_a_talk_is_shown_in_time_and_to_who_has_a_place(noon):
    talk = published(format="online_talk", online_url="https://meet.example.org/1", places=1)
    one, two = buyer(), buyer()
    sure = actions.register(viewer=one, event_id=talk.public_id)
    line = actions.register(viewer=two, event_id=talk.public_id)

    def shown(minutes, viewer=one, seat=sure):
        with clock.held(talk.starts_at - timedelta(minutes=minutes)):
            return ways_in.way_in(viewer, seat.public_id)

    assert [shown(31), shown(30), shown(-119), shown(-120)] == ["", talk.online_url, talk.online_url, ""]
    assert shown(10, two, line) == ""
    with pytest.raises(Refused) as refused:
        shown(10, two, sure)
    assert refused.value.code == "absent"
    actions.cancel(viewer=TESTS, event_id=talk.public_id, reason="停电")
    assert shown(10) == ""


def test_the_price_of_a_flash_sale_is_hidden_until_it_opens(noon):
    details = {"item": "草莓", "price_fen": 990, "pay": "till"}
    flash = published(format="flash_sale", details=details, opens_at=noon + timedelta(hours=1))

    assert ways_in.price_of(flash) is None
    with clock.held(noon + timedelta(hours=1)):
        assert ways_in.price_of(flash) == 990
    assert ways_in.price_of(published()) is None
