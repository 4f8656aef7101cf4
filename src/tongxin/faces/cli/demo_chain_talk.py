"""What people of the simulated chain say to one another between its events: rows of the book, as an online home would write them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from tongxin.people import ledger
from tongxin.people.rules import DeedIn

SOURCE = "demo-chain"
#: how often somebody who comes to events does what in a month
RATES = {"posted": 0.8, "replied": 2.0, "reacted": 3.0, "punched_in": 1.5, "answered": 0.4}
#: and the few who keep a place going
KEEN = {"posted": 4.0, "replied": 8.0, "reacted": 6.0, "punched_in": 6.0, "answered": 4.0, "answer_accepted": 2.0,
        "featured": 0.8, "co_hosted": 0.8}  # fmt: skip
TOWARDS = frozenset({"replied", "reacted", "answer_accepted"})
DAYS = 27


def a_month(
    groups: Sequence[Sequence[int]], keen: Collection[int], until: datetime, rng: np.random.Generator
) -> int:
    """The talk of the days before `until` among the people of each store (ids of customers); answers how many rows are new."""
    rows: list[DeedIn] = []
    for people in groups:
        if len(people) < 2:
            continue
        for person in people:
            for kind, rate in (KEEN if person in keen else RATES).items():
                rows += [_deed(person, kind, people, until, rng) for _ in range(int(rng.poisson(rate)))]
    rows.sort(key=lambda row: row.occurred_at)
    numbered = [
        replace(row, source_id=f"{until:%Y%m%d}-{n}", known_at=row.occurred_at + timedelta(minutes=1))
        for n, row in enumerate(rows)
    ]
    return ledger.record_many(numbered).new


def _deed(person: int, kind: str, people: Sequence[int], until: datetime, rng: np.random.Generator) -> DeedIn:
    at = until - timedelta(minutes=int(rng.integers(10, DAYS * 24 * 60)))
    other = None
    if kind in TOWARDS:
        other = next(one for one in rng.permutation(people).tolist() if one != person)
    return DeedIn(person, kind, at, SOURCE, "", counterpart=other)
