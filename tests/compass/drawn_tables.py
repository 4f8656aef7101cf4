"""Small chains in which a lot decided: orders and participation made directly, with the truth known."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from tongxin.compass import dataset

MONTHS = 22


def month_of(number, day=10):
    return datetime(2024 + number // 12, number % 12 + 1, day, 4, tzinfo=UTC)


def chain(
    rng,
    *,
    members=900,
    stores=36,
    lift=0.0,
    applicants=500,
    share_lost=0.4,
    come=0.8,
    bent=0.0,
    by_store=False,
    what="event",
    draws=4,
):
    """Tables of a chain; `lift` yuan a month for who came, `bent` = how much the lot prefers those who spend more."""
    trait = rng.normal(size=members)
    store = rng.integers(0, stores, members)
    base = np.clip(150 + 45 * trait[:, None] + rng.normal(0, 25, (members, MONTHS)), 5, None)
    applied = np.sort(rng.choice(members, applicants, replace=False))
    block = rng.integers(0, draws, applicants)
    when = 13 + block % 2
    if by_store:
        won = rng.permutation(stores)[store[applied]] >= share_lost * stores
    else:
        luck = rng.random(applicants) + bent * trait[applied]
        won = np.zeros(applicants, dtype=bool)
        for one in range(draws):
            here = np.flatnonzero(block == one)
            won[here[np.argsort(-luck[here])[: round((1 - share_lost) * len(here))]]] = True
    came = won & (rng.random(applicants) < come)
    spend = base.copy()
    for i in np.flatnonzero(came):
        spend[applied[i], when[i] + 1 :] += lift
    who, month = np.divmod(np.arange(members * MONTHS), MONTHS)
    cents = np.round(spend.ravel() * 100).astype(np.int64)
    orders = pa.table(
        {
            "order_no": [f"O{i}" for i in range(len(who))],
            "ordered_at": pa.array([month_of(m) for m in month], pa.timestamp("us", "UTC")),
            "store_code": [f"S{store[w]:03d}" for w in who],
            "total_paid_fen": cents,
            "member_code": [f"M{w:05d}" for w in who],
        }
    )
    # both ends of the calendar need an order so that every month is a whole one
    ends = pa.table(
        {
            "order_no": ["first", "last"],
            "ordered_at": pa.array(
                [datetime(2023, 12, 31, 20, tzinfo=UTC), datetime(2025, 10, 31, 4, tzinfo=UTC)],
                pa.timestamp("us", "UTC"),
            ),
            "store_code": ["S000", "S000"],
            "total_paid_fen": [100, 100],
            "member_code": [None, None],
        },
        schema=orders.schema,
    )
    rows = []
    for i in range(applicants):
        names = (
            ["registered", "checked_in" if came[i] else "no_show"] if won[i] else ["registered", "lost_draw"]
        )
        for name in names:
            day = 15 if name in {"checked_in", "no_show"} else 3
            rows.append((applied[i], block[i], name, month_of(int(when[i]), day), store[applied[i]]))
    part = pa.table(
        {
            "member_code": [f"M{row[0]:05d}" for row in rows],
            "what": [what] * len(rows),
            "what_code": [f"W{row[1]}" for row in rows],
            "status": [row[2] for row in rows],
            "happened_at": pa.array([row[3] for row in rows], pa.timestamp("us", "UTC")),
            "store_code": [f"S{row[4]:03d}" for row in rows],
        }
    )
    return {"orders": pa.concat_tables([orders, ends]), "participation": part}


def opened(tables, *, shuffle=None):
    if shuffle is not None:
        tables = {name: table.take(shuffle.permutation(len(table))) for name, table in tables.items()}
    return dataset.open_sources(tables)
