"""沉睡: who should have come by now, by each member's own rhythm. Counts only; lists of people are for those who may see them."""

from __future__ import annotations

from typing import Any

from tongxin.compass.dormancy import report
from tongxin.compass.dormancy.report import Report
from tongxin.measure.extract import Extract
from tongxin.measure.kinds import Brief
from tongxin.measure.telling import Cell, Table, Told, both, cured, words


def tell(found: Extract, brief: Brief) -> Told:
    """States with counts and how many of each are expected back; the hold-out says how far to trust it."""
    answer = report.run(found.dataset, report.Settings(seed=brief.seed))
    return Told(
        "said",
        both(answer.words),
        _plain(answer),
        tables=(_states(answer), *_trial(answer)),
        warnings=tuple(both(note) for note in answer.notes),
        reasons=tuple(cured(reason) for reason in answer.reasons),
        simulated=found.simulated,
    )


def _plain(answer: Report) -> dict[str, Any]:
    trial = answer.trial
    return {
        "as_of": answer.as_of.isoformat(),
        "members": answer.members,
        "excluded": answer.excluded,
        "deeds": list(answer.deeds),
        "usual_gap_days": answer.usual_gap_days,
        "quiet": answer.quiet,
        "states": [
            {"state": row.state, "members": row.members, "share": row.share, "returning": row.returning}
            for row in answer.states
        ],
        "trial": None
        if trial is None
        else {
            "weeks": trial.ahead_weeks,
            "brier": trial.hazard.brier,
            "brier_bg_nbd": None if trial.bg_nbd is None else trial.bg_nbd.brier,
        },
    }


def _states(answer: Report) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            both(row.words),
            row.members,
            f"{row.share:.1%}",
            None if row.returning is None else round(row.returning),
        )
        for row in answer.states
    ]
    weeks = answer.settings.ahead_weeks
    return Table(
        words("按自己的节奏看", "By their own rhythm"),
        (
            words("状态", "State"),
            words("人数", "Members"),
            words("占比", "Share"),
            words(f"预计 {weeks} 周内回来", f"Expected back within {weeks} weeks"),
        ),
        tuple(rows),
        numbers=(1, 2, 3),
    )


def _trial(answer: Report) -> tuple[Table, ...]:
    trial = answer.trial
    if trial is None:
        return ()
    rows: list[tuple[Cell, ...]] = [(words("我们的模型", "this model"), f"{trial.hazard.brier:.4f}")]
    if trial.bg_nbd is not None:
        rows.append(("BG/NBD", f"{trial.bg_nbd.brier:.4f}"))
    return (
        Table(
            words(f"留出 {trial.ahead_weeks} 周检验", f"Tested on {trial.ahead_weeks} weeks kept back"),
            (words("模型", "Model"), words("Brier 分（越小越准）", "Brier score (smaller is better)")),
            tuple(rows),
            numbers=(1,),
        ),
    )
