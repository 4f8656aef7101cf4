"""Who is in the study: entries, home stores, exclusions with their reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongxin.compass import homes
from tongxin.compass.adding import integer_sum
from tongxin.compass.dataset import Dataset
from tongxin.compass.design import Design
from tongxin.compass.panel import Facts, Panel

#: "never" as a period that no comparison can mistake for an early one
NEVER = np.int64(2**40)


@dataclass(frozen=True)
class Population:
    """One row a member, in the panel's order.

    Attributes
    ----------
    entry : int64 array, shape (n,)
        Period of the first checked-in participation; `NEVER` without one.
    no_show : int64 array, shape (n,)
        Period of the first no-show of members who never checked in; `NEVER` otherwise.
    since_day : int64 array, shape (n,)
        Day (since 1970) of registration or first purchase, whichever is earlier.
    paid_from, paid_to : int64 arrays, shape (n,)
        Days of the first paid membership; NEVER/−NEVER without one.
    store : int64 array, shape (n,)
        Index into `stores`: the store with most orders before entry, ties by code.
    place : int64 array, shape (n,)
        Cluster of the store (region, or size band) for thin strata.
    usable : bool array, shape (n,)
        False for staff and for members who refused measurement.
    tenure_known : bool
        Whether the chain knows registration days (else tenure is only the first purchase seen).
    orders : int, optional
        Orders of all these members, where they were counted.
    """

    entry: np.ndarray
    no_show: np.ndarray
    since_day: np.ndarray
    paid_from: np.ndarray
    paid_to: np.ndarray
    store: np.ndarray
    stores: tuple[str, ...]
    place: np.ndarray
    usable: np.ndarray
    tenure_known: bool
    excluded: tuple[tuple[str, int], ...]
    treated_total: int
    orders: int | None = None


def gather(dataset: Dataset, design: Design, panel: Panel, given: Facts) -> Population:
    """Look everything up that strata, risk sets and clusters need."""
    who = given.members
    n = panel.members
    entry, total = _first_period(dataset, design, panel, who, "checked_in")
    no_show, _ = _first_period(dataset, design, panel, who, "no_show")
    no_show = np.where(entry == NEVER, no_show, NEVER)
    first_day = dataset.arrow(who.select("member", "first_day").order_by("member"))["first_day"].to_numpy()
    info = _member_info(dataset, panel)
    since = np.minimum(first_day, info["registered"])
    store, stores = _home_stores(dataset, design, given, n)
    place = _places(dataset, stores, store)
    usable = ~(info["staff"] | info["refused"])
    excluded = (
        ("staff", int(info["staff"].sum())),
        ("measurement_refused", int((info["refused"] & ~info["staff"]).sum())),
    )
    return Population(
        entry,
        no_show,
        since,
        info["paid_from"],
        info["paid_to"],
        store,
        stores,
        place,
        usable,
        bool((info["registered"] < NEVER).sum() > 0.8 * n),
        excluded,
        total,
        dataset.arrow(who.agg(n=integer_sum(who.n_orders)))["n"][0].as_py() or 0,
    )


def _selected(participation: Any, treated: str) -> Any:
    kind, _, code = treated.partition(":")
    if treated == "participation":
        return participation
    if kind in {"campaign", "event"}:
        return participation.filter((participation.what == kind) & (participation.what_code == code))
    column = f"{kind}_code"
    if column not in participation.columns:
        return participation.filter(ibis.literal(False))
    return participation.filter(participation[column] == code)


def _first_rows(dataset: Dataset, design: Design, status: str) -> Any:
    rows = _selected(dataset.tables["participation"], design.treated)
    return rows.filter(rows.status == status)


def _first_period(
    dataset: Dataset, design: Design, panel: Panel, who: Any, status: str
) -> tuple[np.ndarray, int]:
    """First period in which each member has a row of that status, and how many people have one."""
    rows = _first_rows(dataset, design, status)
    dated = rows.mutate(period=panel.calendar.index(rows.happened_at_day, rows.happened_at_date))
    first = dated.group_by("member_code").agg(period=dated.period.min())
    found = dataset.arrow(first.left_join(who, "member_code").select("member", "period"))
    known = found.filter(pc.is_valid(found["member"]))
    period = np.full(panel.members, NEVER)
    period[known["member"].to_numpy()] = known["period"].to_numpy()
    return period, len(found)


def _member_info(dataset: Dataset, panel: Panel) -> dict[str, np.ndarray]:
    """Registration day, paid period, staff and refusals, aligned with the panel."""
    n = panel.members
    out: dict[str, np.ndarray] = {
        "registered": np.full(n, NEVER),
        "staff": np.zeros(n, dtype=bool),
        "refused": np.zeros(n, dtype=bool),
        "paid_from": np.full(n, NEVER),
        "paid_to": np.full(n, -NEVER),
    }
    staff_codes, staff_phones = _staff(dataset)
    if staff_codes:
        _flag(out["staff"], panel, staff_codes)
    if not dataset.has("members"):
        return out
    members = dataset.tables["members"]
    wanted = ("member_code", "registered_at_day", "is_paid", "consent_measurement", "phone")
    rows = dataset.arrow(members.select(*[name for name in wanted if name in members.columns]))
    place = pc.index_in(rows["member_code"].combine_chunks(), panel.codes)
    rows = rows.append_column("at", place).filter(pc.is_valid(place))
    at = rows["at"].to_numpy()
    if "registered_at_day" in rows.column_names:
        out["registered"][at] = pc.fill_null(rows["registered_at_day"], int(NEVER)).to_numpy()
    if "consent_measurement" in rows.column_names:
        out["refused"][at] = ~pc.fill_null(rows["consent_measurement"], True).to_numpy(zero_copy_only=False)
    if "phone" in rows.column_names and staff_phones:
        same = pc.is_in(rows["phone"], value_set=pa.array(staff_phones, pa.string())).to_numpy(
            zero_copy_only=False
        )
        out["staff"][at] |= same
    if dataset.has("memberships"):
        _paid_periods(dataset, panel, out)
    elif "is_paid" in rows.column_names:
        paid = pc.fill_null(rows["is_paid"], False).to_numpy(zero_copy_only=False)
        out["paid_from"][at[paid]] = -NEVER
        out["paid_to"][at[paid]] = NEVER
    return out


def _flag(mask: np.ndarray, panel: Panel, codes: list[str]) -> None:
    at = pc.index_in(pa.array(codes, pa.string()), panel.codes)
    mask[pc.drop_null(at).to_numpy()] = True


def _staff(dataset: Dataset) -> tuple[list[str], list[str]]:
    """Member codes and phones of staff: they buy with a discount and organise the events they attend."""
    if not dataset.has("staff"):
        return [], []
    staff = dataset.tables["staff"]
    found = []
    for column in ("member_code", "phone"):
        if column in staff.columns:
            rows = dataset.arrow(staff.select(column).filter(staff[column].notnull()))
            found.append(rows[column].to_pylist())
        else:
            found.append([])
    return found[0], found[1]


def _paid_periods(dataset: Dataset, panel: Panel, out: dict[str, np.ndarray]) -> None:
    table = dataset.tables["memberships"]
    wanted = ["member_code", "started_at_day", *(["ended_at_day"] if "ended_at_day" in table.columns else [])]
    rows = dataset.arrow(table.select(*wanted))
    at = pc.index_in(rows["member_code"].combine_chunks(), panel.codes)
    rows = rows.append_column("at", at).filter(pc.is_valid(at))
    ended = (
        pc.fill_null(rows["ended_at_day"], int(NEVER)).to_numpy()
        if "ended_at_day" in rows.column_names
        else np.full(len(rows), NEVER)
    )
    np.minimum.at(out["paid_from"], rows["at"].to_numpy(), rows["started_at_day"].to_numpy())
    np.maximum.at(out["paid_to"], rows["at"].to_numpy(), ended)


def _home_stores(
    dataset: Dataset, design: Design, given: Facts, n: int
) -> tuple[np.ndarray, tuple[str, ...]]:
    first = _first_rows(dataset, design, "checked_in").group_by("member_code")
    first = first.agg(entered=lambda rows: rows.happened_at_day.min())
    return homes.of(dataset, given, first, n)


def _places(dataset: Dataset, stores: tuple[str, ...], store: np.ndarray) -> np.ndarray:
    """Cluster of each member's store: its region where the chain gives one, else its size band."""
    regions: dict[str, str] = {}
    if dataset.has("stores", "region"):
        table = dataset.tables["stores"]
        rows = dataset.arrow(table.select("store_code", "region").filter(table.region.notnull())).to_pylist()
        regions = {row["store_code"]: row["region"] for row in rows}
    size = np.bincount(store, minlength=len(stores))
    bands = np.searchsorted(np.quantile(size, (0.25, 0.5, 0.75)), size) if len(stores) else size
    labels = [f"r:{regions[code]}" if code in regions else f"s:{bands[i]}" for i, code in enumerate(stores)]
    _, cluster = np.unique(np.array(labels), return_inverse=True)
    return cluster[store]
