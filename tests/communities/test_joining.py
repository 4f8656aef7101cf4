"""Coming in: every gate against a real database, what a refusal leaves behind, and who may decide."""

import json
from datetime import timedelta

import pytest
from django.db import connection

from communities.factories import QUESTIONS, RULES, accept, comes_in, founded, opened
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, GrantFactory, StoreFactory
from tongxin.commerce.models import Membership as PaidPeriod
from tongxin.communities import actions, queries
from tongxin.communities.actions import tidying
from tongxin.communities.models import Application, Decision, Invitation, Membership, Welcome
from tongxin.communities.terms import Applied, Part, Scene, Standing
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Send
from tongxin.people import ledger
from tongxin.people.models import Deed
from tongxin.stores.queries import viewer_for
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db

APPLICATION = [("application", QUESTIONS)]
AGE = {"application": {"months": "1–2 岁"}}


def refused(code, act, **given):
    with pytest.raises(Refused) as caught:
        act(**given)
    assert caught.value.code == code
    return caught.value


def rows():
    return (
        Application.objects.count(),
        Membership.objects.count(),
        Deed.objects.count(),
        Entry.objects.count(),
    )


def steps(row):
    card = queries.application_card(TESTS, row.public_id)
    return {one.gate: one.standing for one in card.steps}


def test_without_gates_the_rules_alone_let_in(noon):
    community = opened()
    mother = CustomerFactory()
    viewer = member_viewer(mother)
    asked = actions.apply(viewer=viewer, community_id=community.public_id, channel="poster-12")
    assert (asked.state, steps(asked)) == (Applied.UNDERWAY, {"rules": Standing.YOURS})
    accept(viewer, community)
    member = Membership.objects.get()
    assert (member.person_id, member.joined_at, member.scene, member.channel, member.store_id) == (
        mother.pk,
        noon,
        Scene.PAGE,
        "poster-12",
        mother.home_store_id,
    )
    deed = Deed.objects.get(community=community.pk)
    assert (deed.kind, deed.weight, deed.community, deed.occurred_at) == ("joined", 0, community.pk, noon)
    assert deed.subject is not None
    assert deed.subject.key == str(community.public_id)
    assert Welcome.objects.get().newcomer_id == member.pk
    assert list(Send.objects.values_list("kind", "person")) == [("communities.admitted", mother.pk)]


def test_one_form_passes_everything_at_once():
    community = opened(gates=[("application", QUESTIONS | {"decide": False})])
    viewer = member_viewer(CustomerFactory())
    done = actions.apply(
        viewer=viewer, community_id=community.public_id, answers=AGE, accepts=(1, clock.now())
    )
    assert done.state == Applied.ADMITTED
    assert Membership.objects.count() == 1


def test_the_same_again_goes_on_where_it_stands():
    community = opened(gates=APPLICATION)
    viewer = member_viewer(CustomerFactory())
    first = actions.apply(viewer=viewer, community_id=community.public_id)
    again = actions.apply(viewer=viewer, community_id=community.public_id, answers=AGE)
    assert (again.pk, again.waiting_for_us) == (first.pk, True)
    assert Application.objects.count() == 1


def test_what_is_said_is_sealed_and_goes_thirty_days_after_the_decision(noon):
    community = opened(gates=APPLICATION)
    asked = actions.apply(
        viewer=member_viewer(CustomerFactory()), community_id=community.public_id, answers=AGE
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT answers FROM communities_application")
        assert "1–2" not in cursor.fetchone()[0]
    actions.decide(
        viewer=TESTS, application_id=asked.public_id, gate="application", yes=False, reason="人满了"
    )
    row = Application.objects.get()
    assert (row.state, row.reason, json.loads(row.answers)) == (Applied.DECLINED, "人满了", AGE)
    with clock.held(noon + timedelta(days=29)):
        assert tidying.forget_answers(viewer=TESTS) == 0
    with clock.held(noon + timedelta(days=31)):
        assert tidying.forget_answers(viewer=TESTS) == 1
    row.refresh_from_db()
    assert (row.answers, row.reason, Decision.objects.get().reason) == ("", "", "")


def test_both_sides_see_the_same_steps():
    store = StoreFactory()
    community = opened(store, gates=[*APPLICATION, ("task", {"zh": "说说今天的一碗"})])
    viewer = member_viewer(CustomerFactory(home_store=store))
    asked = actions.apply(viewer=viewer, community_id=community.public_id, answers=AGE)
    mine = queries.community_page(viewer, community.public_id).mine.steps
    theirs = queries.applications_for(TESTS).items[0].steps
    assert mine == theirs
    assert [(one.gate, one.standing) for one in mine] == [
        ("application", Standing.OURS),
        ("task", Standing.YOURS),
        ("rules", Standing.YOURS),
    ]
    actions.decide(viewer=TESTS, application_id=asked.public_id, gate="application", yes=True)
    assert Send.objects.filter(kind="communities.your_turn").count() == 1


@pytest.mark.parametrize(
    ("code", "more"),
    [
        ("communities.answer", {"answers": {"application": {"months": "三岁"}}}),
        ("communities.answer", {"answers": {"application": {"months": "1–2 岁", "phone": "1"}}}),
        ("communities.gate_unknown", {"answers": {"paid": {"x": "1"}}}),
        ("communities.too_long", {"answers": {"application": {"months": "x" * 301}}}),
        ("communities.invitation_gone", {"invitation": "00000000-0000-4000-8000-000000000000"}),
        ("communities.rules_version", {"accepts": 9}),
    ],
)
def test_a_refused_form_leaves_nothing(code, more):
    community = opened(gates=APPLICATION)
    viewer = member_viewer(CustomerFactory())
    if "accepts" in more:
        more = {"accepts": (more["accepts"], clock.now())}
    before = rows()
    refused(code, actions.apply, viewer=viewer, community_id=community.public_id, **more)
    assert rows() == before


def test_a_draft_is_absent_and_a_closed_one_takes_nobody_in():
    draft = founded()
    viewer = member_viewer(CustomerFactory())
    refused("absent", actions.apply, viewer=viewer, community_id=draft.public_id)
    community = opened()
    comes_in(community, CustomerFactory())
    actions.close(viewer=TESTS, community_id=community.public_id, reason="宝宝们长大了")
    refused("absent", actions.apply, viewer=viewer, community_id=community.public_id)
    assert list(Membership.objects.values_list("ended", flat=True)) == ["closed"]
    assert list(
        Deed.objects.filter(community=community.pk).order_by("id").values_list("kind", flat=True)
    ) == ["joined", "left"]


def test_an_invitation_brings_in_as_many_as_it_says_and_not_oneself(noon):
    community = opened(gates=[("invitation", {})])
    code = actions.invite(viewer=TESTS, community_id=community.public_id, most=1)
    first, second = CustomerFactory(), CustomerFactory()
    accept(member_viewer(first), community)
    came = actions.apply(
        viewer=member_viewer(first), community_id=community.public_id, invitation=code.public_id
    )
    assert (came.state, came.scene) == (Applied.ADMITTED, Scene.INVITATION)
    refused(
        "communities.invitation_gone",
        actions.apply,
        viewer=member_viewer(second),
        community_id=community.public_id,
        invitation=code.public_id,
    )
    with clock.held(noon + timedelta(days=200)):  # a veteran may bring somebody
        mine = actions.invite(viewer=member_viewer(first), community_id=community.public_id)
        accept(member_viewer(second), community)
        actions.apply(
            viewer=member_viewer(second), community_id=community.public_id, invitation=mine.public_id
        )
    assert Membership.objects.get(person=second).inviter_id == first.pk
    assert list(Invitation.objects.order_by("id").values_list("used", flat=True)) == [1, 1]
    refused("forbidden", actions.invite, viewer=member_viewer(second), community_id=community.public_id)


def test_taking_an_application_back_gives_the_invitation_back_and_forgets_what_was_said():
    community = opened(gates=[("invitation", {}), *APPLICATION])
    code = actions.invite(viewer=TESTS, community_id=community.public_id)
    viewer = member_viewer(CustomerFactory())
    asked = actions.apply(
        viewer=viewer, community_id=community.public_id, answers=AGE, invitation=code.public_id
    )
    actions.withdraw(viewer=viewer, application_id=asked.public_id)
    row = Application.objects.get()
    assert (row.state, row.answers, Invitation.objects.get().used) == (Applied.WITHDRAWN, "", 0)
    assert actions.withdraw(viewer=viewer, application_id=asked.public_id).state == Applied.WITHDRAWN


def test_a_task_that_the_book_can_see_passes_by_itself(noon):
    community = opened(gates=[("task", {"zh": "来一次早茶会", "deed": "checked_in"})])
    mother = CustomerFactory()
    viewer = member_viewer(mother)
    accept(viewer, community)
    asked = actions.apply(viewer=viewer, community_id=community.public_id)
    assert steps(asked)["task"] is Standing.YOURS
    came = ledger.record(viewer=TESTS, person=mother, kind="checked_in", occurred_at=noon, source=("t", "1"))
    ledger.reverse(viewer=TESTS, deed_id=came.pk, reason="scanned twice")
    actions.look_again(viewer=viewer, application_id=asked.public_id)
    assert not Membership.objects.exists()
    ledger.record(viewer=TESTS, person=mother, kind="checked_in", occurred_at=noon, source=("t", "2"))
    actions.look_again(viewer=viewer, application_id=asked.public_id)
    assert Membership.objects.get().person_id == mother.pk


def test_the_paid_gate_says_so_plainly_until_a_paid_membership_runs(noon):
    community = opened(gates=[("paid", {})])
    mother = CustomerFactory()
    viewer = member_viewer(mother)
    accept(viewer, community)
    asked = actions.apply(viewer=viewer, community_id=community.public_id)
    step = queries.community_page(viewer, community.public_id).mine.steps[0]
    assert (step.standing, step.code) == (Standing.YOURS, "paid_membership_needed")
    PaidPeriod.objects.create(
        customer=mother,
        program="plus",
        status="active",
        started_at=noon - timedelta(days=9),
        ended_at=noon,
        source="pos",
        source_id="1",
    )
    actions.look_again(viewer=viewer, application_id=asked.public_id)
    assert not Membership.objects.exists()  # over at this very instant
    PaidPeriod.objects.update(ended_at=noon + timedelta(days=9))
    actions.look_again(viewer=viewer, application_id=asked.public_id)
    assert Membership.objects.exists()


def test_a_no_needs_a_reason_that_the_applicant_reads():
    community = opened(gates=APPLICATION)
    viewer = member_viewer(CustomerFactory())
    asked = actions.apply(viewer=viewer, community_id=community.public_id, answers=AGE)
    given = {"viewer": TESTS, "application_id": asked.public_id, "gate": "application"}
    refused("communities.reason", actions.decide, yes=False, **given)
    actions.decide(yes=False, reason="这里只有 2 岁以下", **given)
    mine = queries.community_page(viewer, community.public_id).mine
    assert (mine.application_state, mine.reason) == (Applied.DECLINED, "这里只有 2 岁以下")
    refused("communities.not_undecided", actions.decide, yes=True, **given)
    again = actions.apply(viewer=viewer, community_id=community.public_id, answers=AGE)
    assert again.pk != asked.pk


def test_who_may_decide(noon):
    here, there = StoreFactory(), StoreFactory()
    community = opened(here, gates=APPLICATION)
    mother = member_viewer(CustomerFactory(home_store=here))
    asked = actions.apply(viewer=mother, community_id=community.public_id, answers=AGE)
    given = {"application_id": asked.public_id, "gate": "application", "yes": True}
    far = viewer_for(GrantFactory(role=Role.CHAMPION, store=there).account)
    refused("absent", actions.decide, viewer=far, **given)
    refused("absent", actions.decide, viewer=mother, **given)  # not one's own
    neighbour = CustomerFactory(home_store=here)
    refused("absent", actions.decide, viewer=member_viewer(neighbour), **given)
    actions.set_gates(viewer=TESTS, community_id=community.public_id, gates=[])
    member = comes_in(community, neighbour)
    actions.set_gates(viewer=TESTS, community_id=community.public_id, gates=APPLICATION)
    actions.give_part(
        viewer=TESTS,
        community_id=community.public_id,
        part=Part.MODERATOR,
        membership=member.public_id,
        until=noon + timedelta(days=90),
    )
    actions.publish_rules(viewer=TESTS, community_id=community.public_id, lines=[*RULES, "两天内答复"])
    refused(
        "absent", actions.decide, viewer=member_viewer(neighbour), **given
    )  # paused moderators decide nothing
    accept(member_viewer(neighbour), community)
    actions.decide(viewer=member_viewer(neighbour), **given)
    assert Decision.objects.get().yes is True


def test_in_a_community_of_the_whole_brand_a_champion_sees_their_own_store(noon):
    here, there = StoreFactory(), StoreFactory()
    community = opened(None)
    for store in (here, here, there):
        comes_in(community, CustomerFactory(home_store=store))
    champion = viewer_for(GrantFactory(role=Role.CHAMPION, store=here).account)
    assert len(queries.members_of(champion, community.public_id).items) == 2
    assert [one.members for one in queries.communities_for(champion)] == [2]
    assert len(queries.members_of(TESTS, community.public_id).items) == 3
    foreign = Membership.objects.get(store=there)
    refused("absent", actions.remove, viewer=champion, membership_id=foreign.public_id, reason="x")
    refused("absent", actions.set_gates, viewer=champion, community_id=community.public_id, gates=[])
