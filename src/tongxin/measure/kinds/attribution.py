"""归因: which way in brought new customers; three ways of giving credit side by side, each adding up exactly."""

from __future__ import annotations

import numpy as np

from tongxin.compass import attribution, journeys
from tongxin.compass.attribution import Attribution
from tongxin.compass.errors import BadInput
from tongxin.measure.extract import Extract
from tongxin.measure.kinds import Brief
from tongxin.measure.telling import Cell, Table, Told, both, words


def tell(found: Extract, brief: Brief) -> Told:
    """First touch, last touch, removal effect for first purchases. Refused without new customers or without a touch."""
    try:
        touches, conversions = journeys.of(found.dataset)
        paths = attribution.paths_of(touches, conversions)
        answer = attribution.attribute(paths, np.random.default_rng(brief.seed))
    except BadInput as error:
        why = tuple(words(str(fault), str(fault)) for fault in error.faults)
        return Told("cannot_be_said", _nothing(), {}, reasons=why, simulated=found.simulated)
    touched = answer.conversions - answer.untouched
    if not touched:
        why_not = words(
            f"{answer.conversions} 位新客在购买前都没有留下接触记录。",
            f"None of {answer.conversions} new customers left a touch before they bought.",
        )
        return Told("cannot_be_said", _nothing(), {"conversions": answer.conversions, "untouched": answer.untouched},
            reasons=(why_not,), simulated=found.simulated)  # fmt: skip
    return Told(
        "said",
        words(
            f"{answer.conversions} 位新客中，{touched} 位在购买前有过接触；三种算法的功劳并排列出。",
            f"Of {answer.conversions} new customers {touched} met us before they bought; three ways of giving credit stand side by side.",
        ),
        {
            "conversions": answer.conversions,
            "untouched": answer.untouched,
            "removal_effect": dict(answer.removal),
            "credits": [
                {"model": row.model, "channel": row.channel, "credit": str(row.credit)}
                for row in answer.credits
            ],
        },
        tables=(_table(answer),),
        warnings=(both(attribution.CAUTION),),
        simulated=found.simulated,
    )


def _nothing() -> dict[str, str]:
    return {"zh": "现在还说不出新客从哪里来。", "en": "Where new customers come from cannot be said yet."}


def _table(answer: Attribution) -> Table:
    models = list(dict.fromkeys(row.model for row in answer.credits))
    given = {model: answer.of(model) for model in models}
    channels = sorted({row.channel for row in answer.credits})
    rows: list[tuple[Cell, ...]] = [
        (
            channel,
            *(
                f"{float(given[model][channel].credit):.1f}" if channel in given[model] else None
                for model in models
            ),
        )
        for channel in channels
    ]
    return Table(
        words("功劳（每种算法加起来都是成交数）", "Credit (each way adds up to the conversions)"),
        (words("来路", "Way in"), *(words(model, model) for model in models)),
        tuple(rows),
        numbers=tuple(range(1, 1 + len(models))),
    )
