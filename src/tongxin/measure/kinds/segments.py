"""人群: which groups of customers stand out, for each thing that a chain may want from them."""

from __future__ import annotations

from typing import Any

from tongxin.compass.segments import find
from tongxin.compass.segments.find import Found, Segment
from tongxin.compass.segments.outcomes import OUTCOMES
from tongxin.measure.extract import Extract
from tongxin.measure.kinds import Brief
from tongxin.measure.telling import Cell, Table, Told, both, cured, words


def tell(found: Extract, brief: Brief) -> Told:
    """Search every outcome that the tables carry; groups are told from the half of the members they were not found on."""
    answers = [find.run(found.dataset, code, find.Settings(seed=brief.seed)) for code in OUTCOMES]
    standing = [(answer, segment) for answer in answers for segment in answer.segments]
    usable = [answer for answer in answers if not answer.reasons]
    return Told(
        "said" if usable else "cannot_be_said",
        _said(standing, answered=bool(usable)),
        {answer.outcome: _plain(answer) for answer in answers},
        tables=tuple(_table(answer) for answer in answers if answer.segments),
        warnings=(both(find.NOT_CAUSE), *(_notes(usable))),
        reasons=tuple(
            words(f"{both(answer.words)['zh']}：{cured(why)['zh']}", f"{both(answer.words)['en']}: {cured(why)['en']}")
            for answer in answers
            for why in answer.reasons
        ),
        simulated=found.simulated,
    )  # fmt: skip


def _notes(answers: list[Found]) -> list[Any]:
    seen = {note.zh: both(note) for answer in answers for note in answer.notes}
    return [seen[zh] for zh in sorted(seen) if zh != find.NOT_CAUSE.zh]


def _said(standing: list[tuple[Found, Segment]], *, answered: bool) -> Any:
    if not standing:
        if not answered:
            return words("现在还找不了人群。", "Groups cannot be looked for yet.")
        return words("没有哪群人明显不同。", "No group stands out.")
    answer, best = max(standing, key=lambda pair: pair[1].interval[0])
    low, high = best.interval
    return words(
        f"最突出的是「{best.words.zh}」：{answer.words.zh}的比例是其他人的 {best.lift:.1f} 倍（{low:.1f}～{high:.1f}）。",
        f"What stands out most is “{best.words.en}”: {answer.words.en} is {best.lift:.1f} times as common as among others "
        f"({low:.1f} to {high:.1f}).",
    )


def _plain(answer: Found) -> dict[str, Any]:
    return {
        "members": answer.members,
        "candidates": answer.candidates,
        "tested": answer.tested,
        "reasons": [reason.code for reason in answer.reasons],
        "segments": [
            {
                "conditions": list(one.conditions),
                "members": one.members,
                "validated_on": one.validated_on,
                "share": one.share,
                "rest": one.rest,
                "lift": one.lift,
                "interval": one.interval,
                "p_holm": one.p_holm,
                "discovered": one.discovered,
            }
            for one in answer.segments
        ],
    }


def _table(answer: Found) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            both(one.words),
            one.members,
            f"{one.share:.1%}",
            f"{one.rest:.1%}",
            f"{one.lift:.2f}",
            words(f"{one.interval[0]:.2f}～{one.interval[1]:.2f}", f"{one.interval[0]:.2f} to {one.interval[1]:.2f}"),
        )
        for one in answer.segments
    ]  # fmt: skip
    return Table(
        both(answer.words),
        (
            words("人群", "Group"),
            words("人数", "Members"),
            words("这群人", "In the group"),
            words("其他人", "Others"),
            words("倍数", "Times"),
            words("95% 区间", "95 % interval"),
        ),
        tuple(rows),
        numbers=(1, 2, 3, 4, 5),
        note=words(
            f"试过 {answer.tested} 组，在没有参与挑选的一半会员里验证，多重比较已校正。",
            f"{answer.tested} groups tested on the half of the members that had no part in the choice, corrected for their number.",
        ),
    )
