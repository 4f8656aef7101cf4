"""Before a study begins: how large an effect has to be to be seen, for one or more numbers of participants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt

from tongxin.compass.charts.ink import Table, draw, ink, label, rows, spec_of
from tongxin.compass.errors import BadInput
from tongxin.compass.sentence import Words, points

#: one line style a curve; more curves than styles would need colour to tell them apart
DASHES: tuple[list[int], ...] = ([1, 0], [6, 3], [2, 3])
#: the power at which each curve has its label, so that labels never stand side by side
HEIGHTS = (0.42, 0.56, 0.7)


@dataclass(frozen=True)
class Curve:
    """Power (0…1) over effect sizes in ascending order, for so many participants."""

    treated: int
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class PowerCurve:
    """Up to three curves; `mde` is the smallest effect that `treated` participants show with power `level`."""

    unit: str
    currency: str
    curves: tuple[Curve, ...]
    treated: int
    mde: float | None
    level: float = 0.8


def sentence(found: PowerCurve) -> Words:
    """Say the smallest effect that can be seen."""
    share = f"{found.level * 100:.0f}%"
    if found.mde is None:
        return Words(
            f"{found.treated} 位参加者还看不出任何一种差异（把握不到 {share}）。",
            f"With {found.treated} participants no effect would be seen with a power of {share}.",
        )
    size = {at: points(found.mde, found.unit, found.currency, language=at).lstrip("+") for at in ("zh", "en")}
    return Words(
        f"{found.treated} 位参加者，差异要有 {size['zh']} 才有 {share} 的把握看出来。",
        f"With {found.treated} participants an effect of {size['en']} is seen with a power of {share}.",
    )


def table(found: PowerCurve, language: str) -> Table:
    """Return the power at each effect, one column a curve."""
    effects = sorted({effect for curve in found.curves for effect, _ in curve.points})
    head = ("差异", *(f"{curve.treated} 人" for curve in found.curves))
    if language != "zh":
        head = ("Effect", *(f"{curve.treated} people" for curve in found.curves))
    known = [dict(curve.points) for curve in found.curves]
    return Table(
        head,
        tuple(
            (
                points(effect, found.unit, found.currency, language=language),
                *(f"{power[effect] * 100:.0f}%" if effect in power else "—" for power in known),
            )
            for effect in effects
        ),
    )


def spec(found: PowerCurve, language: str) -> dict[str, Any]:
    """Return the Vega-Lite specification.

    Raises
    ------
    BadInput
        No curve, an empty one, or more than there are line styles.
    """
    return spec_of(_chart(found, language))


def draw_svg(found: PowerCurve, language: str) -> str:
    """Return the chart as SVG. Raises BadInput as `spec` does."""
    text = sentence(found)
    return draw(_chart(found, language), text.zh if language == "zh" else text.en)


def _chart(found: PowerCurve, language: str) -> Any:
    if not 1 <= len(found.curves) <= len(DASHES) or not all(curve.points for curve in found.curves):
        raise BadInput.one(
            "power_curve", f"{len(found.curves)} curve(s)", (f"1 to {len(DASHES)} with points",)
        )
    zh, scale = language == "zh", 100.0 if found.unit == "share" else 1.0
    unit = {"share": "百分点" if zh else "points", "money": found.currency, "money/month": found.currency}
    title = ("差异" if zh else "effect") + (f"（{unit[found.unit]}）" if zh and found.unit in unit else "")
    if not zh and found.unit in unit:
        title = f"effect ({unit[found.unit]})"
    last = max(effect for curve in found.curves for effect, _ in curve.points) * scale
    x = alt.X(
        "effect:Q",
        scale=alt.Scale(domain=[0, last], nice=False),
        axis=alt.Axis(title=title, tickCount=6, grid=False),
    )
    y = alt.Y(
        "power:Q",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(title=None, format=".0%", values=[0, 0.2, 0.4, 0.6, 0.8, 1]),
    )
    level = alt.Chart(rows([{"power": found.level}]))
    layers: list[Any] = [level.mark_rule(color=ink("ink-3"), strokeDash=[2, 3], aria=False).encode(y=y)]
    labels: list[Any] = []
    for curve, dash, height in zip(found.curves, DASHES, HEIGHTS, strict=False):
        line, said = _line(curve, dash, height, x=x, y=y, scale=scale, zh=zh)
        layers.append(line)
        labels += said
    if found.mde is not None and found.mde * scale <= last:
        size = points(found.mde, found.unit, found.currency, language=language).lstrip("+")
        mark = alt.Chart(rows([{"effect": found.mde * scale, "power": found.level}]))
        layers.append(
            mark.mark_rule(color=ink("ember"), strokeWidth=2, aria=False).encode(x=x, y=y, y2=alt.value(240))
        )
        labels.append(
            mark.mark_point(
                shape="circle",
                size=90,
                stroke=ink("ember"),
                fill=ink("surface"),
                strokeWidth=2,
                opacity=1,
                aria=False,
            ).encode(x=x, y=y)
        )
        right = found.mde * scale > 0.7 * last
        place = {"effect": found.mde * scale, "text": size}
        side: dict[str, Any] = {"align": "right" if right else "left", "dx": -8 if right else 8}
        bold = label(place, tone="ink", **side, dy=-6, baseline="bottom", fontSize=13, fontWeight=600)
        labels += [layer.encode(x=x, y=alt.value(240), text="text:N") for layer in bold]
    return alt.layer(*layers, *labels).properties(width=460, height=240)


def _line(
    curve: Curve, dash: list[int], height: float, *, x: alt.X, y: alt.Y, scale: float, zh: bool
) -> tuple[Any, list[Any]]:
    """One curve, and its number of participants beside its steep part (there curves lie apart)."""
    marks = [{"effect": effect * scale, "power": power} for effect, power in curve.points]
    place = min(marks, key=lambda mark: abs(mark["power"] - height))
    text = f"{curve.treated} 人" if zh else f"{curve.treated} people"
    left = place["effect"] < 0.2 * marks[-1]["effect"]
    said = label(place | {"text": text}, align="left" if left else "right", dx=8 if left else -8, dy=-2)
    line = alt.Chart(rows(marks)).mark_line(
        color=ink("c-claim"), strokeWidth=2, strokeDash=dash, interpolate="monotone", aria=False
    )
    return line.encode(x=x, y=y), [layer.encode(x=x, y=y, text="text:N") for layer in said]
