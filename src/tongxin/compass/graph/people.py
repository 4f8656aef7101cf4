"""Members, check-ins and deeds of a dataset as numbered arrays, in the order of member codes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongxin.compass.dataset import Dataset

#: a day that no window reaches
NEVER = np.int64(2**40)
UNKNOWN = np.int64(-1)
#: where people are in one place at one time; a campaign or a challenge brings nobody together
MEETINGS = ("event", "ritual", "panel")


@dataclass(frozen=True)
class Rows:
    """Dated rows between numbered members; `other` is an event number for check-ins.

    Attributes
    ----------
    who, other, day : int64 arrays, shape (rows,)
        Days since 1970-01-01; sorted by (who, other, day).
    """

    who: np.ndarray
    other: np.ndarray
    day: np.ndarray

    def between(self, first: int, last: int) -> Rows:
        """Return the rows of days first…last."""
        keep = (self.day >= first) & (self.day <= last)
        return Rows(self.who[keep], self.other[keep], self.day[keep])

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.day)


NOTHING = Rows(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


@dataclass(frozen=True)
class People:
    """Everybody in the dataset and what they did towards each other.

    Attributes
    ----------
    codes : pyarrow array of str, shape (n,)
        Ascending; number i of every other array is member i.
    store : int64 array, shape (n,)
        Index into `stores`, −1 = unknown.
    staff, refused : bool arrays, shape (n,)
        Staff, and members who refused measurement.
    since : int64 array, shape (n,)
        Day of registration, `NEVER` where the chain does not say.
    visits : Rows
        Check-ins; `other` numbers the events 0…events−1.
    ties : dict of kind to Rows
        The kinds of `tables.TIE_KINDS` that the dataset has.
    """

    codes: pa.Array
    store: np.ndarray
    stores: tuple[str, ...]
    staff: np.ndarray
    refused: np.ndarray
    since: np.ndarray
    visits: Rows
    events: int
    ties: dict[str, Rows] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Number of members."""
        return len(self.codes)

    def deeds(self, kind: str) -> Rows:
        """Return the rows of one kind of tie, none if the dataset has none."""
        return self.ties.get(kind, NOTHING)


def read(dataset: Dataset, also: tuple[pa.ChunkedArray, ...] = ()) -> People:
    """Number the members of `members`, `participation` and `ties` and read who met and answered whom.

    Parameters
    ----------
    also : tuple of text columns
        Further member codes to number, for instance those of orders.

    Raises
    ------
    BadInput
        The dataset has neither members nor anybody who came or answered.
    """
    visits, ties = _visits(dataset), _ties(dataset)
    found = [
        rows[name] for rows, names in ((visits, ["who"]), (ties, ["who", "to"])) for name in names if rows
    ]
    found += also
    if dataset.has("members"):
        table = dataset.tables["members"]
        found.append(dataset.arrow(table.select("member_code"))["member_code"])
    if not found:
        dataset.require("members")
    codes = unique_codes(found)
    facts = member_facts(dataset, codes)
    return People(codes, **facts, **_numbered(codes, visits, ties))


def unique_codes(columns: list[pa.ChunkedArray]) -> pa.Array:
    """Return all distinct codes of several text columns, ascending, no nulls."""
    chunks = [chunk for column in columns for chunk in column.chunks]
    every = pa.chunked_array(chunks, pa.string()) if chunks else pa.chunked_array([pa.array([], pa.string())])
    distinct = pc.drop_null(pc.unique(every))
    return distinct.take(pc.sort_indices(distinct))


def number(column: Any, codes: pa.Array) -> np.ndarray:
    """Return the place of each code in `codes`, −1 where it is not there; int64, shape (rows,)."""
    plain = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return pc.fill_null(pc.index_in(plain, codes), -1).to_numpy(zero_copy_only=False).astype(np.int64)


def member_facts(dataset: Dataset, codes: pa.Array) -> dict[str, Any]:
    """Return store, stores, staff, refused and since, aligned with `codes`."""
    n = len(codes)
    out: dict[str, Any] = {
        "store": np.full(n, UNKNOWN),
        "stores": (),
        "staff": _staff(dataset, codes),
        "refused": np.zeros(n, dtype=bool),
        "since": np.full(n, NEVER),
    }
    if not dataset.has("members"):
        return out
    table = dataset.tables["members"]
    wanted = ("member_code", "home_store_code", "registered_at_day", "consent_measurement")
    rows = dataset.arrow(table.select(*[name for name in wanted if name in table.columns]))
    at = number(rows["member_code"], codes)
    rows, at = rows.filter(pa.array(at >= 0)), at[at >= 0]
    if "home_store_code" in rows.column_names:
        stores = unique_codes([rows["home_store_code"]])
        out["store"][at] = number(rows["home_store_code"], stores)
        out["stores"] = tuple(stores.to_pylist())
    if "registered_at_day" in rows.column_names:
        out["since"][at] = pc.fill_null(rows["registered_at_day"], int(NEVER)).to_numpy()
    if "consent_measurement" in rows.column_names:
        agreed = pc.fill_null(rows["consent_measurement"], True)
        out["refused"][at] = ~agreed.to_numpy(zero_copy_only=False)
    return out


def _staff(dataset: Dataset, codes: pa.Array) -> np.ndarray:
    """Say who is staff: by member code, or by the phone that both tables give."""
    out = np.zeros(len(codes), dtype=bool)
    if dataset.has("staff", "member_code"):
        table = dataset.tables["staff"]
        at = number(dataset.arrow(table.select("member_code"))["member_code"], codes)
        out[at[at >= 0]] = True
    if dataset.has("staff", "phone") and dataset.has("members", "phone"):
        phones = pc.drop_null(
            dataset.arrow(dataset.tables["staff"].select("phone"))["phone"].combine_chunks()
        )
        rows = dataset.arrow(dataset.tables["members"].select("member_code", "phone"))
        same = pc.is_in(rows["phone"], value_set=phones)
        at = number(rows.filter(same)["member_code"], codes)
        out[at[at >= 0]] = True
    return out


def _visits(dataset: Dataset) -> dict[str, Any]:
    if not dataset.has("participation"):
        return {}
    table = dataset.tables["participation"]
    table = table.filter((table.status == "checked_in") & table.what.isin(MEETINGS))
    parts = [name for name in ("what", "what_code", "store_code") if name in table.columns]
    rows = dataset.arrow(table.select("member_code", *parts, day=table.happened_at_day))
    text = [pc.fill_null(rows[name], "") for name in parts]
    event = pc.binary_join_element_wise(*text, pc.cast(rows["day"], pa.string()), "\x1f")
    return {"who": rows["member_code"], "what": event, "day": rows["day"]}


def _ties(dataset: Dataset) -> dict[str, Any]:
    if not dataset.has("ties"):
        return {}
    table = dataset.tables["ties"]
    chosen = table.select("kind", who=table.from_member_code, to=table.to_member_code, day=table.at_day)
    rows = dataset.arrow(chosen)
    return {name: rows[name] for name in ("who", "to", "kind", "day")}


def _numbered(codes: pa.Array, visits: dict[str, Any], ties: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {"visits": NOTHING, "events": 0, "ties": {}}
    if visits:
        events = unique_codes([visits["what"]])
        out["visits"] = _sorted(number(visits["who"], codes), number(visits["what"], events), visits["day"])
        out["events"] = len(events)
    if ties:
        who, to = number(ties["who"], codes), number(ties["to"], codes)
        kinds = ties["kind"].combine_chunks()
        for kind in sorted(pc.unique(kinds).to_pylist()):
            mine = pc.equal(kinds, kind).to_numpy(zero_copy_only=False)
            out["ties"][kind] = _sorted(who[mine], to[mine], ties["day"].filter(pa.array(mine)))
    return out


def _sorted(who: np.ndarray, other: np.ndarray, day: pa.ChunkedArray) -> Rows:
    days = day.to_numpy().astype(np.int64)
    order = np.lexsort((days, other, who))
    return Rows(who[order], other[order], days[order])
