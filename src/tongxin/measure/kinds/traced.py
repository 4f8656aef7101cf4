"""社群订单: orders traced to community by code, link and time window, with the rules shown; refunds taken off, one order once."""

from __future__ import annotations

from typing import Any

from tongxin.foundation import clock
from tongxin.foundation.money import show
from tongxin.measure.kinds import Brief
from tongxin.measure.rules_traced import Found, Policy, Sum, Traced, by_thing, by_way, policy_on, trace
from tongxin.measure.telling import Cell, Table, Told, Words, words
from tongxin.measure.terms_traced import NOT_CAUSED, WAYS, WHYS
from tongxin.measure.tracing import Evidence, gather
from tongxin.stores.queries import the_brand

LISTED = 30
KEPT = 2_000
THINGS = {
    "community": words("按社群", "By community"),
    "event": words("按活动", "By event"),
    "group": words("按群", "By group"),
    "code": words("按码", "By code"),
}


def tell(found: None, brief: Brief) -> Told:
    """Traced orders of the period that the rules of the day look back over. It does its own reading: codes stand on no table of a study."""
    del found
    policy = policy_on(clock.business_day(brief.as_of, brief.zone))
    there = gather(as_of=brief.as_of, policy=policy, stores=brief.stores)
    if not there.orders:
        why = words(
            f"最近 {policy.period_days} 天没有订单。", f"No orders within the last {policy.period_days} days."
        )
        said = words("现在还没有订单可以溯源。", "There are no orders to trace yet.")
        return Told(
            "cannot_be_said", said, {"rules": _rules_plain(policy)}, (_rules(policy),), reasons=(why,)
        )
    answer = trace(there.orders, there.marks, there.meetings, policy)
    total = Sum(len(answer.traced), sum(one.order.net_fen for one in answer.traced))
    share = total.net_fen / answer.net_fen if answer.net_fen > 0 else 0.0
    return Told(
        "said",
        words(
            f"最近 {policy.period_days} 天有 {total.orders} 单、{yuan(total.net_fen)}能追溯到社群，占净销售额 {share:.1%}；有联系，不等于因此才买。",
            f"Of the last {policy.period_days} days {total.orders} orders worth {yuan(total.net_fen)} are traced to community,"
            f" {share:.1%} of net sales; connected, which is not caused.",
        ),
        _plain(answer, total, there, policy),
        tables=(
            _ways(answer),
            *(_things(kind, answer, there) for kind in THINGS if by_thing(answer.traced, kind)),
            _orders(answer, there),
            _rules(policy),
        ),
        warnings=(
            words(*NOT_CAUSED),
            words(
                f"对照着看：还有 {answer.mirrored} 单发生在到场、入群之前 {policy.window_days} 天内——时间靠近本身不说明问题。",
                f"Beside it: {answer.mirrored} orders came within {policy.window_days} days *before* a meeting: being close in"
                " time shows nothing by itself.",
            ),
        ),
        simulated=there.simulated,
    )


def _plain(answer: Found, total: Sum, there: Evidence, policy: Policy) -> dict[str, Any]:
    newest = sorted(answer.traced, key=lambda one: (one.order.at, one.order.key), reverse=True)
    return {
        "orders": answer.orders,
        "net_fen": answer.net_fen,
        "traced": {"orders": total.orders, "net_fen": total.net_fen},
        "given_back": answer.given_back,
        "before_a_meeting": answer.mirrored,
        "caused": None,
        "by_way": {str(way): _sum(one) for way, one in by_way(answer.traced).items()},
        **{
            f"by_{kind}": [
                {"key": key, "name": there.names.get((kind, key), key)} | _sum(one)
                for key, one in by_thing(answer.traced, kind).items()
            ]
            for kind in THINGS
        },
        "traced_orders": [
            {
                "source": one.order.source,
                "store": one.order.store,
                "order_no": one.order.number,
                "ordered_at": one.order.at.isoformat(),
                "net_fen": one.order.net_fen,
                "way": str(one.clue.way),
                "why": str(one.clue.why),
                "days": one.days,
                "to": [list(thing) for thing in one.clue.things],
            }
            for one in newest[:KEPT]
        ],
        "rules": _rules_plain(policy),
    }


def yuan(fen: int) -> str:
    """Money in the brand's currency."""
    return show(fen, the_brand().currency)


def _sum(one: Sum) -> dict[str, int]:
    return {"orders": one.orders, "net_fen": one.net_fen}


def _rules_plain(policy: Policy) -> dict[str, Any]:
    return {
        "since": policy.since.isoformat(),
        "window_days": policy.window_days,
        "period_days": policy.period_days,
        "precedence": [str(way) for way in policy.precedence],
    }


ORDERS = words("单数", "Orders")
NET = words("净额", "Net")


def _ways(answer: Found) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (words(*WAYS[way]), one.orders, yuan(one.net_fen)) for way, one in by_way(answer.traced).items()
    ]
    rest = answer.orders - len(answer.traced) - answer.given_back
    left = answer.net_fen - sum(one.order.net_fen for one in answer.traced)
    rows.append((words("没有追溯到社群", "not traced"), rest, yuan(left)))
    return Table(
        words("凭什么算社群订单", "What ties an order to a community"),
        (words("依据", "By"), ORDERS, NET),
        tuple(rows),
        numbers=(1, 2),
        note=words(
            f"已减退款；整单退掉的 {answer.given_back} 单不算。",
            f"Refunds taken off; {answer.given_back} orders given back whole do not count.",
        ),
    )


def _things(kind: str, answer: Found, there: Evidence) -> Table:
    rows = tuple(
        (there.names.get((kind, key), key), one.orders, yuan(one.net_fen))
        for key, one in list(by_thing(answer.traced, kind).items())[:LISTED]
    )
    return Table(THINGS[kind], (words("名称", "Name"), ORDERS, NET), rows, numbers=(1, 2))


def _orders(answer: Found, there: Evidence) -> Table:
    newest = sorted(answer.traced, key=lambda one: (one.order.at, one.order.key), reverse=True)[:LISTED]
    rows = tuple(
        (
            one.order.number,
            one.order.store,
            clock.business_day(one.order.at).isoformat(),
            yuan(one.order.net_fen),
            _reason(one),
            "、".join(there.names.get(thing, thing[1]) for thing in one.clue.things) or None,
        )
        for one in newest
    )
    return Table(
        words("最近的社群订单和理由", "The newest traced orders, each with its reason"),
        (
            words("订单号", "Order"),
            words("门店", "Store"),
            words("日期", "Day"),
            NET,
            words("理由", "Reason"),
            words("追溯到", "Traced to"),
        ),
        rows,
        numbers=(3,),
    )


def _reason(one: Traced) -> Words:
    zh, en = WHYS[one.clue.why]
    if one.days is None:
        return words(zh, en)
    return words(f"{zh}（{one.days} 天）", f"{en} ({one.days} days)")


def _rules(policy: Policy) -> Table:
    order = words(
        " > ".join(WAYS[way][0] for way in policy.precedence),
        " > ".join(WAYS[way][1] for way in policy.precedence),
    )
    days = words(f"{policy.window_days} 天", f"{policy.window_days} days")
    return Table(
        words(f"规则（{policy.since.isoformat()} 起）", f"The rules (from {policy.since.isoformat()})"),
        (words("规则", "Rule"), words("取值", "Value")),
        (
            (words("先看哪一样", "Precedence"), order),
            (words("到场、入群后多久内算", "Window after a meeting"), days),
            (words("同一单", "One order"), words("只算一次", "counts once")),
            (words("退款", "Refunds"), words("从净额里减掉", "are taken off")),
            (
                words("谁会进来", "Whose orders"),
                words(
                    "看时间窗只看同意统计的会员；员工不算",
                    "the window looks only at members who agree to be measured; staff never",
                ),
            ),
        ),
    )
