"""体验权益指数: one index per store, with interval and interval of the rank; what may not be published says why."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tongxin.compass.ees import collect, compute, versions
from tongxin.compass.ees.compute import Result, StoreValue
from tongxin.compass.errors import BadInput
from tongxin.measure.extract import Extract
from tongxin.measure.kinds import Brief
from tongxin.measure.telling import Cell, Table, Told, both, cured, words

SHOWN = 30


def tell(found: Extract, brief: Brief) -> Told:
    """The newest version's index of every store. Refused where no store has enough answers and dimensions."""
    del brief  # draws and window are the version's own
    version = versions.load(versions.LATEST)
    try:
        answer = compute.run(collect.facts(found.dataset, version), version)
    except BadInput as error:
        why = tuple(words(str(fault), str(fault)) for fault in error.faults)
        return Told(
            "cannot_be_said", _none(0), {"version": version.name}, reasons=why, simulated=found.simulated
        )
    shown = [row for row in answer.stores if row.value is not None]
    return Told(
        "said" if shown else "cannot_be_said",
        _said(answer, shown) if shown else _none(len(answer.stores)),
        answer.as_json(),
        tables=(_table(version, shown),) if shown else (),
        warnings=tuple(_warnings(shown)),
        reasons=tuple(_reasons(answer)) if not shown else (),
        fingerprint=answer.digest,
        simulated=found.simulated,
    )


def _none(stores: int) -> Any:
    return words(
        f"{stores} 家店里还没有一家能公布体验权益指数。" if stores else "还没有能算体验权益指数的数据。",
        f"Of {stores} stores none can be published yet."
        if stores
        else "There are no data for the index yet.",
    )


def _said(answer: Result, shown: list[StoreValue]) -> Any:
    robust = answer.robust_share
    middle = sorted(row.value for row in shown if row.value is not None)[len(shown) // 2]
    zh = f"能公布的 {len(shown)} 家店里，中间一家 {middle:.1f} 分"
    en = f"Of {len(shown)} stores that can be published the middle one has {middle:.1f} points"
    if robust is None:
        return words(zh + "。", en + ".")
    return words(
        f"{zh}；{robust:.0%} 的两两先后，换了算法也不变。",
        f"{en}; {robust:.0%} of the orders between two stores hold whatever the method.",
    )


def _table(version: versions.Version, shown: list[StoreValue]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for row in sorted(shown, key=lambda one: -(one.value or 0))[:SHOWN]:
        low, high = row.ci or (0.0, 0.0)
        rank = None if row.rank is None else f"{row.rank[0]:.0f}–{row.rank[2]:.0f}"
        sides = (row.dimensions[each.code] for each in version.dimensions)
        rows.append(
            (row.store, f"{row.value:.1f}", f"{low:.1f}–{high:.1f}", rank, row.answers,
             *(None if side is None else f"{side:.0f}" for side in sides))
        )  # fmt: skip
    return Table(
        words(f"各店（{version.name}）", f"Stores ({version.name})"),
        (
            words("门店", "Store"),
            words("分数", "Points"),
            words("区间", "Interval"),
            words("名次区间", "Interval of the rank"),
            words("回答", "Answers"),
            *(both(each.name) for each in version.dimensions),
        ),
        tuple(rows),
        numbers=tuple(range(1, 5 + len(version.dimensions))),
        note=words("名次区间重叠的两家店，分不出先后，不能用来发奖金。", "Stores whose rank intervals overlap have no order; no bonus may rest on one."),
    )  # fmt: skip


def _warnings(shown: list[StoreValue]) -> list[Any]:
    counted = Counter((warning.zh, warning.en) for row in shown for warning in row.warnings)
    return [
        words(f"{zh}（{n} 家店）", f"{en} ({n} stores)")
        for (zh, en), n in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    ][:6]


def _reasons(answer: Result) -> list[Any]:
    """The most common reason first, each with how many stores it holds."""
    first = {reason.code: reason for row in answer.stores for reason in row.reasons}
    counted = Counter(reason.code for row in answer.stores for reason in row.reasons)
    return [
        words(f"{n} 家店：{cured(first[code])['zh']}", f"{n} stores: {cured(first[code])['en']}")
        for code, n in counted.most_common()
    ]
