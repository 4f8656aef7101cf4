"""The pictures: calm and geometric, drawn by us. Rings mean people round a middle; a fire means that somebody is there."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageColor, ImageDraw

from tongxin.kits.poster.pen import ACROSS, Pen
from tongxin.kits.poster.templates import Template, template

SMOOTH = 2  # how many times larger shapes are drawn
GLOW_AT = (0.0, 0.3, 0.62, 1.0)
PHONE, A4 = (1080, 1920), (1654, 2339)  # pixels: a phone's screen; A4 at 200 dots an inch
# Middle and radius of the picture, in units, and where the ground closes over it for the words below.
PLACES: dict[tuple[int, int], tuple[float, float, float]] = {PHONE: (620, 1085, 376), A4: (600, 858, 268)}


@dataclass(frozen=True)
class Place:
    """Where a picture stands: its middle, its radius, and how high the sheet is."""

    x: float
    y: float
    r: float
    high: float


@lru_cache(maxsize=8)
def ground(key: str, size: tuple[int, int]) -> Image.Image:
    """The whole picture behind the words. Kept: it is the same for every poster of a template. Copy before drawing on it."""
    one = template(key)
    scale = size[0] / ACROSS
    x, y, r = PLACES[size]
    high = size[1] / scale
    glow = _glow(one.ground, size, (x * scale, y * scale))
    large = glow.resize((size[0] * SMOOTH, size[1] * SMOOTH), Image.Resampling.BILINEAR)
    SCENES[one.scene](Pen(large, scale * SMOOTH), one, Place(x, y, r, high))
    made = large.reduce(SMOOTH)
    made.paste(one.fade, mask=_fade(size, high))
    return made


def _glow(stops: tuple[str, ...], size: tuple[int, int], middle: tuple[float, float]) -> Image.Image:
    import numpy as np  # noqa: PLC0415  # slow: a web worker that draws no poster never needs it

    wide, high = size
    down, across = np.mgrid[0:high, 0:wide].astype(np.float32)
    far = np.hypot((across - middle[0]) / 0.78, down - middle[1]) / (0.72 * high)
    shades = np.array([ImageColor.getrgb(stop)[:3] for stop in stops], dtype=np.float32)
    channels = [np.interp(far, GLOW_AT, shades[:, i]) for i in range(3)]
    return Image.fromarray(np.stack(channels, axis=-1).round().astype(np.uint8))


def _fade(size: tuple[int, int], high: float) -> Image.Image:
    """How far the ground closes over the picture towards the foot, so that the words there are read."""
    import numpy as np  # noqa: PLC0415  # slow: a web worker that draws no poster never needs it

    rows = np.linspace(0, high, size[1], dtype=np.float32)
    shade = (np.clip((rows - (high - 590)) / 260, 0, 1) * 0.95 * 255).round().astype(np.uint8)
    return Image.fromarray(np.repeat(shade[:, None], size[0], axis=1))


def _stars(pen: Pen, high: float, n: int = 46) -> None:
    """Few small stars, by the golden angle, none where words stand."""
    for i in range(n):
        across = 40 + (i * 0.618034 % 1) * 1000
        down = 20 + (i * 0.754878 % 1) * (high - 700)
        if 84 < across < 996 and 60 < down < 700:
            continue
        pen.disc(across, down, (2.2, 3.1, 4.4)[i % 3] / 1.4, "#ffe9c7", 0.75)


def cookie(pen: Pen, _: Template, at: Place) -> None:
    """A biscuit in the form of rings, a bite taken, stars on it, and rings of light around."""
    x, y, r, high = at.x, at.y, at.r, at.high
    _stars(pen, high)
    for i in range(5):
        pen.ring(x, y, r * (1.17 + 0.22 * i + 0.025 * i * i), ink="#ffd9a8", width=3, alpha=0.42 - 0.08 * i)
    whole = Image.new("RGB", pen.picture.size)
    on = Pen(whole, pen.scale)
    for share, fill in (
        (1, "#d08a43"),
        (0.965, "#e7ad66"),
        (0.76, "#dc9a50"),
        (0.735, "#efbd7b"),
        (0.5, "#e0a158"),
        (0.475, "#f4cb8f"),
        (0.24, "#e3a65e"),
    ):
        on.disc(x, y, r * share, fill)
    for n, far, size, turn in ((15, 0.855, 0.04, 0.0), (9, 0.605, 0.05, 0.3), (5, 0.355, 0.052, 0.9)):
        for i in range(n):
            angle = 2 * math.pi * (i + 0.16 * math.sin(7.0 * i + n)) / n + turn
            px, py = x + r * far * math.cos(angle), y + r * far * math.sin(angle)
            if i % 3 == 0:
                on.star(px, py, r * size * 1.45, "#fff6e2", angle)
            else:
                on.disc(px, py, r * size * 0.9, ("#c9452a", "#5b2f20", "#6d3a26")[(i + n) % 3])
    on.star(x, y, r * 0.15, "#fff6e2")
    s = pen.scale
    shape = Image.new("L", pen.picture.size)
    cut = ImageDraw.Draw(shape)
    for dx, dy, size, shade in (
        (0, 0, 1, 255),
        (0.604, -0.772, 0.2, 0),
        (0.45, -0.644, 0.16, 0),
        (0.66, -0.56, 0.15, 0),
    ):
        bx, by, br = (x + dx * r) * s, (y + dy * r) * s, size * r * s
        cut.ellipse((bx - br, by - br, bx + br, by + br), fill=shade)
    pen.picture.paste(whole, mask=shape)


def fire(pen: Pen, _: Template, at: Place) -> None:
    """People on three rings round a fire, nearer ones larger."""
    x, y, r, high = at.x, at.y, at.r * 0.9, at.high
    _stars(pen, high)
    for far, alpha in ((1.32, 0.12), (1.0, 0.2), (0.66, 0.3), (0.36, 0.4)):
        pen.ring(x, y, r * far, ink="#ffd9a8", width=2.4, alpha=alpha)
    pen.dots(x, y, r * 1.32, n=44, size=r * 0.036, ink="#7fb0f0", alpha=0.75)
    pen.dots(x, y, r * 1.0, n=26, size=r * 0.062, ink="#7fb0f0", alpha=0.95, turn=0.1)
    pen.dots(x, y, r * 0.66, n=14, size=r * 0.1, ink="#ffd25e", alpha=1.0, turn=0.25)
    pen.dots(x, y, r * 0.36, n=6, size=r * 0.13, ink="#ff8248", alpha=1.0, turn=0.5)
    for size, alpha in ((0.3, 0.1), (0.24, 0.14), (0.19, 0.18)):
        pen.disc(x, y, r * size, "#ffb45c", alpha)
    pen.flame(x, y - r * 0.02, r * 0.34, "#ff8248")
    pen.flame(x, y + r * 0.045, r * 0.19, "#ffd25e")


def table(pen: Pen, _: Template, at: Place) -> None:
    """A round table seen from above: cups and plates, filled seats, and a few that wait for somebody."""
    x, y, r = at.x, at.y, at.r * 0.84
    for i in range(4):
        pen.ring(x, y, r * (1.24 + 0.24 * i), ink="#dededa", width=2.4, alpha=0.9 - 0.18 * i)
    seats = 12
    for i in range(seats):
        angle = 2 * math.pi * i / seats - math.pi / 2
        px, py = x + r * 1.02 * math.cos(angle), y + r * 1.02 * math.sin(angle)
        if i in {1, 4, 9}:
            spans = [(k * 30 + 3, k * 30 + 21) for k in range(12)]
            pen.arc(px, py, r * 0.1, ink="#868995", width=4, spans=spans)
        else:
            pen.disc(px, py, r * 0.105, ("#be3d0a", "#b98100", "#2a66b0")[i % 3])
    pen.disc(x, y, r * 0.8, "#ecd2b0")
    pen.disc(x, y, r * 0.782, "#f6e3c8")
    for far in (0.7, 0.58, 0.46, 0.34):
        pen.ring(x, y, r * far, ink="#ecd2b0", width=2.6, alpha=0.8)
    for i in range(seats):
        angle = 2 * math.pi * i / seats - math.pi / 2
        px, py = x + r * 0.62 * math.cos(angle), y + r * 0.62 * math.sin(angle)
        pen.disc(px, py, r * 0.088, "#ffffff")
        if i in {1, 4, 9}:
            pen.ring(px, py, r * 0.06, ink="#e6e6e2", width=2.4)
        else:
            pen.disc(px, py, r * 0.062, ("#b06a34", "#c98b3f", "#8a4a2a")[i % 3])
            pen.disc(px - r * 0.012, py - r * 0.012, r * 0.02, "#ffffff", 0.35)
    pen.disc(x, y, r * 0.27, "#ffffff")
    pen.ring(x, y, r * 0.25, ink="#f8e2da", width=6)
    pen.flame(x, y - r * 0.01, r * 0.26, "#be3d0a")
    pen.flame(x, y + r * 0.04, r * 0.14, "#ffb45c")


def market(pen: Pen, one: Template, at: Place) -> None:
    """The sun comes up behind an awning; below it the day's fruit in rows."""
    r, high = at.r, at.high
    top = at.y + r * 0.02
    for far, alpha in ((1.5, 0.16), (1.24, 0.24), (1.0, 0.36), (0.78, 0.6)):
        pen.disc(540, top, r * far, "#ffd9a8", alpha)
    pen.disc(540, top, r * 0.58, "#ffb45c")
    pen.box(-20, top, 1100, high + 20, fill=one.fade)
    stripes, wide = 12, 1080 / 12
    for i in range(stripes):
        fill = "#be3d0a" if i % 2 == 0 else "#ffffff"
        pen.box(i * wide, top - r * 0.06, (i + 1) * wide, top + r * 0.26, fill=fill)
        pen.disc((i + 0.5) * wide, top + r * 0.26, wide / 2, fill)
    pen.box(0, top - r * 0.09, 1080, top - r * 0.05, fill="#a33207")
    rows = (("#a82a10", "#be3d0a"), ("#b98100", "#ffb45c"), ("#00706b", "#2f8f73"))
    for row, (dark, light) in enumerate(rows):
        size = r * 0.085
        down = top + r * (0.56 + 0.2 * row)
        for i in range(14):
            across = 30 + i * 79 + (row % 2) * 39
            pen.disc(across, down, size, light if (i + row) % 3 else dark)
            pen.disc(across - size * 0.3, down - size * 0.3, size * 0.22, "#ffffff", 0.35)


SCENES: dict[str, Callable[[Pen, Template, Place], None]] = {
    "cookie": cookie,
    "fire": fire,
    "table": table,
    "market": market,
}
