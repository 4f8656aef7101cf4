"""Paid memberships by period: who pays when, and who begins when."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongxin.compass.dataset import Dataset
from tongxin.compass.periods import Calendar


def by_period(dataset: Dataset, codes: pa.Array, calendar: Calendar) -> dict[str, np.ndarray]:
    """Return `paid` and `paid_starts`, each an int8 matrix of 0/1, shape (members, periods).

    `paid`: a membership ran on at least one day of the period. `paid_starts`: one began in it.
    """
    table = dataset.tables["memberships"]
    wanted = ["member_code", "started_at_day", *(["ended_at_day"] if "ended_at_day" in table.columns else [])]
    rows = dataset.arrow(table.select(*wanted))
    place = pc.index_in(rows["member_code"].combine_chunks(), codes)
    rows = rows.append_column("at", place).filter(pc.is_valid(place))
    at = rows["at"].to_numpy().astype(np.int64)
    started = calendar.of_days(rows["started_at_day"].to_numpy().astype(np.int64))
    last = np.full(len(at), calendar.count - 1)
    if "ended_at_day" in wanted:
        known = pc.is_valid(rows["ended_at_day"]).to_numpy()
        days = pc.fill_null(rows["ended_at_day"], 0).to_numpy().astype(np.int64)
        last = np.where(known, calendar.of_days(days), last)
    starts = np.zeros((len(codes), calendar.count), dtype=np.int8)
    inside = (started >= 0) & (started < calendar.count)
    starts[at[inside], started[inside]] = 1
    changes = np.zeros((len(codes), calendar.count + 1), dtype=np.int32)
    begin, stop = np.clip(started, 0, calendar.count), np.clip(last + 1, 0, calendar.count)
    runs = begin < stop
    np.add.at(changes, (at[runs], begin[runs]), 1)
    np.add.at(changes, (at[runs], stop[runs]), -1)
    paid = (np.cumsum(changes[:, :-1], axis=1) > 0).astype(np.int8)
    return {"paid": paid, "paid_starts": starts}
