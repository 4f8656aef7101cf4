"""Are they alike? Standardised differences before ○ and after ◆, the zone to 0.1 in green."""

from __future__ import annotations

from typing import Any

import altair as alt

from tongxin.compass.answer import Answer
from tongxin.compass.charts.ink import draw, ink, names_axis, rows
from tongxin.compass.sentence import Words


def sentence(answer: Answer) -> Words:
    """Say the largest difference after weighting among what must agree."""
    matched = [row for row in answer.balance if row["role"] == "matched"]
    if not matched:
        return Words("没有可以核对的固定特征。", "There is no fixed trait to check.")
    worst = max(matched, key=lambda row: abs(row["smd_after"]))
    size = abs(worst["smd_after"])
    if size <= 0.1:
        return Words(
            f"必须一致的特征都对上了：最大的标准化差异是{worst['zh']}，{size:.2f}（不超过 0.1）。",
            f"What must agree does: the largest standardised difference is {worst['en']}, {size:.2f} (0.1 or less).",
        )
    return Words(
        f"{worst['zh']}没有完全对上：标准化差异 {size:.2f}，超过 0.1。",
        f"{worst['en']} does not quite agree: standardised difference {size:.2f}, more than 0.1.",
    )


def draw_svg(answer: Answer, language: str) -> str:
    """Return the love plot as SVG."""
    marks: list[dict[str, Any]] = []
    for row in answer.balance:
        name = row[language] + ("" if row["role"] == "matched" else " ＊")
        before, after = abs(row["smd_before"]), abs(row["smd_after"])
        marks.append({"name": name, "before": before, "after": after})
    top = max([0.3, *(max(mark["before"], mark["after"]) for mark in marks)]) * 1.08
    x = alt.X("before:Q", scale=alt.Scale(domain=[0, top]), axis=alt.Axis(title="|SMD|", tickCount=5))
    base = alt.Chart(rows(marks)).encode(
        y=alt.Y("name:N", sort=None, axis=names_axis([mark["name"] for mark in marks]))
    )
    zone = alt.Chart(rows([{"from": 0, "to": 0.1}])).mark_rect(color=ink("good-soft"), aria=False)
    layers = alt.layer(
        zone.encode(x=alt.X("from:Q"), x2="to:Q"),
        base.mark_rule(color=ink("line"), strokeWidth=2, aria=False).encode(x=x, x2="after:Q"),
        base.mark_point(
            shape="circle", size=80, stroke=ink("c-naive"), fill=ink("surface"), strokeWidth=2, aria=False
        ).encode(x=x),
        base.mark_point(
            shape="diamond", size=90, stroke=ink("c-claim"), fill=ink("c-claim"), aria=False
        ).encode(x="after:Q"),
    )
    text = sentence(answer)
    return draw(layers.properties(width=270, height=alt.Step(30)), text.zh if language == "zh" else text.en)
