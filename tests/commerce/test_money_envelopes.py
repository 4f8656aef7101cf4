"""Budgets: what is set aside, what was spent, and who lets more through. committed + spent ≤ envelope unless approved."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from commerce.purses import chain
from people.factories import member_viewer
from stores.factories import TESTS, RegionFactory, StaffFactory, StoreFactory, viewer
from tongxin.commerce import actions, queries
from tongxin.commerce.models import Commitment, Envelope, LedgerEntry, StaffHours
from tongxin.commerce.queries import Spent
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused

pytestmark = pytest.mark.django_db

MARCH = {"opens_on": date(2026, 3, 1), "closes_on": date(2026, 3, 31)}
EVENT = ("events", "baking")


@pytest.fixture
def world(noon):
    return chain()


def refusal(act, **given):
    """The code of a refusal, after which nothing at all was written."""
    before = written()
    with pytest.raises(Refused) as refused:
        act(**given)
    assert written() == before
    return refused.value.code


def written():
    return (
        list(Envelope.objects.order_by("id").values_list("approved_fen", "committed_fen", "spent_fen")),
        list(Commitment.objects.order_by("id").values_list("state", "amount_fen", "spent_fen")),
        LedgerEntry.objects.count(), StaffHours.objects.count(), Entry.objects.count(),
    )  # fmt: skip


def purse(world, **more):
    given = {"viewer": TESTS, "title": "三月活动", "amount_fen": 10_000, "store": world.home, **MARCH}
    return actions.open_envelope(**(given | more))


def commit(envelope, amount=6000, subject=EVENT, **more):
    given = {"viewer": TESTS, "envelope_id": envelope.public_id, "amount_fen": amount, "subject": subject}
    return actions.commit(**(given | more))


def figures(envelope):
    card = queries.envelope_card(TESTS, envelope.public_id)
    return card.amount_fen, card.approved_fen, card.committed_fen, card.spent_fen, card.left_fen


def test_an_envelope_for_a_store_a_ring_or_a_kit(world):
    store = purse(world, hour_fen=3000)
    ring = purse(world, ring="middle")
    brand = purse(world, store=None, ring="outer", kit="baking")
    assert [(e.store, e.ring, e.kit) for e in (store, ring, brand)] == [
        (world.home, "", ""), (world.home, "middle", ""), (None, "outer", "baking"),
    ]  # fmt: skip
    assert figures(store) == (10_000, 0, 0, 0, 10_000)
    assert refusal(purse, world=world) == "commerce.envelope_exists"
    assert refusal(purse, world=world, store=None, ring="outer", kit="baking") == "commerce.envelope_exists"
    purse(world, opens_on=date(2026, 4, 1), closes_on=date(2026, 4, 30))
    for bad in (
        {"ring": "x"},
        {"amount_fen": 0},
        {"store": None},
        {"hour_fen": -1},
        {"closes_on": date(2026, 2, 1)},
    ):
        assert refusal(purse, world=world, **bad) == "input.bad"
    assert queries.verify_ledger().faults == ()


def test_who_gives_envelopes(world):
    region = RegionFactory()
    there = StoreFactory(region=region)
    manager = viewer("region_manager", region=region)
    assert purse(world, viewer=manager, store=there).store == there
    assert refusal(purse, world=world, viewer=manager) == "absent"
    assert refusal(purse, world=world, viewer=manager, store=None, ring="inner") == "absent"
    for who in (
        viewer("store_manager", store=world.home),
        world.champion,
        viewer("hq_analyst"),
        viewer("auditor"),
    ):
        assert refusal(purse, world=world, viewer=who) == "absent"
    assert purse(world, viewer=viewer("hq_editor")).store == world.home


def test_setting_aside_until_nothing_is_left(world):
    envelope = purse(world)
    part = commit(envelope, viewer=world.champion, note="面粉")
    assert (part.state, part.amount_fen, part.note, part.asked_by) == (
        "held",
        6000,
        "面粉",
        world.champion.name,
    )
    assert figures(envelope) == (10_000, 0, 6000, 0, 4000)
    assert commit(envelope).pk == part.pk  # the same thing again is the same commitment
    assert figures(envelope) == (10_000, 0, 6000, 0, 4000)
    assert refusal(commit, envelope=envelope, amount=1) == "commerce.commitment_differs"
    with pytest.raises(Refused) as refused:
        commit(envelope, amount=4001, subject=("events", "tea"))
    assert (refused.value.code, refused.value.data) == (
        "commerce.over_envelope",
        {"left": 4000, "amount": 4001, "left_shown": "¥40", "amount_shown": "¥40.01"},
    )
    commit(envelope, amount=4000, subject=("events", "tea"))
    assert figures(envelope) == (10_000, 0, 10_000, 0, 0)
    assert commit(envelope).pk == part.pk  # also when it would not fit any more
    assert refusal(commit, envelope=envelope, amount=0) == "input.bad"
    wide = purse(world, ring="inner")
    assert commit(wide, amount=10).pk == commit(wide, amount=10).pk
    assert figures(wide) == (10_000, 0, 10, 0, 9990)
    assert queries.verify_ledger().faults == ()


def test_the_database_repeats_the_rule(world):
    envelope = purse(world)
    for change in (
        {"committed_fen": 10_001},
        {"spent_fen": 10_001},
        {"committed_fen": -1},
        {"spent_fen": -1},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Envelope.objects.filter(pk=envelope.pk).update(**change)
    Envelope.objects.filter(pk=envelope.pk).update(committed_fen=10_000)  # control


@pytest.mark.parametrize(
    ("local", "open_"), [((2026, 2, 28, 23), False), ((2026, 3, 1, 0), True), ((2026, 3, 31, 23), True), ((2026, 4, 1, 0), False)]
)  # fmt: skip
def test_an_envelope_is_open_in_its_days_only(world, local, open_):
    envelope = purse(world)
    at = datetime(*local, 30, tzinfo=UTC) - timedelta(hours=8)
    with clock.held(at):
        if open_:
            assert commit(envelope).state == "held"
        else:
            assert refusal(commit, envelope=envelope) == "commerce.envelope_shut"


def test_more_than_is_left_waits_for_somebody_above(world):
    envelope = purse(world)
    commit(envelope)
    asked = commit(envelope, amount=9000, subject=("events", "fair"), viewer=world.champion, ask=True)
    assert asked.state == "asked"
    assert figures(envelope) == (10_000, 0, 6000, 0, 4000)  # nothing is set aside yet
    assert [card.public_id for card in queries.waiting_for_approval(TESTS).items] == [asked.public_id]
    yes = {"commitment_id": asked.public_id, "reason": "good fair"}
    for who in (
        world.champion,
        viewer("store_manager", store=world.home),
        viewer("region_manager"),
        viewer("auditor"),
    ):
        assert refusal(actions.approve, viewer=who, **yes) == "absent"
        assert refusal(actions.refuse_request, viewer=who, **yes) == "absent"
    assert refusal(actions.approve, viewer=TESTS, **yes | {"reason": " "}) == "commerce.reason_missing"
    manager = viewer("region_manager", region=world.home.region)
    done = actions.approve(viewer=manager, **yes)
    assert (done.state, done.decided_by, done.decided_at) == ("held", manager.name, clock.now())
    assert figures(envelope) == (10_000, 5000, 15_000, 0, 0)  # raised by what was missing and no more
    assert refusal(actions.approve, viewer=manager, **yes) == "commerce.not_asked"
    assert queries.waiting_for_approval(TESTS).items == ()
    assert Entry.objects.filter(act="commerce.budget_approved", reason="good fair").count() == 1
    assert queries.verify_ledger().faults == ()


def test_nobody_approves_their_own_request(world):
    envelope = purse(world, amount_fen=100)
    manager = viewer("region_manager", region=world.home.region)
    asked = commit(envelope, viewer=manager, ask=True)
    for act in (actions.approve, actions.refuse_request):
        code = refusal(act, viewer=manager, commitment_id=asked.public_id, reason="mine")
        assert code == "commerce.own_request"
    other = viewer("region_manager", region=world.home.region)
    assert actions.approve(viewer=other, commitment_id=asked.public_id, reason="fine").state == "held"


def test_what_is_not_approved_takes_nothing_and_may_be_asked_again(world):
    envelope = purse(world, amount_fen=100)
    asked = commit(envelope, ask=True)
    done = actions.refuse_request(viewer=viewer("admin"), commitment_id=asked.public_id, reason="too dear")
    assert done.state == "refused"
    assert figures(envelope) == (100, 0, 0, 0, 100)
    spend = {"viewer": TESTS, "commitment_id": asked.public_id, "amount_fen": 1, "key": "1"}
    assert refusal(actions.spend, **spend) == "commerce.not_held"
    assert commit(envelope, amount=90).pk != asked.pk


def test_an_approval_that_fits_by_then_raises_nothing(world):
    envelope = purse(world)
    first = commit(envelope)
    asked = commit(envelope, amount=9000, subject=("events", "fair"), ask=True)
    actions.release(viewer=TESTS, commitment_id=first.public_id, reason="off")
    actions.approve(viewer=TESTS, commitment_id=asked.public_id, reason="fits")
    assert figures(envelope) == (10_000, 0, 9000, 0, 1000)


def test_what_it_really_cost(world):
    envelope = purse(world)
    part = commit(envelope)
    spend = {"viewer": world.champion, "commitment_id": part.public_id, "amount_fen": 2500, "key": "flour"}
    actions.spend(**spend, receipt="F1")
    assert figures(envelope) == (10_000, 0, 3500, 2500, 4000)
    actions.spend(**spend)  # a retry
    assert figures(envelope) == (10_000, 0, 3500, 2500, 4000)
    assert LedgerEntry.objects.get(kind="spent").receipt == "F1"
    # More than was set aside comes out of what is free, and no further.
    more = actions.spend(**spend | {"amount_fen": 5000, "key": "oven"})
    assert (more.amount_fen, more.spent_fen) == (7500, 7500)
    assert figures(envelope) == (10_000, 0, 0, 7500, 2500)
    assert refusal(actions.spend, **spend | {"amount_fen": 2501, "key": "x"}) == "commerce.over_envelope"
    for bad in ({"amount_fen": 0}, {"key": ""}, {"key": "x" * 41}):
        assert refusal(actions.spend, **spend | bad) == "input.bad"
    assert queries.spent_on(TESTS, EVENT) == Spent(0, 7500, 0, 0)
    assert queries.verify_ledger().faults == ()


def test_hours_are_a_cost_at_the_price_of_their_day(world):
    envelope = purse(world, hour_fen=3000)
    part = commit(envelope)
    staff = StaffFactory(store=world.home)
    log = {
        "viewer": world.champion,
        "commitment_id": part.public_id,
        "minutes": 90,
        "worked_on": date(2026, 3, 5),
    }
    made = actions.log_hours(**log, key="lin", staff=staff)
    assert (made.cost_fen, made.hour_fen, made.staff) == (4500, 3000, staff)
    assert actions.log_hours(**log, key="lin", staff=staff) == made
    assert figures(envelope) == (10_000, 0, 1500, 4500, 4000)
    assert queries.spent_on(world.champion, EVENT) == Spent(1500, 4500, 90, 4500)
    assert refusal(actions.log_hours, **log | {"minutes": 0}, key="x") == "input.bad"
    assert refusal(actions.log_hours, **log | {"minutes": 1441}, key="x") == "input.bad"
    assert refusal(actions.log_hours, **log | {"minutes": 600}, key="x") == "commerce.over_envelope"
    free = commit(purse(world, ring="inner"))
    unpaid = actions.log_hours(**log | {"commitment_id": free.public_id}, key="lin")
    assert unpaid.cost_fen == 0
    assert queries.verify_ledger().faults == ()


def test_what_is_left_over_is_free_again(world):
    envelope = purse(world)
    part = commit(envelope)
    actions.spend(viewer=TESTS, commitment_id=part.public_id, amount_fen=2500, key="1")
    done = {"viewer": world.champion, "commitment_id": part.public_id, "reason": "over"}
    assert actions.release(**done).state == "closed"
    assert figures(envelope) == (10_000, 0, 0, 2500, 7500)
    before = written()
    actions.release(**done)
    assert written() == before
    spend = {"viewer": TESTS, "commitment_id": part.public_id, "amount_fen": 1, "key": "2"}
    assert refusal(actions.spend, **spend) == "commerce.not_held"
    all_spent = commit(envelope, amount=100, subject=("events", "tea"))
    actions.spend(viewer=TESTS, commitment_id=all_spent.public_id, amount_fen=100, key="1")
    actions.release(**done | {"commitment_id": all_spent.public_id})
    assert LedgerEntry.objects.filter(kind="released").count() == 1  # nothing was left of the second one
    asked = commit(envelope, amount=99_999, subject=("events", "x"), ask=True)
    assert refusal(actions.release, **done | {"commitment_id": asked.public_id}) == "commerce.not_held"
    assert queries.verify_ledger().faults == ()


def test_foreign_envelopes_are_absent(world):
    envelope = purse(world)
    part = commit(envelope)
    far = viewer("champion")
    for who in (far, viewer("door", store=world.home), member_viewer(world.member)):
        assert refusal(commit, envelope=envelope, viewer=who, subject=("events", "x")) == "absent"
        ask = {"viewer": who, "commitment_id": part.public_id}
        assert refusal(actions.spend, **ask, amount_fen=1, key="1") == "absent"
        assert refusal(actions.release, **ask, reason="x") == "absent"
        assert queries.envelopes_for(who).items == ()
        assert queries.waiting_for_approval(who).items == ()
        assert queries.spent_on(who, EVENT) == Spent(0, 0, 0, 0)
        for read in (queries.envelope_card, queries.commitments_of):
            for key in (envelope.public_id, "x"):
                with pytest.raises(Refused, match="absent"):
                    read(who, key)
        for key in (part.public_id, "x"):
            with pytest.raises(Refused, match="absent"):
                queries.access_commitment(who, key)
    # Somebody who only reads budgets spends nothing.
    auditor = viewer("auditor")
    assert queries.envelope_card(auditor, envelope.public_id).left_fen == 4000
    assert refusal(commit, envelope=envelope, viewer=auditor, subject=("events", "x")) == "absent"


def test_the_brands_own_envelopes_are_for_who_reaches_the_brand(world):
    brand = purse(world, store=None, ring="outer")
    assert queries.envelopes_for(world.champion).items == ()
    assert [card.public_id for card in queries.envelopes_for(viewer("hq_editor")).items] == [brand.public_id]
    assert refusal(commit, envelope=brand, viewer=world.champion) == "absent"


@pytest.mark.parametrize("count", [1, 3])
def test_lists_take_one_statement(world, count, django_assert_num_queries):
    envelopes = [purse(world, kit=f"kit{n}") for n in range(count)]
    for n in range(count):
        commit(envelopes[0], amount=10, subject=("events", f"{n}"))
        commit(envelopes[0], amount=99_999, subject=("events", f"more{n}"), ask=True)
    with django_assert_num_queries(1):
        assert (
            len(queries.envelopes_for(world.champion, store=world.home.pk, on=date(2026, 3, 5)).items)
            == count
        )
    with django_assert_num_queries(1):
        assert len(queries.waiting_for_approval(world.champion).items) == count
    with django_assert_num_queries(2):
        assert len(queries.commitments_of(world.champion, envelopes[0].public_id).items) == 2 * count
    assert queries.envelopes_for(TESTS, on=date(2026, 5, 5)).items == ()
