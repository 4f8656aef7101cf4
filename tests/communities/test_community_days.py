"""The daily count: it adds up, late news are corrections, and it costs the same for one community as for three."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from communities.factories import accept, comes_in, opened
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS
from tongxin.communities import actions, queries
from tongxin.communities.models import Day, Membership
from tongxin.communities.terms import Stage
from tongxin.foundation import clock
from tongxin.people import ledger

pytestmark = pytest.mark.django_db
THURSDAY = date(2026, 3, 5)


def figures(community, container=None):
    return list(
        Day.objects.filter(community=community, container=container)
        .order_by("day")
        .values_list("day", "before", "joins", "leaves", "stock", "correction")
    )


def test_every_day_adds_up_and_late_news_are_a_correction(noon):
    community = opened()
    three = [comes_in(community) for _ in range(3)]
    with clock.held(noon + timedelta(days=1)):
        actions.take_due(viewer=TESTS)
        actions.leave(viewer=member_viewer(three[0].person), community_id=community.public_id)
        comes_in(community)
    with clock.held(noon + timedelta(days=3)):
        assert actions.take_due(viewer=TESTS) == 2
        assert actions.take_due(viewer=TESTS) == 0
        # learned two days later: this one had left on Thursday already
        actions.note_left(viewer=TESTS, membership_id=three[1].public_id, at=noon + timedelta(hours=1))
    with clock.held(noon + timedelta(days=4)):
        actions.take_due(viewer=TESTS)
    assert figures(community) == [
        (THURSDAY, 0, 3, 0, 3, 0),
        (date(2026, 3, 6), 3, 1, 1, 3, 0),
        (date(2026, 3, 7), 3, 0, 0, 3, 0),
        (date(2026, 3, 8), 3, 0, 0, 2, -1),
    ]
    wrong = Day.objects.exclude(stock=F("before") + F("joins") - F("leaves") + F("correction"))
    assert not wrong.exists()


def test_control_arm_without_corrections_the_kept_days_would_not_add_up(noon):
    community = opened()
    row = comes_in(community)
    with clock.held(noon + timedelta(days=1)):
        actions.take_due(viewer=TESTS)
        actions.note_left(viewer=TESTS, membership_id=row.public_id, at=noon)
    with clock.held(noon + timedelta(days=2)):
        actions.take_due(viewer=TESTS)
    assert Day.objects.exclude(stock=F("before") + F("joins") - F("leaves")).count() == 1


def test_a_day_tells_who_has_accepted_and_who_was_active(noon):
    community = opened()
    one, other = CustomerFactory(), CustomerFactory()
    comes_in(community, one)
    comes_in(community, other)
    given = {"viewer": TESTS, "community": community.pk}
    for n, days in enumerate((0, -27, -29)):
        ledger.record(
            person=one, kind="posted", occurred_at=noon + timedelta(days=days), source=("t", str(n)), **given
        )
    ledger.record(person=other, kind="registered", occurred_at=noon, source=("t", "9"), **given)
    actions.publish_rules(viewer=TESTS, community_id=community.public_id, lines=["新的"])
    accept(member_viewer(one), community)
    actions.take_day(viewer=TESTS, day=THURSDAY)
    row = Day.objects.get(container=None)
    assert (row.stock, row.accepted, row.active, row.moved, row.stage) == (2, 1, 1, 1, Stage.SEED)


def test_containers_are_counted_by_themselves(noon):
    community = opened()
    group = actions.add_container(viewer=TESTS, community_id=community.public_id, kind="wecom", name="群")
    people = [CustomerFactory() for _ in range(2)]
    for one in people:
        actions.entered(viewer=TESTS, container_id=group.public_id, person=one.pk, at=noon)
    actions.take_day(viewer=TESTS, day=THURSDAY)
    with clock.held(noon + timedelta(days=1)):
        actions.left_container(
            viewer=TESTS, container_id=group.public_id, person=people[0].pk, at=clock.now()
        )
        actions.take_day(viewer=TESTS, day=THURSDAY + timedelta(days=1))
    assert figures(community) == [(THURSDAY, 0, 0, 0, 0, 0), (date(2026, 3, 6), 0, 0, 0, 0, 0)]
    assert figures(community, group) == [(THURSDAY, 0, 2, 0, 2, 0), (date(2026, 3, 6), 2, 0, 1, 1, 0)]


def test_the_stage_of_the_community_follows_its_days(noon):
    community = opened()
    made = [comes_in(community) for _ in range(20)]
    Membership.objects.filter(pk__in=[one.pk for one in made]).update(joined_at=noon)
    with clock.held(noon + timedelta(days=28)):
        actions.take_due(viewer=TESTS)
    community.refresh_from_db()
    assert (community.stage, community.warnings) == (Stage.GROWING, ["silent"])
    assert len(queries.days_of(TESTS, community.public_id)) == 28


def counted(act):
    with CaptureQueriesContext(connection) as asked:
        act()
    return len(asked)


def test_reading_and_counting_cost_the_same_for_one_as_for_three(noon):
    first = opened()
    viewer = member_viewer(CustomerFactory())
    comes_in(first)
    acts = (
        lambda: queries.communities_for(TESTS),
        lambda: queries.open_communities(viewer),
        lambda: queries.my_communities(viewer),
        lambda: queries.members_of(TESTS, first.public_id),
        lambda: queries.applications_for(TESTS),
        lambda: queries.community_page(viewer, first.public_id),
        lambda: queries.community_card(TESTS, first.public_id),
        lambda: queries.offers_for(viewer, room="events", after=[("format", "class")]),
    )
    waiting = opened(gates=[("task", {"zh": "说说"}), ("paid", {})])
    said = {"task": {"told": "南瓜泥"}}
    actions.apply(viewer=member_viewer(CustomerFactory()), community_id=waiting.public_id, answers=said)
    actions.apply(viewer=viewer, community_id=waiting.public_id, answers=said)
    actions.offer_after(viewer=TESTS, community_id=first.public_id, after=[("events", "format", "class")])
    one = [counted(act) for act in acts]
    with clock.held(noon + timedelta(days=1)):
        day = counted(lambda: actions.take_day(viewer=TESTS, day=THURSDAY))
    for _ in range(2):
        more = opened()
        actions.offer_after(viewer=TESTS, community_id=more.public_id, after=[("events", "format", "class")])
        comes_in(first)
        actions.apply(viewer=member_viewer(CustomerFactory()), community_id=waiting.public_id, answers=said)
        actions.apply(viewer=viewer, community_id=more.public_id)
    assert [counted(act) for act in acts] == one
    with clock.held(noon + timedelta(days=2)):
        assert counted(lambda: actions.take_day(viewer=TESTS, day=THURSDAY + timedelta(days=1))) == day
