"""At home in which store: every order becomes one integer of member, store, and before or after entry; sorted and counted.

Members × stores is the widest grouping of a study. As sorted integers it takes eight bytes an order, one part of the
members after the other.
"""

from __future__ import annotations

import contextlib
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongxin.compass import partitions
from tongxin.compass.adding import integer_sum
from tongxin.compass.dataset import Dataset
from tongxin.compass.panel import Facts

#: bytes of one order while orders are collected and counted
ORDER_BYTES = 16
#: orders that are counted at once
SLICE = 1 << 21
#: bits of a number of orders
_COUNT = 20


def of(dataset: Dataset, given: Facts, entered: Any, members: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return each member's home store and the codes of all stores.

    Parameters
    ----------
    dataset : Dataset
    given : Facts
    entered : ibis table
        (member_code, entered): day of first entry of those who have one.
    members : int

    Returns
    -------
    int64 array of shape (members,), tuple of str
        Index of the store with most orders before entry, then most after it, then the lowest code; the codes, ascending.

    Raises
    ------
    OutOfRoom
        The orders of one part do not fit; says how many parts would.
    """
    if dataset.has("stores", "store_code"):
        with contextlib.suppress(
            _Unlisted
        ):  # the chain's list is short; the orders are not read just to learn the codes
            return _of(dataset, given, entered, members, _codes(dataset, "stores"))
    # of all orders, members' or not: one column is read instead of all that says whose they are
    return _of(dataset, given, entered, members, _codes(dataset, "orders"))


class _Unlisted(Exception):
    """An order of a store that is not among the codes."""


def _codes(dataset: Dataset, table: str) -> pa.Array:
    """Codes of the stores of a table, each once, ascending."""
    every = dataset.tables[table].select("store_code").distinct()
    codes = pc.drop_null(dataset.arrow(every)["store_code"].combine_chunks())
    return codes.take(pc.array_sort_indices(codes))


def _of(
    dataset: Dataset, given: Facts, entered: Any, members: int, codes: pa.Array
) -> tuple[np.ndarray, tuple[str, ...]]:
    home, seen = np.zeros(members, dtype=np.int64), np.zeros(len(codes), dtype=bool)
    # half as wide is sorted in half the time
    width = np.dtype(np.uint32 if 2 * members * len(codes) < 2**32 else np.int64)
    for part in partitions.split(given, dataset.room.partitions):
        _count(_keys(dataset, given, part, entered, codes, width), len(codes), home, seen)
    return (np.cumsum(seen) - 1)[home], tuple(str(code) for code in codes.filter(pa.array(seen)).to_pylist())


def _keys(  # noqa: PLR0917 - one question: whose orders, counted how
    dataset: Dataset, given: Facts, part: Facts, entered: Any, codes: Any, width: np.dtype[Any]
) -> np.ndarray:
    """One integer an order, (member·stores + store)·2 + came after entry, ascending."""
    size = dataset.arrow(part.members.agg(size=integer_sum(part.members.n_orders)))["size"][0].as_py() or 0
    if size * ORDER_BYTES > dataset.room.bytes:
        raise partitions.refusal(dataset, given)
    who = part.members.left_join(entered, "member_code")
    who = who.select("member_code", "member", late_from=ibis.coalesce(who.entered.cast("int64"), 2**40))
    rows = part.joined.inner_join(who, "member_code")
    rows = rows.select("member", "store_code", late=(rows.day >= rows.late_from).cast("int64"))
    if not dataset.streams:
        rows = rows.group_by("member", "store_code", "late").agg(n=rows.count())
    keys, end = np.empty(size, dtype=width), 0
    with partitions.refusing(dataset, given):
        for batch in dataset.batches(rows):
            store = pc.index_in(batch["store_code"], codes)
            if store.null_count:
                raise _Unlisted
            store = store.to_numpy().astype(np.int64)
            found = (batch["member"].to_numpy() * len(codes) + store) * 2 + batch["late"].to_numpy()
            if "n" in batch.schema.names:
                found = np.repeat(found, batch["n"].to_numpy())
            keys[end : end + len(found)] = found
            end += len(found)
    keys.sort()
    return keys


def _count(keys: np.ndarray, stores: int, home: np.ndarray, seen: np.ndarray) -> None:
    """Write the home store of every member whose orders are among the keys, and which stores are among them."""
    begin = 0
    while begin < len(keys):
        end = min(begin + SLICE, len(keys))
        if end < len(keys):  # a member's orders stay together
            last = (int(keys[end - 1]) // (2 * stores) + 1) * 2 * stores - 1
            end = int(np.searchsorted(keys, keys.dtype.type(last), side="right"))
        some = keys[begin:end].astype(np.int64)
        pair = some >> 1
        first = np.flatnonzero(np.append(True, pair[1:] != pair[:-1]))
        late = np.add.reduceat(some & 1, first)
        early = np.diff(np.append(first, len(some))) - late
        member, store = np.divmod(pair[first], stores)
        seen[store] = True
        score = ((early << _COUNT | late) << _COUNT) + stores - 1 - store
        each = np.flatnonzero(np.append(True, member[1:] != member[:-1]))
        best = np.maximum.reduceat(score, each)
        home[member[each]] = stores - 1 - (best & ((1 << _COUNT) - 1))
        begin = end
