"""Who brings how much: members from those who bring least to those who bring most, ranked beforehand and afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt

from tongxin.compass.charts.ink import Table, draw, folded, ink, label, rows, spec_of
from tongxin.compass.errors import BadInput
from tongxin.compass.sentence import Words


@dataclass(frozen=True)
class Curve:
    """One ranking: (share of members, share of the total) from (0, 0) to (1, 1), and what the top brings.

    `beforehand`: ranked by what was known before the total was made. Only such a ranking says whom to look after.
    """

    name: Words
    points: tuple[tuple[float, float], ...]
    top: float
    top_ci: tuple[float, float] | None
    beforehand: bool


@dataclass(frozen=True)
class Lorenz:
    """One or two rankings of the same members; `share` is the top that is talked about, e.g. 0.1."""

    what: Words
    members: int
    share: float
    curves: tuple[Curve, ...]
    claim: float | None = None


def sentence(found: Lorenz) -> Words:
    """Say what the top brings, ranked beforehand where that is known, and how that stands to the claim."""
    curve = _spoken(found)
    top = f"{found.share * 100:.0f}%"
    zh = f"{curve.name.zh}，前 {top} 的人带来{found.what.zh}的 {_said(curve, zh=True)}"
    en = f"{curve.name.en}, the top {top} bring {_said(curve, zh=False)} of {found.what.en}"
    if found.claim is None:
        return Words(f"{zh}。", f"{en}.")
    claim = f"{found.claim * 100:.0f}%"
    return Words(f"{zh}，说法是 {claim}。", f"{en}; the claim is {claim}.")


def table(found: Lorenz, language: str) -> Table:
    """Return the share of the total at each tenth of the members, one column a ranking."""
    zh = language == "zh"
    names = [curve.name.zh if zh else curve.name.en for curve in found.curves]
    lines = []
    for tenth in range(1, 11):
        head = f"最低 {tenth * 10}%" if zh else f"lowest {tenth * 10}%"
        lines.append((head, *(f"{_at(curve, tenth / 10) * 100:.1f}%" for curve in found.curves)))
    share = f"{found.share * 100:.0f}%"
    lines.append((f"前 {share}" if zh else f"top {share}", *(_said(curve, zh=zh) for curve in found.curves)))
    return Table(("会员" if zh else "Members", *names), tuple(lines))


def spec(found: Lorenz, language: str) -> dict[str, Any]:
    """Return the Vega-Lite specification.

    Raises
    ------
    BadInput
        Not one or two curves, or one without two points.
    """
    return spec_of(_chart(found, language))


def draw_svg(found: Lorenz, language: str) -> str:
    """Return the chart as SVG. Raises BadInput as `spec` does."""
    text = sentence(found)
    return draw(_chart(found, language), text.zh if language == "zh" else text.en)


def _spoken(found: Lorenz) -> Curve:
    if not 1 <= len(found.curves) <= 2 or any(len(curve.points) < 2 for curve in found.curves):
        raise BadInput.one(
            "lorenz", f"{len(found.curves)} curve(s)", ("one or two, each with two points or more",)
        )
    return next((curve for curve in found.curves if curve.beforehand), found.curves[0])


def _said(curve: Curve, *, zh: bool) -> str:
    """What the top brings, with its interval."""
    if curve.top_ci is None:
        return f"{curve.top * 100:.0f}%"
    low, high = (f"{end * 100:.0f}%" for end in curve.top_ci)
    return f"{curve.top * 100:.0f}%（{low}～{high}）" if zh else f"{curve.top * 100:.0f}% ({low} to {high})"


def _at(curve: Curve, people: float) -> float:
    """Share of the total at a share of the members, on the straight line between two points."""
    left = max((point for point in curve.points if point[0] <= people + 1e-12), key=lambda point: point[0])
    right = min((point for point in curve.points if point[0] >= people - 1e-12), key=lambda point: point[0])
    if right[0] - left[0] < 1e-12:
        return right[1]
    return left[1] + (right[1] - left[1]) * (people - left[0]) / (right[0] - left[0])


def _chart(found: Lorenz, language: str) -> Any:
    spoken, zh = _spoken(found), language == "zh"
    x = alt.X(
        "people:Q",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(
            title="会员，从少到多" if zh else "members, least first", format=".0%", tickCount=5, grid=False
        ),
    )
    low = min(0.0, *(value for curve in found.curves for _, value in curve.points))
    y = alt.Y(
        "value:Q",
        scale=alt.Scale(domain=[low, 1]),
        axis=alt.Axis(
            title=f"占{found.what.zh}" if zh else f"share of {found.what.en}", format=".0%", tickCount=5
        ),
    )
    even = alt.Chart(rows([{"people": 0, "value": 0}, {"people": 1, "value": 1}]))
    word = alt.Chart(rows([{"people": 0.3, "value": 0.3, "text": "人人一样" if zh else "all the same"}]))
    layers: list[Any] = [
        even.mark_line(color=ink("ink-3"), strokeDash=[2, 3], strokeWidth=1.5, aria=False).encode(x=x, y=y),
        word.mark_text(align="right", dx=-8, dy=-4, fontSize=12, color=ink("ink-3"), aria=False).encode(x=x, y=y, text="text:N"),
    ]  # fmt: skip
    for curve in found.curves:
        layers += _line(curve, x, y, spoken=curve is spoken, zh=zh)
    layers += _top(found, spoken, x, y, zh=zh)
    return alt.layer(*layers).properties(width=340, height=340)


def _line(curve: Curve, x: alt.X, y: alt.Y, *, spoken: bool, zh: bool) -> list[Any]:
    """One ranking with its name; afterwards is grey and dashed, since it flatters."""
    marks = [{"people": people, "value": value} for people, value in curve.points]
    color, dash = (ink("c-claim"), [1, 0]) if spoken else (ink("c-naive"), [6, 3])
    at = 0.62 if spoken else 0.72
    name = "\n".join(folded(curve.name.zh if zh else curve.name.en, 6))
    text = label(
        {"people": at, "value": _at(curve, at), "text": name},
        tone="ink" if spoken else "ink-3",
        align="right" if spoken else "left",
        baseline="bottom" if spoken else "top",
        dx=-8 if spoken else 6,
        dy=-2 if spoken else 4,
    )
    return [
        alt.Chart(rows(marks))
        .mark_line(color=color, strokeWidth=2, strokeDash=dash, aria=False)
        .encode(x=x, y=y),
        *(layer.encode(x=x, y=y, text="text:N") for layer in text),
    ]


def _top(found: Lorenz, curve: Curve, x: alt.X, y: alt.Y, *, zh: bool) -> list[Any]:
    """The bracket at the right: from the curve to one is what the top brings."""
    people = 1 - found.share
    low, high = curve.top_ci or (curve.top, curve.top)
    share = f"{found.share * 100:.0f}%"
    text = f"前 {share} 占 {_said(curve, zh=zh)}" if zh else f"top {share}: {_said(curve, zh=zh)}"
    one = rows(
        [{"people": people, "value": 1 - curve.top, "low": 1 - high, "high": 1 - low, "one": 1, "text": text}]
    )
    base = alt.Chart(one)
    return [
        base.mark_rule(color=ink("ember"), strokeWidth=1.5, strokeDash=[4, 3], aria=False).encode(x=x, y=alt.Y("value:Q"), y2="one:Q"),
        base.mark_rule(color=ink("c-band"), strokeWidth=9, aria=False).encode(x=x, y=alt.Y("low:Q"), y2="high:Q"),
        base.mark_point(
            shape="circle", size=90, stroke=ink("ember"), fill=ink("surface"), strokeWidth=2, opacity=1, aria=False
        ).encode(x=x, y=y),
        base.mark_text(align="right", dx=-8, baseline="top", dy=4, fontSize=13, fontWeight=600, color=ink("ink"), aria=False).encode(
            x=x, y=alt.value(0), text="text:N"
        ),
    ]  # fmt: skip
