"""Colours by their job, and the one way a specification becomes an SVG."""

from __future__ import annotations

from html import escape
from typing import Any

import altair as alt
import vl_convert

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


def draw(chart: Any, sentence: str) -> str:
    """Draw a chart to an SVG that says its finding in one sentence.

    The chart's own description is lost in a static SVG, so it is written into `role="img"` here; axis texts for
    screen readers are English and are switched off in the specifications (`aria=False`).
    """
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
    svg = vl_convert.vegalite_to_svg(configured.to_json(indent=None))
    head = f'<svg role="img" aria-label="{escape(sentence, quote=True)}" '
    return svg.replace("<svg ", head, 1)
