"""Panels made directly from spending, without orders: a study's arithmetic in milliseconds."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tongxin.compass import effects, frame, window
from tongxin.compass.design import Design
from tongxin.compass.panel import Panel
from tongxin.compass.periods import Calendar
from tongxin.compass.population import NEVER, Population
from tongxin.compass.simulate import draft as drafts
from tongxin.compass.simulate import regimes

CALENDAR = Calendar("month", 2024 * 12 + 1, 24)


@dataclass
class Made:
    panel: Panel
    population: Population
    design: Design

    def window(self, length=6):
        reader = effects.Reader(self.panel)
        return window.open_window(frame.frame(self.panel, self.population, self.design, length, reader))


def made(
    spend,
    entry,
    *,
    store=None,
    design=None,
    orders=None,
    since=None,
    paid=None,
    no_show=None,
    place=None,
    tenure_known=True,
    calendar=CALENDAR,
):
    """Panel and population from a (members, months) array of fen; entry −1 = never."""
    n = len(spend)
    entry = np.asarray(entry)
    never = np.full(n, NEVER)
    store = np.zeros(n, dtype=np.int64) if store is None else np.asarray(store)
    paid = np.zeros(n, dtype=bool) if paid is None else np.asarray(paid)
    values = {
        "spend": np.asarray(spend, dtype=np.int64),
        "orders": (np.asarray(spend) > 0).astype(np.int64) if orders is None else np.asarray(orders),
    }
    panel = Panel(pa.array([f"M{i:06d}" for i in range(n)]), values, calendar)
    population = Population(
        entry=np.where(entry < 0, NEVER, entry),
        no_show=never if no_show is None else np.where(np.asarray(no_show) < 0, NEVER, no_show),
        since_day=np.full(n, calendar.start_day(0) - 400) if since is None else np.asarray(since),
        paid_from=np.where(paid, -NEVER, NEVER),
        paid_to=np.where(paid, NEVER, -NEVER),
        store=store,
        stores=tuple(f"S{i:03d}" for i in range(int(store.max()) + 1)),
        place=store % 4 if place is None else place,
        usable=np.ones(n, dtype=bool),
        tenure_known=tenure_known,
        excluded=(),
        treated_total=int((entry >= 0).sum()),
    )
    return Made(panel, population, design or Design())


def simulated(rng, *, members=3000, share=0.15, effect=0.0, stores=40, months=24, design=None):
    """The spending of the simulator's `level` regime, without its orders."""
    draft = drafts.begin(
        regimes.REGIMES["level"],
        rng,
        members=members,
        months=months,
        stores=stores,
        share=share,
        first_entry=12,
    )
    draft.settle()
    draft.treat(yuan=effect, share=0.0)
    return made(draft.y1, draft.entry, store=draft.store, design=design)
