"""The path: before entry near zero, the periods left out hatched, the entry line, the band after it."""

from __future__ import annotations

import math
from typing import Any

import altair as alt

from tongxin.compass.answer import Answer, KpiAnswer
from tongxin.compass.charts.ink import draw, ink, rows
from tongxin.compass.sentence import Words, span


def sentence(answer: Answer, kpi: KpiAnswer) -> Words:
    """Say whether there was a difference before entry, and what came after it."""
    points = [point for point in answer.event_study if point.kpi == kpi.kpi and point.counted]
    before = [point for point in points if point.period < 0 and (point.ci[0] > 0 or point.ci[1] < 0)]
    after = [point for point in points if point.period > 0 and (point.ci[0] > 0 or point.ci[1] < 0)]
    n = sum(point.period > 0 for point in points)
    zh_before = "参加前没有看出差异" if not before else f"参加前有 {len(before)} 期就已经不同"
    en_before = (
        "No difference shows before entry"
        if not before
        else f"{len(before)} period(s) before entry already differ"
    )
    return Words(
        f"{zh_before}；参加后 {n} 期里有 {len(after)} 期的区间不含零。",
        f"{en_before}; after it the interval excludes zero in {len(after)} of {n} periods.",
    )


def draw_svg(answer: Answer, kpi: KpiAnswer, language: str) -> str:
    """Return the event study of one KPI as SVG."""
    scale = 100.0 if kpi.unit == "share" else 1.0
    points: list[dict[str, Any]] = [
        {
            "period": point.period,
            "effect": point.effect * scale,
            "low": point.ci[0] * scale,
            "high": point.ci[1] * scale,
            "part": "before" if point.period < 0 else "after",
            "counted": point.counted,
            "clear": point.ci[0] > 0 or point.ci[1] < 0,
        }
        for point in answer.event_study
        if point.kpi == kpi.kpi and math.isfinite(point.effect)
    ]
    donut = int(answer.design["donut"])
    unit = answer.design["period"]
    title = {"month": ("月", "month"), "four_weeks": ("四周", "four weeks"), "week": ("周", "week")}[unit]
    x = alt.X(
        "period:Q",
        axis=alt.Axis(
            title=title[0] if language == "zh" else title[1], values=_ticks(answer), format="d", grid=False
        ),
    )
    y = alt.Y(
        "effect:Q",
        axis=alt.Axis(title="百分点" if kpi.unit == "share" and language == "zh" else None, tickCount=6),
    )
    counted = alt.Chart(rows([point for point in points if point["counted"]]))
    entry = alt.Chart(rows([{"entry": 0, "word": "参加" if language == "zh" else "entry"}]))
    left_out = alt.Chart(rows([{"from": -donut - 0.5, "to": 0.5}]))
    layers = [
        left_out.mark_rect(color=ink("sunken"), aria=False).encode(x=alt.X("from:Q"), x2="to:Q"),
        alt.Chart(rows([{"zero": 0}])).mark_rule(color=ink("ink-3"), aria=False).encode(y="zero:Q"),
        counted.mark_area(color=ink("c-band"), opacity=0.9, aria=False).encode(
            x=x, y=alt.Y("low:Q"), y2="high:Q", detail="part:N"
        ),
        counted.mark_line(color=ink("c-claim"), strokeWidth=2, aria=False).encode(x=x, y=y, detail="part:N"),
        _dots(counted, x, y, clear=True),
        _dots(counted, x, y, clear=False),
        entry.mark_rule(color=ink("ember"), strokeWidth=2, aria=False).encode(x="entry:Q"),
        entry.mark_text(
            color=ink("ink"),
            fontSize=12,
            fontWeight=600,
            align="left",
            dx=6,
            dy=-4,
            baseline="bottom",
            aria=False,
        ).encode(x="entry:Q", y=alt.value(0), text="word:N"),
    ]
    pseudo = _placebo(kpi, scale)
    if pseudo:
        base = alt.Chart(rows([pseudo]))
        layers += [
            base.mark_rule(color=ink("c-compare"), strokeWidth=2, aria=False).encode(
                x="period:Q", y="low:Q", y2="high:Q"
            ),
            base.mark_point(
                shape="square",
                size=90,
                stroke=ink("c-compare"),
                fill=ink("surface"),
                strokeWidth=2,
                aria=False,
            ).encode(x="period:Q", y="effect:Q"),
        ]
    text = sentence(answer, kpi)
    chart = alt.layer(*layers).properties(width=580, height=260)
    return draw(chart, text.zh if language == "zh" else text.en)


def _ticks(answer: Answer) -> list[int]:
    """Every third period, so that labels never touch; −12, −9 … 6."""
    periods = [point.period for point in answer.event_study]
    step = 3 if max(periods) - min(periods) > 10 else 1
    return [period for period in range(min(periods), max(periods) + 1) if period % step == 0]


def _dots(chart: alt.Chart, x: alt.X, y: alt.Y, *, clear: bool) -> alt.Chart:
    """Solid where the interval excludes zero, hollow where it includes it."""
    picked = chart.transform_filter(f"datum.clear == {str(clear).lower()}")
    fill = ink("c-claim") if clear else ink("surface")
    return picked.mark_point(
        shape="circle", size=55, stroke=ink("c-claim"), fill=fill, strokeWidth=2, opacity=1, aria=False
    ).encode(x=x, y=y)


def _placebo(kpi: KpiAnswer, scale: float) -> dict[str, float] | None:
    found = kpi.placebo
    if found.get("effect") is None or not found.get("window"):
        return None
    first, last = found["window"]
    low, high = found["ci"]
    return {
        "period": (first + last) / 2 + 0.3,
        "effect": found["effect"] * scale,
        "low": low * scale,
        "high": high * scale,
    }


def placebo_sentence(kpi: KpiAnswer, currency: str) -> Words:
    """Say what the pseudo-entry shows."""
    found = kpi.placebo
    if found.get("effect") is None:
        return Words("假想参加日无法检验。", "The pseudo-entry cannot be tested.")
    zh, en = (span(found["ci"], kpi.unit, currency, language=language) for language in ("zh", "en"))
    return Words(
        f"方块：假想参加日之后的差异，区间 {zh}。", f"Square: difference after a pseudo-entry, interval {en}."
    )
