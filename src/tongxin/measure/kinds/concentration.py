"""集中度: how much of the spend the few bring, ranked beforehand; the first half of the complete months against the second."""

from __future__ import annotations

from typing import Any

import numpy as np

from tongxin.compass import concentration, panel, periods
from tongxin.compass.concentration import Concentration, Share
from tongxin.measure.extract import Extract
from tongxin.measure.kinds import Brief
from tongxin.measure.telling import Table, Told, words

FEWEST_MONTHS = 6


def tell(found: Extract, brief: Brief) -> Told:
    """Spend of members who bought in either half. Fewer than six complete months are not enough to rank beforehand."""
    dataset = found.dataset
    calendar = periods.calendar_for("month", dataset)
    if calendar.count < FEWEST_MONTHS:
        said = words(
            f"只有 {calendar.count} 个完整自然月，不够先排名、再看结果。",
            f"Only {calendar.count} complete months: not enough to rank first and look afterwards.",
        )
        why = words(
            f"至少要 {FEWEST_MONTHS} 个完整自然月。", f"At least {FEWEST_MONTHS} complete months are needed."
        )
        return Told(
            "cannot_be_said", said, {"months": calendar.count}, reasons=(why,), simulated=found.simulated
        )
    spend = panel.build(dataset, calendar, panel.gather(dataset, calendar)).values["spend"]
    half = calendar.count // 2
    before, after = spend[:, :half].sum(axis=1), spend[:, half : 2 * half].sum(axis=1)
    # a member whose refunds outweigh a half brought nothing in it
    before, after = np.maximum(before, 0), np.maximum(after, 0)
    seen = (before > 0) | (after > 0)
    answer = concentration.measure(
        "spend", before[seen] / 100, after[seen] / 100, np.random.default_rng(brief.seed)
    )
    return Told(
        "said" if answer.ex_ante.ci else "cannot_be_said",
        {"zh": answer.words.zh, "en": answer.words.en},
        _plain(answer, half),
        tables=(_table(answer, half),),
        simulated=found.simulated,
    )


def _plain(answer: Concentration, half: int) -> dict[str, Any]:
    def share(one: Share) -> dict[str, Any]:
        return {"value": one.value, "ci": one.ci, "reason": None if one.reason is None else one.reason.code}

    return {
        "months_each": half,
        "members": answer.members,
        "total": answer.total,
        "ex_post": share(answer.ex_post),
        "ex_ante": share(answer.ex_ante),
        "gini": share(answer.gini),
        "palma": answer.palma,
        "absence": answer.absence,
        "placebo": answer.placebo,
        "verdict": answer.verdict,
    }


def _table(answer: Concentration, half: int) -> Table:
    def row(zh: str, en: str, one: Share) -> tuple[Any, ...]:
        if one.value is None or one.ci is None:
            return words(zh, en), None, None
        low, high = one.ci
        return words(zh, en), f"{one.value:.1%}", words(f"{low:.1%}～{high:.1%}", f"{low:.1%} to {high:.1%}")

    return Table(
        words("前 10% 的人带来多少", "What the top 10 % bring"),
        (words("怎么排", "Ranked"), words("占比", "Share"), words("95% 区间", "95 % interval")),
        (
            row("事先排：按前半段排，看后半段", "beforehand: by the first half, measured in the second", answer.ex_ante),
            row("事后排：按后半段自己排", "afterwards: by the second half itself", answer.ex_post),
            row("打乱后再排（应为 10%）", "shuffled ranks (should be 10 %)",
                Share(answer.placebo[0], (answer.placebo[1], answer.placebo[2]))),
            row("基尼系数", "Gini", answer.gini),
        ),
        numbers=(1, 2),
        note=words(
            f"前后各 {half} 个自然月；{answer.members} 位会员；最少 {answer.absence} 人带来一半。",
            f"{half} months in each half; {answer.members} members; the fewest who bring half are {answer.absence}.",
        ),
    )  # fmt: skip
