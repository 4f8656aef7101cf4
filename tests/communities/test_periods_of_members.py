"""Leaving, being asked to leave, news that come late, coming back: periods that never overlap."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from communities.factories import accept, comes_in, opened
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS
from tongxin.communities import actions
from tongxin.communities.actions import tidying
from tongxin.communities.audiences import CommunityMembers
from tongxin.communities.models import Membership, PartTerm
from tongxin.communities.queries.active import heads, members
from tongxin.communities.terms import Ended, Part
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Send
from tongxin.people import actions as people
from tongxin.people.models import Deed
from tongxin.people.terms import MergeReason

pytestmark = pytest.mark.django_db


def test_leaving_ends_the_period_with_all_that_hangs_on_it(noon):
    community = opened()
    mother = CustomerFactory()
    row = comes_in(community, mother)
    actions.say_hello(viewer=member_viewer(mother), community_id=community.public_id, hello="大家好")
    actions.give_part(
        viewer=TESTS,
        community_id=community.public_id,
        part=Part.SOUL,
        membership=row.public_id,
        until=noon + timedelta(days=90),
    )
    with clock.held(noon + timedelta(days=3)):
        actions.leave(viewer=member_viewer(mother), community_id=community.public_id, quit_scene="孩子大了")
        with pytest.raises(Refused) as caught:
            actions.leave(viewer=member_viewer(mother), community_id=community.public_id)
    assert caught.value.code == "communities.not_member"
    row.refresh_from_db()
    assert (row.ended, row.ended_at, row.hello, row.quit_scene) == (
        Ended.LEFT,
        noon + timedelta(days=3),
        "",
        "孩子大了",
    )
    assert PartTerm.objects.get().ended_at == noon + timedelta(days=3)


def test_who_is_removed_reads_why_and_rests_for_as_long_as_was_said(noon):
    community = opened()
    mother = CustomerFactory()
    viewer = member_viewer(mother)
    row = comes_in(community, mother)
    with pytest.raises(Refused) as caught:
        actions.remove(viewer=TESTS, membership_id=row.public_id, reason=" ")
    assert caught.value.code == "communities.reason"
    actions.remove(viewer=TESTS, membership_id=row.public_id, reason="连续发广告", rests_days=30)
    assert Send.objects.filter(kind="communities.removed", person=mother).count() == 1
    with clock.held(noon + timedelta(days=29)), pytest.raises(Refused) as caught:
        actions.apply(viewer=viewer, community_id=community.public_id)
    assert caught.value.code == "communities.resting"
    with clock.held(noon + timedelta(days=30)):
        actions.apply(viewer=viewer, community_id=community.public_id)
    assert Membership.objects.filter(ended_at=None).count() == 1


def test_a_leave_learned_late_ends_when_it_happened(noon):
    community = opened()
    row = comes_in(community)
    with clock.held(noon + timedelta(days=9)):
        for at in (noon - timedelta(seconds=1), noon + timedelta(days=10)):
            with pytest.raises(Refused) as caught:
                actions.note_left(viewer=TESTS, membership_id=row.public_id, at=at)
            assert caught.value.code == "input.bad"
        actions.note_left(viewer=TESTS, membership_id=row.public_id, at=noon + timedelta(days=2))
    row.refresh_from_db()
    assert (row.ended_at, row.recorded_at) == (noon + timedelta(days=2), noon + timedelta(days=9))
    assert Deed.objects.get(kind="left").occurred_at == noon + timedelta(days=2)


def test_coming_back_is_a_new_period():
    community = opened()
    mother = CustomerFactory()
    viewer = member_viewer(mother)
    first = comes_in(community, mother)
    actions.leave(viewer=viewer, community_id=community.public_id)
    actions.apply(viewer=viewer, community_id=community.public_id)
    assert Membership.objects.filter(ended_at=None).exclude(pk=first.pk).count() == 1


@pytest.mark.parametrize(
    ("since", "until", "clash"), [(-3, 1, True), (1, None, True), (0, None, True), (-3, 0, False)]
)
def test_the_database_refuses_periods_that_share_an_instant(noon, since, until, clash):
    community = opened()
    row = comes_in(community)
    other = Membership(
        community=community,
        person=row.person,
        scene="page",
        joined_at=noon + timedelta(days=since),
        ended_at=None if until is None else noon + timedelta(days=until),
        ended="" if until is None else "left",
    )
    if not clash:
        other.save()
        return
    with pytest.raises(IntegrityError), transaction.atomic():
        other.save()
    # Control arm: without the two guards it goes in.
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE communities_membership DROP CONSTRAINT community_periods_apart")
        cursor.execute("DROP INDEX membership_open_once")
    other.save()


def test_a_person_counts_once_whatever_the_containers(noon):
    community = opened()
    mother = CustomerFactory()
    comes_in(community, mother)
    groups = [
        actions.add_container(viewer=TESTS, community_id=community.public_id, kind=kind, name=kind)
        for kind in ("wecom", "xiaohongshu", "douban")
    ]
    for group in groups:
        for _ in range(2):
            actions.entered(viewer=TESTS, container_id=group.public_id, person=mother.pk, at=noon)
    stranger = CustomerFactory()
    actions.entered(viewer=TESTS, container_id=groups[0].public_id, person=stranger.pk, at=noon)
    assert heads(members(community.pk)) == 1  # sitting in a group makes nobody a member
    with clock.held(noon + timedelta(days=1)):
        gone = actions.left_container(
            viewer=TESTS, container_id=groups[0].public_id, person=mother.pk, at=noon + timedelta(hours=1)
        )
        assert gone is not None
        actions.end_container(viewer=TESTS, container_id=groups[1].public_id)
    assert heads(members(community.pk)) == 1


def test_one_container_belongs_to_one_community():
    one, other = opened(), opened()
    given = {"viewer": TESTS, "kind": "wecom", "name": "群", "external_id": "wr-1"}
    actions.add_container(community_id=one.public_id, **given)
    with pytest.raises(Refused) as caught:
        actions.add_container(community_id=other.public_id, **given)
    assert caught.value.code == "communities.container_taken"


def test_two_entries_of_one_person_count_once_and_keep_the_older_period(noon):
    community = opened()
    old, new = CustomerFactory(), CustomerFactory()
    first = comes_in(community, new)
    with clock.held(noon + timedelta(days=1)):
        comes_in(community, old)
        people.merge(viewer=TESTS, source=old, target=new, reason=MergeReason.MEMBER_ASKED)
        assert heads(members(community.pk)) == 1
        assert tidying.one_membership_each(viewer=TESTS) == 1
        assert tidying.one_membership_each(viewer=TESTS) == 0
    assert list(Membership.objects.filter(ended_at=None)) == [first]
    assert not Deed.objects.filter(kind="left").exists()


def test_the_audience_is_who_is_in_and_active_now(noon):
    community = opened()
    stays, goes, paused = CustomerFactory(), CustomerFactory(), CustomerFactory()
    for one in (stays, goes, paused):
        comes_in(community, one)
    audience, key = CommunityMembers(), str(community.public_id)
    everybody = {one.pk for one in (stays, goes, paused)}
    with clock.held(noon + timedelta(days=30)):
        actions.leave(viewer=member_viewer(goes), community_id=community.public_id)
        actions.publish_rules(viewer=TESTS, community_id=community.public_id, lines=["新的"])
        accept(member_viewer(stays), community)
        assert audience.still_in(f"{key}:active", everybody) == {stays.pk}
        assert audience.still_in(f"{key}:unaccepted", everybody) == {paused.pk}
        assert audience.still_in(f"{key}:newcomers", everybody) == frozenset()
        assert set(audience.persons(f"{key}:active", at=clock.now())) == {stays.pk}
    for wrong in ("x:active", f"{key}:all", key):
        with pytest.raises(Refused):
            audience.access(TESTS, wrong)
    audience.access(TESTS, f"{key}:active")
