"""Neighbours and the local events we sponsor: what they cost beside what came of them, and where that can be looked up."""

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from commerce.purses import chain
from people.factories import member_viewer
from stores.factories import TESTS, viewer
from tongxin.commerce import actions, queries
from tongxin.commerce.models import Outcome, Partner, Sponsored
from tongxin.commerce.rules.partners import Observed
from tongxin.commerce.terms import Measure, PartnerKind, PartnerState, SponsorState
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.people.subjects import SubjectIn, note

pytestmark = pytest.mark.django_db

FAIR = {"title": "小学义卖", "starts_on": date(2026, 3, 14), "ends_on": date(2026, 3, 14), "key": "fair"}


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
        list(Partner.objects.order_by("id").values_list("name", "state", "version")),
        list(Sponsored.objects.order_by("id").values_list("state", "version")),
        Outcome.objects.count(), Entry.objects.count(),
    )  # fmt: skip


def partner(world, **more):
    given = {
        "viewer": world.champion, "store": world.home, "kind": PartnerKind.SCHOOL, "name": "实验小学",
        "brings": "操场", "contact": "王老师 13800001111",
    }  # fmt: skip
    return actions.note_partner(**(given | more))


def test_a_partner_is_written_down_once_and_its_contact_is_sealed(world):
    made = partner(world)
    assert refusal(partner, world=world) == "commerce.partner_exists"
    assert refusal(partner, world=world, name=" ") == "input.bad"
    for who in (viewer("champion"), viewer("door", store=world.home), member_viewer(world.member)):
        assert refusal(partner, world=world, viewer=who, name="别处") == "absent"
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(p)::text FROM commerce_partner p")
        assert "13800001111" not in cursor.fetchone()[0]
    assert "13800001111" not in str(list(Entry.objects.values_list("after", "before", "reason")))
    card = queries.partner_card(world.champion, made.public_id)
    assert (card.name, card.contact, card.state, card.since) == (
        "实验小学", "王老师 13800001111", PartnerState.TALKING, date(2026, 3, 5),
    )  # fmt: skip
    assert queries.partner_card(viewer("auditor"), made.public_id).contact == ""


def test_two_people_editing(world):
    made = partner(world)
    change = {"viewer": world.champion, "partner_id": made.public_id}
    first = actions.change_partner(**change, version=0, brings="礼堂", state=PartnerState.ACTIVE)
    assert (first.brings, first.state, first.version, first.name) == ("礼堂", "active", 1, "实验小学")
    assert refusal(actions.change_partner, **change, version=0, name="x") == "edit.stale"
    ended = actions.change_partner(**change, version=1, state=PartnerState.ENDED)
    assert (ended.ended_on, ended.contact) == (
        date(2026, 3, 5),
        "",
    )  # whom to call is not kept longer than needed
    back = actions.change_partner(**change, version=2, state=PartnerState.ACTIVE, contact="李老师")
    assert (back.ended_on, back.contact) == (None, "李老师")
    partner(world, name="居委会")
    assert refusal(actions.change_partner, **change, version=3, name="居委会") == "commerce.partner_exists"
    far = change | {"viewer": viewer("champion")}
    assert refusal(actions.change_partner, **far, version=3) == "absent"


def plan(world, **more):
    return actions.plan_sponsorship(**({"viewer": world.champion, "store": world.home, **FAIR} | more))


def test_a_sponsored_event_from_hope_to_outcome(world):
    purse = actions.open_envelope(
        viewer=TESTS, title="外环", amount_fen=10_000, opens_on=date(2026, 3, 1), closes_on=date(2026, 3, 31),
        store=world.home, ring="outer",
    )  # fmt: skip
    made = plan(
        world, partner_id=partner(world).public_id, we_give="饼干 200 份", we_hope={"visitors": 300, "sign_ups": 20},
        envelope_id=purse.public_id, cost_fen=8000,
    )  # fmt: skip
    assert plan(world).pk == made.pk
    actions.spend(viewer=TESTS, commitment_id=made.commitment.public_id, amount_fen=6000, key="1")
    actions.move_sponsorship(viewer=world.champion, sponsored_id=made.public_id, to=SponsorState.HELD)
    seen = note(SubjectIn("events", "fair-2026", "sponsored", store=world.home.pk, title="小学义卖"))
    tell = {"viewer": world.champion, "sponsored_id": made.public_id, "subject": ("events", "fair-2026")}
    wrong = actions.note_outcome(**tell, measure=Measure.VISITORS, value=2000, key="door")
    actions.note_outcome(**tell, measure=Measure.SIGN_UPS, value=15, key="signed")
    fixed = actions.note_outcome(**tell, measure=Measure.VISITORS, value=200, key="door2", corrects=wrong.pk)
    assert (
        actions.note_outcome(**tell, measure=Measure.VISITORS, value=9, key="door2").pk == fixed.pk
    )  # a retry
    card = queries.sponsored_card(world.champion, made.public_id)
    assert (card.state, card.committed_fen, card.spent_fen, card.partner_name) == (
        SponsorState.HELD,
        8000,
        6000,
        "实验小学",
    )
    assert card.results == (
        Observed(Measure.VISITORS, 300, 200, 30), Observed(Measure.SIGN_UPS, 20, 15, 400),
    )  # fmt: skip
    assert [(one.value, one.subject, one.subject_title) for one in card.outcomes] == [
        (15, (seen.room, seen.key), "小学义卖"), (200, (seen.room, seen.key), "小学义卖"),
    ]  # fmt: skip
    assert queries.verify_ledger().faults == ()


def test_an_outcome_cites_something_in_the_book(world):
    made = plan(world)
    note(SubjectIn("events", "a", "sponsored"))
    tell = {
        "viewer": world.champion, "sponsored_id": made.public_id, "subject": ("events", "a"),
        "measure": Measure.TALKS, "value": 5, "key": "1",
    }  # fmt: skip
    code = refusal(actions.note_outcome, **tell | {"subject": ("events", "hearsay")})
    assert code == "commerce.outcome_needs_subject"
    assert refusal(actions.note_outcome, **tell | {"value": -1}) == "input.bad"
    assert refusal(actions.note_outcome, **tell | {"key": ""}) == "input.bad"
    assert refusal(actions.note_outcome, **tell | {"corrects": 999}) == "absent"
    assert refusal(actions.note_outcome, **tell | {"viewer": viewer("champion")}) == "absent"
    first = actions.note_outcome(**tell)
    actions.note_outcome(**tell | {"key": "2", "corrects": first.pk})
    assert refusal(actions.note_outcome, **tell | {"key": "3", "corrects": first.pk}) == "edit.stale"
    for change in ("UPDATE commerce_outcome SET value = 9", "DELETE FROM commerce_outcome"):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change)


def test_what_a_plan_refuses(world):
    for bad in ({"ends_on": date(2026, 3, 1)}, {"title": " "}, {"key": ""}, {"we_hope": {"fame": 1}}):
        assert refusal(plan, world=world, **bad) == "input.bad"
    assert refusal(plan, world=world, viewer=viewer("champion")) == "absent"
    assert refusal(plan, world=world, partner_id="x") == "absent"
    made = plan(world)
    move = {"viewer": world.champion, "sponsored_id": made.public_id}
    actions.move_sponsorship(**move, to=SponsorState.CANCELLED)
    before = written()
    actions.move_sponsorship(**move, to=SponsorState.CANCELLED)
    assert written() == before
    assert refusal(actions.move_sponsorship, **move, to=SponsorState.HELD) == "input.bad"
    assert (
        refusal(actions.move_sponsorship, **move | {"viewer": viewer("champion")}, to=SponsorState.HELD)
        == "absent"
    )


@pytest.mark.parametrize("count", [1, 3])
def test_lists_take_a_fixed_number_of_statements(world, count, django_assert_num_queries):
    note(SubjectIn("events", "a", "sponsored"))
    for n in range(count):
        near = partner(world, name=f"伙伴{n}")
        made = plan(world, key=str(n), partner_id=near.public_id)
        for key in "xy":
            actions.note_outcome(
                viewer=world.champion, sponsored_id=made.public_id, measure=Measure.TALKS, value=1,
                subject=("events", "a"), key=key,
            )  # fmt: skip
    with django_assert_num_queries(1):
        assert len(queries.partners_for(world.champion, store=world.home.pk).items) == count
    with django_assert_num_queries(2):
        assert len(queries.sponsored_for(world.champion, store=world.home.pk).items) == count
    assert queries.partners_for(world.champion, state=PartnerState.ENDED).items == ()
    far = viewer("champion")
    assert queries.partners_for(far).items == ()
    assert queries.sponsored_for(far).items == ()
    for read in (queries.partner_card, queries.sponsored_card):
        with pytest.raises(Refused, match="absent"):
            read(far, made.public_id)
