"""A known effect in real baskets: real people, real noise, real seasons, and a truth that was put there.

Members are drawn at random (or leaning towards heavy buyers), each gets a day of "joining", and what they buy after
that day is raised by a share or by yuan a month. Real participation is taken out, so that nothing else is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongxin.compass.dataset import Dataset
from tongxin.compass.errors import BadInput, Fault
from tongxin.compass.panel import Panel
from tongxin.compass.periods import DAYS_PER_MONTH
from tongxin.compass.population import NEVER, Population
from tongxin.compass.simulate.clock import DAY, stamp
from tongxin.compass.simulate.world import Effect
from tongxin.compass.tables import TABLES

CODE = "INJECTED"


@dataclass(frozen=True)
class Injected:
    """Canonical tables with an effect inside, and what was put there.

    Attributes
    ----------
    added : pyarrow Table
        One row an order of a placed member after joining: store_code, order_no, member_code, added_fen.
    """

    tables: dict[str, pa.Table]
    added: pa.Table
    placed: pa.Table
    effect: Effect
    seed: int

    def truth(self) -> dict[str, Any]:
        """Return what `truth.json` holds."""
        return {
            "schema": "tongxin.truth/1",
            "regime": "semi-synthetic",
            "seed": self.seed,
            "effect": {"yuan_per_member_month": self.effect.yuan, "share": self.effect.share},
            "joined": len(self.placed),
            "orders_raised": len(self.added),
            "added_fen": int(pc.sum(self.added["added_fen"]).as_py() or 0),
            "switches": {},
        }


def inject(
    dataset: Dataset,
    effect: Effect,
    rng: np.random.Generator,
    *,
    share: float = 0.3,
    after: float = 0.4,
    lean: float = 0.0,
    seed: int = 0,
) -> Injected:
    """Raise what some members of a dataset buy after a day of joining.

    Parameters
    ----------
    dataset : Dataset
        With `orders`; `order_lines` are raised with them where they are.
    effect : Effect
        Share of each order, or yuan a month spread over the orders of the month (what a month without orders cannot
        take is not added; `Injected.added` says what was).
    share : float
        Share of the members who join.
    after : float
        Part of the time that passes before the first one joins (a baseline must fit into it).
    lean : float
        Log odds of being drawn a standard deviation of log spend.

    Raises
    ------
    BadInput
        Shares outside (0, 1), or orders without members.
    """
    faults = [
        Fault(name, str(value), ("between 0 and 1",))
        for name, value in (("share", share), ("after", after))
        if not 0 < value < 1
    ]
    if not dataset.has("orders", "member_code"):
        faults.append(Fault("orders.member_code", "missing", ("a dataset that knows who bought",)))
    if faults:
        raise BadInput(faults)
    tables = {name: _canonical(dataset, name) for name in dataset.tables}
    orders = tables["orders"]
    keys = [key for key in ("store_code", "order_no") if key in orders.column_names]
    orders = orders.sort_by([(key, "ascending") for key in keys])
    coded = orders["member_code"].combine_chunks().dictionary_encode()
    names = coded.dictionary
    member = np.asarray(pc.fill_null(coded.indices, -1))
    at = pc.cast(orders["ordered_at"].combine_chunks(), pa.int64()).to_numpy() // 1_000_000
    paid = orders["total_paid_fen"].to_numpy()
    ranked = np.asarray(pc.rank(names))  # the order of rows must not reach who is drawn
    spend = np.zeros(len(names))
    spend[ranked - 1] = np.bincount(member[member >= 0], weights=paid[member >= 0], minlength=len(names))
    chosen = draw(spend, share, lean, rng)[ranked - 1]
    span = int(at.max() - at.min())
    joined_at = (
        at.min() + ((after + (1 - after) * rng.random(len(names))) * span).astype(np.int64)[ranked - 1]
    )
    raised = (member >= 0) & chosen[member] & (at // DAY > joined_at[member] // DAY)
    rate = np.where(raised, effect.share, 0.0)
    if effect.yuan:
        rate = rate + _rates(effect.yuan, member, at, paid, joined_at, raised)
    added = np.rint(paid * rate).astype(np.int64)
    if "order_lines" in tables:
        tables["order_lines"], added = _raise_lines(tables["order_lines"], orders, rate)
    where = orders.column_names.index("total_paid_fen")
    tables["orders"] = orders.set_column(where, "total_paid_fen", pa.array(paid + added))
    who = np.flatnonzero(chosen)
    who = who[np.argsort(ranked[who])]
    tables["participation"] = _participation(names.take(pa.array(who)), joined_at[who])
    rows = pa.array(np.flatnonzero(raised))
    moved = (
        orders.take(rows).select([*keys, "member_code"]).append_column("added_fen", pa.array(added[raised]))
    )
    placed = pa.table({"member_code": names.take(pa.array(who)), "joined_at": stamp(joined_at[who])})
    return Injected(tables, moved, placed, effect, seed)


def draw(spend: np.ndarray, share: float, lean: float, rng: np.random.Generator) -> np.ndarray:
    """Draw round(share·n) members without replacement (Gumbel-top-k), leaning on standardised log spend."""
    size = np.log1p(np.maximum(spend, 0))
    scale = float(size.std()) or 1.0
    keys = lean * (size - size.mean()) / scale + rng.gumbel(size=len(spend))
    chosen = np.zeros(len(spend), dtype=bool)
    chosen[np.argsort(-keys, kind="stable")[: round(share * len(spend))]] = True
    return chosen


def place(
    panel: Panel,
    people: Population,
    effect: Effect,
    rng: np.random.Generator,
    *,
    share: float = 0.3,
    first: int,
    lean: float = 0.0,
) -> tuple[Panel, Population, np.ndarray]:
    """Inject into a panel instead of into receipts: for many placements on the same data.

    Periods after entry are raised as a whole (no rounding by line); home stores stay those of the given population.

    Returns
    -------
    Panel, Population
    gain : float array, shape (members, periods)
        What was added, currency units.
    """
    spend = panel.values["spend"]
    n, periods = spend.shape
    chosen = draw(spend.sum(axis=1).astype(float), share, lean, rng)
    entry = np.where(chosen, rng.integers(first, periods, size=n), NEVER)
    after = np.arange(periods) > entry[:, None]
    monthly = effect.yuan * 100 / panel.calendar.per_month
    added = np.where(after, np.rint(np.maximum(spend, 0) * effect.share + monthly * (spend > 0)), 0).astype(
        np.int64
    )
    values = {name: panel.values[name] for name in ("orders", "spend")} | {"spend": spend + added}
    changed = Population(
        entry, np.full(n, NEVER), people.since_day, people.paid_from, people.paid_to, people.store, people.stores,
        people.place, people.usable, people.tenure_known, people.excluded, int(chosen.sum()),
    )  # fmt: skip
    return Panel(panel.codes, values, panel.calendar), changed, added / 100


def _canonical(dataset: Dataset, name: str) -> pa.Table:
    """Return a table without the helper columns that reading has put beside its dates; times say that they are UTC."""
    there = dataset.tables[name]
    keep = [column.stored for column in TABLES[name].columns if column.stored in there.columns]
    table = dataset.arrow(there.select(*keep)).combine_chunks()
    for place, column in enumerate(table.schema):
        if pa.types.is_timestamp(column.type) and column.type.tz is None:
            zoned = table[column.name].cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))
            table = table.set_column(place, column.name, zoned)
    return table


def _rates(  # noqa: PLR0917 - columns of one table
    yuan: float,
    member: np.ndarray,
    at: np.ndarray,
    paid: np.ndarray,
    joined_at: np.ndarray,
    raised: np.ndarray,
) -> np.ndarray:
    """Share of each order that adds up to `yuan` a month of each member since joining (months of 30.4375 days)."""
    month = ((at - joined_at[member]) / (DAY * DAYS_PER_MONTH)).astype(np.int64)
    key = member * 100_000 + np.maximum(month, 0)
    _, place = np.unique(np.where(raised, key, -1), return_inverse=True)
    total = np.bincount(place, weights=np.maximum(paid, 0))[place]
    return np.where(raised & (paid > 0), yuan * 100 / np.maximum(total, 1), 0.0)


def _raise_lines(lines: pa.Table, orders: pa.Table, rate: np.ndarray) -> tuple[pa.Table, np.ndarray]:
    """Raise the lines of each order at its rate; an order gains what its lines gain."""
    keys = [key for key in ("store_code", "order_no") if key in lines.column_names]
    numbered = orders.select(keys).append_column("row", pa.array(np.arange(len(orders))))
    lines = lines.append_column("place", pa.array(np.arange(len(lines))))
    joined = lines.select([*keys, "place"]).join(numbered, keys).sort_by("place")
    row = np.asarray(pc.fill_null(joined["row"].combine_chunks(), -1))
    amount = lines["paid_amount_fen"].to_numpy()
    added = np.where(row >= 0, np.rint(np.maximum(amount, 0) * rate[row]), 0).astype(np.int64)
    inside = row >= 0
    gained = np.bincount(row[inside], weights=added[inside], minlength=len(orders)).astype(np.int64)
    at = lines.column_names.index("paid_amount_fen")
    raised = lines.set_column(at, "paid_amount_fen", pa.array(amount + added))
    return raised.drop_columns(["place"]), gained


def _participation(members: pa.Array, joined_at: np.ndarray) -> pa.Table:
    n = len(members)
    return pa.table(
        {
            "member_code": pa.concat_arrays([members, members]),
            "what": pa.array(["event"] * 2 * n, pa.string()),
            "what_code": pa.array([CODE] * 2 * n, pa.string()),
            "status": pa.array(["registered"] * n + ["checked_in"] * n, pa.string()),
            "happened_at": stamp(np.concatenate([joined_at - 3 * DAY, joined_at])),
        }
    )
