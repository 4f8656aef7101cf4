"""`demo --chain`: a simulated chain of sixty stores that has lived for a year, through the actions and importers only.

The clock is held at each moment while its acts are done. Who wants to come, who comes and what everybody spends is drawn with a
fixed seed; what having come does to spending is planted in the orders, and written down beside them.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from tongxin.compass.simulate import lived as worlds
from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.world import Effect
from tongxin.connect.files import actions as files
from tongxin.faces.cli.demo_chain_days import Days
from tongxin.faces.cli.demo_chain_people import CHAIN, Chain, open_chain
from tongxin.faces.cli.demo_life import BUILDER
from tongxin.foundation import clock
from tongxin.measure import actions as measure

WINDOW = 3  # months after a draw
# Fixed before the first draw: months, so that a year of draws can be read together.
DESIGN: dict[str, Any] = {
    "kind": "lottery",
    "period": "month",
    "baseline": [-6, -2],
    "early": [-6, -4],
    "donut": 1,
    "windows": [WINDOW],
    "min_tenure": 0,
    "kpis": ["spend_per_month", "orders_per_month"],
    "draws": 499,
}
QUESTION = "抽中的家庭，之后三个月买得更多吗（全部抽签合在一起）"


@dataclass(frozen=True)
class Size:
    """How large the chain is; `before` are the months of orders that its till knows before the first event."""

    stores: int = 60
    members: int = 36
    months: int = 12
    before: int = 8
    draws: int = 40
    entrants: int = 28
    regulars: int = 3
    tastings: int = 24
    open_draws: int = 3
    check_days: int = 7
    seed: int = 20260309
    level: float = 0.95
    threshold: float = 10.0  # yuan a member and month: less would not change what headquarters does

    def __post_init__(self) -> None:
        """A store draws once: nobody enters twice and carries what an earlier draw did into the other arm of the next."""
        if self.draws > self.stores:
            raise ValueError("more draws than stores")


EFFECT = Effect(yuan=30.0)


@dataclass(frozen=True)
class Year:
    """A year that was lived: who, and the study that was registered before the first draw. It is not run here."""

    size: Size
    chain: Chain
    days: Days
    study: int
    first: date


def live(now: datetime, size: Size | None = None) -> Year:
    """Stores, members, kits, rituals and draws, up to `now`."""
    size = size or Size()
    rng = np.random.default_rng(size.seed)
    today = clock.business_day(now)
    first = months_back(clock.month_start(today), size.months)
    with clock.held(clock.day_start(first)):
        chain = open_chain(size, rng)
        own = {"seed": size.seed, "level": size.level, "threshold": size.threshold}
        study = measure.plan_study(
            viewer=BUILDER, title=QUESTION, design=DESIGN | own, due_at=clock.day_start(today)
        )
    days = Days(chain, size, first, now, rng)
    days.live()
    return Year(size, chain, days, study.pk, first)


def ring_up(year: Year, effect: Effect = EFFECT) -> dict[str, Any]:
    """What everybody bought, with the effect of having come planted in it, through the importer; answers the truth.

    `gained` is what being drawn was worth, in yuan a member and month over the window: winners who stayed away gained nothing.
    """
    size, days = year.size, year.days
    rng = np.random.default_rng(size.seed + 1)
    lived = replace(year.chain.lived, came=np.where(days.came >= 0, days.came + size.before, -1))
    draft = worlds.spend(lived, size.before + size.months, effect, rng)
    who, month = (np.array(one, dtype=np.int64) for one in zip(*days.won, strict=True))
    gained = worlds.gained(draft, who, month + size.before, WINDOW)
    with clock.held(days.now):
        counts = days.counts | _till(draft, lived, months_back(year.first, size.before), rng)
    return {
        "schema": "tongxin.truth/1",
        "regime": "lived",
        "seed": size.seed,
        "effect": {"yuan_per_member_month": effect.yuan, "share": effect.share},
        "gained": gained,
        "window_months": WINDOW,
        "counts": counts,
    }


def months_back(day: date, n: int) -> date:
    """The first of the month `n` months before."""
    for _ in range(n):
        day = clock.month_start(day - timedelta(days=1))
    return day


def _till(draft: Draft, lived: worlds.Lived, first: date, rng: np.random.Generator) -> dict[str, int]:
    """Cut the spending of whole months into orders and import them, as any chain imports its till."""
    begins = [first]
    while len(begins) <= draft.months:
        begins.append(clock.month_start(begins[-1] + timedelta(days=31)))
    starts = np.array([int(clock.day_start(day).timestamp()) for day in begins])
    tables = worlds.till(draft, lived, starts, rng)
    with TemporaryDirectory(prefix="tongxin-chain-") as folder:
        for name, table in tables.items():
            pq.write_table(table, Path(folder) / f"{name}.parquet", compression="zstd")
        reports = files.import_files(viewer=BUILDER, paths=[Path(folder)], wish=files.Wish(source=CHAIN))
    return {name: len(table) for name, table in tables.items()} | {"refused": sum(r.refused for r in reports)}
