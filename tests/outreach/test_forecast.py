"""The forecast says what the gate will say; the whole audience asked at once gets what one by one it would; groups have caps of their own."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from outreach.town import DAY, HOUR, agree, itself, neighbour, plan, tell, willing
from people.factories import CustomerFactory
from stores.factories import TESTS, StoreFactory, viewer
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.outreach import actions, queries, rules, standing
from tongxin.outreach.actions import expanding
from tongxin.outreach.models import DecisionRow, Message, Send, Task
from tongxin.outreach.terms import MessageClass, Reason, SendState
from tongxin.outreach.terms_plans import Target
from tongxin.people.actions import merge
from tongxin.people.terms import MergeReason, Purpose
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db
S, R = SendState, Reason
COMMUNITY, PROMOTION = MessageClass.COMMUNITY, MessageClass.PROMOTION


@pytest.fixture
def store(noon):
    return StoreFactory(name="南京路店")


@pytest.fixture
def boss(store):
    return viewer(Role.HQ_EDITOR)


def everybody(store, noon):
    """One of each kind whom the gate tells apart."""
    people = {
        "agrees": willing(home_store=store),
        "never_asked": CustomerFactory(home_store=store),
        "opted_out": willing(home_store=store),
        "no_hand": willing(home_store=store),
        "withdrew": willing(home_store=store),
        "had_one": willing(home_store=store),
        "two_entries": willing(home_store=store),
    }
    actions.opt_out(viewer=itself(people["opted_out"]), customer=people["opted_out"], message_class=COMMUNITY)
    actions.opt_out(
        viewer=itself(people["no_hand"]),
        customer=people["no_hand"],
        message_class=COMMUNITY,
        channel="manual",
    )
    agree(people["withdrew"], Purpose.GROUP_MESSAGE, granted=False)
    tell(people["had_one"], COMMUNITY)
    actions.drain()
    behind = neighbour(home_store=store)
    merge(viewer=TESTS, target=people["two_entries"], source=behind, reason=MergeReason.SAME_PHONE)
    agree(people["two_entries"], Purpose.GROUP_MESSAGE)
    return people


def test_the_forecast_is_what_then_happens(store, boss, noon):
    """Each kind of person, once by the forecast, once by expanding, once one by one through the drain."""
    people = everybody(store, noon)
    message = plan(store, boss, approved=False)
    told = queries.forecast(boss, message.public_id)
    assert (told.total, told.now, told.groups, told.tasks) == (7, 2, False, 1)
    assert told.held == {R.CAP: 1}
    assert told.dropped == {R.NO_CONSENT: 1, R.OPTED_OUT: 1, R.NO_WAY: 1, R.WITHDRAWN: 1}
    assert told.by_day == ((noon.date(), 2), ((noon + DAY).date(), 1))
    actions.approve_message(viewer=boss, public_id=message.public_id)
    assert actions.expand(viewer=TESTS, public_id=message.public_id) == 7
    said = dict(DecisionRow.objects.filter(send__message=message).values_list("send__person", "why"))
    one_by_one = _asked_singly(message, noon)
    assert said == one_by_one
    assert set(said) == {one.pk for one in people.values()}
    assert Counter(said.values()) == told.dropped | told.held | {R.ALLOWED: told.now}
    assert Message.objects.get(pk=message.pk).expanded == 7


def _asked_singly(message, now):
    """The drain's own way: the same people, each a send of a plan just like this one."""
    twin = plan(message.store, channel="manual")
    Send.objects.bulk_create(
        [
            Send(
                key=f"twin:{row.person_id}",
                person_id=row.person_id,
                kind="plan",
                message_class=row.message_class,
                message=twin,
                store_id=row.store_id,
                subject_room="",
                subject_key="",
                due_at=now,
                next_at=now,
                expires_at=row.expires_at,
                actor="x",
                created_at=now,
            )
            for row in Send.objects.filter(message=message)
        ]
    )
    Send.objects.filter(message=message).update(told_at=None)
    actions.drain()
    return dict(DecisionRow.objects.filter(send__message=twin).values_list("send__person", "why"))


def test_a_draw_is_the_same_in_sql_and_here(store, boss):
    """Control arm of the holdout: without the seed nobody is held out."""
    members = [willing(home_store=store) for _ in range(40)]
    message = plan(store, boss, approved=False)
    actions.open_holdout(
        viewer=boss, label="x", share_permille=300, until=clock.now() + DAY, message=message, seed="s"
    )
    out = sum(rules.held_out("s", [str(one.public_id)], 300) for one in members)
    told = queries.forecast(boss, message.public_id)
    assert 0 < out == told.dropped[R.HELD_OUT]
    other = plan(store, boss, approved=False)
    assert R.HELD_OUT not in queries.forecast(boss, other.public_id).dropped


def test_night_and_what_is_queued_already(store, boss, noon):
    """A plan for 22:00 goes in the morning; what somebody will have had by then counts."""
    first, second = willing(home_store=store), willing(home_store=store)
    tell(first, COMMUNITY, due_at=noon + 2 * HOUR)
    late = datetime(2026, 3, 5, 14, 0, tzinfo=UTC)
    message = plan(store, boss, approved=False, due_at=late, expires_at=late + 3 * DAY)
    told = queries.forecast(boss, message.public_id)
    assert (told.now, told.held) == (0, {R.QUIET_HOURS: 2})
    morning = datetime(2026, 3, 6, 0, 30, tzinfo=UTC).date()
    assert told.by_day == ((morning, 2),)
    early = plan(store, boss, approved=False, due_at=noon + 4 * HOUR)
    assert queries.forecast(boss, early.public_id).held == {R.CAP: 1}
    assert second.pk


def test_quotas_count_who_has_reached_a_line(store, boss):
    had, fresh = willing(home_store=store), willing(home_store=store)
    tell(had, COMMUNITY)
    actions.drain()
    message = plan(store, boss, approved=False)
    quotas = queries.forecast(boss, message.public_id).quotas
    day = next(one for one in quotas if one.hours == 24 and not one.platform)
    assert (day.most, day.full, day.after) == (1, 1, 2)
    assert any(one.platform for one in quotas)
    assert fresh.pk


def test_a_big_audience_is_asked_to_the_full_hour(store, boss, monkeypatch):
    """Above so many people what they were told is taken to the hour after it: never earlier than the gate will say."""
    member = willing(home_store=store)
    with clock.held(clock.now() - timedelta(minutes=17)):
        tell(member, COMMUNITY)
        actions.drain()
    message = plan(store, boss, approved=False)
    exact = queries.forecast(boss, message.public_id)
    monkeypatch.setattr(standing, "EXACT_UP_TO", 0)
    rounded = queries.forecast(boss, message.public_id)
    assert (exact.held, rounded.held) == ({R.CAP: 1}, {R.CAP: 1})


@pytest.mark.parametrize("many", [1, 3])
def test_statements_do_not_grow_with_the_audience(store, boss, many):
    for _ in range(many):
        willing(home_store=store)
    message = plan(store, boss, approved=False)
    with CaptureQueriesContext(connection) as asked:
        queries.forecast(boss, message.public_id)
    assert len(asked) == 8
    actions.approve_message(viewer=boss, public_id=message.public_id)
    with CaptureQueriesContext(connection) as asked:
        actions.expand(viewer=TESTS, public_id=message.public_id)
    assert len([one for one in asked if "SAVEPOINT" not in one["sql"]]) == 16


def test_expanding_by_hand_leaves_who_is_locked_to_the_drain(store, boss, monkeypatch):
    """Somebody who is being merged or withdraws right now is not asked in passing; the drain does it."""
    for _ in range(2):
        willing(home_store=store)
    message = plan(store, boss)
    monkeypatch.setattr(expanding, "lock_people", lambda chunk, wait: frozenset(chunk[:1]))
    assert actions.expand(viewer=TESTS, public_id=message.public_id) == 2
    assert sorted(Send.objects.values_list("state", flat=True)) == [S.AWAITING_STAFF, S.QUEUED]
    monkeypatch.undo()
    assert actions.drain().sent == 1
    assert Task.objects.count() == 1


# ---- groups


def posted(store, boss, **more):
    return plan(store, boss, target=Target.GROUPS, **more)


def test_a_post_goes_into_each_group_once_a_day(store, boss, noon):
    first = posted(store, boss)
    assert actions.expand(viewer=TESTS, public_id=first.public_id) == 1
    assert actions.drain_groups() == 1
    task = Task.objects.get()
    assert (task.state, task.group_name, task.told_at) == (S.AWAITING_STAFF, "南京路店", noon)
    second = posted(store, boss)
    actions.expand(viewer=TESTS, public_id=second.public_id)
    actions.drain_groups()
    later = Task.objects.get(message=second)
    assert (later.state, later.next_at) == (S.QUEUED, noon + DAY)
    assert DecisionRow.objects.get(task=later).why == R.CAP
    champion = viewer(Role.CHAMPION, store=store)
    assert [line.group_name for line in queries.tasks_for(champion).items] == ["南京路店"]
    assert actions.open_task(viewer=champion, public_id=task.public_id) == 1
    assert actions.confirm_sent(viewer=champion, public_id=task.public_id).state == S.SENT
    assert actions.settle_plans() == 1
    assert Message.objects.get(pk=first.pk).state == S.SENT


def test_the_forecast_of_a_post_counts_groups(store, boss):
    willing(home_store=store)
    done = posted(store, boss)
    actions.expand(viewer=TESTS, public_id=done.public_id)
    actions.drain_groups()
    told = queries.forecast(boss, posted(store, boss, approved=False).public_id)
    assert (told.groups, told.total, told.now, told.held) == (True, 1, 0, {R.CAP: 1})
    assert [one.most for one in told.quotas if not one.platform] == [1, 3]


def test_a_post_is_not_called_sent_when_it_may_not_go_any_more(store, boss):
    champion = viewer(Role.CHAMPION, store=store)
    message = posted(store, boss)
    actions.expand(viewer=TESTS, public_id=message.public_id)
    actions.drain_groups()
    task = Task.objects.get()
    Message.objects.filter(pk=message.pk).update(state=S.CANCELLED)
    assert actions.confirm_sent(viewer=champion, public_id=task.public_id).state == S.CANCELLED


# ---- reminding, putting off


def test_three_reminders_a_day(store, boss, noon):
    willing(home_store=store)
    message = plan(store, boss)
    with pytest.raises(Refused, match="nobody_to_remind"):
        actions.remind(viewer=boss, public_id=message.public_id)
    actions.expand(viewer=TESTS, public_id=message.public_id)
    for left in (2, 1, 0):
        assert actions.remind(viewer=boss, public_id=message.public_id) == 1
        assert queries.reminders_left(boss, message.public_id) == left
    with pytest.raises(Refused, match="reminded_enough"):
        actions.remind(viewer=boss, public_id=message.public_id)
    assert queries.tasks_for(viewer(Role.CHAMPION, store=store)).items[0].reminded == 3
    with clock.held(noon + DAY + HOUR):
        assert actions.remind(viewer=boss, public_id=message.public_id) == 1


def test_not_today_comes_back_in_the_morning(store, boss, noon):
    champion = viewer(Role.CHAMPION, store=store)
    willing(home_store=store)
    message = plan(store, boss)
    actions.expand(viewer=TESTS, public_id=message.public_id)
    first = Task.objects.get()
    actions.put_off(viewer=champion, public_id=first.public_id)
    assert queries.tasks_for(champion).items == ()
    send = Send.objects.get()
    assert (send.state, send.told_at) == (S.QUEUED, None)
    assert actions.drain().asked == 0
    with clock.held(datetime(2026, 3, 6, 0, 30, tzinfo=UTC)):
        assert actions.drain().sent == 1
        again = Task.objects.get(state=S.AWAITING_STAFF)
        assert again.pk != first.pk
    Task.objects.filter(pk=again.pk).update(expires_at=datetime(2026, 3, 7, 0, 30, tzinfo=UTC))
    with clock.held(datetime(2026, 3, 6, 5, 0, tzinfo=UTC)), pytest.raises(Refused, match="not_today"):
        actions.put_off(viewer=champion, public_id=again.public_id)
