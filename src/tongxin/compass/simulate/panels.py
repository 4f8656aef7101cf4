"""From a simulated world straight to the engine's panel and population, without order lines.

For Monte Carlo: a study of thousands of worlds needs each one's sums, not its receipts. `of_world` takes what the
tables of a world say; `draw` never writes tables and draws registration, paid membership, refusals and the number of
orders itself, from the same distributions. Switches of the stage `records` act on tables and are refused here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from tongxin.compass.errors import BadInput
from tongxin.compass.panel import Panel
from tongxin.compass.periods import Calendar
from tongxin.compass.population import NEVER, Population
from tongxin.compass.simulate import switches as choices
from tongxin.compass.simulate import tables, world
from tongxin.compass.simulate.clock import DAY, START_YEAR, month_starts
from tongxin.compass.simulate.draft import NEVER_DAY, Draft
from tongxin.compass.simulate.world import Effect, World


def draw(
    regime: str,
    effect: Effect,
    rng: np.random.Generator,
    *,
    members: int = 6000,
    months: int = 24,
    stores: int = 48,
    join_share: float = 0.1,
    first_entry: int = 12,
    switches: Mapping[str, float] | None = None,
) -> tuple[Draft, Panel, Population]:
    """Live through a world and sum it up; arguments and errors as in `world.make`.

    Raises
    ------
    BadInput
        Also for a switch that acts on tables.
    """
    draft, streams, on = world.lived(
        regime,
        effect,
        rng,
        members=members,
        months=months,
        stores=stores,
        join_share=join_share,
        first_entry=first_entry,
        switches=switches,
    )
    written = [code for code in on if choices.SWITCHES[code].stage == "records"]
    if written:
        raise BadInput.one("--with", ", ".join(written), ("switches that do not act on tables",))
    dice = streams.of("people")
    first = month_starts(draft.months)
    n = draft.members
    since = first[0] - (dice.random(n) * tables.SINCE_YEARS * 365).astype(np.int64) * DAY
    if draft.newcomers:
        since[-draft.newcomers :] = first[draft.entry[-draft.newcomers :]]
    draft.since_day = (since + 8 * 3600) // DAY
    begun = first[0] - (dice.random(n) * tables.PAID_DAYS).astype(np.int64) * DAY
    if draft.paid_month is not None:
        late = np.where(draft.paid_month >= 0, (first[draft.paid_month] + 8 * 3600) // DAY, NEVER_DAY)
    else:
        late = np.full(n, NEVER_DAY)
    draft.paid_from = np.where(dice.random(n) < tables.PAID, (begun + 8 * 3600) // DAY, late)
    draft.refused = dice.random(n) <= tables.REFUSE
    if draft.odds is None and draft.lost is None:
        draft.missed = np.where(draft.missed >= 0, dice.integers(draft.first_entry, draft.months, size=n), -1)
    counted = draft.y1 - np.rint(draft.basket_share * np.maximum(0, draft.y1 - draft.y0)).astype(np.int64)
    count = 1 + dice.poisson(np.maximum(0.0, counted / tables.ORDER_MEAN - 1))
    orders = np.where(draft.y1 > 0, np.minimum(count, draft.y1), 0)
    return draft, *_sums(draft, orders)


def of_world(made: World) -> tuple[Panel, Population]:
    """Sum up a world that has its tables; orders are counted from the rows that were written.

    Home stores are the planted ones: the engine reads them from orders, one in twenty of which lies elsewhere.
    """
    draft = made.draft
    orders = np.zeros(draft.y1.shape, dtype=np.int64)
    np.add.at(orders, (draft.order_member, draft.order_month), 1)
    return _sums(draft, orders)


def _sums(draft: Draft, orders: np.ndarray) -> tuple[Panel, Population]:
    assert draft.since_day is not None
    assert draft.paid_from is not None
    assert draft.refused is not None
    bought = np.asarray(draft.y1.any(axis=1))  # who never bought is not in the chain's books
    calendar = Calendar("month", START_YEAR * 12 + 1, draft.months)
    staff = np.zeros(draft.members, dtype=bool) if draft.staff is None else draft.staff
    refused, staff = draft.refused[bought], staff[bought]
    names = [f"S{number:03d}" for number in range(1, draft.stores + 1)]
    there, store = np.unique(draft.store[bought], return_inverse=True)
    paid = draft.paid_from[bought]
    entry, missed = draft.entry[bought], draft.missed[bought]
    panel = Panel(
        pa.array([code for code, keep in zip(draft.codes, bought, strict=True) if keep]),
        {"orders": orders[bought], "spend": draft.y1[bought]},
        calendar,
    )
    # regions sort as the engine sorts them, by name
    _, place = np.unique(np.array(tables.REGIONS)[there % len(tables.REGIONS)], return_inverse=True)
    population = Population(
        entry=np.where(entry >= 0, entry, NEVER),
        no_show=np.where((missed >= 0) & (entry < 0), missed, NEVER),
        since_day=draft.since_day[bought],
        paid_from=np.where(paid < NEVER_DAY, paid, NEVER),
        paid_to=np.where(paid < NEVER_DAY, NEVER, -NEVER),
        store=store,
        stores=tuple(names[i] for i in there),
        place=place[store],
        usable=~(refused | staff),
        tenure_known=True,
        excluded=(("staff", int(staff.sum())), ("measurement_refused", int((refused & ~staff).sum()))),
        treated_total=int(draft.joined.sum()),
    )
    return panel, population
