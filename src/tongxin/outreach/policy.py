"""The shipped lines of the cap policy: dated data in `policy.toml` beside this file."""

import tomllib
from datetime import datetime
from functools import cache
from pathlib import Path

from tongxin.outreach.rules import Line
from tongxin.outreach.terms import MessageClass


@cache
def shipped() -> dict[str, tuple[tuple[datetime, Line], ...]]:
    """`platform` and `cap` → (since, line)."""
    tables = tomllib.loads((Path(__file__).parent / "policy.toml").read_text(encoding="utf-8"))
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
            for row in rows
        )
        for name, rows in tables.items()
    }
