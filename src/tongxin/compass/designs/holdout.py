"""Message and programme holdouts: a random share is left out, by member or by whole group.

Rows: everybody in the campaign or programme who is `registered` (or came) against those marked `lost_draw`. A group
chat cannot be withheld from one of its members, so groups are drawn whole and the design effect is printed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tongxin.compass.answer import KpiAnswer
from tongxin.compass.designs import drawn_answer, holdout_numbers, lottery
from tongxin.compass.designs.base import Asked, Draft, Kind
from tongxin.compass.designs.drawn_study import Drawn, Reading
from tongxin.compass.designs.reasons import REASONS
from tongxin.compass.refusals import Reason
from tongxin.compass.sentence import Words

#: whole groups needed on either side; with fewer a switchback by week says more
LEAST_GROUPS = 20


def answer(asked: Asked) -> Draft:
    """Answer a question by what was held out."""
    return drawn_answer.answer(asked, forbids, sentence, more, with_complier=False)


def forbids(given: Drawn) -> tuple[Reason, ...]:
    """R12 the split is not as planned, R14 groups are too few or mixed, R11 the groups differed before."""
    return (*_split(given), *_groups(given), *lottery.forbids(given))


def _counts(given: Drawn) -> tuple[int, int]:
    """Units on either side of the whole draw, before anybody was left out of the reading."""
    unit, won = given.lots.unit, given.lots.won
    if given.asked.design.unit == "member":
        return int(won.sum()), int((~won).sum())
    return len(np.unique(unit[won])), len(np.unique(unit[~won]))


def _split(given: Drawn) -> tuple[Reason, ...]:
    planned = given.asked.design.holdout_share
    treated, held = _counts(given)
    if planned <= 0:
        return ()
    p = holdout_numbers.split_p(treated, held, planned)
    if p >= holdout_numbers.SRM_LEVEL:
        return ()
    return (REASONS["R12"].filled(planned=planned, found=held / max(1, treated + held), p=f"{p:.1g}"),)


def _groups(given: Drawn) -> tuple[Reason, ...]:
    if given.asked.design.unit == "member":
        return ()
    unit, won = given.lots.unit, given.lots.won
    mixed = len(np.intersect1d(unit[won], unit[~won]))
    if mixed:
        return (REASONS["R14_mixed"].filled(mixed=mixed),)
    treated, held = _counts(given)
    if min(treated, held) >= LEAST_GROUPS:
        return ()
    return (REASONS["R14"].filled(treated=treated, held=held, needed=LEAST_GROUPS),)


def more(given: Drawn, reading: Reading | None) -> tuple[dict[str, Any], tuple[tuple[str, Words], ...]]:
    """Split against plan, design effect, share removed by what was known before."""
    planned, (treated, held) = given.asked.design.holdout_share, _counts(given)
    split = {
        "planned": planned or None,
        "found": held / max(1, treated + held),
        "p": holdout_numbers.split_p(treated, held, planned) if planned else None,
    }
    if reading is None or given.asked.design.unit == "member":
        return {"split": split}, ()
    found = holdout_numbers.design_effect(reading.values.top, reading.trial.unit, reading.trial.won)
    said = Words(
        f"按组随机：{found.groups} 个组，平均每组 {found.size:.1f} 人，组内相关 {found.correlation:.3f}，"
        f"方差放大 {found.factor:.2f} 倍。",
        f"Drawn by group: {found.groups} groups of {found.size:.1f} members on average, intra-group correlation "
        f"{found.correlation:.3f}, variance inflated {found.factor:.2f} times.",
    )
    effect = {
        "groups": found.groups,
        "size": found.size,
        "correlation": found.correlation,
        "factor": found.factor,
    }
    return {"split": split, "design_effect": effect}, (("design_effect", said),)


def sentence(given: Drawn, kpi: KpiAnswer) -> Words:
    """Say what the message or programme changed."""
    return lottery.said(
        given,
        kpi,
        Words("收到的会员和随机留出的会员", "members who were reached against those held out at random"),
        Words("留出的会员", "for those held out"),
    )


KIND = Kind(
    "holdout",
    "随机留出",
    "Holdout",
    randomised=True,
    headline="itt",
    why_not_default=Words(
        "要事先随机留出一部分人（或群）不发、不参加；事后补不出来。",
        "A share of members (or groups) must have been left out at random beforehand; it cannot be made up afterwards.",
    ),
    answer=answer,
)
