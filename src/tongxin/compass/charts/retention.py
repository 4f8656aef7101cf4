"""Who comes back: the share of each cohort that still buys, period by period; all cohorts together with their interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt

from tongxin.compass.charts.ink import Table, draw, ink, rows, spec_of
from tongxin.compass.errors import BadInput
from tongxin.compass.sentence import Words

UNITS: dict[str, Words] = {
    "month": Words("个月", "months"),
    "four_weeks": Words("个四周", "times four weeks"),
    "week": Words("周", "weeks"),
}


@dataclass(frozen=True)
class Cohort:
    """People who began together. `shares[k]` is the share that bought in period k after the first; None = not yet seen."""

    name: str
    people: int
    shares: tuple[float | None, ...]


@dataclass(frozen=True)
class Retention:
    """All cohorts, and the pooled curve with its interval: `pooled[k]` = (share, low, high)."""

    period: str
    cohorts: tuple[Cohort, ...]
    pooled: tuple[tuple[float, float, float], ...]


def sentence(found: Retention) -> Words:
    """Say how many still come in the last pooled period."""
    last = len(_checked(found).pooled) - 1
    share, low, high = (f"{value * 100:.0f}%" for value in found.pooled[last])
    unit = UNITS[found.period]
    n = sum(cohort.people for cohort in found.cohorts)
    return Words(
        f"{n} 人里，第一次购买之后第 {last} {unit.zh}还来买的有 {share}（{low}～{high}）。",
        f"Of {n} people {share} ({low} to {high}) still buy {last} {unit.en} after their first purchase.",
    )


def table(found: Retention, language: str) -> Table:
    """Return one row a cohort and one for all of them."""
    zh = language == "zh"
    periods = range(len(_checked(found).pooled))
    head = (
        ("开始于", "人数", *(f"+{k}" for k in periods))
        if zh
        else ("Began", "People", *(f"+{k}" for k in periods))
    )
    lines = []
    for cohort in found.cohorts:
        seen = [cohort.shares[k] if k < len(cohort.shares) else None for k in periods]
        lines.append(
            (
                cohort.name,
                str(cohort.people),
                *("—" if share is None else f"{share * 100:.0f}%" for share in seen),
            )
        )
    everybody = sum(cohort.people for cohort in found.cohorts)
    pooled = (f"{share * 100:.0f}%" for share, _, _ in found.pooled)
    lines.append(("全部" if zh else "All", str(everybody), *pooled))
    return Table(head, tuple(lines))


def spec(found: Retention, language: str) -> dict[str, Any]:
    """Return the Vega-Lite specification.

    Raises
    ------
    BadInput
        No pooled curve, or a period that is none of `UNITS`.
    """
    return spec_of(_chart(found, language))


def draw_svg(found: Retention, language: str) -> str:
    """Return the chart as SVG. Raises BadInput as `spec` does."""
    text = sentence(found)
    return draw(_chart(found, language), text.zh if language == "zh" else text.en)


def _checked(found: Retention) -> Retention:
    if found.period not in UNITS:
        raise BadInput.one("retention.period", repr(found.period), tuple(UNITS))
    if not found.pooled or not found.cohorts:
        raise BadInput.one("retention", "no cohort with a curve", ("at least one",))
    return found


def _chart(found: Retention, language: str) -> Any:
    zh = language == "zh"
    unit = UNITS[_checked(found).period]
    title = f"第一次购买之后第几{unit.zh}" if zh else f"{unit.en} after the first purchase"
    last = len(found.pooled) - 1
    step = max(1, round(last / 8))
    x = alt.X(
        "period:Q",
        scale=alt.Scale(domain=[0, max(last, 1)], nice=False),
        axis=alt.Axis(title=title, values=list(range(0, last + 1, step)), format="d", grid=False),
    )
    y = alt.Y("share:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(title=None, format=".0%", tickCount=5))
    thin = [
        {"period": k, "share": share, "cohort": cohort.name}
        for cohort in found.cohorts
        for k, share in enumerate(cohort.shares[: last + 1])
        if share is not None
    ]
    pooled = [
        {"period": k, "share": share, "low": low, "high": high}
        for k, (share, low, high) in enumerate(found.pooled)
    ]
    base, end = alt.Chart(rows(pooled)), pooled[-1] | {"text": f"{pooled[-1]['share'] * 100:.0f}%"}
    layers: list[Any] = [
        base.mark_area(color=ink("c-band"), opacity=0.9, aria=False).encode(
            x=x, y=alt.Y("low:Q"), y2="high:Q"
        ),
        alt.Chart(rows(thin))
        .mark_line(color=ink("c-compare"), strokeWidth=1, opacity=0.55, aria=False)
        .encode(x=x, y=y, detail="cohort:N"),
        base.mark_line(color=ink("c-claim"), strokeWidth=2.5, aria=False).encode(x=x, y=y),
        base.mark_point(
            shape="circle", size=45, stroke=ink("c-claim"), fill=ink("c-claim"), opacity=1, aria=False
        ).encode(x=x, y=y),
        alt.Chart(rows([end]))
        .mark_text(align="left", dx=10, fontSize=13, fontWeight=600, color=ink("ink"), aria=False)
        .encode(x=x, y=y, text="text:N"),
    ]
    return alt.layer(*layers).properties(width=480, height=240)
