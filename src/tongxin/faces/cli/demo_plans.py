"""Headquarters' plans in the demo, one in each interesting state: a draft to look at, one for next week, one that stores are sending,
one that is done, one that was stopped; a post into groups, and a sequence that runs.
"""

from datetime import datetime, time, timedelta
from typing import Any

from tongxin.faces.cli.demo_life import BUILDER, SHOPS
from tongxin.foundation import clock
from tongxin.measure.queries.segments import segments
from tongxin.outreach import actions as outreach
from tongxin.outreach.terms import MessageClass
from tongxin.outreach.terms_plans import SequenceKind, Target, Topic
from tongxin.stores import queries as places

DAY = timedelta(days=1)
STEPS = (
    (0, 10, "欢迎你来。门口那张长桌是给邻居坐的，路过就进来喝杯水。"),
    (1, 17, "这周店里有什么？看一眼，挑一场来坐坐。"),
    (3, 10, "来过一次了吗？有什么想一起做的，告诉主理人就行。"),
    (7, 10, "认识一周了。你觉得这里怎么样，一句话也好。"),
)


def build(now: datetime) -> None:
    """All of them, by the clock of the demo: what was sent was sent yesterday at ten."""
    shop = places.stores_by_code(places.the_brand(), [SHOPS[0][0]])[SHOPS[0][0]]
    listed = segments(BUILDER)
    people = ("segment", str(listed[0].public_id)) if listed else ("ring", "all:middle")
    morning = clock.day_start(clock.business_day(now)) + timedelta(hours=10)
    with clock.held(morning - 2 * DAY):
        _said(
            "邻居的一年",
            "这一年，你们在店里一起做了 36 场事。谢谢你在。",
            people,
            channel="inbox",
            topic=Topic.STORY,
            go=True,
        )
    with clock.held(morning if morning <= now else morning - DAY):
        store = ("store", str(shop.public_id))
        _said(
            "立冬的面包",
            "立冬那天烤了新的南瓜包，给你留一个？下班路过来拿。",
            store,
            store=shop,
            topic=Topic.BEHIND,
            go=True,
        )
        _said(
            "店里的群",
            "周六下午两点，长桌见。想带孩子的说一声，我们备小凳子。",
            store,
            store=shop,
            target=Target.GROUPS,
            topic=Topic.EVENT,
            go=True,
        )
        stopped = _said(
            "双倍积分", "本周末双倍积分。", store, store=shop, message_class=MessageClass.PROMOTION
        )
        outreach.cancel_message(viewer=BUILDER, public_id=stopped.public_id, reason="和市集撞在一天")
    with clock.held(now):
        _said(
            "下周的试吃",
            "下周三新品试吃，名额不多，想来的先说一声。",
            people,
            topic=Topic.EVENT,
            due_at=morning + 5 * DAY,
            approve=True,
        )
        _said(
            "一个小技巧",
            "面包放一天变硬？喷点水，烤箱 180 度三分钟。",
            people,
            topic=Topic.TIPS,
            due_at=morning + 5 * DAY,
            path="/m/events/",
            code="group",
        )
        _welcome(shop, now)


def _said(
    title: str, text: str, audience: tuple[str, str], *, go: bool = False, approve: bool = False, **more: Any
) -> Any:
    given: dict[str, Any] = {
        "message_class": MessageClass.COMMUNITY,
        "channel": "manual",
        "expires_at": max(clock.now(), more.get("due_at") or clock.now()) + 4 * DAY,
    }
    plan = outreach.plan_message(
        viewer=BUILDER,
        title=title,
        text=text,
        audience=audience[0],
        audience_key=audience[1],
        **(given | more),
    )
    if go or approve:
        outreach.approve_message(viewer=BUILDER, public_id=plan.public_id)
    if go:
        outreach.expand(viewer=BUILDER, public_id=plan.public_id)
        outreach.drain()
        outreach.drain_groups()
        outreach.settle_plans()
    return plan


def _welcome(shop: Any, now: datetime) -> None:
    made = outreach.plan_sequence(
        viewer=BUILDER,
        kind=SequenceKind.ONBOARDING,
        title="新人七天",
        message_class=MessageClass.COMMUNITY,
        channel="inbox",
        audience="store",
        audience_key=str(shop.public_id),
        steps=[outreach.StepIn(day=day, at=time(hour), text=text) for day, hour, text in STEPS],
        until=now + 180 * DAY,
        store=shop,
        held_permille=100,
        seed="demo",
    )
    outreach.start_sequence(viewer=BUILDER, public_id=made.public_id)
