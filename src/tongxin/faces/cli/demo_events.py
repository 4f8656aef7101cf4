"""Events for the demo, built only through actions: some to come, one full with a line, a draw, one that was, one called off.

Everything hangs on the day on which the demo is built; who registers is drawn from the simulated neighbours with a fixed seed.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from tongxin.commerce import actions as till
from tongxin.commerce import queries as commerce
from tongxin.events import actions
from tongxin.events.actions import CompanionIn, EventIn, ending
from tongxin.events.queries import member
from tongxin.events.terms import Admission, Kind
from tongxin.faces.cli import demo_after, demo_kits, demo_offers
from tongxin.faces.cli.demo_life import BUILDER, SHOPS, Neighbour, own_viewer
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.outreach import actions as outreach
from tongxin.outreach.terms import MessageClass
from tongxin.stores import queries as places

SEED = 20260308
FEE = 3900
COMES = 0.85  # of those who registered


@dataclass(frozen=True)
class Plan:
    """One event of the demo: in how many days, at which hour, for how long, and how many want to come."""

    shop: int
    days: int
    hour: float
    hours: float
    guests: int
    event: dict[str, Any]
    publish: bool = True
    cancelled: str = ""


def _text(title: str, form: str, seats: int, **more: Any) -> dict[str, Any]:
    return {"title": title, "format": form, "places": seats, **more}


AHEAD = (
    Plan(0, 3, 10, 1.5, 8, _text("小小烘焙师", "class", 12, theme="第一炉星星饼干", summary="带 3～10 岁的孩子，亲手做一盒饼干带回家。\n围裙和模具店里备好，人来就行。",
         place="二楼烘焙坊", party_most=3, fee_fen=FEE, voucher_fen=FEE, voucher_days=90)),
    Plan(0, 5, 9.5, 1, 13, _text("妈妈早茶会", "tea", 10, kind=Kind.RITUAL, theme="断奶期吃什么", summary="每周四早上，一壶茶、几样点心，想到什么聊什么。", place="靠窗长桌")),
    Plan(0, 8, 15, 2, 5, _text("新品试吃", "tasting", 16, admission=Admission.APPROVAL, theme="春茶季四款点心", summary="先尝，再一人说一句。你的话会写进配方。",
         questions=({"id": "taste", "text": "有什么不吃的？", "required": False}, {"id": "how", "text": "第一次来吗", "required": True, "choices": ["第一次", "来过"]}))),
    Plan(0, 12, 9, 6, 34, _text("周末农夫市集", "market", 120, theme="二十个摊位", summary="附近的菜农、果农自己来摆摊。", place="店门口广场")),
    Plan(0, 15, 14, 2, 14, _text("旧物交换角", "swap", 8, kind=Kind.RITUAL, admission=Admission.LOTTERY, theme="童书专场", summary="带三本来，换三本走。人多位少，抽签定。", details={"draw": {"contact": "到店找主理人小满"}})),
    Plan(0, 6, 20, 1, 12, _text("线上分享", "online_talk", 60, theme="孩子不爱吃菜怎么办", summary="营养师在线答疑，四十分钟讲，二十分钟问。", online_url="https://meeting.example.com/tongxin")),
    Plan(0, 20, 10, 1.5, 0, _text("小小烘焙师", "class", 12, theme="第二炉小熊面包", place="二楼烘焙坊", party_most=3, fee_fen=FEE, voucher_fen=FEE, voucher_days=90), publish=False),
    Plan(0, 9, 15.5, 1.5, 4, _text("手账小聚", "tea", 8, theme="春天的第一页"), cancelled="老师临时有事，下月补上。"),
    Plan(1, 4, 10, 1.5, 6, _text("小小烘焙师", "class", 10, theme="苹果派", place="一楼", party_most=3, fee_fen=FEE, voucher_fen=FEE, voucher_days=90)),
    Plan(1, 7, 14, 2, 9, _text("旧物交换角", "swap", 20, kind=Kind.RITUAL, summary="带三样来，换三样走。")),
)  # fmt: skip
BEFORE = (
    Plan(0, -4, 10, 1.5, 9, _text("小小烘焙师", "class", 12, theme="南瓜小馒头", place="二楼烘焙坊", party_most=3, fee_fen=FEE, voucher_fen=FEE, voucher_days=90)),
    Plan(0, -2, 9.5, 1, 8, _text("妈妈早茶会", "tea", 10, kind=Kind.RITUAL, theme="睡整觉", place="靠窗长桌")),
    Plan(1, -3, 15, 2, 7, _text("新品试吃", "tasting", 12, theme="冬藏三款")),
)  # fmt: skip


def build(now: datetime, neighbours: list[Neighbour], herself: UUID | str) -> list[str]:
    """All of them; answers the public ids. `herself`, the member of the demo, takes part in several, so that their own pages have something on them."""
    dice = random.Random(SEED)  # noqa: S311 - a reproducible demo, not a secret
    brand = places.the_brand()
    shops = [places.stores_by_code(brand, [code])[code] for code, _ in SHOPS]
    own = next(n for n in neighbours if str(n.public_id) == str(herself))
    made = []
    for plan in BEFORE:
        starts = _at(now, plan)
        with clock.held(starts - timedelta(days=10)):
            event = _published(plan, shops, starts)
        with clock.held(starts - timedelta(days=3)):
            guests = _fill(dice, plan, event, [n for n in neighbours if n.store == shops[plan.shop].pk], own)
            outreach.drain()
        _day_itself(dice, event, guests, own)
        if plan is BEFORE[0]:
            demo_after.build(event, guests, own)
        made.append(str(event.public_id))
    with clock.held(now):
        ending.end_due(viewer=BUILDER)
    with clock.held(now):
        for plan in AHEAD:
            event = _published(plan, shops, _at(now, plan))
            if plan.publish:
                _fill(dice, plan, event, [n for n in neighbours if n.store == shops[plan.shop].pk], own)
            if plan.cancelled:
                actions.cancel(viewer=BUILDER, event_id=event.public_id, reason=plan.cancelled)
            made.append(str(event.public_id))
            if plan.event["format"] == "market":
                market = event
        outreach.drain()
    demo_offers.build(now, shops[0], neighbours, own, market)
    demo_kits.build(now, shops)
    return made


def _at(now: datetime, plan: Plan) -> datetime:
    day = clock.business_day(now) + timedelta(days=plan.days)
    return clock.day_start(day) + timedelta(hours=plan.hour)


def _published(plan: Plan, shops: list[Any], starts: datetime) -> Any:
    ends = starts + timedelta(hours=plan.hours)
    closes = starts - timedelta(days=2) if plan.event.get("admission") is Admission.LOTTERY else None
    event = EventIn(**plan.event, starts_at=starts, ends_at=ends, closes_at=closes, simulated=True)
    made = actions.draft(viewer=BUILDER, store=shops[plan.shop], event=event)
    return actions.publish(viewer=BUILDER, event_id=made.public_id) if plan.publish else made


def _fill(
    dice: random.Random, plan: Plan, event: Any, near: list[Neighbour], own: Neighbour
) -> list[tuple[Neighbour, Any]]:
    """So many neighbours register, one after the other, the member of the demo last; answers who with what."""
    guests = dice.sample([n for n in near if n.id != own.id], min(plan.guests, len(near) - 1))
    if own in near and plan.guests:
        guests[-1:] = [own]
    made = []
    for one in guests:
        try:
            place = actions.register(
                viewer=own_viewer(one),
                event_id=event.public_id,
                companions=_children(one, plan),
                answers=_answers(dice, plan),
            )
        except Refused:  # the odd one has a child too many for the seats that are left
            continue
        made.append((one, place))
    return made


def _day_itself(dice: random.Random, event: Any, guests: list[tuple[Neighbour, Any]], own: Neighbour) -> None:
    """Fees are taken at the till, most come and are checked in, one by one."""
    for n, (one, place) in enumerate(guests):
        with clock.held(event.starts_at - timedelta(minutes=20 - n)):
            fee = commerce.promise_for(("events", str(place.public_id)))
            if fee is not None:
                till.mark_paid(
                    viewer=BUILDER,
                    promise_id=fee.public_id,
                    receipt=f"D{event.pk}-{n + 1:03d}",
                    store=event.store,
                )
            if one.id == own.id or dice.random() < COMES:
                nonce = uuid5(place.public_id, "demo")
                actions.check_in(
                    viewer=BUILDER, event_id=event.public_id, nonce=nonce, registration=place.public_id
                )


def around(now: datetime) -> None:
    """What stands beside the events: an envelope with something set aside and spent, a message that waits for somebody to send it."""
    shop = places.stores_by_code(places.the_brand(), [SHOPS[0][0]])[SHOPS[0][0]]
    today = clock.business_day(now)
    with clock.held(now):
        purse = till.open_envelope(
            viewer=BUILDER,
            title="春季烘焙课",
            amount_fen=80_000,
            opens_on=today - timedelta(days=20),
            closes_on=today + timedelta(days=70),
            store=shop,
        )
        flour = till.commit(
            viewer=BUILDER,
            envelope_id=purse.public_id,
            amount_fen=32_000,
            subject=("demo", "flour"),
            note="面粉和模具",
        )
        till.spend(viewer=BUILDER, commitment_id=flour.public_id, amount_fen=21_500, key="demo-flour")
        till.commit(
            viewer=BUILDER,
            envelope_id=purse.public_id,
            amount_fen=120_000,
            subject=("demo", "oven"),
            note="第二台小烤箱",
            ask=True,
        )
    morning = clock.day_start(today) + timedelta(hours=10)
    with clock.held(morning if morning <= now else morning - timedelta(days=1)):
        plan = outreach.plan_message(
            viewer=BUILDER,
            message_class=MessageClass.COMMUNITY,
            channel="manual",
            audience="store",
            audience_key=str(shop.public_id),
            title="周末市集预告",
            text="这个周末，店门口有二十个小摊：菜农、果农、自己做果酱的邻居都来。九点开摊，三点收。带个布袋就好。",
            expires_at=now + timedelta(days=2),
            store=shop,
        )
        outreach.approve_message(viewer=BUILDER, public_id=plan.public_id)
        outreach.expand(viewer=BUILDER, public_id=plan.public_id)
        outreach.drain()


def _children(one: Neighbour, plan: Plan) -> list[CompanionIn]:
    most = plan.event.get("party_most", 1) - 1
    if most < 1:
        return []
    rows = member.my_children(own_viewer(one))[:most]
    return [CompanionIn(row.public_id, "对坚果过敏") for row in rows]


def _answers(dice: random.Random, plan: Plan) -> dict[str, str]:
    return {"how": dice.choice(("第一次", "来过"))} if plan.event.get("questions") else {}
