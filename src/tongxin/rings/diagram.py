"""The numbers of the ring diagram (one dot stands for u people), worked out once for page, report and export."""

from dataclasses import dataclass

from tongxin.rings.terms import ORDER, Ring

CENTRE = 220
MOST_OUTER_DOTS = 300
# ring: rows as radius, and the diameter of a dot
ROWS: dict[Ring, tuple[tuple[int, ...], float]] = {
    Ring.OUTER: ((204, 190, 176), 4.6),
    Ring.MIDDLE: ((137, 120, 103), 7.0),
    Ring.INNER: ((54,), 11.0),
}


@dataclass(frozen=True)
class Row:
    """One circle of dots: radius, how many, how thick."""

    radius: int
    dots: int
    diameter: float


@dataclass(frozen=True)
class Walkers:
    """People who went from one ring to another: how many, and as how many figures they are drawn."""

    origin: Ring
    target: Ring
    people: int
    figures: int

    @property
    def nearer(self) -> bool:
        """True for a step towards the fire."""
        return self.target.step > self.origin.step


@dataclass(frozen=True)
class RingDiagram:
    """People, shares and rows of dots per ring, walkers between them. `unit` is how many people one dot stands for."""

    unit: int
    people: dict[Ring, int]
    shares: dict[Ring, float]
    rows: dict[Ring, tuple[Row, ...]]
    walkers: tuple[Walkers, ...]
    arrived: int = 0

    @property
    def total(self) -> int:
        """Everybody who is placed."""
        return sum(self.people.values())


def unit(outer: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 … that keeps the outer ring at 300 dots or fewer."""
    step = 1
    while True:
        for digit in (1, 2, 5):
            if outer <= digit * step * MOST_OUTER_DOTS:
                return digit * step
        step *= 10


def draw(people: dict[Ring, int], flows: dict[tuple[Ring, Ring], int], arrived: int = 0) -> RingDiagram:
    """The diagram of so many people in each ring and so many steps between neighbouring rings."""
    u = unit(people.get(Ring.OUTER, 0))
    total = sum(people.values())
    return RingDiagram(
        unit=u,
        people={ring: people.get(ring, 0) for ring in ORDER},
        shares={ring: people.get(ring, 0) / total if total else 0.0 for ring in ORDER},
        rows={ring: _rows(ring, people.get(ring, 0), u) for ring in ORDER},
        walkers=tuple(
            Walkers(origin, target, count, max(1, round(count / u)))
            for (origin, target), count in sorted(flows.items())
            if count > 0
        ),
        arrived=arrived,
    )


def _rows(ring: Ring, people: int, u: int) -> tuple[Row, ...]:
    """A ring's dots over its rows in proportion to the radius; nobody is lost in rounding, and one person is one dot at least."""
    radii, diameter = ROWS[ring]
    dots = -(-people // u)
    shared, left = [], dots
    for place, radius in enumerate(radii):
        rest = sum(radii[place:])
        here = left if place == len(radii) - 1 else (left * radius + rest // 2) // rest
        shared.append(here)
        left -= here
    return tuple(Row(radius, here, diameter) for radius, here in zip(radii, shared, strict=True) if here)
