"""Other people's communities through the actions: disclosed or not looked at, priced under a ceiling by two, paid for what was kept."""

import dataclasses
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from amplify.worlds import TESTS, buys, one, refused, someone
from people.factories import CustomerFactory, member_viewer
from stores.factories import StaffFactory, StoreFactory, viewer
from tongxin.amplify.actions import outside, outside_deals
from tongxin.amplify.erasing import AmplifyEraser
from tongxin.amplify.models import OutsideCommunity, OutsideDeal, OutsideObservation, OutsideTalent
from tongxin.amplify.queries import outside as queries
from tongxin.amplify.rules.outside import Seen
from tongxin.amplify.terms_outside import DealKind, DealState, Inside, Nearness, Platform
from tongxin.commerce import actions as commerce
from tongxin.commerce.models import Commitment, Envelope
from tongxin.faces.cli import demo_outside
from tongxin.faces.cli.demo_life import Neighbour
from tongxin.foundation import clock
from tongxin.outreach.models import WecomCode, WecomTouch
from tongxin.people.models import Customer
from tongxin.people.ports import Person

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 5)
SEEN = Seen(
    active=240, posts=400, repeated=8, on_topic=260, unsafe=2, joined=12, burst=2, questions=60, answered=48, sampled=250,
    in_target=180, ours=50, first=180, second=170, both=120,
)  # fmt: skip


@pytest.fixture
def mums(noon):
    return outside.list_outside(
        viewer=TESTS,
        name="城西宝妈互助群",
        platform=Platform.WECHAT,
        about="0–3 岁辅食和遛娃",
        claimed=400,
        host="周姐 139…",
    )


def told(row, staff=None):
    return outside.enter(
        viewer=TESTS, community_id=row.public_id, staff=staff or StaffFactory(), role=Inside.OBSERVER,
        told_on=TODAY, told_how="私信群主，说明是超市员工、只看不说",
    )  # fmt: skip


def watched(row, weeks=4):
    told(row)
    for ago in range(weeks):
        outside.observe(
            viewer=TESTS, community_id=row.public_id, week=TODAY - timedelta(weeks=ago), seen=SEEN
        )


def envelope(fen=500_000):
    return commerce.open_envelope(
        viewer=TESTS,
        title="外部社群",
        amount_fen=fen,
        opens_on=TODAY,
        closes_on=TODAY + timedelta(days=300),
        ring="outer",
    )


def offer(**more):
    given = {
        "kind": DealKind.NAMING, "base_fen": 300, "per_join_fen": 500, "most_joins": 1, "value_fen": 20_000,
        "value_from": "会员价值，2026 年 2 月", "run_fen": 0, "code": "mums-1", "weeks": 8, "starts_on": TODAY,
        "envelope": more.pop("envelope", None) or envelope().public_id,
    }  # fmt: skip
    return outside_deals.Offer(**(given | more))


def running(row, **more):
    watched(row)
    made = outside_deals.price_deal(
        viewer=viewer("hq_editor"), community_id=row.public_id, offer=offer(**more)
    )
    return outside_deals.agree_deal(viewer=viewer("hq_editor"), deal_id=made.public_id)


# ---- disclosed, or not looked at


def test_nobody_is_watched_who_was_not_told(mums):
    refused(
        "amplify.outside_undisclosed",
        outside.observe,
        viewer=TESTS,
        community_id=mums.public_id,
        week=TODAY,
        seen=SEEN,
    )
    refused(
        "amplify.outside_undisclosed", outside.enter, viewer=TESTS, community_id=mums.public_id, staff=StaffFactory(),
        role=Inside.OBSERVER, told_on=TODAY + timedelta(days=1), told_how="明天说",
    )  # fmt: skip
    refused(
        "amplify.words", outside.enter, viewer=TESTS, community_id=mums.public_id, staff=StaffFactory(),
        role=Inside.OBSERVER, told_on=TODAY, told_how=" ",
    )  # fmt: skip
    told(mums)
    outside.observe(viewer=TESTS, community_id=mums.public_id, week=TODAY, seen=SEEN)
    (line,) = queries.outside_card(TESTS, mums.public_id).inside
    assert (line.role, line.told_on) == (Inside.OBSERVER, TODAY)
    outside.come_out(viewer=TESTS, community_id=mums.public_id)
    refused(
        "amplify.outside_undisclosed",
        outside.observe,
        viewer=TESTS,
        community_id=mums.public_id,
        week=TODAY,
        seen=SEEN,
    )


def test_a_week_is_counted_once_and_corrected(mums):
    watched(mums, weeks=1)
    outside.observe(
        viewer=TESTS, community_id=mums.public_id, week=TODAY, seen=dataclasses.replace(SEEN, posts=500)
    )
    (row,) = OutsideObservation.objects.all()
    assert (row.week, row.posts) == (date(2026, 3, 2), 500)
    for bad in (dataclasses.replace(SEEN, repeated=401), dataclasses.replace(SEEN, active=401)):
        refused(
            "amplify.outside_counts",
            outside.observe,
            viewer=TESTS,
            community_id=mums.public_id,
            week=TODAY,
            seen=bad,
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        OutsideObservation.objects.update(unsafe=501)


def test_a_community_is_listed_once_by_headquarters(mums):
    given = {"name": mums.name, "platform": Platform.WECHAT, "about": "x", "claimed": 5}
    refused("amplify.outside_known", outside.list_outside, viewer=TESTS, **given)
    refused(
        "absent",
        outside.list_outside,
        viewer=viewer("champion", store=StoreFactory()),
        **given | {"name": "别的"},
    )
    refused("absent", queries.outsides, viewer=viewer("champion", store=StoreFactory()))


def test_when_it_is_over_everybody_comes_out(mums):
    told(mums)
    outside.move_outside(viewer=TESTS, community_id=mums.public_id, state=Nearness.OVER, reason="群主不愿意")
    assert queries.outside_card(TESTS, mums.public_id).inside == ()
    refused(
        "amplify.outside_over",
        outside.observe,
        viewer=TESTS,
        community_id=mums.public_id,
        week=TODAY,
        seen=SEEN,
    )
    refused(
        "amplify.deal_state",
        outside.move_outside,
        viewer=TESTS,
        community_id=mums.public_id,
        state=Nearness.PARTNER,
    )


# ---- the price


def test_what_it_is_worth_bounds_what_is_offered(mums):
    watched(mums)
    most = queries.ceiling_of(mums, value_fen=20_000, run_fen=0)
    assert most.most_fen > 0
    purse = envelope().public_id
    price = {"viewer": TESTS, "community_id": mums.public_id}
    refused(
        "amplify.deal_ceiling", outside_deals.price_deal, **price,
        offer=offer(envelope=purse, base_fen=0, per_join_fen=most.most_fen + 1),
    )  # fmt: skip
    refused(
        "amplify.deal_base", outside_deals.price_deal, **price,
        offer=offer(envelope=purse, base_fen=most.base_most_fen + 1, per_join_fen=1),
    )  # fmt: skip
    for bad in (
        {"weeks": 3},
        {"weeks": 53},
        {"per_join_fen": 0},
        {"base_fen": -1},
        {"code": " "},
        {"value_fen": 0},
    ):
        refused("amplify.deal_form", outside_deals.price_deal, **price, offer=offer(envelope=purse, **bad))
    made = outside_deals.price_deal(
        **price, offer=offer(envelope=purse, base_fen=most.base_most_fen, per_join_fen=1)
    )
    assert (made.ceiling_fen, made.state) == (most.most_fen, DealState.PRICED)
    refused(
        "amplify.deal_state", outside_deals.price_deal, **price, offer=offer(envelope=purse, code="mums-2")
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        OutsideDeal.objects.update(most_joins=10**6)


def test_a_vetoed_community_gets_no_offer(mums):
    told(mums)
    unsafe = dataclasses.replace(SEEN, unsafe=80)
    outside.observe(viewer=TESTS, community_id=mums.public_id, week=TODAY, seen=unsafe)
    refused(
        "amplify.outside_veto",
        outside_deals.price_deal,
        viewer=TESTS,
        community_id=mums.public_id,
        offer=offer(),
    )


# ---- two persons and the envelope


def test_who_set_the_price_does_not_agree_to_it(mums):
    watched(mums)
    lin, wang = viewer("hq_editor"), viewer("hq_editor")
    made = outside_deals.price_deal(viewer=lin, community_id=mums.public_id, offer=offer())
    refused("amplify.deal_own", outside_deals.agree_deal, viewer=lin, deal_id=made.public_id)
    assert Commitment.objects.count() == 0
    outside_deals.agree_deal(viewer=wang, deal_id=made.public_id)
    part, purse = Commitment.objects.get(), Envelope.objects.get()
    assert (part.amount_fen, part.spent_fen, purse.committed_fen, purse.spent_fen) == (800, 300, 500, 300)
    assert OutsideCommunity.objects.get().state == Nearness.PARTNER
    refused("amplify.deal_state", outside_deals.agree_deal, viewer=wang, deal_id=made.public_id)
    with pytest.raises(IntegrityError), transaction.atomic():
        OutsideDeal.objects.update(priced_by=wang.name)  # the table says it again


def test_what_the_envelope_does_not_hold_is_not_agreed(mums):
    watched(mums)
    made = outside_deals.price_deal(
        viewer=viewer("hq_editor"), community_id=mums.public_id, offer=offer(envelope=envelope(799).public_id)
    )
    refused(
        "commerce.over_envelope", outside_deals.agree_deal, viewer=viewer("hq_editor"), deal_id=made.public_id
    )
    assert OutsideDeal.objects.get().state == DealState.PRICED


# ---- weeks, joins, stopping


def comes(at_days, code, *, buys_fen=0, before=False):
    """A new member by the code, so many days from now; one whose first step was another way was ours already."""
    with clock.held(clock.now() + timedelta(days=at_days)):
        row = CustomerFactory()
        Customer.objects.filter(pk=row.pk).update(created_at=clock.now())
        if before:
            WecomTouch.objects.create(
                external=f"wm-{row.pk}", customer=row, kind="added", source="store", place="x",
                at=clock.now() - timedelta(days=9),
            )  # fmt: skip
        WecomTouch.objects.create(
            external=f"wm-{row.pk}",
            customer=row,
            kind="joined",
            code=code,
            source="other",
            place="g",
            at=clock.now(),
        )
    return row


def live_code(state="mums-1"):
    return WecomCode.objects.create(
        kind="group",
        source="other",
        store=StoreFactory(),
        label="宝妈群",
        state=state,
        by="test",
        created_at=clock.now(),
    )


def test_from_a_week_to_the_money(mums):
    deal = running(mums, per_join_fen=200, most_joins=2, base_fen=300)
    code = live_code()
    keeps, goes = comes(1, code), comes(2, code)
    comes(3, code, before=True)
    refused(
        "amplify.deal_week", outside_deals.note_week, viewer=TESTS, deal_id=deal.public_id, number=1, reached=180,
        complaints=0,
    )  # fmt: skip
    with clock.held(clock.now() + timedelta(days=8)):
        week = outside_deals.note_week(
            viewer=TESTS, deal_id=deal.public_id, number=1, reached=180, complaints=0
        )
        assert (week.joined, week.reached) == (2, 180)
        refused(
            "amplify.deal_week", outside_deals.note_week, viewer=TESTS, deal_id=deal.public_id, number=3, reached=1,
            complaints=0,
        )  # fmt: skip
        outside_deals.note_placement(
            viewer=TESTS, deal_id=deal.public_id, what="群公告：周六烘焙课", shown_on=TODAY, proof="截图 A1"
        )
        (card,) = queries.outside_card(TESTS, mums.public_id).deals
        assert (card.watch.weeks, card.watch.joined, card.watch.stop) == (1, 2, "")
        assert card.placements == (("群公告：周六烘焙课", TODAY, "截图 A1"),)

    with clock.held(clock.now() + timedelta(days=4)):
        buys(member_viewer(keeps), 5_000)
        buys(member_viewer(goes), 5_000)
        buys(member_viewer(goes), -5_000, days=2)
    with clock.held(clock.now() + timedelta(days=20)):
        assert (
            outside_deals.pay_joins(viewer=TESTS, deal_id=deal.public_id) == 0
        )  # it may still be given back
    with clock.held(clock.now() + timedelta(days=40)):
        assert outside_deals.pay_joins(viewer=TESTS, deal_id=deal.public_id) == 200
        assert outside_deals.pay_joins(viewer=TESTS, deal_id=deal.public_id) == 0
        refused("amplify.deal_state", outside_deals.finish_deal, viewer=TESTS, deal_id=deal.public_id)
    with clock.held(clock.now() + timedelta(days=8 * 7 + 31)):
        done = outside_deals.finish_deal(viewer=TESTS, deal_id=deal.public_id)
    part, purse = Commitment.objects.get(), Envelope.objects.get()
    assert (done.state, done.paid_joins, part.spent_fen) == (DealState.DONE, 1, 500)
    assert (purse.committed_fen, purse.spent_fen) == (0, 500), "what was not earned is free again"


def test_a_person_stops_it_and_says_why(mums):
    deal = running(mums)
    refused("amplify.words", outside_deals.stop_deal, viewer=TESTS, deal_id=deal.public_id, reason=" ")
    ended = outside_deals.stop_deal(viewer=TESTS, deal_id=deal.public_id, reason="四周没人来")
    assert (ended.state, ended.ended_by, Envelope.objects.get().committed_fen) == (
        DealState.STOPPED,
        TESTS.name,
        0,
    )
    assert OutsideCommunity.objects.get().state == Nearness.TALKING
    refused(
        "amplify.deal_state", outside_deals.stop_deal, viewer=TESTS, deal_id=deal.public_id, reason="再停一次"
    )


# ---- talents


def test_a_talent_is_a_member_who_agreed_and_may_take_it_back(mums):
    lin = someone()
    given = {"viewer": TESTS, "community_id": mums.public_id, "customer": one(lin)}
    refused("amplify.talent_consent", outside.note_talent, **given, what="会做辅食", agreed=False)
    outside.note_talent(**given, what="会做辅食，愿意来讲课", agreed=True)
    outside.note_talent(**given, what="again", agreed=True)
    assert [line.what for line in queries.outside_card(TESTS, mums.public_id).talents] == [
        "会做辅食，愿意来讲课"
    ]
    mine = Person((lin.person,), (one(lin),), ())
    assert AmplifyEraser().export(mine)["talents"][0]["community"] == "城西宝妈互助群"
    assert outside.drop_talent(**given) == 1
    outside.note_talent(**given, what="又愿意了", agreed=True)
    AmplifyEraser().erase(mine)
    assert OutsideTalent.objects.count() == 0


def test_the_list_asks_the_same_however_long_it_is(mums):
    def asked():
        with CaptureQueriesContext(
            connection,
        ) as seen:
            queries.outsides(TESTS)
        return len(seen)

    watched(mums)
    first = asked()
    for n in range(2):
        watched(
            outside.list_outside(
                viewer=TESTS, name=f"群 {n}", platform=Platform.OTHER, about="x", claimed=400
            )
        )
    assert asked() == first


def test_the_demo_builds_one_that_can_be_looked_at(noon):
    """What the demo shows goes through the same doors."""
    person = CustomerFactory()
    StaffFactory()
    demo_outside.outside(clock.now(), [Neighbour(person.pk, person.public_id, 0, None)])
    (card,) = queries.outsides(TESTS).items
    (deal,) = card.deals
    assert (deal.state, deal.watch.weeks, deal.watch.stop) == (DealState.RUNNING, 2, "")
    assert (len(card.talents), len(card.inside), card.simulated) == (1, 1, True)
