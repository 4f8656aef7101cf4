"""The joining fee of a paid gate: due last, taken at a till, earned by joining, given back otherwise; both sides see where it stands."""

from datetime import timedelta

import pytest

from communities.factories import QUESTIONS, accept, opened
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, AccountFactory, GrantFactory, StoreFactory
from tongxin.commerce import actions as tills
from tongxin.commerce.models import LedgerEntry, Promise, Voucher
from tongxin.communities import actions, queries
from tongxin.communities.erasing import CommunitiesEraser
from tongxin.communities.gates import GATES
from tongxin.communities.models import Application, Membership
from tongxin.communities.terms import Applied, Standing
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.people.ports import Person
from tongxin.stores.queries import viewer_for
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db

FEE = ("paid", {"fee_fen": 990, "voucher_fen": 990, "days": 60})
ASKED = ("application", QUESTIONS)
AGE = {"application": {"months": "1–2 岁"}}


@pytest.fixture
def shop():
    return StoreFactory()


def asks(shop, *gates, reads=True):
    """A mother who has answered and, unless told otherwise, accepted the rules; (her viewer, the community, her application)."""
    community = opened(shop, gates=gates)
    viewer = member_viewer(CustomerFactory())
    if reads:
        accept(viewer, community)
    row = actions.apply(
        viewer=viewer, community_id=community.public_id, answers=AGE if ASKED in gates else None
    )
    return viewer, community, row


def at_the_till(shop):
    account = AccountFactory()
    GrantFactory(account=account, role=Role.CHAMPION, store=shop)
    return viewer_for(account)


def fee_step(viewer, row):
    card = queries.application_card(viewer, row.public_id)
    (step,) = [one for one in card.steps if one.gate == "paid"]
    return step.standing, step.standing_label[0], step.why[0]


def test_the_fee_falls_due_when_all_else_is_passed_and_paying_lets_in(noon, shop):
    mother, community, row = asks(shop, ASKED, FEE)
    host = at_the_till(shop)
    assert not Promise.objects.exists()  # nobody pays and is declined afterwards
    assert fee_step(mother, row) == (Standing.YOURS, "等申请人", "别的都过了再付：到店付 ¥9.90")
    actions.decide(viewer=TESTS, application_id=row.public_id, gate="application", yes=True)
    due = (Standing.YOURS, "等付款", "到店付 ¥9.90，收银记下就通过")
    assert fee_step(mother, row) == fee_step(host, row) == due
    (waiting,) = queries.applications_for(host, community_id=community.public_id).items
    assert waiting.id == row.public_id
    deal = Promise.objects.get()
    assert (deal.state, deal.fee_fen, deal.voucher_fen, deal.subject_key) == (
        "open",
        990,
        990,
        str(row.public_id),
    )
    for _again in range(2):  # the same receipt again changes nothing
        done = actions.take_fee(viewer=host, promise_id=deal.public_id, receipt="R-1", store=shop)
        assert done.state == "granted"
    assert (Membership.objects.count(), Voucher.objects.get().value_fen) == (1, 990)
    row.refresh_from_db()
    assert row.state == Applied.ADMITTED
    assert list(LedgerEntry.objects.order_by("id").values_list("kind", flat=True)) == ["paid", "granted"]


def test_a_fee_alone_is_due_at_once_and_no_voucher_comes_of_none(noon, shop):
    mother, _community, row = asks(shop, ("paid", {"fee_fen": 500}))
    assert fee_step(mother, row)[1] == "等付款"
    deal = Promise.objects.get()
    actions.take_fee(viewer=at_the_till(shop), promise_id=deal.public_id, receipt="R-1", store=shop)
    assert (Membership.objects.count(), Voucher.objects.count()) == (1, 0)


@pytest.mark.parametrize(("paid", "state"), [(False, "cancelled"), (True, "refund_due")])
def test_who_does_not_come_in_owes_nothing_and_gets_back_what_was_paid(noon, shop, paid, state):
    mother, _community, row = asks(shop, FEE, reads=False)
    deal = Promise.objects.get()
    if paid:
        actions.take_fee(viewer=at_the_till(shop), promise_id=deal.public_id, receipt="R-1", store=shop)
    assert (Application.objects.get().state, Membership.objects.count()) == (Applied.UNDERWAY, 0)
    actions.withdraw(viewer=mother, application_id=row.public_id)
    deal.refresh_from_db()
    assert deal.state == state


def test_closing_and_erasing_give_back_too(noon, shop):
    _mother, community, _row = asks(shop, FEE)
    actions.close(viewer=TESTS, community_id=community.public_id, reason="告一段落")
    assert Promise.objects.get().state == "cancelled"
    Promise.objects.all().delete()
    _mother, _community, row = asks(shop, FEE)
    CommunitiesEraser().erase(Person(ids=(row.person_id,), public_ids=(), member_codes=()))
    assert Promise.objects.get().state == "cancelled"


def test_a_till_elsewhere_and_another_rooms_fee_are_absent(noon, shop):
    asks(shop, FEE)
    deal = Promise.objects.get()
    far = at_the_till(StoreFactory())
    for who, place in ((far, shop), (member_viewer(CustomerFactory()), shop)):
        with pytest.raises(Refused, match="absent"):
            actions.take_fee(viewer=who, promise_id=deal.public_id, receipt="R-1", store=place)
    assert Promise.objects.get().state == "open"
    other = tills.promise(
        viewer=TESTS, person=deal.person_id, store=shop, subject=("events", "x"), under=("events", "y"), fee_fen=100,
        voucher_fen=0, terms={}, valid_days=30, due_at=clock.now() + timedelta(days=1),
    )  # fmt: skip
    with pytest.raises(Refused, match="absent"):
        actions.take_fee(viewer=at_the_till(shop), promise_id=other.public_id, receipt="R-2", store=shop)


@pytest.mark.parametrize(
    ("settings", "faults"),
    [
        ({}, ()),
        ({"fee_fen": 990}, ()),
        (FEE[1], ()),
        ({"fee_fen": 0}, ("fee_fen",)),
        ({"fee_fen": True}, ("fee_fen",)),
        ({"fee_fen": 9.9}, ("fee_fen",)),
        ({"voucher_fen": 990}, ("fee_fen",)),
        ({"fee_fen": 990, "days": 0}, ("days",)),
        ({"fee_fen": 990, "more": 1}, ("more",)),
    ],
)
def test_what_a_fee_needs_to_be_set_up(settings, faults):
    assert GATES["paid"].faults(settings) == faults
