"""Did thanks bring people back? Those who got them against those held out at random, with Newcombe's interval."""

from dataclasses import dataclass
from math import sqrt

Z80, Z95 = 1.2815515655446004, 1.959963984540054
LEAST = 20  # people on either side before anything is said


@dataclass(frozen=True)
class Arm:
    """People of one arm and how many of them came back within the window."""

    people: int
    back: int

    @property
    def share(self) -> float:
        """Share that came back."""
        return self.back / self.people if self.people else 0.0


@dataclass(frozen=True)
class Effect:
    """Difference of shares, given minus held out, with a 95 % interval; None where too few stand on a side."""

    given: Arm
    held: Arm
    difference: float | None
    low: float | None
    high: float | None
    cost_fen: int

    @property
    def more(self) -> float | None:
        """How many more came back than would have without."""
        return None if self.difference is None else self.difference * self.given.people

    @property
    def per_return_fen(self) -> int | None:
        """Cost of one more return; None while it is not clear that there is one."""
        more = self.more
        if more is None or self.low is None or self.low <= 0 or more <= 0:
            return None
        return round(self.cost_fen / more)


def wilson(arm: Arm, z: float = Z95) -> tuple[float, float]:
    """Wilson's interval of a share."""
    n, p = arm.people, arm.share
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def effect(given: Arm, held: Arm, cost_fen: int) -> Effect:
    """Newcombe's hybrid interval of a difference of two independent shares (1998, method 10)."""
    if given.people < LEAST or held.people < LEAST:
        return Effect(given, held, None, None, None, cost_fen)
    (l1, u1), (l2, u2) = wilson(given), wilson(held)
    d = given.share - held.share
    low = d - sqrt((given.share - l1) ** 2 + (u2 - held.share) ** 2)
    high = d + sqrt((u1 - given.share) ** 2 + (held.share - l2) ** 2)
    return Effect(given, held, d, low, high, cost_fen)
