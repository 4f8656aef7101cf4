"""Who drew which lot: winners, losers and who came, from the participation table.

`lost_draw` is the randomised control. A winner is registered, checked in or a no-show of the same occurrence without
having lost its draw; whoever lost and came all the same stays where the lot put them. People who only waited or only
cancelled were not in the draw as far as the table can say, and are counted aside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongxin.compass.designs.base import Asked
from tongxin.compass.population import NEVER

_WON = ("registered", "checked_in", "no_show")


@dataclass(frozen=True)
class Lots:
    """One row an applicant and draw.

    Attributes
    ----------
    member, block, period : int64 arrays, shape (n,)
        Member of the panel, draw, and the period in which it took place.
    won, came : bool arrays, shape (n,)
    unit : int64 array, shape (n,)
        What was drawn as a whole: the member, its store or its community.
    names : tuple of str
        What was drawn for, one a block, in ascending order.
    aside : tuple of (reason, n)
        Applicants left out, the same rule in both arms.
    applicants : int
        Winners and losers before anybody was left out; of them `winners` won.
    """

    member: np.ndarray
    block: np.ndarray
    period: np.ndarray
    won: np.ndarray
    came: np.ndarray
    unit: np.ndarray
    names: tuple[str, ...]
    aside: tuple[tuple[str, int], ...]
    applicants: int
    winners: int


def gather(asked: Asked) -> Lots:
    """Look the draws up; members without any purchase before the draw are left out of both arms.

    Neither rule looks at anything that happened after the draw.
    """
    rows = _applications(asked)
    keys, who = _paired(asked, rows)
    first, last = -asked.design.baseline[0], asked.panel.calendar.count - asked.design.horizon
    day = asked.panel.calendar.of_days(keys["day"])[who["key"]]
    inside = (day >= first) & (day < last)
    member = who["member"]
    known = member >= 0
    at = np.where(known, member, 0)
    usable = known & asked.population.usable[at]
    bought = np.zeros(len(member), dtype=bool)
    orders = np.cumsum(asked.panel.values["orders"], axis=1)
    place = np.clip(day - 1, 0, orders.shape[1] - 1)
    bought[usable & inside] = orders[at, place][usable & inside] > 0
    kept = usable & inside & bought
    in_draw = who["won"] | who["lost"]
    aside = (
        ("without_purchases", int((in_draw & ~known).sum())),
        ("measurement_refused", int((in_draw & known & ~usable).sum())),
        ("entered_before_baseline", int((in_draw & usable & (day < first)).sum())),
        ("window_not_closed", int((in_draw & usable & (day >= max(first, last))).sum())),
        ("not_alive", int((in_draw & usable & inside & ~bought).sum())),
        ("not_in_draw", int((~in_draw).sum())),
    )
    kept &= in_draw
    codes, block = np.unique(who["key"][kept], return_inverse=True)
    names = tuple(keys["name"][code] for code in codes)
    unit = _units(asked, at[kept], who["community"][kept])
    return Lots(
        at[kept],
        block.astype(np.int64),
        day[kept],
        who["won"][kept],
        who["came"][kept],
        unit,
        names,
        aside,
        int(in_draw.sum()),
        int(who["won"].sum()),
    )


def _applications(asked: Asked) -> pa.Table:
    """Rows of every occurrence that had losers, with the member's place in the panel (−1 without purchases)."""
    table = asked.dataset.tables["participation"]
    kind, _, code = asked.design.treated.partition(":")
    if kind in {"campaign", "event"}:
        table = table.filter((table.what == kind) & (table.what_code == code))
    elif kind in {"kit", "community"}:
        named = f"{kind}_code" in table.columns
        table = table.filter(table[f"{kind}_code"] == code if named else ibis.literal(False))
    lost = table.filter(table.status == "lost_draw").select("what", "what_code").distinct()
    drawn = table.semi_join(lost, ["what", "what_code"])
    wanted: list[Any] = ["member_code", "what", "what_code", "status"]
    wanted += ["community_code"] if "community_code" in table.columns else []
    rows = asked.dataset.arrow(drawn.select(*wanted, day=drawn.happened_at_day.cast("int64")))
    if "community_code" not in rows.column_names:
        rows = rows.append_column("community_code", pa.nulls(len(rows), pa.string()))
    return rows.sort_by(
        [(name, "ascending") for name in ("what", "what_code", "member_code", "status", "day")]
    )


def _paired(asked: Asked, rows: pa.Table) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Fold rows to one a draw (`key`) and person: who won, who lost, who came."""
    name = pc.binary_join_element_wise(rows["what"], rows["what_code"], ":").combine_chunks()
    coded = name.dictionary_encode()  # rows are sorted, so draws are numbered in the order of their names
    key = coded.indices.to_numpy().astype(np.int64)
    person = rows["member_code"].combine_chunks().dictionary_encode()
    pair, at = np.unique(
        np.stack([key, person.indices.to_numpy().astype(np.int64)]), axis=1, return_inverse=True
    )
    at = at.ravel()
    status = np.array(rows["status"].to_pylist(), dtype=object)
    day = rows["day"].to_numpy()

    def any_of(*names: str) -> np.ndarray:
        return np.bincount(at, weights=np.isin(status, names), minlength=pair.shape[1]) > 0

    lost = any_of("lost_draw")
    place = pc.fill_null(pc.index_in(person.dictionary, asked.panel.codes), -1).to_numpy().astype(np.int64)
    community = np.full(pair.shape[1], -1, dtype=np.int64)
    named = pc.fill_null(rows["community_code"], "").combine_chunks().dictionary_encode()
    there = np.array([bool(text) for text in named.dictionary.to_pylist()], dtype=bool)
    code = named.indices.to_numpy().astype(np.int64)
    community[at[there[code]]] = code[there[code]]
    took_place = np.full(len(coded.dictionary), np.iinfo(np.int64).max)
    came = np.isin(status, ("checked_in", "no_show"))
    np.minimum.at(took_place, key[came], day[came])
    drawn = np.full(len(coded.dictionary), np.iinfo(np.int64).max)
    np.minimum.at(drawn, key[status == "lost_draw"], day[status == "lost_draw"])
    keys = {
        "name": [str(text) for text in coded.dictionary.to_pylist()],
        "day": np.where(took_place < np.iinfo(np.int64).max, took_place, drawn),
    }
    who = {
        "key": pair[0],
        "member": place[pair[1]],
        "lost": lost,
        "won": any_of(*_WON) & ~lost,
        "came": any_of("checked_in"),
        "community": community,
    }
    return keys, who


def _units(asked: Asked, member: np.ndarray, community: np.ndarray) -> np.ndarray:
    """What was drawn as a whole; without a community of their own people stand for themselves."""
    if asked.design.unit == "store":
        return asked.population.store[member]
    if asked.design.unit == "community":
        return np.where(community >= 0, community, NEVER + member)
    return member
