"""Several indices of one community or store: points with their intervals on spokes, the middle of its peers dotted.

Vega-Lite has no polar lines, so the corners are computed here. Under `ENOUGH` people there is no radar at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import altair as alt

from tongxin.compass.charts.ink import Table, draw, folded, ink, rows, spec_of
from tongxin.compass.errors import BadInput
from tongxin.compass.sentence import Words

#: fewer eligible members than this say nothing
ENOUGH = 20
RINGS = (25, 50, 75, 100)
#: where figures and names stand, in radii
_TIP = 1.13


@dataclass(frozen=True)
class Index:
    """One index 0…100 with its interval and the median of its peers; no value = not enough evidence."""

    name: Words
    value: float | None
    ci: tuple[float, float] | None
    peers: float | None = None


@dataclass(frozen=True)
class Radar:
    """The indices of one thing, made from so many eligible members."""

    of: str
    members: int
    indices: tuple[Index, ...]
    level: float = 0.8


def can_draw(found: Radar) -> bool:
    """Say whether there is evidence enough for a picture."""
    known = all(index.value is not None and index.ci is not None for index in found.indices)
    return known and len(found.indices) >= 3 and found.members >= ENOUGH


def sentence(found: Radar) -> Words:
    """Say the highest and the lowest index, or that the evidence is not enough."""
    if not can_draw(found):
        return Words(f"{found.of}：证据不足，不画图。", f"{found.of}: not enough evidence for a picture.")
    ranked = sorted(found.indices, key=lambda index: index.value or 0.0)
    low, high = ranked[0], ranked[-1]
    return Words(
        f"{found.of}：最高的是{high.name.zh} {_figure(high, 'zh')}，最低的是{low.name.zh} {_figure(low, 'zh')}。",
        f"{found.of}: highest is {high.name.en} {_figure(high, 'en')}, lowest {low.name.en} {_figure(low, 'en')}.",
    )


def table(found: Radar, language: str) -> Table:
    """Return every index with its interval and its peers."""
    zh = language == "zh"
    share = f"{found.level * 100:.0f}%"
    head = (
        ("指数", "值", f"{share} 区间", "同类中位数")
        if zh
        else ("Index", "Value", f"{share} interval", "Median of peers")
    )
    lines = []
    for index in found.indices:
        low, high = index.ci or (math.nan, math.nan)
        span = "—" if index.ci is None else (f"{low:.0f}～{high:.0f}" if zh else f"{low:.0f} to {high:.0f}")
        value = "证据不足" if zh else "not enough evidence"
        lines.append(
            (
                index.name.zh if zh else index.name.en,
                value if index.value is None else f"{index.value:.0f}",
                span,
                "—" if index.peers is None else f"{index.peers:.0f}",
            )
        )
    return Table(head, tuple(lines))


def spec(found: Radar, language: str) -> dict[str, Any]:
    """Return the Vega-Lite specification.

    Raises
    ------
    BadInput
        Not enough evidence (`can_draw`).
    """
    return spec_of(_chart(found, language))


def draw_svg(found: Radar, language: str) -> str:
    """Return the chart as SVG. Raises BadInput as `spec` does."""
    text = sentence(found)
    return draw(_chart(found, language), text.zh if language == "zh" else text.en)


def _figure(index: Index, language: str) -> str:
    low, high = index.ci or (0.0, 0.0)
    span = f"（{low:.0f}～{high:.0f}）" if language == "zh" else f" ({low:.0f} to {high:.0f})"
    return f"{index.value:.0f}{span}"


def _corner(place: int, count: int, value: float) -> dict[str, float]:
    """Point of a value on its spoke; the first spoke points up, the others follow clockwise."""
    angle = 2 * math.pi * place / count
    return {"x": value / 100 * math.sin(angle), "y": value / 100 * math.cos(angle)}


def _loop(values: list[float]) -> list[dict[str, float]]:
    """Closed polygon of one value a spoke, numbered in drawing order."""
    n = len(values)
    return [_corner(place % n, n, values[place % n]) | {"at": place} for place in range(n + 1)]


def _chart(found: Radar, language: str) -> Any:
    if not can_draw(found):
        raise BadInput.one("radar", f"{found.members} members", (f"{ENOUGH} or more, three indices or more",))
    scale = alt.Scale(domain=[-1, 1], nice=False)
    x, y = alt.X("x:Q", scale=scale, axis=None), alt.Y("y:Q", scale=scale, axis=None)
    n = len(found.indices)
    values = [index.value or 0.0 for index in found.indices]
    lows, highs = ([(index.ci or (0.0, 0.0))[end] for index in found.indices] for end in (0, 1))
    layers: list[Any] = [_outline([float(ring)] * n, x, y, color="c-grid", width=1) for ring in RINGS]
    spokes = [
        {"x": 0, "y": 0, "x2": corner["x"], "y2": corner["y"]}
        for corner in (_corner(i, n, 100) for i in range(n))
    ]
    layers.append(
        alt.Chart(rows(spokes))
        .mark_rule(color=ink("c-grid"), aria=False)
        .encode(x=x, y=y, x2="x2:Q", y2="y2:Q")
    )
    # outer polygon one way, inner polygon back: the ring between them is filled, the middle is not
    back = [point | {"at": n + 1 + place} for place, point in enumerate(reversed(_loop(lows)))]
    band = alt.Chart(rows([*_loop(highs), *back]))
    layers.append(
        band.mark_line(filled=True, fill=ink("c-band"), fillOpacity=0.9, strokeWidth=0, aria=False).encode(
            x=x, y=y, order="at:Q"
        )
    )
    if all(index.peers is not None for index in found.indices):
        peers = [index.peers or 0.0 for index in found.indices]
        layers.append(_outline(peers, x, y, color="ink-3", width=1.5, dash=[1, 4]))
    layers.append(_outline(values, x, y, color="c-claim", width=2))
    dots = alt.Chart(rows([_corner(place, n, value) for place, value in enumerate(values)]))
    layers.append(
        dots.mark_point(
            shape="circle", size=60, stroke=ink("c-claim"), fill=ink("c-claim"), opacity=1, aria=False
        ).encode(x=x, y=y)
    )
    for place, index in enumerate(found.indices):
        layers += _tip(index, place, n, language, x=x, y=y)
    return alt.layer(*layers).properties(width=260, height=260)


def _outline(
    values: list[float], x: alt.X, y: alt.Y, *, color: str, width: float, dash: list[int] | None = None
) -> Any:
    mark = alt.Chart(rows(_loop(values))).mark_line(
        color=ink(color), strokeWidth=width, strokeDash=dash or [1, 0], aria=False
    )
    return mark.encode(x=x, y=y, order="at:Q")


def _tip(index: Index, place: int, n: int, language: str, *, x: alt.X, y: alt.Y) -> list[Any]:
    """Name and figure outside the outermost ring, on the side where there is room."""
    corner = _corner(place, n, 100 * _TIP)
    side: Any = "center" if abs(corner["x"]) < 0.2 else "left" if corner["x"] > 0 else "right"
    name = folded(index.name.zh if language == "zh" else index.name.en)
    lines = [*name, _figure(index, language)]
    # upwards the block ends at the ring, downwards it begins there, at the sides its middle is level with it
    first = (
        -15.0 * (len(lines) - 1)
        if corner["y"] > 0.9
        else 0.0
        if corner["y"] < -0.9
        else -7.5 * (len(lines) - 1)
    )
    out: list[Any] = []
    for number, line in enumerate(lines):
        last = number == len(lines) - 1
        base = alt.Chart(rows([corner | {"text": line}]))
        mark = base.mark_text(
            align=side, baseline="middle", dy=first + 15.0 * number, fontSize=12, fontWeight=600 if last else "normal",
            color=ink("ink" if last else "ink-2"), clip=False, aria=False,
        )  # fmt: skip
        out.append(mark.encode(x=x, y=y, text="text:N"))
    return out
