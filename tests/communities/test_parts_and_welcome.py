"""Parts with a term, one host at every instant, and a first week in which newcomers meet people."""

from datetime import timedelta

import pytest

from communities.factories import comes_in, community_in, founded, opened
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, GrantFactory, StaffFactory, StoreFactory
from tongxin.communities import actions, queries
from tongxin.communities.actions import tidying
from tongxin.communities.models import FirstStepDone, Introduction, PartTerm, Welcome
from tongxin.communities.terms import FirstStep, Part
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.stores.queries import viewer_for
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db


def refused(code, act, **given):
    with pytest.raises(Refused) as caught:
        act(**given)
    assert caught.value.code == code


def test_an_expert_of_the_staff_serves_under_a_persona(noon):
    store = StoreFactory()
    community = opened(store)
    doctor = StaffFactory(store=store)
    actions.give_part(
        viewer=TESTS,
        community_id=community.public_id,
        part=Part.EXPERT,
        staff=doctor.public_id,
        shown_as="周医师",
        specialty="营养师",
        until=noon + timedelta(days=180),
    )
    (card,) = queries.community_page(TESTS, community.public_id).parts
    assert (card.name, card.specialty, card.member) == ("周医师", "营养师", False)
    full = queries.community_card(TESTS, community.public_id)
    assert (full.mix.by_staff, full.mix.by_members) == (1, 0)
    assert Part.SOUL in full.mix.missing
    given = {"viewer": TESTS, "community_id": community.public_id, "until": noon + timedelta(days=9)}
    elsewhere = StaffFactory(store=StoreFactory())
    refused("absent", actions.give_part, part=Part.EXPERT, staff=elsewhere.public_id, **given)
    refused("communities.part_holder", actions.give_part, part=Part.SOUL, staff=doctor.public_id, **given)
    refused("communities.part_taken", actions.give_part, part=Part.EXPERT, staff=doctor.public_id, **given)
    assert PartTerm.objects.count() == 1


def test_a_term_ends_by_itself_and_the_right_with_it(noon):
    community = opened()
    mother = CustomerFactory()
    row = comes_in(community, mother)
    actions.give_part(
        viewer=TESTS,
        community_id=community.public_id,
        part=Part.MODERATOR,
        membership=row.public_id,
        until=noon + timedelta(days=60),
    )
    with clock.held(noon + timedelta(days=59)):
        actions.invite(viewer=member_viewer(mother), community_id=community.public_id)
    with clock.held(noon + timedelta(days=60)):
        refused("forbidden", actions.invite, viewer=member_viewer(mother), community_id=community.public_id)
        assert queries.community_page(TESTS, community.public_id).parts == ()
        assert tidying.end_terms(viewer=TESTS) == 1
    assert PartTerm.objects.get().ended_at == noon + timedelta(days=60)


def test_the_host_is_handed_over_at_one_instant(noon):
    store = StoreFactory()
    community = opened(store)
    before, after = StaffFactory(store=store), StaffFactory(store=store)
    given = {"viewer": TESTS, "community_id": community.public_id, "until": noon + timedelta(days=300)}
    actions.hand_over(to=before.public_id, reason="开张", **given)
    with clock.held(noon + timedelta(days=5)):
        refused("communities.part_taken", actions.hand_over, to=before.public_id, reason="还是他", **given)
        refused("communities.reason", actions.hand_over, to=after.public_id, reason="", **given)
        actions.hand_over(to=after.public_id, reason="小满调店", **given)
    first, second = PartTerm.objects.order_by("id")
    assert first.ended_at == second.since == noon + timedelta(days=5)
    assert (first.staff, second.staff, second.ended_at) == (before, after, None)
    champion = viewer_for(GrantFactory(role=Role.CHAMPION, store=store).account)
    refused("absent", actions.hand_over, **given | {"viewer": champion}, to=before.public_id, reason="我来")


def test_a_newcomer_gets_the_buddy_who_helps_least(noon):
    community = opened()
    veterans = [comes_in(community) for _ in range(2)]
    with clock.held(noon + timedelta(days=200)):
        newcomers = [comes_in(community) for _ in range(2)]
    buddies = list(Welcome.objects.filter(newcomer__in=newcomers).values_list("buddy", flat=True))
    assert sorted(buddies) == sorted(one.pk for one in veterans)
    assert list(Welcome.objects.filter(newcomer__in=veterans).values_list("buddy", flat=True)) == [None, None]


def test_the_first_week_is_ticked_by_what_one_does(noon):
    community = opened()
    mother = CustomerFactory()
    viewer = member_viewer(mother)
    comes_in(community, mother)
    actions.say_hello(
        viewer=viewer, community_id=community.public_id, hello="豆豆妈", interests=["辅食", "炒股"]
    )
    for _ in range(2):
        actions.do_step(viewer=viewer, community_id=community.public_id, step=FirstStep.GATHER)
    refused(
        "communities.step_done",
        actions.do_step,
        viewer=viewer,
        community_id=community.public_id,
        step=FirstStep.RULES,
    )
    assert set(FirstStepDone.objects.values_list("step", flat=True)) == {"rules", "hello", "gather"}
    mine = queries.community_page(viewer, community.public_id).mine
    assert (mine.hello, mine.interests) == ("豆豆妈", ("辅食",))
    with clock.held(noon + timedelta(days=8)):
        assert queries.community_page(viewer, community.public_id).mine.week == ()


def test_two_members_are_introduced_once_and_may_say_that_they_met():
    community = opened()
    one, other = CustomerFactory(), CustomerFactory()
    first, second = comes_in(community, one), comes_in(community, other)
    for who in (one, other):
        actions.say_hello(
            viewer=member_viewer(who), community_id=community.public_id, hello="你好", interests=["睡眠"]
        )
    made = actions.introduce(viewer=TESTS, one_id=second.public_id, other_id=first.public_id)
    assert made.about == "睡眠"
    refused(
        "communities.introduced",
        actions.introduce,
        viewer=TESTS,
        one_id=first.public_id,
        other_id=second.public_id,
    )
    third = member_viewer(CustomerFactory())
    refused("absent", actions.answer_introduction, viewer=third, introduction_id=made.public_id, met=True)
    actions.answer_introduction(viewer=member_viewer(one), introduction_id=made.public_id, met=True)
    assert Introduction.objects.get().met is True
    assert FirstStepDone.objects.filter(step="meet").count() == 2
    (shown,) = queries.community_page(member_viewer(other), community.public_id).meetings
    assert (shown.name, shown.met) == (one.nickname, True)
    refused(
        "communities.introduce",
        actions.introduce,
        viewer=TESTS,
        one_id=first.public_id,
        other_id=first.public_id,
    )


def test_two_people_edit_and_the_later_one_is_told():
    community = founded()
    given = {"viewer": TESTS, "community_id": community.public_id}
    actions.change(version=1, community=community_in(name="新名字"), **given)
    refused("edit.stale", actions.change, version=1, community=community_in(), **given)
    actions.open_up(**given)
    refused(
        "communities.purpose",
        actions.change,
        version=3,
        community=community_in(purpose={"who": "谁"}),
        **given,
    )
    refused("communities.state", actions.open_up, **given)


def test_a_name_is_taken_once():
    founded(name="街角读书会")
    refused("input.bad", actions.found, viewer=TESTS, community=community_in(name="街角读书会"))


def test_a_community_is_offered_after_an_event_of_its_format_to_who_is_not_in_it():
    store, far = StoreFactory(), StoreFactory()
    here, there, brand = opened(store), opened(far), opened(None)
    for one in (here, there, brand):
        actions.offer_after(viewer=TESTS, community_id=one.public_id, after=[("events", "format", "class")])
    mother = CustomerFactory(home_store=store)
    viewer = member_viewer(mother)
    after = {"room": "events", "after": [("format", "class"), ("kit", "baking")], "store": store.pk}
    assert [one.id for one in queries.offers_for(viewer, **after)] == [here.public_id, brand.public_id]
    comes_in(here, mother)
    assert [one.id for one in queries.offers_for(viewer, **after)] == [brand.public_id]
    assert queries.offers_for(viewer, room="events", after=[("format", "tea")], store=store.pk) == []
