"""Pictures as numbers: from counts to what an SVG template draws. Pure functions, nothing is looked up here.

Geometry of visual.md §4: a square of 440, one dot stands for u people, one circle of dashes draws a whole row of dots.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import cos, degrees, radians, sin

CENTRE = 220.0
MOST_WALKERS = 20  # more figures than this are a crowd, not a flow
STEP = 11.8  # degrees between two walkers while there is room
# rows of dots by ring: radius → turn, so that neighbouring rows do not stand in line
TURNS = {204: 1.0, 190: 0.0, 176: 2.0, 137: 3.0, 120: 0.0, 103: 5.0, 54: 22.5}
# with a handful of dots the rows would stand in one line; then they are turned apart
FEW, APART = 8, {204: 20.0, 190: 140.0, 176: 260.0, 137: 35.0, 120: 155.0, 103: 275.0, 54: 22.5}
LETTERS = {"outer": "o", "middle": "m", "inner": "i"}


def at(angle: float, radius: float, centre: float = CENTRE) -> tuple[float, float]:
    """The point at an angle (degrees, clockwise from three o'clock, as SVG turns) and radius."""
    return round(centre + radius * cos(radians(angle)), 1), round(centre + radius * sin(radians(angle)), 1)


@dataclass(frozen=True)
class DotRow:
    """One circle of `dots` round dots."""

    radius: int
    dots: int
    diameter: float
    turn: float
    letter: str


@dataclass(frozen=True)
class Walker:
    """One figure between two rings: from (x, y) to its head."""

    x: float
    y: float
    head_x: float
    head_y: float


@dataclass(frozen=True)
class Flow:
    """All figures of one flow with its pill. `letter` is the ring they enter; `nearer` walks towards the fire."""

    letter: str
    nearer: bool
    people: int
    walkers: tuple[Walker, ...]
    pill_x: float
    pill_y: float
    width: float
    head: float


@dataclass(frozen=True)
class Rung:
    """One ring of the ladder: code, people, share."""

    code: str
    letter: str
    people: int
    share: float


@dataclass(frozen=True)
class RingPicture:
    """The diagram and its data table. `inner_flow` and `outer_flow` are (nearer, farther) between the rings."""

    unit: int
    total: int
    rows: tuple[DotRow, ...]
    flows: tuple[Flow, ...]
    inner: Rung
    middle: Rung
    outer: Rung
    inner_flow: tuple[int, int]
    outer_flow: tuple[int, int]
    arrived: int

    @property
    def nearer(self) -> int:
        """Everybody who walked a step inwards."""
        return self.inner_flow[0] + self.outer_flow[0]


# (from, to): first angle, radius at the tail, radius at the head, size of the head, angle and radius of the pill.
# Pills stand at twelve (nearer) and six o'clock (farther), where a lying pill covers neither a dot nor a figure.
PATHS: dict[tuple[str, str], tuple[float, float, float, float, float, float]] = {
    ("outer", "middle"): (188, 166, 152, 3.8, 270, 154),
    ("middle", "inner"): (186, 90, 76, 4.4, 270, 79),
    ("middle", "outer"): (22, 150, 163, 3.4, 90, 155),
    ("inner", "middle"): (22, 74, 87, 3.0, 90, 80),
}
ARCS = {True: 50.0, False: 28.0}  # degrees that the figures of a flow may take


def ring_picture(
    *,
    unit: int,
    people: Mapping[str, int],
    rows: Mapping[str, Sequence[tuple[int, int, float]]],
    moves: Mapping[tuple[str, str], int],
    arrived: int = 0,
) -> RingPicture:
    """The ring diagram. `rows` are (radius, dots, diameter) per ring, `moves` people per (from, to)."""
    total = sum(people.values())

    def rung(code: str) -> Rung:
        n = people.get(code, 0)
        return Rung(code, LETTERS[code], n, n / total if total else 0.0)

    return RingPicture(
        unit=unit,
        total=total,
        rows=tuple(
            DotRow(radius, dots, diameter, (APART if dots < FEW else TURNS).get(radius, 0.0), LETTERS[ring])
            for ring in ("outer", "middle", "inner")
            for radius, dots, diameter in rows.get(ring, ())
        ),
        flows=tuple(_flow(way, n, unit) for way, n in moves.items() if n > 0 and way in PATHS),
        inner=rung("inner"),
        middle=rung("middle"),
        outer=rung("outer"),
        inner_flow=(moves.get(("middle", "inner"), 0), moves.get(("inner", "middle"), 0)),
        outer_flow=(moves.get(("outer", "middle"), 0), moves.get(("middle", "outer"), 0)),
        arrived=arrived,
    )


def _flow(way: tuple[str, str], people: int, unit: int) -> Flow:
    first, tail, tip, head, pill_angle, pill_radius = PATHS[way]
    nearer = tail > tip
    apart = degrees((2 * head + 0.8) / tip)  # closer than this, two heads would touch
    figures = min(MOST_WALKERS, 1 + int(ARCS[nearer] / apart), max(1, round(people / unit)))
    step = min(STEP, ARCS[nearer] / max(1, figures - 1))
    angles = [first + step * i for i in range(figures)]
    x, y = at(pill_angle, pill_radius)
    return Flow(
        letter=LETTERS[way[1]],
        nearer=nearer,
        people=people,
        walkers=tuple(Walker(*at(a, tail), *at(a, tip)) for a in angles),
        pill_x=x,
        pill_y=y,
        width=48 + 8.0 * len(f"{people:,}"),
        head=head,
    )


# ---- one person


PLACES = {"outer": 64.0, "middle": 40.0, "inner": 16.0}
SMALL = 74.0
HERE = -42.0  # where the person stands: upper right, so that the way there reads from the left


@dataclass(frozen=True)
class Placed:
    """The small form: where the person stands, the way so far, the missing step inwards (empty when there is none)."""

    letter: str
    x: float
    y: float
    way: str
    step: str


def placed_picture(ring: str, history: Sequence[str], *, missing: bool) -> Placed:
    """The person at `ring`; `history` their rings from first to last; `missing` draws the ember line inwards."""
    radius = PLACES[ring]
    points = [
        at(192 + i * (HERE + 360 - 192) / max(1, len(history) - 1), PLACES[h], SMALL)
        for i, h in enumerate(history)
    ]
    x, y = at(HERE, radius, SMALL)
    if points:
        points[-1] = (x, y)
    inwards = at(HERE - 3, radius - 22, SMALL)
    return Placed(
        letter=LETTERS[ring],
        x=x,
        y=y,
        way="M" + "L".join(f"{px} {py}" for px, py in points) if len(points) > 1 else "",
        step=f"M{x} {y}L{inwards[0]} {inwards[1]}" if missing and ring != "inner" else "",
    )


@dataclass(frozen=True)
class Bar:
    """A gate's bar: filled to `value`, the bar to reach and the low-water mark, in a width of 260."""

    value: float
    bar: float
    low: float | None
    met: bool


WIDTH = 260.0


def gate_bar(value: float, bar: float, low: float | None, *, met: bool) -> Bar:
    """Where value, bar and low-water mark lie on a scale to one and a half times the bar (or the value, if that is more)."""
    top = max(bar * 1.5, value * 1.1, 1e-9)

    def place(x: float) -> float:
        return round(WIDTH * x / top, 1)

    return Bar(place(value), place(bar), None if low is None else place(low), met)


# ---- what happened, week by week


@dataclass(frozen=True)
class Mark:
    """One mark of the lanes: where, and how tall or wide."""

    x: float
    n: int
    big: bool


@dataclass(frozen=True)
class Lanes:
    """Three lanes of weeks: online, offline, till; month names below."""

    online: tuple[Mark, ...]
    offline: tuple[Mark, ...]
    till: tuple[Mark, ...]
    months: tuple[tuple[float, int], ...]
    weeks: int

    @property
    def empty(self) -> bool:
        """Nothing to draw."""
        return not (self.online or self.offline or self.till)


LEFT, RIGHT = 60.0, 848.0


def lanes(days: Iterable[tuple[str, date]], today: date, weeks: int = 26) -> Lanes:
    """Weeks with something in them per channel (`online`, `offline`, `till`), the last `weeks` up to today."""
    first = today - timedelta(days=today.weekday() + 7 * (weeks - 1))
    counted: dict[str, dict[int, int]] = {"online": {}, "offline": {}, "till": {}}
    for channel, day in days:
        week = (day - first).days // 7
        if 0 <= week < weeks and channel in counted:
            counted[channel][week] = counted[channel].get(week, 0) + 1

    def x(week: int) -> float:
        return round(LEFT + (RIGHT - LEFT) * week / max(1, weeks - 1), 1)

    def marks(channel: str) -> tuple[Mark, ...]:
        return tuple(Mark(x(week), n, n > 2) for week, n in sorted(counted[channel].items()))

    months, before = [], 0
    for week in range(weeks):
        monday = first + timedelta(weeks=week)
        if monday.month != before and (week > 0 or monday.day <= 7):
            months.append((x(week), monday.month))
        before = monday.month
    return Lanes(marks("online"), marks("offline"), marks("till"), tuple(months), weeks)


# ---- estimates


@dataclass(frozen=True)
class Span:
    """An interval on a line of 220: band, point, zero. A solid dot excludes zero, a hollow one includes it."""

    left: float
    width: float
    point: float | None
    zero: float
    solid: bool


def span(effect: float | None, low: float, high: float) -> Span:
    """The picture of an estimate with its interval."""
    ends = [low, high, 0.0]
    bottom, top = min(ends), max(ends)
    room = (top - bottom or 1.0) * 0.12
    bottom, top = bottom - room, top + room

    def place(x: float) -> float:
        return round(6 + 208 * (x - bottom) / (top - bottom), 1)

    return Span(
        left=place(low),
        width=round(place(high) - place(low), 1),
        point=None if effect is None else place(effect),
        zero=place(0.0),
        solid=not low <= 0 <= high,
    )


# ---- seats round a table and round the fire


@dataclass(frozen=True)
class Seat:
    """One seat; `taken` is filled, otherwise dotted."""

    x: float
    y: float
    taken: bool


MOST_SEATS = 24


def seat_ring(taken: int, seats: int) -> tuple[Seat, ...]:
    """Seats from twelve o'clock clockwise in a square of 120; none above 24 (then a line of progress is drawn instead)."""
    if not 0 < seats <= MOST_SEATS:
        return ()
    return tuple(Seat(*at(-90 + 360 * i / seats, 46, 60), i < taken) for i in range(seats))


@dataclass(frozen=True)
class FireSeat:
    """Somebody by the fire: where, how large, whether drawn as just arrived."""

    x: float
    y: float
    size: float
    new: bool


FIRE_X, FIRE_Y = 195.0, 222.0
ROWS = (
    (74.0, (188, 222, 318, 352), 17.0),
    (124.0, (190, 214, 240, 300, 326, 350), 16.0),
    (176.0, (192, 214, 270, 326, 348), 14.0),
)


def fire_seats(people: int) -> tuple[FireSeat, ...]:
    """Up to fifteen seats on three rows round the fire, nearest first."""
    found = []
    for radius, angles, size in ROWS:
        for angle in angles:
            x = round(FIRE_X + radius * cos(radians(angle)), 1)
            y = round(FIRE_Y + radius * sin(radians(angle)), 1)
            found.append(FireSeat(x, y, size, radius > 150))
    return tuple(found[: max(0, people)])


def spark(values: Sequence[float], width: float = 110.0, height: float = 30.0) -> tuple[str, float, float]:
    """(path, x, y of the last point) of a small line; an empty path for fewer than two values."""
    if len(values) < 2:
        return "", 0.0, 0.0
    low, high = min(values), max(values)
    room = high - low or 1.0
    points = [
        (
            round(3 + (width - 8) * i / (len(values) - 1), 1),
            round(height - 4 - (height - 8) * (v - low) / room, 1),
        )
        for i, v in enumerate(values)
    ]
    return "M" + "L".join(f"{x} {y}" for x, y in points), *points[-1]
