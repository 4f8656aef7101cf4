"""Small pictures of the chain as numbers: stores as marks by region, a line with its band, tiles of a map. Pure; templates draw them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from tongxin.champions.queries.chain import StoreLine
from tongxin.champions.terms import Health
from tongxin.kits.queries import Tile

A_ROW = 16  # marks side by side; a longer region goes on in the next line
LARGE, A_WIDE_ROW = 96, 32  # a region of more than six lines takes the whole width
STEP = 19.0
# A store's mark around its centre, a shape for each level: they are told apart without colour. As in `parts/store_mark.html`.
SHAPES: dict[Health, str] = {
    Health.WELL: "m-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0z",
    Health.WATCH: "m0-6.5l6.5 6.5-6.5 6.5-6.5-6.5z",
    Health.RED: "m0-7l7.5 13h-15z",
}
HOLLOW = "m-4.8 0a4.8 4.8 0 1 0 9.6 0a4.8 4.8 0 1 0-9.6 0z"


@dataclass(frozen=True)
class Mark:
    """One store: its level is a shape, where its centre stands, and what it is called."""

    x: float
    y: float
    level: Health
    name: str


@dataclass(frozen=True)
class RegionDots:
    """The stores of a region as marks in lines of sixteen; of a large one in lines of thirty-two."""

    name: str
    marks: tuple[Mark, ...]
    width: float
    height: float
    counted: tuple[tuple[Health, int], ...]

    @property
    def shapes(self) -> tuple[tuple[Health, str], ...]:
        """All marks of a level as one path: a page of 600 stores draws some dozens of shapes."""
        found: dict[Health, list[str]] = {}
        for mark in self.marks:
            found.setdefault(mark.level, []).append(f"M{mark.x:g} {mark.y:g}{SHAPES.get(mark.level, HOLLOW)}")
        return tuple((level, "".join(found[level])) for level, _n in self.counted)


def region_dots(lines: Iterable[StoreLine]) -> list[RegionDots]:
    """The stores by region in the order they are given."""
    regions: dict[str, list[StoreLine]] = {}
    for line in lines:
        regions.setdefault(line.region, []).append(line)
    return [_region(name, found) for name, found in regions.items()]


def _region(name: str, found: Sequence[StoreLine]) -> RegionDots:
    a_row = A_ROW if len(found) <= LARGE else A_WIDE_ROW
    marks = tuple(
        Mark(10 + STEP * (n % a_row), 10 + 20 * (n // a_row), line.health.level, line.name)
        for n, line in enumerate(found)
    )
    levels = [line.health.level for line in found]
    counted = tuple((level, levels.count(level)) for level in Health if level in levels)
    return RegionDots(name, marks, STEP * a_row, 20.0 * (1 + (len(found) - 1) // a_row), counted)


@dataclass(frozen=True)
class Band:
    """A line with the band of its intervals, in a box of 110 × 30; `x`, `y` the last point."""

    line: str
    area: str
    x: float
    y: float


def band(points: Sequence[tuple[float, float, float]], width: float = 110.0, height: float = 30.0) -> Band:
    """Points are (value, low, high), oldest first; two at least."""
    bottom = min(low for _, low, _ in points)
    room = (max(high for _, _, high in points) - bottom) or 1.0

    def x(n: int) -> float:
        return round(3 + (width - 8) * n / (len(points) - 1), 1)

    def y(value: float) -> float:
        return round(height - 4 - (height - 8) * (value - bottom) / room, 1)

    line = "L".join(f"{x(n)} {y(value)}" for n, (value, _, _) in enumerate(points))
    upper = [f"{x(n)} {y(high)}" for n, (_, _, high) in enumerate(points)]
    lower = [f"{x(n)} {y(low)}" for n, (_, low, _) in reversed(list(enumerate(points)))]
    return Band(f"M{line}", f"M{'L'.join([*upper, *lower])}z", x(len(points) - 1), y(points[-1][0]))


# ---- the tile map of a kit: a region is a block, a city a line of tiles, a store a tile

TILES_A_ROW, TILE_STEP = 12, 18.0
TILE_LABELS: dict[str, tuple[str, str]] = {
    "newest": ("用最新版", "the newest version"),
    "older": ("用旧版", "an older version"),
    "recalled": ("用着召回的版本", "a recalled version"),
    "offered": ("发到了，还没用", "offered, not used yet"),
    "none": ("没发到", "not offered"),
}


@dataclass(frozen=True)
class Square:
    """One store: its kind is a shape and a word, not a colour alone."""

    x: float
    y: float
    kind: str
    name: str


@dataclass(frozen=True)
class CityTiles:
    """The stores of a city."""

    name: str
    squares: tuple[Square, ...]
    height: float


@dataclass(frozen=True)
class RegionTiles:
    """The cities of a region, and how many stores are of each kind."""

    name: str
    cities: tuple[CityTiles, ...]
    counted: Counter[str]


def tile_kind(tile: Tile, newest: int) -> str:
    """What a tile shows: a recalled version before anything else."""
    if tile.version is None:
        return "offered" if tile.offered else "none"
    if tile.recalled:
        return "recalled"
    return "newest" if tile.version == newest else "older"


def tile_map(tiles: Iterable[Tile], newest: int) -> list[RegionTiles]:
    """The stores as they are sorted: by region, then by city."""
    found = []
    for region, inside in groupby(tiles, key=lambda one: one.region):
        rows = list(inside)
        cities = tuple(
            _city(name, list(some), newest) for name, some in groupby(rows, key=lambda one: one.city)
        )
        found.append(RegionTiles(region, cities, Counter(tile_kind(one, newest) for one in rows)))
    return found


def _city(name: str, rows: Sequence[Tile], newest: int) -> CityTiles:
    squares = tuple(
        Square(
            2 + TILE_STEP * (n % TILES_A_ROW),
            2 + TILE_STEP * (n // TILES_A_ROW),
            tile_kind(one, newest),
            one.name,
        )
        for n, one in enumerate(rows)
    )
    return CityTiles(name, squares, TILE_STEP * (1 + (len(rows) - 1) // TILES_A_ROW) + 2)
