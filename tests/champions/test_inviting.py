"""Whom to invite today, through the actions: reasons, the gate, four weeks of quiet, who may, what erasure leaves."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from events.factories import published
from outreach.town import agree, neighbour, tell, willing
from stores.factories import TESTS, StoreFactory
from tongxin.champions import actions, queries
from tongxin.champions.erasing import ChampionsEraser
from tongxin.champions.models import Invite
from tongxin.champions.terms import InviteReason, Outcome
from tongxin.events import actions as events
from tongxin.events.models import Attendance, Registration
from tongxin.foundation import clock
from tongxin.foundation.access import Grant, Viewer
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.outreach.actions import drain, opt_out
from tongxin.outreach.models import Send
from tongxin.outreach.terms import MessageClass
from tongxin.people import actions as people
from tongxin.people import ledger
from tongxin.people.ports import Person
from tongxin.people.rules import DeedIn
from tongxin.people.terms import MergeReason
from tongxin.rings.actions import ensure_policy
from tongxin.stores.terms import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

DAY = timedelta(days=1)


@pytest.fixture
def store():
    return StoreFactory()


def of(store):
    return Viewer(account=None, name="champion", grants=(Grant(Role.CHAMPION, places=frozenset({store.pk})),))


def member(store, *, days=20, **more):
    """A member who agreed to messages of the community, so many days ago."""
    with clock.held(clock.now() - days * DAY):
        return willing(home_store=store, **more)


def came(person, store, *days):
    """Was at events of the store so many days ago."""
    for n in days:
        with clock.held(clock.now() - (n + 1) * DAY):
            event = published(store, starts_at=clock.now() + DAY)
            held = events.register(viewer=TESTS, event_id=event.public_id, person=person.pk)
            Attendance.objects.create(
                registration=Registration.objects.get(public_id=held.public_id),
                occurrence=event,
                person=person,
                at=event.starts_at,
            )


def pick(store):
    return actions.pick_invites(viewer=of(store), store=store)


def test_each_is_named_with_a_reason_that_can_be_read(store):
    regular = member(store, days=200, nickname="老周")
    came(regular, store, 90, 76, 62)
    newcomer = member(store, days=5, nickname="小林")
    before = Send.objects.count()
    pick(store)
    lines = queries.invites_of(of(store), store, queries.today_in(store))
    assert [(one.name, one.why, one.said) for one in lines] == [
        ("老周", InviteReason.MISSED, "来过 3 次，平常约 14 天来一次，这次 62 天没见了。"),
        ("小林", InviteReason.NEW, "5 天前成为会员，还没参加过活动。"),
    ]
    assert {one.person for one in lines} == {regular.public_id, newcomer.public_id}
    assert Send.objects.count() == before


def replied(person, other, days):
    """Answers somebody on each of these days."""
    now = clock.now()
    ledger.record_many(
        [
            DeedIn(person.pk, "replied", now - n * DAY, "test", f"r{person.pk}-{n}", counterpart=other.pk)
            for n in days
        ]
    )


def test_one_event_away_from_the_next_ring(store):
    ensure_policy(viewer=TESTS)
    close, there, other = (member(store, days=200) for _ in range(3))
    for one in (close, there):
        came(one, store, 30)
    replied(close, other, (1, 3, 8))  # too few days for a rhythm: two visits open the gate
    replied(there, other, [7 * week + n for week in range(8) for n in (1, 3)])  # control: nothing is missing
    pick(store)
    (found,) = Invite.objects.filter(why=InviteReason.STEP)
    assert found.person_id == close.pk
    assert found.facts["said_zh"]
    assert found.facts["said_en"]


def test_three_a_day_and_the_second_call_answers_the_same(store):
    for _ in range(5):
        member(store)
    first = pick(store)
    assert [one.place for one in first] == [1, 2, 3]
    assert [one.pk for one in pick(store)] == [one.pk for one in first]
    assert Entry.objects.filter(act="champions.invites_picked").count() == 1


def test_nobody_is_named_twice_in_four_weeks(store):
    for _ in range(4):
        member(store, days=1)
    named = [{one.person_id for one in pick(store)}]
    for days in (1, 27, 28):
        with clock.held(clock.now() + days * DAY):
            named.append({one.person_id for one in pick(store)})
    first, second, third, fourth = named
    assert (len(first), len(second), third) == (3, 1, set())
    assert fourth == first


def test_postgresql_names_nobody_twice_in_four_weeks_either(store):
    one = member(store)
    pick(store)
    other = StoreFactory()
    again = Invite(
        store=other,
        day=queries.today_in(other) + 27 * DAY,
        place=1,
        person=one,
        why=InviteReason.NEW,
        picked_at=clock.now(),
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save()
    again.day += DAY
    again.save()  # control: on the 28th day it may


def left_out(kind, store):
    if kind == "consent":
        neighbour(home_store=store)
    elif kind == "opted_out":
        opt_out(viewer=TESTS, customer=member(store), message_class=MessageClass.COMMUNITY)
    elif kind == "withdrew":
        agree(member(store), granted=False)
    elif kind == "cap":
        tired = member(store)
        for _ in range(3):
            tell(tired, MessageClass.COMMUNITY)
        drain()
    elif kind == "personalise":
        person = member(store)
        person.personalise = False
        person.save(update_fields=["personalise"])
    elif kind == "coming":
        events.register(viewer=TESTS, event_id=published(store).public_id, person=member(store).pk)
    elif kind == "elsewhere":
        member(StoreFactory())


@pytest.mark.parametrize(
    "kind", ["consent", "opted_out", "withdrew", "cap", "personalise", "coming", "elsewhere"]
)
def test_who_is_left_out_and_the_control_who_is_not(store, kind):
    left_out(kind, store)
    control = member(store)
    assert [one.person_id for one in pick(store)] == [control.pk]


def test_who_says_no_after_the_morning_is_not_shown_any_more(store):
    said_no, stays = member(store), member(store)
    pick(store)
    agree(said_no, granted=False)
    lines = queries.invites_of(of(store), store, queries.today_in(store))
    assert [one.person for one in lines] == [stays.public_id]


def test_the_night_does_not_hold_back_the_list_of_the_morning(store):
    member(store)
    with clock.held(clock.now() - timedelta(hours=6)):  # six in the morning
        assert len(pick(store)) == 1


def test_a_merged_person_is_one_person(store):
    before, after = member(store), member(store)
    pick(store)
    Invite.objects.filter(person=after).delete()
    people.merge(viewer=TESTS, source=before, target=after, reason=MergeReason.MEMBER_ASKED)
    with clock.held(clock.now() + DAY):
        assert pick(store) == []


def test_marking_once_by_who_works_there(store):
    member(store)
    (one,) = pick(store)
    with pytest.raises(Refused, match="absent"):
        actions.invited(viewer=of(StoreFactory()), invite_id=one.public_id)
    assert actions.invited(viewer=of(store), invite_id=one.public_id).outcome == Outcome.INVITED
    actions.invited(viewer=of(store), invite_id=one.public_id)
    with pytest.raises(Refused, match=r"champions\.invite_done"):
        actions.invited(viewer=of(store), invite_id=one.public_id, outcome=Outcome.NOT_NOW)
    assert Entry.objects.filter(act="champions.invited").count() == 1


def test_yesterdays_people_cannot_be_marked_today(store):
    member(store)
    (one,) = pick(store)
    with clock.held(clock.now() + DAY), pytest.raises(Refused, match=r"champions\.day_over"):
        actions.invited(viewer=of(store), invite_id=one.public_id)
    assert Invite.objects.get().outcome == ""


def test_every_store_is_looked_at_in_the_morning(store):
    member(store)
    member(StoreFactory())
    assert actions.pick_due(viewer=TESTS) == 2
    assert Invite.objects.count() == 2


def test_erasure_leaves_nothing_and_export_says_what_there_is(store):
    one = member(store)
    pick(store)
    who = Person((one.pk,), (one.public_id,), ())
    (row,) = ChampionsEraser().export(who)["invitations"]
    assert (row["why"], row["said"]) == ("new", "20 天前成为会员，还没参加过活动。")
    assert ChampionsEraser().erase(who) == 1
    assert not Invite.objects.exists()


def test_choosing_and_reading_take_the_same_statements_for_one_and_three(store):
    counts = []
    for n in (1, 2):
        shop = StoreFactory()
        for _ in range(2 * n - 1):
            member(shop)
        with CaptureQueriesContext(connection) as said:
            pick(shop)
        picking = len(said)
        with CaptureQueriesContext(connection) as said:
            queries.invites_of(of(shop), shop, queries.today_in(shop))
        counts.append((picking, len(said)))
    assert counts[0] == counts[1]


def test_suggestions_go_after_a_year(store):
    member(store)
    pick(store)
    with clock.held(clock.now() + 365 * DAY):
        assert actions.forget(viewer=TESTS) == 0
    with clock.held(clock.now() + 366 * DAY):
        assert actions.forget(viewer=TESTS) == 1
