"""From founding to coming back: the way of one person into, out of and back into a community."""

from datetime import timedelta

import pytest

from communities.factories import QUESTIONS, RULES, accept, community_in
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, StoreFactory
from tongxin.communities import actions, queries
from tongxin.communities.models import Membership
from tongxin.communities.terms import Applied
from tongxin.foundation import clock
from tongxin.people.models import Deed

pytestmark = pytest.mark.django_db


def test_the_whole_way(noon):
    store = StoreFactory()
    row = actions.found(viewer=TESTS, community=community_in(name="新手妈妈辅食群"), store=store)
    actions.set_gates(viewer=TESTS, community_id=row.public_id, gates=[("application", QUESTIONS)])
    actions.publish_rules(viewer=TESTS, community_id=row.public_id, lines=RULES)
    actions.open_up(viewer=TESTS, community_id=row.public_id)

    mother = CustomerFactory(home_store=store)
    viewer = member_viewer(mother)
    asked = actions.apply(viewer=viewer, community_id=row.public_id)
    assert asked.state == Applied.UNDERWAY
    actions.answer(
        viewer=viewer, application_id=asked.public_id, gate="application", answers={"months": "7–12 个月"}
    )
    actions.decide(viewer=TESTS, application_id=asked.public_id, gate="application", yes=True)
    assert queries.open_membership(row, mother.pk) is None
    accept(viewer, row)
    first = queries.open_membership(row, mother.pk)
    assert first is not None
    assert first.joined_at == noon

    with clock.held(noon + timedelta(days=30)):
        actions.leave(viewer=viewer, community_id=row.public_id)
        assert queries.open_membership(row, mother.pk) is None
    with clock.held(noon + timedelta(days=60)):
        again = actions.apply(
            viewer=viewer, community_id=row.public_id, answers={"application": {"months": "1–2 岁"}}
        )
        actions.decide(viewer=TESTS, application_id=again.public_id, gate="application", yes=True)
    stays = Membership.objects.order_by("id").values_list("joined_at", "ended_at")
    assert list(stays) == [
        (noon, noon + timedelta(days=30)),
        (noon + timedelta(days=60), None),
    ]
    assert list(Deed.objects.filter(community=row.pk).order_by("id").values_list("kind", flat=True)) == [
        "joined",
        "left",
        "joined",
    ]
