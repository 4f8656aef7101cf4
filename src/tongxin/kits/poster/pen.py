"""A pen in the poster's own measure: 1080 units across, whatever the pixels. Shapes are drawn large and made small, so edges are smooth."""

import math
from collections.abc import Sequence

from PIL import Image, ImageColor, ImageDraw

ACROSS = 1080
Point = tuple[float, float]

# The flame of the brand mark, in a square of 32 (M, then cubic curves).
FLAME_START = (16.0, 10.8)
FLAME = (
    ((16.7, 12.8), (19.3, 14.1), (19.3, 16.8)),
    ((19.3, 18.62), (17.82, 20.1), (16.0, 20.1)),
    ((14.18, 20.1), (12.7, 18.62), (12.7, 16.8)),
    ((12.7, 15.3), (13.6, 14.6), (14.1, 13.4)),
    ((14.6, 14.0), (14.9, 14.6), (14.9, 15.4)),
    ((15.7, 14.3), (16.1, 12.7), (16.0, 10.8)),
)


def colour(name: str, alpha: float = 1.0) -> tuple[int, int, int, int]:
    """`#rrggbb` with an opacity."""
    red, green, blue = ImageColor.getrgb(name)[:3]
    return red, green, blue, round(255 * alpha)


class Pen:
    """Draws on a picture of `scale` pixels a unit."""

    def __init__(self, picture: Image.Image, scale: float) -> None:
        self.picture, self.scale = picture, scale
        self.on = ImageDraw.Draw(picture, "RGBA")

    def disc(self, x: float, y: float, r: float, fill: str, alpha: float = 1.0) -> None:
        s = self.scale
        self.on.ellipse(((x - r) * s, (y - r) * s, (x + r) * s, (y + r) * s), fill=colour(fill, alpha))

    def ring(self, x: float, y: float, r: float, *, ink: str, width: float, alpha: float = 1.0) -> None:
        s = self.scale
        half = width / 2
        box = ((x - r - half) * s, (y - r - half) * s, (x + r + half) * s, (y + r + half) * s)
        self.on.ellipse(box, outline=colour(ink, alpha), width=max(1, round(width * s)))

    def arc(
        self,
        x: float,
        y: float,
        r: float,
        *,
        ink: str,
        width: float,
        spans: Sequence[Point],
        alpha: float = 1.0,
    ) -> None:
        s, half = self.scale, width / 2
        box = ((x - r - half) * s, (y - r - half) * s, (x + r + half) * s, (y + r + half) * s)
        for start, end in spans:
            self.on.arc(box, start, end, fill=colour(ink, alpha), width=max(1, round(width * s)))

    def dots(
        self,
        x: float,
        y: float,
        r: float,
        *,
        n: int,
        size: float,
        ink: str,
        alpha: float = 1.0,
        turn: float = 0.0,
    ) -> None:
        """`n` dots on a circle: people round a fire."""
        for i in range(n):
            angle = 2 * math.pi * i / n + turn
            self.disc(x + r * math.cos(angle), y + r * math.sin(angle), size / 2, ink, alpha)

    def shape(self, points: Sequence[Point], fill: str, alpha: float = 1.0) -> None:
        self.on.polygon([(x * self.scale, y * self.scale) for x, y in points], fill=colour(fill, alpha))

    def box(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        *,
        fill: str,
        alpha: float = 1.0,
        radius: float = 0,
    ) -> None:
        s = self.scale
        edges = (left * s, top * s, right * s, bottom * s)
        self.on.rounded_rectangle(edges, radius * s, fill=colour(fill, alpha))

    def star(self, x: float, y: float, r: float, fill: str, turn: float = 0.0) -> None:
        points = []
        for i in range(10):
            far = r if i % 2 == 0 else r * 0.45
            angle = math.pi * i / 5 + turn - math.pi / 2
            points.append((x + far * math.cos(angle), y + far * math.sin(angle)))
        self.shape(points, fill)

    def flame(self, x: float, y: float, height: float, fill: str, alpha: float = 1.0) -> None:
        """The flame of the mark, its middle at (x, y)."""
        k = height / 9.3
        at, points = FLAME_START, []
        for one, two, three in FLAME:
            for i in range(12):
                t = i / 12
                a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
                px = a * at[0] + b * one[0] + c * two[0] + d * three[0]
                py = a * at[1] + b * one[1] + c * two[1] + d * three[1]
                points.append((x + (px - 16) * k, y + (py - 15.45) * k))
            at = three
        self.shape(points, fill, alpha)

    def mark(self, left: float, top: float, side: float, ink: str, fire: str) -> None:
        """The brand mark: two rings, the outer one open, and a flame."""
        k, x, y = side / 32, left + side / 2, top + side / 2
        self.arc(x, y, 13.5 * k, ink=ink, width=2.2 * k, spans=((13, 310),))
        self.ring(x, y, 8 * k, ink=ink, width=2.2 * k)
        self.flame(x, y - 0.55 * k, 9.3 * k, fire)
