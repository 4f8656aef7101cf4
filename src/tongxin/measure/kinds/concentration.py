"""集中度: how much of it the few bring, ranked beforehand: the first half of the data against the second."""

from __future__ import annotations

from typing import Any

import numpy as np

from tongxin.compass import concentration, halves
from tongxin.compass.charts import lorenz
from tongxin.compass.concentration import Concentration, Share
from tongxin.compass.errors import BadInput
from tongxin.compass.halves import Halves
from tongxin.compass.sentence import Words
from tongxin.measure.extract import Extract
from tongxin.measure.kinds import Brief
from tongxin.measure.telling import Cell, Picture, Table, Told, both, cured, drawn, words


def tell(found: Extract, brief: Brief) -> Told:
    """Revenue and growth, referrals and answers where ties are there. The sentence is about revenue."""
    try:
        given = halves.of(found.dataset)
    except BadInput as error:
        why = tuple(words(str(fault), str(fault)) for fault in error.faults)
        said = words("现在还看不出集中度。", "Concentration cannot be said yet.")
        return Told("cannot_be_said", said, {}, reasons=why, simulated=found.simulated)
    rng = np.random.default_rng(brief.seed)
    answers = [
        (one, concentration.measure(one.measure, one.before, one.after, rng, signed=one.signed))
        for one in given
    ]
    _, revenue = answers[0]
    return Told(
        "said" if revenue.ex_ante.ci else "cannot_be_said",
        both(revenue.words),
        {answer.measure: _plain(answer) for _, answer in answers},
        tables=tuple(_table(one, answer) for one, answer in answers),
        pictures=_lorenz(*answers[0]),
        reasons=() if revenue.ex_ante.reason is None else (cured(revenue.ex_ante.reason),),
        simulated=found.simulated,
    )


def _lorenz(one: Halves, answer: Concentration) -> tuple[Picture, ...]:
    """Both rankings of the same members, from those who bring least to those who bring most."""
    if answer.ex_ante.value is None or answer.ex_post.value is None:
        return ()
    rankings = (
        (words("事先排", "Ranked beforehand"), one.before, answer.ex_ante, True),
        (words("事后排", "Ranked afterwards"), one.after, answer.ex_post, False),
    )
    curves = tuple(
        lorenz.Curve(
            Words(name["zh"], name["en"]), _points(rank, one.after), share.value or 0.0, share.ci, beforehand
        )
        for name, rank, share, beforehand in rankings
    )
    what = Words(one.name.zh, one.name.en.lower())
    data = lorenz.Lorenz(what, answer.members, concentration.TOP, curves, concentration.CLAIM)
    return (drawn("lorenz", words("谁带来多少", "Who brings how much"), lorenz, data),)


def _points(rank: np.ndarray, value: np.ndarray) -> tuple[tuple[float, float], ...]:
    """Cumulative shares at each hundredth of the members; who ranks equal is put in order of value, lowest first."""
    ordered = value[np.lexsort((value, rank))]
    total = np.concatenate([[0.0], np.cumsum(ordered)])
    places = np.unique(np.linspace(0, len(ordered), 101).round().astype(np.int64))
    return tuple((float(at / len(ordered)), float(total[at] / total[-1])) for at in places)


def _plain(answer: Concentration) -> dict[str, Any]:
    def share(one: Share) -> dict[str, Any]:
        return {"value": one.value, "ci": one.ci, "reason": None if one.reason is None else one.reason.code}

    return {
        "members": answer.members,
        "total": answer.total,
        "ex_post": share(answer.ex_post),
        "ex_ante": share(answer.ex_ante),
        "incremental": share(answer.incremental),
        "gini": share(answer.gini),
        "palma": answer.palma,
        "absence": answer.absence,
        "placebo": None if np.isnan(answer.placebo[0]) else answer.placebo,
        "verdict": answer.verdict,
    }


def _table(one: Halves, answer: Concentration) -> Table:
    def row(zh: str, en: str, share: Share) -> tuple[Cell, ...]:
        if share.value is None or share.ci is None:
            return words(zh, en), None, None if share.reason is None else both(share.reason)
        low, high = share.ci
        return (
            words(zh, en),
            f"{share.value:.1%}",
            words(f"{low:.1%}～{high:.1%}", f"{low:.1%} to {high:.1%}"),
        )

    mean, low, high = answer.placebo
    rows = [
        row(
            "事先排：按前一半排，看后一半",
            "beforehand: by the first half, measured in the second",
            answer.ex_ante,
        ),
        row("事后排：按后一半自己排", "afterwards: by the second half itself", answer.ex_post),
        row("其中的增量（要有对照组）", "of it incremental (needs a control group)", answer.incremental),
    ]
    if not np.isnan(mean):
        rows.append(
            row("打乱后再排（应为 10%）", "shuffled ranks (should be 10 %)", Share(mean, (low, high)))
        )
    rows.append(row("基尼系数", "Gini", answer.gini))
    return Table(
        words(f"{one.name.zh}：前 10% 的人占多少", f"{one.name.en}: what the top 10 % bring"),
        (words("怎么排", "Ranked"), words("占比", "Share"), words("95% 区间", "95 % interval")),
        tuple(rows),
        numbers=(1,),
        note=words(
            f"{answer.members} 位会员；最少 {answer.absence} 人带来一半。",
            f"{answer.members} members; the fewest who bring half are {answer.absence}.",
        ),
    )
