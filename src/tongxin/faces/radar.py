"""Two pictures of a community as numbers: four indices on their spokes with a band, and people as dots joined by ties. Pure."""

from dataclasses import dataclass
from math import cos, pi, sin

from tongxin.communities.queries.instruments import Web
from tongxin.measure.queries import IndicesCard

CENTRE = (150.0, 132.0)
RADIUS = 96.0
WEB, WEB_RADII = 150.0, (0.0, 46.0, 86.0, 124.0)
WEB_SEATS = (1, 9, 24, 46)


@dataclass(frozen=True)
class Tip:
    """Where an index is named and its figure stands."""

    x: float
    y: float
    anchor: str
    name: tuple[str, str]
    value: str


@dataclass(frozen=True)
class RadarPicture:
    """Paths of the band (outer and inner), of the claim, its corners and its tips."""

    band: str
    claim: str
    corners: tuple[tuple[float, float], ...]
    tips: tuple[Tip, ...]


def radar(card: IndicesCard) -> RadarPicture | None:
    """The picture of four known indices; None where one is not known: then there is no radar."""
    if not card.whole:
        return None
    points = [one.now for one in card.indices]
    low = _loop([point.low or 0.0 for point in points])
    high = _loop([point.high or 0.0 for point in points])
    values = [point.value or 0.0 for point in points]
    return RadarPicture(
        band=f"{high}{low}",
        claim=_loop(values),
        corners=tuple(_corner(n, value, len(values)) for n, value in enumerate(values)),
        tips=tuple(
            Tip(*_tip(n, len(values)), name=one.name, value=f"{values[n]:.0f}")
            for n, one in enumerate(card.indices)
        ),
    )


def _corner(n: int, value: float, spokes: int) -> tuple[float, float]:
    angle = 2 * pi * n / spokes - pi / 2
    reach = RADIUS * value / 100
    return round(CENTRE[0] + reach * cos(angle), 1), round(CENTRE[1] + reach * sin(angle), 1)


def _loop(values: list[float]) -> str:
    corners = [_corner(n, value, len(values)) for n, value in enumerate(values)]
    return "M" + "L".join(f"{x} {y}" for x, y in corners) + "z"


def _tip(n: int, spokes: int) -> tuple[float, float, str]:
    x, y = _corner(n, 112, spokes)
    side = "middle" if abs(x - CENTRE[0]) < 1 else "start" if x > CENTRE[0] else "end"
    return x, y + (0 if y < CENTRE[1] else 12 if y > CENTRE[1] + 1 else 4), side


@dataclass(frozen=True)
class Dot:
    """One person: how many ties, where they sit."""

    x: float
    y: float
    size: float


@dataclass(frozen=True)
class WebPicture:
    """Dots and the lines between them, as one path."""

    dots: tuple[Dot, ...]
    lines: str


def web(found: Web) -> WebPicture:
    """The best tied in the middle, the others on circles around them."""
    dots = []
    for n, ties in enumerate(found.people):
        x, y = _seat(n)
        dots.append(Dot(x, y, 3.0 + min(5.0, ties**0.5)))
    lines = "".join(f"M{dots[a].x} {dots[a].y}L{dots[b].x} {dots[b].y}" for a, b, _n in found.ties)
    return WebPicture(tuple(dots), lines)


def _seat(n: int) -> tuple[float, float]:
    for radius, seats in zip(WEB_RADII, WEB_SEATS, strict=True):
        if n < seats:
            angle = 2 * pi * n / seats - pi / 2
            return round(WEB + radius * cos(angle), 1), round(WEB + radius * sin(angle), 1)
        n -= seats
    angle = 2 * pi * n / 60
    return round(WEB + 138 * cos(angle), 1), round(WEB + 138 * sin(angle), 1)
