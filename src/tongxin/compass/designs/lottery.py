"""The waiting-list lottery: those who lost the draw of an over-subscribed event are the control group.

Headline: intention to treat (being drawn). Beside it the complier effect (having come because of the draw) with its
first stage; refused when winning hardly made anybody come. The lot itself is tested before anything is read.
"""

from __future__ import annotations

from typing import Any

from tongxin.compass.answer import KpiAnswer
from tongxin.compass.designs import drawn_answer, drawn_study
from tongxin.compass.designs.base import Asked, Draft, Kind
from tongxin.compass.designs.drawn_study import Drawn, Reading
from tongxin.compass.designs.reasons import REASONS
from tongxin.compass.refusals import Reason
from tongxin.compass.sentence import Words, figure, points, span
from tongxin.compass.words import UNIT_WORDS


def answer(asked: Asked) -> Draft:
    """Answer a question by the draws of its events."""
    return drawn_answer.answer(asked, forbids, sentence, more, with_complier=True)


def forbids(given: Drawn) -> tuple[Reason, ...]:
    """R11: the two groups differed before the draw, so it was no fair lot."""
    if given.fair.p >= drawn_study.FAIR_LEVEL:
        return ()
    return (REASONS["R11"].filled(p=f"{given.fair.p:.4f}"),)


def more(given: Drawn, reading: Reading | None) -> tuple[dict[str, Any], tuple[tuple[str, Words], ...]]:
    """First stage and complier effect of the primary figure."""
    if reading is None:
        return {"complier": {"status": "not_testable"}}, ()
    late = drawn_study.complier(reading)
    first = {
        "first_stage": late.first_stage,
        "first_stage_se": late.first_stage_se,
        "strength": late.strength,
    }
    if late.weak:
        why = REASONS["R13"].filled(strength=f"{late.strength:.1f}")
        said = (("weak_first_stage", Words(why.zh + why.cure_zh, f"{why.en} {why.cure_en}")),)
        return {
            "complier": {"status": "refused", "effect": None, "ci": None, "reason": why.code} | first
        }, said
    reach = drawn_study.reach_of(given.asked.design, late.se, given.units)
    ci = (late.value - reach, late.value + reach)
    return {"complier": {"status": "computed", "effect": late.value, "ci": ci} | first}, ()


def sentence(given: Drawn, kpi: KpiAnswer) -> Words:
    """Say what being drawn changed."""
    return said(
        given,
        kpi,
        Words(
            "抽中的会员（不论来没来）和落选的会员",
            "members who were drawn (whether they came or not) against those who were not",
        ),
        Words("落选的会员", "for those who were not drawn"),
    )


def said(given: Drawn, kpi: KpiAnswer, who: Words, held: Words) -> Words:
    """One sentence with effect, interval, horizon and the level of the control group."""
    design, currency = given.asked.design, given.asked.dataset.currency
    if kpi.effect is None:
        why = kpi.reason_words[0]
        return Words(
            f"还不能下结论。{why[1].zh}{why[2].zh}", f"It cannot be said yet. {why[1].en} {why[2].en}"
        )
    unit = UNIT_WORDS[design.period]
    size = Words(
        points(kpi.effect, kpi.unit, currency), points(kpi.effect, kpi.unit, currency, language="en")
    )
    ends = Words(span(kpi.ci, kpi.unit, currency), span(kpi.ci, kpi.unit, currency, language="en"))
    base, level = figure(kpi.counterfactual_level, kpi.unit, currency), f"{design.level:.0%}"
    tail = Words("", "")
    if kpi.verdict == "no_evidence":
        tail = Words("区间包含零，看不出差异。", " The interval includes zero: no evidence of a difference.")
    return Words(
        f"由抽签决定：{who.zh}相比，之后 {kpi.window} {unit.zh}的{kpi.name.zh}相差 {size.zh}（{level} 区间 {ends.zh}）；"
        f"{held.zh}约为 {base}。{tail.zh}",
        f"By lot: {who.en} differ in {kpi.name.en.lower()} by {size.en} over the following {kpi.window} {unit.en} "
        f"({level} interval {ends.en}); the level is about {base} {held.en}.{tail.en}",
    )


KIND = Kind(
    "lottery",
    "抽签",
    "Lottery",
    randomised=True,
    headline="itt",
    why_not_default=Words(
        "只有报名超员、并且真的抽过签的活动才有；结论只对报了名的人成立。",
        "Only over-subscribed events with a real draw have it; it speaks for those who applied.",
    ),
    answer=answer,
)
