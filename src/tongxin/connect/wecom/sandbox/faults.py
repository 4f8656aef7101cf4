"""Switches for what goes wrong: how often, on which calls, and how."""

import random
from dataclasses import dataclass

# Answered with this errcode, nothing done.
CODES = {"busy": -1, "limit": 45009, "revoked": 40014, "expired": 42001, "crowd": 45033}
# Nothing done and no answer; done and no answer; no answer, done a while later.
SILENT = frozenset({"lost", "cut", "hang"})


@dataclass
class Switch:
    """One fault: on calls whose path ends so ("" is all), so many times still (None: always), in so many of a thousand calls."""

    kind: str
    path: str = ""
    left: int | None = 1
    permille: int = 1000
    late: float = 20.0


class Switches:
    """All that are on. Chance comes from a fixed seed, so a run can be repeated."""

    def __init__(self, seed: int = 7) -> None:
        self._chance = random.Random(seed)  # noqa: S311 (faults, not secrets)
        self.on: list[Switch] = []

    def set(self, *switches: Switch) -> None:
        """Exactly these are on. Raises ValueError for a kind there is not."""
        for one in switches:
            if one.kind not in CODES and one.kind not in SILENT:
                raise ValueError(one.kind)
        self.on = list(switches)

    def strike(self, path: str) -> Switch | None:
        """The fault that this call meets, if any."""
        for one in self.on:
            if path.endswith(one.path) and one.left != 0 and self._chance.randrange(1000) < one.permille:
                if one.left is not None:
                    one.left -= 1
                return one
        return None
