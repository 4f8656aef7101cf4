"""A plan in one sentence and as JSON (`tongxin.plan/1`)."""

from __future__ import annotations

import math
from typing import Any

from tongxin.compass.planning import Plan, Precision
from tongxin.compass.sentence import Words, difference, per_cent
from tongxin.compass.words import UNIT_WORDS

SCHEMA = "tongxin.plan/1"

SOURCES: dict[str, Words] = {
    "given": Words("你给的人数", "as given"),
    "seen": Words("数据里已有的参加人数", "as many as have taken part in the data"),
    "assumed": Words("按会员的一成估计", "a tenth of the members, assumed"),
}


def sentence(plan: Plan) -> Words:
    """Say what the coming study could find, and what it takes."""
    spoken = plan.spoken
    if spoken is None or plan.reasons:
        why = plan.reasons[0]
        return Words(
            f"现在开始还测不准。{why.zh}{why.cure_zh}", f"Not measurable yet. {why.en} {why.cure_en}"
        )
    unit = UNIT_WORDS[plan.design.period]
    mde = difference(spoken.mde, plan.kpi.unit, plan.currency, signed=False)
    share = per_cent(spoken.mde / spoken.level).lstrip("+") if spoken.level > 0 else "—"
    matters = difference(plan.threshold, plan.kpi.unit, plan.currency, signed=False)
    zh, en = _more(plan)
    return Words(
        f"若有 {plan.expected} 位参加者，随访 {spoken.window} {unit.zh}，{plan.kpi.zh}的差异要到 {mde.zh}（{share}）才有八成把握测出；"
        f"对生意有意义的差异是 {matters.zh}。{zh}",
        f"With {plan.expected} participants and {spoken.window} {unit.en} of follow-up, a difference in {plan.kpi.en.lower()} "
        f"of {mde.en} ({share}) is found four times out of five; {matters.en} would matter. {en}",
    )


def _more(plan: Plan) -> tuple[str, str]:
    need = plan.needed_threshold
    if need is None:
        return (
            "要测出这么小的差异，光加人不够：误差主要来自门店之间的共同波动。",
            "More people alone would not find that: the error comes from what the stores share.",
        )
    if need <= plan.expected:
        return "人数够用。", "That is enough people."
    return f"要测出它约需 {need} 位参加者。", f"To find that, about {need} participants are needed."


def as_json(plan: Plan) -> dict[str, Any]:
    """Return a plan as plain values; a number that is not finite becomes null."""
    said = sentence(plan)
    spoken = plan.spoken
    return {
        "schema": SCHEMA,
        "design": plan.design.as_json(),
        "kpi": plan.kpi.code,
        "unit": plan.kpi.unit,
        "currency": plan.currency,
        "participants": {
            "expected": plan.expected,
            "source": plan.source,
            "pool": plan.pool,
            "per_period": plan.rate,
        },
        "threshold": _number(plan.threshold) if spoken else None,
        "level": _number(spoken.level) if spoken else None,
        "mde": _number(spoken.mde) if spoken else None,
        "control": spoken.method if spoken else None,
        "measurable": plan.measurable,
        "needed": plan.needed,
        "needed_for_threshold": plan.needed_threshold,
        "months": plan.months,
        "precision": [_precision(one) for one in plan.precision],
        "sizes": [
            {"participants": n, "mde": _number(never), "mde_later_joiners": _number(later)}
            for n, never, later in plan.sizes
        ],
        "curve": [
            {"share": share, "effect": _number(effect), "power": _number(found)}
            for share, effect, found in plan.curve
        ],
        "words": vars(said),
        "reasons": [
            {"code": why.code, "zh": why.zh, "en": why.en, "cure": {"zh": why.cure_zh, "en": why.cure_en}}
            for why in plan.reasons
        ],
    }


def _precision(one: Precision) -> dict[str, Any]:
    return {
        "window": one.window,
        "control": one.method,
        "treated": one.treated,
        "se": _number(one.se),
        "mde": _number(one.mde),
    }


def _number(value: float) -> float | None:
    return float(f"{value:.9g}") if math.isfinite(value) else None
