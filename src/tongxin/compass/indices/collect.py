"""Facts of every community from the canonical tables: what they hold; parts they do not hold are left out and said.

A member belongs to a community from the first participation or tie booked there. Posts, reads, saves and featured content are
not in the canonical tables: the platform adds them with `dataclasses.replace`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongxin.compass.dataset import Dataset
from tongxin.compass.ees.collect import last_day
from tongxin.compass.errors import BadInput
from tongxin.compass.indices.facts import (
    WINDOW,
    Attendance,
    CommunityFacts,
    Contacts,
    Deeds,
    Invitees,
    Outputs,
    Registrations,
)

YEAR = 365
#: a purchase counts for an invitee once it can no longer be refunded
REFUND_DAYS = 30
_EPOCH = date(1970, 1, 1)
_NEVER = np.int64(2**40)


@dataclass(frozen=True)
class _Tables:
    """Participation and ties of a year, people by place in `codes`."""

    codes: tuple[str, ...]
    last: int
    parts: Mapping[str, np.ndarray]
    ties: Mapping[str, np.ndarray]
    staff: np.ndarray
    place: np.ndarray
    identity: np.ndarray
    bought: np.ndarray


def communities(
    dataset: Dataset, *, as_of: date | None = None, kinds: Mapping[str, str] | None = None
) -> tuple[CommunityFacts, ...]:
    """Collect the facts of all communities on a day.

    Parameters
    ----------
    dataset : Dataset
        With `participation.community_code` or `ties.community_code`.
    as_of : date, optional
        By default the last day of the data.
    kinds : mapping of community to type, optional
        Peers are sought among communities of the same type; `community` where it is not known.

    Raises
    ------
    BadInput
        Without any community code.
    """
    last = (as_of - _EPOCH).days if as_of else last_day(dataset)
    tables = _tables(dataset, last)
    named = sorted(({*tables.parts["community"], *tables.ties["community"]}) - {""})
    if not named:
        raise BadInput.one(
            "dataset", "no community_code", ("participation.community_code", "ties.community_code")
        )
    return tuple(_of(code, (kinds or {}).get(code, "community"), tables) for code in named)


def _tables(dataset: Dataset, last: int) -> _Tables:
    columns = ("member_code", "what", "what_code", "status", "store_code", "community_code")
    parts = _rows(dataset, "participation", "happened_at", columns, last)
    ties = _rows(
        dataset, "ties", "at", ("from_member_code", "to_member_code", "kind", "community_code"), last
    )
    people = set(parts["member_code"]) | set(ties["from_member_code"]) | set(ties["to_member_code"])
    codes = tuple(sorted(people - {""}))
    at = {code: n for n, code in enumerate(codes)}

    def places(column: np.ndarray) -> np.ndarray:
        return np.array([at.get(code, -1) for code in column], dtype=np.int64)

    return _Tables(
        codes,
        last,
        {
            "person": places(parts["member_code"]),
            "what": parts["what"],
            "event": _numbers(np.char.add(np.char.add(parts["what"], "\0"), parts["what_code"])),
            "status": parts["status"],
            "day": parts["day"],
            "community": parts["community_code"],
        },
        {
            "source": places(ties["from_member_code"]),
            "target": places(ties["to_member_code"]),
            "kind": ties["kind"],
            "day": ties["day"],
            "community": ties["community_code"],
        },
        *_people(dataset, codes),
        _bought(dataset, codes, last),
    )


def _rows(
    dataset: Dataset, table: str, at: str, columns: tuple[str, ...], last: int
) -> dict[str, np.ndarray]:
    """Columns of a year's rows as text, nulls as empty, in an order of their own, with their `day`."""
    if not dataset.has(table, f"{at}_day"):
        return {name: np.zeros(0, "<U1") for name in columns} | {"day": np.zeros(0, np.int64)}
    source = dataset.tables[table]
    there = [name for name in columns if name in source.columns]
    day = source[f"{at}_day"]
    found = dataset.arrow(source.filter(day.between(last - YEAR + 1, last)).select(f"{at}_day", *there))
    found = found.sort_by([(name, "ascending") for name in found.column_names])
    out = {name: np.array(pc.fill_null(found[name], "").to_pylist(), dtype=str) for name in there}
    out |= {name: np.full(len(found), "", "<U1") for name in columns if name not in there}
    return out | {"day": found[f"{at}_day"].to_numpy().astype(np.int64)}


def _numbers(text: np.ndarray) -> np.ndarray:
    return np.unique(text, return_inverse=True)[1].ravel()


def _people(dataset: Dataset, codes: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Staff, home store as a number, identity (phone where known, otherwise the code) of each person."""
    wanted = pa.array(codes, pa.string())
    staff = np.zeros(len(codes), bool)
    if dataset.has("staff", "member_code"):
        known = dataset.arrow(dataset.tables["staff"].select("member_code"))["member_code"]
        staff = pc.is_in(wanted, value_set=pc.drop_null(known).combine_chunks()).to_numpy(
            zero_copy_only=False
        )
    home = np.full(len(codes), -1, np.int64)
    identity = np.array(codes, dtype=str)
    columns = [name for name in ("home_store_code", "phone") if dataset.has("members", name)]
    if columns:
        rows = dataset.arrow(dataset.tables["members"].select("member_code", *columns))
        row = pc.index_in(wanted, value_set=rows["member_code"].combine_chunks())
        for name in columns:
            text = np.array(pc.fill_null(rows[name].combine_chunks().take(row), "").to_pylist(), dtype=str)
            if name == "phone":
                identity = np.where(text != "", np.char.add("phone:", text), identity)
            elif len(text):
                home = np.where(text != "", _numbers(text), -1)
    return staff, home, _numbers(identity) if len(codes) else np.zeros(0, np.int64)


def _bought(dataset: Dataset, codes: tuple[str, ...], last: int) -> np.ndarray:
    """Day of each person's first settled purchase of the year; a far day without one."""
    out = np.full(len(codes), _NEVER)
    if not dataset.has("orders", "member_code") or not codes:
        return out
    orders = dataset.tables["orders"]
    settled = orders.filter(orders.ordered_at_day <= last - REFUND_DAYS, orders.total_paid_fen > 0)
    first = dataset.arrow(settled.group_by("member_code").aggregate(day=settled.ordered_at_day.min()))
    row = pc.index_in(first["member_code"], value_set=pa.array(codes, pa.string())).to_numpy(
        zero_copy_only=False
    )
    known = np.isfinite(row.astype(float))
    out[row[known].astype(np.int64)] = first["day"].to_numpy()[known]
    return out


def _of(code: str, kind: str, tables: _Tables) -> CommunityFacts:
    parts = {name: column[tables.parts["community"] == code] for name, column in tables.parts.items()}
    mine = {name: column[tables.ties["community"] == code] for name, column in tables.ties.items()}
    joined = np.full(len(tables.codes), _NEVER)
    np.minimum.at(joined, parts["person"], parts["day"])
    for end in ("source", "target"):
        np.minimum.at(joined, mine[end], mine["day"])
    opened = int(joined.min(initial=_NEVER))
    joined = np.where(joined == _NEVER, -1, joined)
    members = joined >= 0
    came = parts["status"] == "checked_in"
    touching = members[tables.ties["source"]] | members[tables.ties["target"]]
    return CommunityFacts(
        code,
        kind,
        tables.last,
        opened,
        joined,
        tables.staff,
        tables.staff,
        tables.identity,
        tables.place,
        deeds=_deeds(parts, came, mine, tables.last),
        registrations=_registrations(parts, tables.last),
        attendance=_attendance(tables, members),
        contacts=Contacts(*(tables.ties[name][touching] for name in ("source", "target", "kind", "day"))),
        invitees=_invitees(tables, members),
        outputs=_outputs(mine),
    )


def _deeds(
    parts: Mapping[str, np.ndarray], came: np.ndarray, mine: Mapping[str, np.ndarray], last: int
) -> Deeds:
    """Check-ins, and what was said to others; an accepted answer is a deed of whoever accepted it."""
    person = np.concatenate([parts["person"][came], mine["source"]])
    day = np.concatenate([parts["day"][came], mine["day"]])
    kind = np.concatenate([parts["what"][came], mine["kind"]])
    recent = day > last - WINDOW
    return Deeds(person[recent], day[recent], kind[recent], np.zeros(int(recent.sum()), bool))


def _registrations(parts: Mapping[str, np.ndarray], last: int) -> Registrations | None:
    """Member × event with a seat: came, or did not."""
    seat = np.isin(parts["status"], ("checked_in", "no_show")) & (parts["day"] > last - WINDOW)
    if not seat.any():
        return None
    pairs, at = np.unique(
        np.stack([parts["person"][seat], parts["event"][seat]]), axis=1, return_inverse=True
    )
    came = np.zeros(pairs.shape[1], bool)
    np.logical_or.at(came, at.ravel(), parts["status"][seat] == "checked_in")
    return Registrations(pairs[0], came)


def _attendance(tables: _Tables, members: np.ndarray) -> Attendance:
    """Everybody at events where a member was: friends from outside count as friends."""
    rows = tables.parts
    came = rows["status"] == "checked_in"
    there = np.unique(rows["event"][came & members[rows["person"]]]) if len(members) else rows["event"][:0]
    keep = came & np.isin(rows["event"], there)
    return Attendance(rows["person"][keep], rows["event"][keep], rows["day"][keep])


def _invitees(tables: _Tables, members: np.ndarray) -> Invitees | None:
    """Referrals by members: the newcomer's first act is a check-in or a settled purchase after the referral."""
    rows = tables.ties
    mine = (rows["kind"] == "referral") & members[rows["source"]] & (rows["source"] != rows["target"])
    if not (rows["kind"] == "referral").any():
        return None
    source, target, day = rows["source"][mine], rows["target"][mine], rows["day"][mine]
    acted = np.full(len(target), _NEVER)
    checkins = tables.parts["status"] == "checked_in"
    first = np.full(len(tables.codes), _NEVER)
    np.minimum.at(first, tables.parts["person"][checkins], tables.parts["day"][checkins])
    for known in (first, tables.bought):
        later = known[target]
        acted = np.where((later >= day) & (later < acted), later, acted)
    return Invitees(source, tables.identity[target], day, np.where(acted == _NEVER, -1, acted))


def _outputs(mine: Mapping[str, np.ndarray]) -> Outputs | None:
    """Accepted answers, the one output the canonical tables hold: the author is who was accepted."""
    rows = np.flatnonzero(mine["kind"] == "accepted")
    if not len(mine["kind"]):
        return None
    return Outputs(
        mine["target"][rows],
        mine["kind"][rows],
        np.arange(len(rows)),
        mine["source"][rows],
        mine["day"][rows],
    )
