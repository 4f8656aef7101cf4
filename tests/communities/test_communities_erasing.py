"""Erasure and export: what was said goes, bare periods stay, and every key to a customer is thought of."""

import pytest
from django.apps import apps

from communities.factories import QUESTIONS, accept, comes_in, opened
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS
from tongxin.communities import actions
from tongxin.communities.erasing import CommunitiesEraser
from tongxin.communities.models import Acceptance, Application, Introduction, Membership
from tongxin.foundation.plugs import wiring
from tongxin.people import actions as people
from tongxin.people.models import Customer
from tongxin.people.ports import Person

pytestmark = pytest.mark.django_db
MARK = "MK-豆豆妈"


@pytest.fixture
def life():
    """Somebody in one community, on the way into another, introduced to a neighbour."""
    mother = CustomerFactory()
    viewer = member_viewer(mother)
    home, gated = opened(), opened(gates=[("application", QUESTIONS)])
    mine, other = comes_in(home, mother), comes_in(home)
    actions.say_hello(viewer=viewer, community_id=home.public_id, hello=MARK, interests=["辅食"])
    actions.introduce(viewer=TESTS, one_id=mine.public_id, other_id=other.public_id, about=MARK)
    said = {"application": {"months": "1–2 岁", "shop": MARK}}
    actions.apply(viewer=viewer, community_id=gated.public_id, answers=said)
    accept(viewer, gated)
    return mother


def person(mother):
    return Person((mother.pk,), (mother.public_id,), ())


def test_it_is_plugged_in():
    assert any(isinstance(one, CommunitiesEraser) for one in wiring().ERASERS)


def test_the_export_says_everything(life):
    told = CommunitiesEraser().export(person(life))
    assert MARK in str(told["memberships"])
    assert MARK in str(told["applications"])
    assert MARK in str(told["introductions"])
    assert len(told["accepted_rules"]) == 2
    assert len(told["first_weeks"]) == 1


def test_erasure_forgets_what_was_said_and_keeps_bare_periods(life):
    people.erase(viewer=TESTS, customer=life, reason="asked")
    assert MARK not in str(CommunitiesEraser().export(person(life)))
    row = Membership.objects.get(person=life)
    assert (row.ended, row.hello, row.greeted_at) == ("erased", "", None)
    assert [(one.state, one.answers) for one in Application.objects.filter(person=life).order_by("id")] == [
        ("admitted", ""),
        ("withdrawn", ""),
    ]
    assert not Introduction.objects.exists()
    assert Acceptance.objects.filter(person=life).count() == 2  # proofs, without the person
    again = CommunitiesEraser().erase(person(life))
    assert again == 0


def test_every_key_to_a_customer_is_thought_of():
    told = {
        (model.__name__, field.name)
        for model in apps.get_app_config("communities").get_models()
        for field in model._meta.get_fields()
        if field.is_relation and field.related_model is Customer and not field.auto_created
    }
    assert told == {
        ("Acceptance", "person"),
        ("Application", "person"),
        ("ContainerStay", "person"),
        ("Invitation", "inviter"),
        ("Invitation", "person"),
        ("Membership", "inviter"),
        ("Membership", "person"),
        ("PartTerm", "person"),
        ("SolvedAnswer", "person"),
    }
