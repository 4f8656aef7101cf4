"""能测出多小的差别: before a study is registered, what it could find and how many people it takes."""

from __future__ import annotations

import math

from tongxin.compass import design, plan_words, planning
from tongxin.compass.charts import power_curve
from tongxin.compass.charts.power_curve import Curve, PowerCurve
from tongxin.compass.errors import BadInput
from tongxin.compass.planning import Plan
from tongxin.compass.sentence import difference
from tongxin.measure.extract import Extract
from tongxin.measure.kinds import Brief
from tongxin.measure.telling import Cell, Picture, Table, Told, both, cured, drawn, words


def tell(found: Extract, brief: Brief) -> Told:
    """The default design of these data, with pseudo-entries in the design's own estimator."""
    del brief  # the design carries its own seed
    chosen, notes = design.default_for(found.dataset)
    try:
        plan = planning.plan(found.dataset, chosen)
    except BadInput as error:
        why = tuple(words(str(fault), str(fault)) for fault in error.faults)
        said = words("现在还说不出能测出多小的差别。", "What could be found cannot be said yet.")
        return Told("cannot_be_said", said, {}, reasons=why, simulated=found.simulated)
    return Told(
        "said" if plan.measurable else "cannot_be_said",
        both(plan_words.sentence(plan)),
        plan_words.as_json(plan),
        tables=_sizes(plan),
        pictures=_curve(plan),
        warnings=tuple(both(note) for note in notes),
        reasons=tuple(cured(reason) for reason in plan.reasons),
        simulated=found.simulated,
    )


def _curve(plan: Plan) -> tuple[Picture, ...]:
    spoken = plan.spoken
    if spoken is None or not plan.curve:
        return ()
    points = tuple((effect, power) for _, effect, power in plan.curve)
    data = PowerCurve(
        plan.kpi.unit, plan.currency, (Curve(plan.expected, points),), plan.expected, spoken.mde
    )
    return (
        drawn(
            "power_curve", words("差别多大，才看得出来", "How large a difference shows"), power_curve, data
        ),
    )


def _sizes(plan: Plan) -> tuple[Table, ...]:
    def shown(size: float) -> Cell:
        if not math.isfinite(size):
            return None
        return both(difference(size, plan.kpi.unit, plan.currency, signed=False))

    rows: list[tuple[Cell, ...]] = [
        (people, shown(never), shown(later)) for people, never, later in plan.sizes
    ]
    if not rows:
        return ()
    return (
        Table(
            words("参加人数与能测出的差别", "Participants and the difference that shows"),
            (
                words("参加者", "Participants"),
                words("对照：从未参加", "against never-joiners"),
                words("对照：后来才参加", "against later joiners"),
            ),
            tuple(rows),
            numbers=(0, 1, 2),
        ),
    )
