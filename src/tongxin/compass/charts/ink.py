"""Colours by their job, and the one way a specification becomes an SVG."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import altair as alt
import vl_convert

from tongxin.compass.errors import BadInput

#: token → the light value, used where `var()` does not resolve
TOKENS: dict[str, str] = {
    "ink": "#1b1d2c",
    "ink-2": "#4a4d5f",
    "ink-3": "#636677",
    "line": "#dededa",
    "surface": "#ffffff",
    "sunken": "#ebebe7",
    "ember": "#be3d0a",
    "good": "#00706b",
    "good-soft": "#dcf1ee",
    "c-claim": "#1f4f8f",
    "c-band": "#c9dbf1",
    "c-compare": "#868995",
    "c-naive": "#938a81",
    "c-grid": "#e6e6e2",
}

#: the same tokens at night
NIGHT: dict[str, str] = {
    "ink": "#f1eff3",
    "ink-2": "#b9bac8",
    "ink-3": "#9799aa",
    "line": "#2d3042",
    "surface": "#191b27",
    "sunken": "#0c0d14",
    "ember": "#ff8248",
    "good": "#48d6cc",
    "good-soft": "#10312f",
    "c-claim": "#8fbaf5",
    "c-band": "#253d60",
    "c-compare": "#7d8094",
    "c-naive": "#6d675f",
    "c-grid": "#282b3a",
}
THEMES: dict[str, dict[str, str]] = {"light": TOKENS, "dark": NIGHT}

#: what a picture without a reader's browser is set in
PRINT_FONT = "Noto Sans CJK SC, Noto Sans SC, Source Han Sans SC, sans-serif"
_VAR = re.compile(r"var\(--([\w-]+), (#[0-9a-f]{6})\)")


@dataclass(frozen=True)
class Table:
    """The data of a chart for those who read rather than look: headings, and rows of the same length."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def ink(token: str) -> str:
    """Return a colour as CSS variable with its fallback.

    >>> ink("c-claim")
    'var(--c-claim, #1f4f8f)'
    """
    return f"var(--{token}, {TOKENS[token]})"


def rows(values: list[dict[str, Any]]) -> alt.Data:
    """Return inline data (no data frame needed)."""
    return alt.Data(values=values)


def names_axis(names: list[str]) -> alt.Axis:
    """Return a label axis wide enough for its names in the reader's own font (12 px; the drawer's may be narrower)."""
    widest = max((sum(13 if ord(char) > 0x2E7F else 7.2 for char in name) for name in names), default=0)
    return alt.Axis(title=None, grid=False, labelLimit=320, minExtent=widest + 8)


def breadth(text: str, size: float = 12) -> float:
    """Return the pixels a text takes, on the safe side: a Chinese character is as wide as it is high.

    >>> breadth("会员") > breadth("ab")
    True
    """
    return sum(1.08 if ord(char) > 0x2E7F else 0.6 for char in text) * size


def folded(text: str, limit: int = 8) -> list[str]:
    """Break a label by hand (nothing else breaks Chinese here): at spaces, else after `limit` full-width characters.

    >>> folded("高毛利品类渗透率与篮子", 6)
    ['高毛利品类渗', '透率与篮子']
    >>> folded("Depth of ties", 4)
    ['Depth', 'of ties']
    """
    words = re.findall(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*|\s+", text)
    lines = [""]
    for word in words:
        if lines[-1] and breadth((lines[-1] + word).rstrip(), 1) > limit * 1.08 + 0.01:
            lines.append("")
        lines[-1] += word
    return [line.strip() for line in lines]


def spec_of(chart: Any) -> dict[str, Any]:
    """Return a chart as Vega-Lite, with the house's axes; colours are still `var(--token, #light)`."""
    configured = (
        chart.configure(background="transparent", font="system-ui, sans-serif")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=ink("ink-2"),
            titleColor=ink("ink-3"),
            domainColor=ink("line"),
            tickColor=ink("line"),
            gridColor=ink("c-grid"),
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            aria=False,
        )
    )
    # Half of the time of a picture would go into holding it against the schema: the tests of the charts do that once.
    found: dict[str, Any] = configured.to_dict(validate=False)
    return found


def svg_of(spec: dict[str, Any], sentence: str) -> str:
    """Draw a specification to an SVG that says its finding in one sentence.

    The chart's own description is lost in a static SVG, so it is written into `role="img"` here; axis texts for
    screen readers are English and are switched off in the specifications (`aria=False`).
    """
    svg = vl_convert.vegalite_to_svg(spec)
    head = f'<svg role="img" aria-label="{escape(sentence, quote=True)}" '
    return svg.replace("<svg ", head, 1)


def draw(chart: Any, sentence: str) -> str:
    """Draw a chart to an SVG that says its finding in one sentence."""
    return svg_of(spec_of(chart), sentence)


def painted(svg: str, theme: str) -> str:
    """Return an SVG with the colours of one theme in place of variables, for readers without our style sheet.

    Raises
    ------
    BadInput
        There is no such theme.
    """
    if theme not in THEMES:
        raise BadInput.one("theme", repr(theme), tuple(THEMES))
    return _VAR.sub(lambda found: THEMES[theme][found[1]], svg)


def png(svg: str, theme: str = "light", scale: float = 2.0) -> bytes:
    """Return the picture as PNG on the theme's surface; `var()` resolves nowhere outside a browser, so it is painted first."""
    whole = painted(svg, theme).replace("system-ui, sans-serif", PRINT_FONT)
    surface = f'<rect width="100%" height="100%" fill="{THEMES[theme]["surface"]}"/>'
    whole = re.sub(r"(<svg [^>]*>)", lambda found: found[1] + surface, whole, count=1)
    return bytes(vl_convert.svg_to_png(whole, scale=scale))


def label(place: dict[str, Any], *, tone: str = "ink-2", **mark: Any) -> list[Any]:
    """Return a text beside a line, on a halo of the surface so that it stays readable where a line runs through it.

    `place` holds `text` (may be broken by newlines) and the fields the caller encodes.
    """
    base = alt.Chart(rows([place]))
    common: dict[str, Any] = {
        "fontSize": 12,
        "lineBreak": "\n",
        "lineHeight": 15,
        "aria": False,
        "clip": False,
    } | mark
    halo = base.mark_text(
        **common, stroke=ink("surface"), strokeWidth=4, strokeJoin="round", color=ink("surface")
    )
    return [halo, base.mark_text(**common, color=ink(tone))]


def wider(lows: Sequence[float], highs: Sequence[float]) -> list[float]:
    """Return an axis domain that holds all of them and zero, with a little air."""
    low, high = min(0.0, *lows), max(0.0, *highs)
    air = (high - low or 1.0) * 0.06
    return [low - air if low < 0 else low, high + air if high > 0 else high]
