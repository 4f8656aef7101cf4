"""All figures in one picture: relative change with its interval, so that different units can stand together."""

from __future__ import annotations

from typing import Any

import altair as alt

from tongxin.compass.answer import Answer, KpiAnswer
from tongxin.compass.charts.ink import draw, ink, names_axis, rows
from tongxin.compass.sentence import Words


def shown(answer: Answer) -> list[KpiAnswer]:
    """Figures with a relative change to draw."""
    return [kpi for kpi in answer.kpis if kpi.relative is not None and kpi.relative_ci is not None]


def sentence(answer: Answer) -> Words:
    """Count the figures that differ."""
    found = shown(answer)
    clear = sum(kpi.verdict in {"positive", "negative"} for kpi in found)
    refused = len(answer.kpis) - len(found)
    zh = f"能给出数字的 {len(found)} 项里，有 {clear} 项的差异站得住" + (
        f"；另有 {refused} 项还不能下结论。" if refused else "。"
    )
    en = f"Of {len(found)} figures that can be given, {clear} show a difference that holds" + (
        f"; {refused} cannot be said yet." if refused else "."
    )
    return Words(zh, en)


def draw_svg(answer: Answer, language: str) -> str:
    """Return the forest of KPIs as SVG."""
    units = {"month": ("个月", "mo."), "four_weeks": ("个四周", "×4 wk"), "week": ("周", "wk")}
    unit = units[answer.design["period"]][0 if language == "zh" else 1]
    bars: list[dict[str, Any]] = []
    for kpi in shown(answer):
        low, high = kpi.relative_ci or (0.0, 0.0)
        name = kpi.name.zh if language == "zh" else kpi.name.en
        bars.append(
            {
                "name": f"{name} · {kpi.window} {unit}",
                "relative": (kpi.relative or 0.0) * 100,
                "low": low * 100,
                "high": high * 100,
                "clear": kpi.verdict in {"positive", "negative"},
            }
        )
    y = alt.Y("name:N", sort=None, axis=names_axis([bar["name"] for bar in bars]))
    base = alt.Chart(rows(bars))
    layers = [
        alt.Chart(rows([{"zero": 0}]))
        .mark_rule(color=ink("ink-3"), strokeDash=[2, 3], aria=False)
        .encode(x="zero:Q"),
        base.mark_bar(color=ink("c-band"), height=10, cornerRadius=5, aria=False).encode(
            y=y, x=alt.X("low:Q", axis=alt.Axis(title="%", tickCount=6)), x2="high:Q"
        ),
    ]
    for clear in (True, False):
        layers.append(
            base.transform_filter(f"datum.clear == {str(clear).lower()}")
            .mark_point(
                shape="circle",
                size=90,
                stroke=ink("c-claim"),
                fill=ink("c-claim") if clear else ink("surface"),
                strokeWidth=2,
                opacity=1,
                aria=False,
            )
            .encode(y=y, x="relative:Q")
        )
    text = sentence(answer)
    chart = alt.layer(*layers).properties(width=450, height=alt.Step(30))
    return draw(chart, text.zh if language == "zh" else text.en)
