"""What a champion's day has to do with WeCom: customers and groups go over with the part; stores hear what is missing or recalled."""

import json
from datetime import timedelta

import pytest

from communities.factories import opened
from kits.kitchen import released, taken, used
from stores.factories import (
    TESTS,
    AccountFactory,
    GrantFactory,
    RegionFactory,
    StaffFactory,
    StoreFactory,
    viewer,
)
from tongxin.champions import actions, queries
from tongxin.champions.actions import AnswerIn
from tongxin.champions.terms import CheckWord
from tongxin.communities import actions as communities
from tongxin.communities.models import Container
from tongxin.communities.terms import ContainerKind
from tongxin.foundation import clock
from tongxin.foundation.outbox.models import Letter
from tongxin.kits import actions as kits
from tongxin.outreach.actions.robots import add_robot, tell_recalls
from tongxin.outreach.models import WecomContact, WecomGroup, WecomHandover, WecomHandoverLine
from tongxin.stores.terms import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = timedelta(days=1)
ADDRESS = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc"


def keeps(userid, store, customers=2, groups=2):
    now = clock.now()
    WecomContact.objects.bulk_create(
        [
            WecomContact(userid=userid, external=f"wm-{userid}-{i}", added_at=now, synced_at=now)
            for i in range(customers)
        ]
    )
    return [
        WecomGroup.objects.create(
            chat_id=f"wr-{userid}-{i}", name=f"{i} 群", owner=userid, store=store, opened_at=now
        )
        for i in range(groups)
    ]


@pytest.fixture
def pair():
    """A champion and a successor, both with an account in WeCom, and the manager of the region."""
    store = StoreFactory(region=RegionFactory())
    people = [AccountFactory() for _ in range(2)]
    cards = [
        StaffFactory(store=store, account=account, wecom_userid=userid)
        for account, userid in zip(people, ("lin", "chen"), strict=True)
    ]
    grant = GrantFactory(account=people[0], role=Role.CHAMPION, store=store)
    return store, people, cards, grant, viewer(Role.REGION_MANAGER, region=store.region)


def leave(pair, **more):
    _, people, _, grant, boss = pair
    return actions.hand_over(viewer=boss, grant_id=grant.public_id, successor_id=people[1].public_id, **more)


def test_a_champion_who_leaves_hands_customers_and_groups_over(pair, noon):
    keeps("lin", pair[0])
    leave(pair)
    row = WecomHandover.objects.get()
    assert (row.old, row.new, row.left, row.next_at) == (pair[2][0], pair[2][1], False, noon)
    assert list(WecomHandoverLine.objects.order_by("id").values_list("kind", "external", "state")) == [
        ("customer", "wm-lin-0", "open"),
        ("customer", "wm-lin-1", "open"),
        ("group", "wr-lin-0", "open"),
        ("group", "wr-lin-1", "open"),
    ]


def test_with_a_last_day_it_begins_when_that_day_is_over(pair, noon):
    keeps("lin", pair[0])
    made = leave(pair, last_day=clock.business_day(noon) + 3 * DAY)
    assert WecomHandover.objects.get().next_at == made.ends_at > noon + 3 * DAY


@pytest.mark.parametrize("why", ["nothing there", "no account"])
def test_where_there_is_nothing_to_hand_over_leaving_is_as_before(pair, why):
    if why == "no account":
        keeps("lin", pair[0])
        pair[2][1].wecom_userid = ""
        pair[2][1].save()
    leave(pair)
    assert not WecomHandover.objects.exists()


def test_a_community_with_another_host_hands_over_its_own_groups_only(noon):
    store = StoreFactory()
    community = opened(store)
    lin, chen = StaffFactory(store=store, wecom_userid="lin"), StaffFactory(store=store, wecom_userid="chen")
    groups = keeps("lin", store)
    Container.objects.create(
        community=community,
        store=store,
        kind=ContainerKind.WECOM,
        external_id=groups[1].chat_id,
        name="2 群",
        since=noon,
    )
    given = {"viewer": TESTS, "community_id": community.public_id, "until": noon + 300 * DAY}
    communities.hand_over(to=lin.public_id, reason="开张", **given)
    assert not WecomHandover.objects.exists()
    communities.hand_over(to=chen.public_id, reason="小满调店", **given)
    assert list(WecomHandoverLine.objects.values_list("kind", "external")) == [("group", groups[1].chat_id)]


def told():
    return [
        json.loads(letter.body)["text"] for letter in Letter.objects.filter(carrier="robot").order_by("id")
    ]


def test_a_store_is_told_what_is_missing_twice_a_day_and_not_when_all_is_answered(pair, noon):
    store = pair[0]
    assert actions.tell_missing(viewer=TESTS) == 0  # no robot
    add_robot(viewer=TESTS, store=store, label="", url=ADDRESS)
    assert actions.tell_missing(viewer=TESTS) == 1
    actions.tell_missing(viewer=TESTS)  # the same half of the day: the same letter
    (text,) = told()
    assert text.startswith(f"{store.name}：今天的健康检查还差 ")
    items = queries.list_for(store.brand, queries.today_in(store)).items
    actions.answer_check(
        viewer=viewer(Role.CHAMPION, store=store),
        store=store,
        answers={item.key: AnswerIn(CheckWord.YES) for item in items},
    )
    with clock.held(noon + timedelta(hours=5)):
        assert actions.tell_missing(viewer=TESTS) == 0
    with clock.held(noon + DAY):
        assert actions.tell_missing(viewer=TESTS) == 1


def test_a_recall_is_told_to_the_stores_whose_event_stands_on_it_once(pair, noon):
    store = pair[0]
    add_robot(viewer=TESTS, store=store, label="", url=ADDRESS)
    version = released()
    instance = taken(version, store)
    used(instance, noon - timedelta(hours=1), noon + timedelta(hours=1), key="running")
    kits.recall(viewer=TESTS, version_id=version.public_id, reason="糖霜批次有问题")
    assert [tell_recalls(viewer=TESTS) for _ in range(2)] == [1, 1]
    (text,) = told()
    assert text.startswith("【请先停一停】总部召回了")
    assert "糖霜批次有问题" in text
