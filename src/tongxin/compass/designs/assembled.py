"""From the parts a design hands back to the one frozen `Answer`."""

from __future__ import annotations

from collections.abc import Callable

from tongxin.compass import fingerprint, money
from tongxin.compass.answer import Answer
from tongxin.compass.designs import DESIGNS
from tongxin.compass.designs.base import Asked
from tongxin.compass.naive import NAIVES
from tongxin.compass.sentence import Words


def answer(asked: Asked, *, pre_registered: bool, tell: Callable[[str], None] = lambda _: None) -> Answer:
    """Answer a question by the design's own kind.

    Raises
    ------
    BadInput
        The covariates of a matched design have no finite score.
    """
    made = DESIGNS[asked.design.kind].answer
    if made is None:
        raise ValueError(f"{asked.design.kind} is walked by `study` itself")
    tell("effects")
    draft = made(asked)
    tell("words")
    dataset, design = asked.dataset, asked.design
    return Answer(
        fingerprint.of(dataset, design, asked.panel, asked.population),
        design.as_json(),
        dataset.currency,
        dataset.simulated,
        draft.people,
        draft.balance,
        draft.kpis,
        draft.event_study,
        draft.checks,
        {code: Words(naive.why_zh, naive.why_en) for code, naive in NAIVES.items()},
        draft.words,
        draft.warnings,
        pre_registered,
        draft.matches,
        draft.cells,
        money.of(
            draft.kpis,
            design,
            took_part=draft.people.treated,
            cost_known=asked.panel.cost_known,
            currency=dataset.currency,
        ),
    )
