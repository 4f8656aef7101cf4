"""Two phones of one person join at once: one application, one period, one deed; an invitation brings in no more than it says."""

import pytest

from communities.factories import accept, opened
from events.rush import rush, viewer_of
from people.factories import CustomerFactory
from stores.factories import TESTS
from tongxin.communities import actions
from tongxin.communities.models import Application, Invitation, Membership
from tongxin.people.models import Deed

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_joins_at_once_make_one_period():
    community, mother = opened(), CustomerFactory()
    accept(viewer_of(mother.pk), community)

    def join(phone):
        del phone
        actions.apply(viewer=viewer_of(mother.pk), community_id=community.public_id)
        return "in"

    answers = rush(join, list(range(12)))
    assert sorted(answers.values()) == ["communities.member"] * 11 + ["in"]
    assert Membership.objects.count() == 1
    assert Application.objects.count() == 1
    assert Deed.objects.filter(kind="joined").count() == 1


def test_an_invitation_for_three_brings_in_three():
    community = opened(gates=[("invitation", {})])
    code = actions.invite(viewer=TESTS, community_id=community.public_id, most=3)
    people = [CustomerFactory().pk for _ in range(12)]
    for one in people:
        accept(viewer_of(one), community)

    def join(person):
        actions.apply(viewer=viewer_of(person), community_id=community.public_id, invitation=code.public_id)
        return "in"

    answers = rush(join, people)
    assert sorted(answers.values()) == ["communities.invitation_gone"] * 9 + ["in"] * 3
    assert Membership.objects.count() == Invitation.objects.get().used == 3
