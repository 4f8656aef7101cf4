"""What is offered beside single events in the demo: a series with a course, a group buy, a flash sale, proposals, kept places, a draw
that anybody can check, a budget of a ring, a partner with a supported event. Built only through actions, like the rest."""

from datetime import datetime, time, timedelta
from typing import Any

from tongxin.commerce import actions as till
from tongxin.commerce import queries as budgets
from tongxin.commerce.terms import Measure, PartnerKind, PartnerState, SponsorState
from tongxin.events import actions
from tongxin.events.actions import EventIn, SeriesIn, allotments, group_buys, lottery, rituals, series_edits
from tongxin.events.actions.rituals import ProposalIn
from tongxin.events.rules.recurrence import Holidays
from tongxin.events.terms import Admission, Kind
from tongxin.faces.cli.demo_life import BUILDER, Neighbour, own_viewer
from tongxin.foundation import clock

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BOOKS = ("一本绘本读到底", "妈妈的书架", "科普十分钟", "把故事演出来")
WEEKS = 7


def build(now: datetime, shop: Any, neighbours: list[Neighbour], own: Neighbour, market: Any) -> None:
    """All of them, in one store; `market` is the event whose places are kept for some."""
    near = [n for n in neighbours if n.store == shop.pk and n.id != own.id]
    _drawn(now, shop, near, own)
    with clock.held(now):
        _series(now, shop, near, own)
        _sales(now, shop, near)
        _proposals(now, shop, near, own)
        _kept(market)
        _money(now, shop, market)


def _series(now: datetime, shop: Any, near: list[Neighbour], own: Neighbour) -> None:
    """Every Wednesday evening, the themes in turn; one date was changed by hand, one member takes them all."""
    today = clock.business_day(now)
    books = SeriesIn(
        title="周三读书会", format="tea", rule="FREQ=WEEKLY;BYDAY=WE", starts_on=today + DAY, until=today + WEEKS * 7 * DAY,
        start_time=time(19, 30), minutes=60, places=10, themes=BOOKS, holidays=Holidays.SHIFT,
        each={"place": "靠窗长桌", "summary": "带一本书，或者只带耳朵。", "simulated": True},
    )  # fmt: skip
    made = actions.open_series(viewer=BUILDER, store=shop, series=books)
    actions.publish_series(viewer=BUILDER, series_id=made.series.public_id)
    third = made.occurrences[2]
    series_edits.change_one(
        viewer=BUILDER,
        event_id=third.public_id,
        version=third.version,
        starts_at=third.starts_at + HOUR,
        ends_at=third.ends_at + HOUR,
    )
    for one in (near[3], own):
        actions.take_pass(
            viewer=own_viewer(one),
            series_id=made.series.public_id,
            events=[o.public_id for o in made.occurrences[3:7]],
        )
    crafts = SeriesIn(
        title="月末手作", format="class", rule="FREQ=MONTHLY;BYDAY=-1SA;COUNT=4", starts_on=today + DAY, start_time=time(14), minutes=120,
        places=8, kind=Kind.BRAND_EVENT, each={"simulated": True},
    )  # fmt: skip
    actions.open_series(viewer=BUILDER, store=shop, series=crafts)


def _sales(now: datetime, shop: Any, near: list[Neighbour]) -> None:
    """A group buy with one group complete and one that misses somebody; a flash sale that opens tomorrow."""
    noon = clock.day_start(clock.business_day(now)) + 12 * HOUR
    oranges = _sale(
        shop, noon + 4 * DAY, title="赣南橙拼团", format="group_buy", places=30,
        details={"item": "赣南橙 5 斤一箱", "price_fen": 2990, "usual_fen": 3990, "pay": "till", "group_size": 3, "group_hours": 48,
         "share_text": "周末的橙子到店了，三个人一起买便宜些。"},
    )  # fmt: skip
    for size, first in ((3, 0), (2, 5)):
        group = group_buys.open_group(viewer=own_viewer(near[first]), event_id=oranges.public_id)
        for one in near[first + 1 : first + size]:
            group_buys.join_group(viewer=own_viewer(one), group_id=group.public_id)
    _sale(
        shop, noon + 5 * DAY, title="热桂花糕早鸟", format="flash_sale", places=20, opens_at=noon + DAY - 2 * HOUR,
        details={"item": "桂花糕 6 块一盒", "price_fen": 1990, "usual_fen": 2800, "pay": "till"},
    )  # fmt: skip


def _sale(shop: Any, begins: datetime, **more: Any) -> Any:
    event = EventIn(starts_at=begins, ends_at=begins + DAY, simulated=True, **more)
    made = actions.draft(viewer=BUILDER, store=shop, event=event)
    return actions.publish(viewer=BUILDER, event_id=made.public_id)


def _proposals(now: datetime, shop: Any, near: list[Neighbour], own: Neighbour) -> None:
    """One that waits for the champion; one of the demo's member, declined with a sentence."""
    afternoon = clock.day_start(clock.business_day(now)) + 15 * HOUR
    wish = ProposalIn(
        "tea",
        "一起认认小区里的树",
        afternoon + 13 * DAY,
        90,
        8,
        "我教了二十年生物。先在店里看图，再到楼下走一圈，孩子也能来。",
    )
    rituals.propose_ritual(viewer=own_viewer(near[7]), store=shop, proposal=wish)
    mine = ProposalIn("swap", "毛线角", afternoon + 10 * DAY, 120, 6, "带没织完的来，织完再走。")
    asked = rituals.propose_ritual(viewer=own_viewer(own), store=shop, proposal=mine)
    rituals.decline_ritual(
        viewer=BUILDER,
        proposal_id=asked.public_id,
        answer="那天有市集，地方不够。下个月第一周给你留窗边，行吗？",
    )


def _kept(market: Any) -> None:
    """Places for who comes often, and for who helps, until the day before."""
    version = market.version
    for audience, size, before in (("ring:inner", 12, DAY), ("ring:middle", 20, 2 * DAY)):
        allotments.allot(
            viewer=BUILDER,
            event_id=market.public_id,
            version=version,
            audience=audience,
            size=size,
            release_at=market.starts_at - before,
        )
        version += 1


def _drawn(now: datetime, shop: Any, near: list[Neighbour], own: Neighbour) -> None:
    """A draw that is over: rules, list, seed and winners for everybody to recompute."""
    starts = clock.day_start(clock.business_day(now) + 2 * DAY) + 14 * HOUR
    closes = now - DAY
    event = EventIn(
        title="亲子陶艺", format="class", theme="捏一只自己的碗", places=4, starts_at=starts, ends_at=starts + 2 * HOUR, closes_at=closes,
        admission=Admission.LOTTERY, details={"draw": {"contact": "到店找主理人小满"}}, simulated=True,
    )  # fmt: skip
    with clock.held(closes - 4 * DAY):
        made = actions.draft(viewer=BUILDER, store=shop, event=event)
        actions.publish(viewer=BUILDER, event_id=made.public_id)
        for one in (*near[9:17], own):
            actions.register(viewer=own_viewer(one), event_id=made.public_id)
    with clock.held(closes + HOUR / 2):
        lottery.commit(viewer=BUILDER, event_id=made.public_id)
    with clock.held(closes + 2 * HOUR):
        lottery.draw(viewer=BUILDER, event_id=made.public_id)


def _money(now: datetime, shop: Any, market: Any) -> None:
    """An envelope of a ring with hours on it; a school nearby, and its fair that the store supports."""
    today = clock.business_day(now)
    purse = till.open_envelope(
        viewer=BUILDER, title="常来的人 · 秋", amount_fen=60_000, opens_on=today - 30 * DAY, closes_on=today + 60 * DAY, store=shop, ring="middle",
        hour_fen=2_500,
    )  # fmt: skip
    books = till.commit(
        viewer=BUILDER,
        envelope_id=purse.public_id,
        amount_fen=18_000,
        subject=("demo", "books"),
        note="读书会的书和点心",
    )
    till.spend(
        viewer=BUILDER, commitment_id=books.public_id, amount_fen=9_600, key="demo-books", receipt="B-0112"
    )
    till.log_hours(
        viewer=BUILDER, commitment_id=books.public_id, minutes=90, worked_on=today - DAY, key="demo-hours"
    )
    school = till.note_partner(
        viewer=BUILDER, store=shop, kind=PartnerKind.SCHOOL, name="青苗幼儿园", brings="操场、家长群、每学期一次义卖", contact="园办 陈老师",
        state=PartnerState.ACTIVE,
    )  # fmt: skip
    till.note_partner(
        viewer=BUILDER,
        store=shop,
        kind=PartnerKind.MAKER,
        name="老周果园",
        brings="橙子、柚子，周末可以来摆摊",
    )
    fair = till.plan_sponsorship(
        viewer=BUILDER, store=shop, title="幼儿园秋季义卖", starts_on=today - 9 * DAY, ends_on=today - 9 * DAY, key="demo-fair",
        partner_id=school.public_id, we_give="两箱点心、一顶帐篷", we_hope={"visitors": 120, "sign_ups": 15}, envelope_id=purse.public_id,
        cost_fen=12_000,
    )  # fmt: skip
    till.move_sponsorship(viewer=BUILDER, sponsored_id=fair.public_id, to=SponsorState.HELD)
    tents = next(
        part for part in budgets.commitments_of(BUILDER, purse.public_id).items if part.note == fair.title
    )
    till.spend(viewer=BUILDER, commitment_id=tents.public_id, amount_fen=10_800, key="demo-fair")
    for measure, value in ((Measure.VISITORS, 96), (Measure.SIGN_UPS, 18)):
        till.note_outcome(
            viewer=BUILDER,
            sponsored_id=fair.public_id,
            measure=measure,
            value=value,
            subject=("events", str(market.public_id)),
            key=f"demo-{measure}",
        )
