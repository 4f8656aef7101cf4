"""The shipped lines of the policy: dated data in `policy.toml` beside this file."""

import tomllib
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from tongxin.outreach.rules import Fatigue, Line
from tongxin.outreach.terms import MessageClass

LINES = ("platform", "cap", "group")
WAITING = (MessageClass.COMMUNITY, MessageClass.PROMOTION)


@cache
def _tables() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads((Path(__file__).parent / "policy.toml").read_text(encoding="utf-8"))


@cache
def shipped() -> dict[str, tuple[tuple[datetime, Line], ...]]:
    """`platform`, `cap` and `group` → (since, line)."""
    return {
        name: tuple(
            (
                row["since"],
                Line(
                    MessageClass(row["class"]) if row["class"] else None,
                    row["hours"],
                    row["most"],
                    row["clause"],
                ),
            )
            for row in _tables()[name]
        )
        for name in LINES
    }


def fatigue(now: datetime) -> Fatigue:
    """What tires people by the line that holds now; without one nothing does."""
    rows = [row for row in _tables()["fatigue"] if row["since"] <= now]
    if not rows:
        return Fatigue()
    row = max(rows, key=lambda one: one["since"])
    return Fatigue(
        half_life=timedelta(days=row["half_life_days"]),
        weights=tuple((one, row[str(one)]) for one in MessageClass),
        bars=tuple((one, row[f"wait_{one}"]) for one in WAITING),
        clause=row["clause"],
    )
