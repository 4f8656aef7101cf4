"""社群四指数: influence, connection, participation and output of every community, among frozen peers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tongxin.compass.errors import BadInput
from tongxin.compass.indices import collect, compute, reference
from tongxin.compass.indices.compute import CommunityIndices
from tongxin.compass.indices.listing import INDICES
from tongxin.measure.extract import Extract
from tongxin.measure.kinds import Brief
from tongxin.measure.telling import Cell, Table, Told, Words, cured, words

SHOWN = 40


def tell(found: Extract, brief: Brief) -> Told:
    """Every community of the data; today's communities are frozen as the peers of the quarter."""
    try:
        communities = collect.communities(found.dataset)
    except BadInput:  # nothing in the data names a community: the only input that is refused
        why = words(
            "数据里没有社群：真实会员的活动和互动都还没带上社群。",
            "There are no communities in the data: no event or contact of a real member names its community yet.",
        )
        return _refused((why,), found)
    quarter = f"{brief.as_of.year}Q{(brief.as_of.month + 2) // 3}"
    peers = reference.freeze(communities, quarter)
    answers = [compute.run(one, peers) for one in communities]
    shown = [answer for answer in answers if any(index.value is not None for index in answer.indices)]
    if not shown:
        first = {
            reason.code: reason for answer in answers for index in answer.indices for reason in index.reasons
        }
        kept = {"reference": peers.as_json(), "communities": [asdict(answer) for answer in answers]}
        return _refused(tuple(cured(first[code]) for code in sorted(first)), found, kept)
    return Told(
        "said",
        words(
            f"{len(answers)} 个社群里，{len(shown)} 个的证据够看指数；参照是 {quarter} 的 {len(communities)} 个社群。",
            f"Of {len(answers)} communities {len(shown)} have enough evidence; the peers are the {len(communities)} of {quarter}.",
        ),
        {"reference": peers.as_json(), "communities": [asdict(answer) for answer in answers]},
        tables=(_table(shown),),
        fingerprint=peers.digest,
        simulated=found.simulated,
    )


def _refused(reasons: tuple[Words, ...], found: Extract, plain: dict[str, Any] | None = None) -> Told:
    said = words("现在还看不了社群指数。", "The indices of communities cannot be said yet.")
    return Told("cannot_be_said", said, plain or {}, reasons=reasons, simulated=found.simulated)


def _table(answers: list[CommunityIndices]) -> Table:
    def cell(answer: CommunityIndices, index: str) -> Cell:
        value = answer.of(index)
        if value.value is None or value.ci is None:
            return None
        return f"{value.value:.0f} ({value.ci[0]:.0f}–{value.ci[1]:.0f})"

    rows: list[tuple[Cell, ...]] = [
        (answer.community, answer.members, *(cell(answer, index) for index in INDICES))
        for answer in answers[:SHOWN]
    ]
    return Table(
        words("各社群（八成区间）", "Communities (80 % interval)"),
        (
            words("社群", "Community"),
            words("满 28 天的会员", "Members of 28 days"),
            *(words(name.zh, name.en) for name in INDICES.values()),
        ),
        tuple(rows),
        numbers=tuple(range(1, 2 + len(INDICES))),
    )
