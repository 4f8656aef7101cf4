"""The facts of the index from a dataset: surveys, participation, ties and orders of one window, one row a member.

Left out: staff, and members who refused measurement. A survey counts for the store it names, otherwise for the home store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongxin.compass.dataset import Dataset
from tongxin.compass.ees.indicators import Facts, Rows, rows_of
from tongxin.compass.ees.versions import Version
from tongxin.compass.errors import BadInput
from tongxin.compass.sentence import Words

_EPOCH = date(1970, 1, 1)
#: lowest and highest score that a kind of survey may hold
SCALES: Mapping[str, tuple[int, int]] = {
    "nps": (0, 10), "csat": (1, 5), "job_done": (0, 1), **{f"bscs_{item}": (1, 5) for item in range(1, 9)},
}  # fmt: skip
#: weight of a member in the active share, where rings are known
RING_WEIGHTS: Mapping[str, int] = {"outer": 1, "middle": 2, "inner": 3}
SEAT, NO_SEAT = ("checked_in", "no_show", "cancelled"), ("waitlisted", "lost_draw")


@dataclass(frozen=True)
class _Book:
    """Who counts: sorted codes, home store of each member (−1 without one)."""

    dataset: Dataset
    stores: tuple[str, ...]
    members: tuple[str, ...]
    home: np.ndarray
    first: int
    last: int

    def place(self, column: pa.ChunkedArray, codes: tuple[str, ...]) -> np.ndarray:
        """Places of codes in a list; −1 for others."""
        found = pc.index_in(column, value_set=pa.array(codes, pa.string()))
        return pc.fill_null(found, -1).to_numpy().astype(np.int64)

    def window(self, table: str, at: str, *columns: str) -> pa.Table | None:
        """Rows of a table inside the window, or None; a column that is not there comes as nulls."""
        if not self.dataset.has(table, at):
            return None
        source = self.dataset.tables[table]
        day = source[f"{at}_day"]
        there = [name for name in columns if name in source.columns]
        rows = self.dataset.arrow(
            source.filter(day.between(self.first, self.last)).select(f"{at}_day", *there)
        )
        for name in columns:
            if name not in there:
                rows = rows.append_column(name, pa.nulls(len(rows), pa.string()))
        return rows

    def where(self, rows: pa.Table, member: np.ndarray) -> np.ndarray:
        """Store of each row: the one it names, otherwise the member's home; −1 for none."""
        named = self.place(rows["store_code"], self.stores)
        home = np.where(member >= 0, self.home[np.maximum(member, 0)], -1)
        return np.where(pc.is_null(rows["store_code"]).to_numpy(zero_copy_only=False), home, named)


def facts(
    dataset: Dataset,
    version: Version,
    *,
    as_of: date | None = None,
    asked: Mapping[str, int] | None = None,
    rings: Mapping[str, str] | None = None,
) -> Facts:
    """Collect the facts of the window that ends on `as_of`.

    Parameters
    ----------
    dataset : Dataset
        With `members.home_store_code`; everything else is used where it is there.
    as_of : date, optional
        Last day; by default the last day of the data.
    asked : mapping of store to int, optional
        How many members were invited to answer, for the response rate.
    rings : mapping of member to ring, optional
        Weighs members in the active share 1/2/3; without it everybody counts once.

    Raises
    ------
    BadInput
        Without members' home stores, or for scores outside their scale.
    """
    if not dataset.has("members", "home_store_code"):
        raise BadInput.one("dataset", "members.home_store_code is missing", ("members with home_store_code",))
    book = _book(dataset, version, as_of)
    surveys = _surveys(book, version)
    rows = surveys.rows | _participation(book, rings or {}) | _ties(book) | _benefits(book)
    used = {each.formula for each in version.indicators}
    wanted = {
        formula: found for formula, found in sorted(rows.items()) if formula in used and len(found.store)
    }
    return Facts(
        book.stores,
        book.members,
        wanted,
        surveys.answers,
        surveys.volunteers,
        {store: int(n) for store, n in sorted((asked or {}).items()) if store in book.stores},
        (_EPOCH + timedelta(days=book.last)).isoformat(),
        tuple(
            (formula, Words("没有这项数据", "no data for it"))
            for formula in sorted(used)
            if formula not in wanted
        ),
    )


def last_day(dataset: Dataset) -> int:
    """Last day of the data: of orders where there are any, otherwise of what else has a date (days since 1970)."""
    if "orders" in dataset.tables:
        return (dataset.last_day - _EPOCH).days
    found = []
    for table, at in (("surveys", "answered_at"), ("participation", "happened_at"), ("ties", "at")):
        if dataset.has(table, f"{at}_day"):
            newest = dataset.arrow(
                dataset.tables[table].aggregate(newest=dataset.tables[table][f"{at}_day"].max())
            )
            found += [day for day in newest["newest"].to_pylist() if day is not None]
    if not found:
        raise BadInput.one("dataset", "nothing with a date", ("orders", "surveys", "participation", "ties"))
    return int(max(found))


def _book(dataset: Dataset, version: Version, as_of: date | None) -> _Book:
    last = (as_of - _EPOCH).days if as_of else last_day(dataset)
    source = dataset.tables["members"]
    columns = [
        name for name in ("member_code", "home_store_code", "consent_measurement") if name in source.columns
    ]
    people = dataset.arrow(source.select(*columns).order_by("member_code"))
    if "consent_measurement" in columns:
        people = people.filter(pc.fill_null(people["consent_measurement"], True))
    if dataset.has("staff", "member_code"):
        staff = dataset.arrow(dataset.tables["staff"].select("member_code"))["member_code"]
        people = people.filter(pc.invert(pc.is_in(people["member_code"], value_set=pc.drop_null(staff))))
    codes = tuple(people["member_code"].to_pylist())
    homes = people["home_store_code"]
    stores = set(pc.drop_null(pc.unique(homes)).to_pylist())
    if "stores" in dataset.tables:
        stores |= set(dataset.arrow(dataset.tables["stores"].select("store_code"))["store_code"].to_pylist())
    named = tuple(sorted(stores))
    empty = _Book(dataset, named, codes, np.zeros(0, np.int64), last - version.window_days + 1, last)
    return _Book(dataset, named, codes, empty.place(homes, named), empty.first, last)


@dataclass(frozen=True)
class _Surveys:
    rows: dict[str, Rows]
    answers: np.ndarray
    volunteers: dict[str, tuple[int, float]]


def _surveys(book: _Book, version: Version) -> _Surveys:
    none = _Surveys({}, np.zeros(len(book.stores), np.int64), {})
    columns = ("member_code", "kind", "score", "store_code", "sampled")
    table = book.window("surveys", "answered_at", *columns)
    if table is None:
        return none
    member = book.place(table["member_code"], book.members)
    store = book.where(table, member)
    kind = np.array(table["kind"].to_pylist(), dtype=object)
    score = table["score"].to_numpy().astype(np.int64)
    for name, (low, high) in SCALES.items():
        wrong = int(((kind == name) & ((score < low) | (score > high))).sum())
        if wrong:
            raise BadInput.one(
                f"surveys.score of {name}", f"{wrong} outside the scale", (f"{low} to {high}",)
            )
    known = (member >= 0) & (store >= 0)
    sampled = np.array([value or "volunteer" for value in table["sampled"].to_pylist()], dtype=object)
    counts = known & np.isin(sampled, version.samples)
    above = {
        "nps/1": (kind == "nps", (score >= 9).astype(np.int64) - (score <= 6)),
        "csat/1": (kind == "csat", (score >= 4).astype(np.int64)),
        "job_done/1": (kind == "job_done", score),
        "bscs/1": (np.char.startswith(kind.astype(str), "bscs_"), score),
    }
    rows = {
        formula: _by_member(store[part & counts], member[part & counts], value[part & counts])
        for formula, (part, value) in above.items()
    }
    pairs = np.unique(np.stack([store[counts], member[counts]]), axis=1)
    answers = np.bincount(pairs[0], minlength=len(book.stores))
    others = known & ~np.isin(sampled, version.samples) & (kind == "nps")
    count = np.bincount(store[others], minlength=len(book.stores))
    net = np.bincount(store[others], weights=above["nps/1"][1][others], minlength=len(book.stores))
    apart = {
        name: (int(count[n]), round(float(net[n] / count[n]), 4))
        for n, name in enumerate(book.stores)
        if count[n]
    }
    return _Surveys(rows, answers, apart)


def _participation(book: _Book, rings: Mapping[str, str]) -> dict[str, Rows]:
    table = book.window(
        "participation", "happened_at", "member_code", "what", "what_code", "status", "store_code"
    )
    if table is None:
        return {}
    member = book.place(table["member_code"], book.members)
    keep = member >= 0
    member, table = member[keep], table.filter(pa.array(keep))
    status = np.array(table["status"].to_pylist(), dtype=object)
    what = np.array(table["what"].to_pylist(), dtype=object)
    came = status == "checked_in"
    everyone, weight = _members(book, rings)
    active = np.bincount(member[came], minlength=len(book.members)) > 0
    panel = np.bincount(member[came & (what == "panel")], minlength=len(book.members)) > 0
    home = book.home[everyone]
    visits = np.bincount(member[came], minlength=len(book.members))
    goers = everyone[active[everyone]]
    found = {
        "active_share/1": rows_of(home, everyone, (weight * active)[everyone], weight[everyone]),
        "checkins_per_active/1": rows_of(book.home[goers], goers, visits[goers], np.ones_like(goers)),
    }
    if (what == "panel").any():
        found["advisory_share/1"] = rows_of(
            home, everyone, panel[everyone].astype(np.int64), np.ones_like(home)
        )
    return found | _seats(book, table, member, status)


def _seats(book: _Book, table: pa.Table, member: np.ndarray, status: np.ndarray) -> dict[str, Rows]:
    """Of each registration (member × event) whether it got a seat; then the first one of each member."""
    store = book.where(table, member)
    code = pc.binary_join_element_wise(table["what"], table["what_code"], "\0")
    _, event = np.unique(np.array(code.to_pylist(), dtype=object).astype(str), return_inverse=True)
    asked = (store >= 0) & np.isin(status, (*SEAT, *NO_SEAT, "registered"))
    if not asked.any():
        return {}
    day = table["happened_at_day"].to_numpy()
    keys = np.stack([member, event.ravel()])[:, asked]
    pairs, at = np.unique(keys, axis=1, return_inverse=True)
    at = at.ravel()
    size = pairs.shape[1]
    refused = np.zeros(size, bool)
    np.logical_or.at(refused, at, np.isin(status[asked], NO_SEAT))
    seated = np.zeros(size, bool)
    np.logical_or.at(seated, at, np.isin(status[asked], ("checked_in", "no_show")))
    first_day = np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(first_day, at, day[asked])
    where = np.zeros(size, np.int64)
    np.maximum.at(where, at, store[asked])
    got = (seated | ~refused).astype(np.int64)
    who = pairs[0]
    order = np.lexsort((pairs[1], first_day, who))
    first = order[np.concatenate([[True], np.diff(who[order]) > 0])]
    return {
        "seat_success/1": _by_member(where, who, got),
        "newcomer_success/1": _by_member(where[first], who[first], got[first]),
    }


def _ties(book: _Book) -> dict[str, Rows]:
    table = book.window("ties", "at", "from_member_code", "to_member_code", "kind")
    if table is None:
        return {}
    kind = np.array(table["kind"].to_pylist(), dtype=object)
    asker_first = kind == "accepted"  # who accepts points at the one who answered
    source, target = (book.place(table[f"{end}_member_code"], book.members) for end in ("from", "to"))
    giver = np.where(asker_first, target, source)
    helped = giver[(giver >= 0) & (asker_first | (kind == "answer"))]
    gives = np.bincount(helped, minlength=len(book.members)) > 0
    everyone, _ = _members(book, {})
    ones = np.ones_like(everyone)
    return {"giver_share/1": rows_of(book.home[everyone], everyone, gives[everyone].astype(np.int64), ones)}


def _benefits(book: _Book) -> dict[str, Rows]:
    if not book.dataset.has("orders", "member_code", "coupon_codes"):
        return {}
    orders: Any = book.dataset.tables["orders"]
    inside = orders.filter(
        orders.ordered_at_day.between(book.first, book.last) & orders.member_code.notnull()
    )
    used = (inside.coupon_codes.notnull() & (inside.coupon_codes != "")).cast("int64")
    table = book.dataset.arrow(inside.group_by("member_code").aggregate(used=used.max()))
    member = book.place(table["member_code"], book.members)
    keep = (member >= 0) & (np.where(member >= 0, book.home[np.maximum(member, 0)], -1) >= 0)
    member, value = member[keep], table["used"].to_numpy().astype(np.int64)[keep]
    return {"benefit_use/1": rows_of(book.home[member], member, value, np.ones_like(member))}


def _members(book: _Book, rings: Mapping[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Members with a home store, and everybody's weight by ring."""
    weight = np.array([RING_WEIGHTS.get(rings.get(code, ""), 1) for code in book.members], dtype=np.int64)
    return np.flatnonzero(book.home >= 0), weight


def _by_member(store: np.ndarray, member: np.ndarray, above: np.ndarray) -> Rows:
    """Add up answers of one member at one store: one row a member, so that one person is one witness."""
    if not len(store):
        empty = np.zeros(0, np.int64)
        return Rows(empty, empty, empty, empty)
    pairs, at = np.unique(np.stack([store, member]), axis=1, return_inverse=True)
    at = at.ravel()
    summed = np.zeros(pairs.shape[1], np.int64)
    np.add.at(summed, at, above)
    return rows_of(pairs[0], pairs[1], summed, np.bincount(at, minlength=pairs.shape[1]))
