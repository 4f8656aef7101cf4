"""One study, as a list of steps that reads aloud."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from tongxin.compass import (
    answering,
    checking,
    fingerprint,
    money,
    outputs,
    panel,
    population,
    questions,
    ways,
    words,
)
from tongxin.compass import frame as frames
from tongxin.compass.answer import Answer
from tongxin.compass.checks import surroundings
from tongxin.compass.dataset import Dataset
from tongxin.compass.design import Design
from tongxin.compass.designs import assembled
from tongxin.compass.designs.base import Asked
from tongxin.compass.effects import Reader
from tongxin.compass.kpis import KPIS
from tongxin.compass.naive import NAIVES
from tongxin.compass.periods import calendar_for
from tongxin.compass.sentence import Words

#: the steps a progress bar counts
STEPS = ("orders", "people", "controls", "effects", "checks", "words")


def run(
    dataset: Dataset,
    design: Design,
    *,
    now: datetime | None = None,
    notes: tuple[Words, ...] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> Answer:
    """Answer a design with a dataset.

    Parameters
    ----------
    dataset : Dataset
        With at least `orders` and `participation`.
    design : Design
    now : datetime, optional
        Only to say whether the design was registered before its last window closed; the end of the data otherwise.
    notes : tuple of Words
        Remarks that belong into the warnings (e.g. why `default_for` chose short periods).
    tell : callable
        Told the name of each of `STEPS` as it begins, and "partition" after each of several partitions.

    Returns
    -------
    Answer

    Raises
    ------
    BadInput
        Missing tables, or a design whose KPIs the dataset cannot carry at all.
    OutOfRoom
        The data do not fit into the memory that was allowed.
    """
    dataset.require("orders", "participation")
    tell("orders")
    calendar = calendar_for(design.period, dataset)
    facts = panel.gather(dataset, calendar)
    sums = panel.build(dataset, calendar, facts, design.negative_control, tell)
    tell("people")
    people = population.gather(dataset, design, sums, facts)
    tell("controls")
    reader = Reader(sums, ways.terms_for(design))
    if design.kind != "two_control":
        asked = Asked(dataset, design, sums, people, reader, notes)
        return assembled.answer(asked, pre_registered=_pre_registered(design, dataset, now), tell=tell)
    opened, around = surroundings.open_windows(
        dataset, [frames.frame(sums, people, design, length, reader) for length in design.windows]
    )
    tell("effects")
    kpis = answering.all_kpis(dataset, opened, around)
    tell("checks")
    primary = next(kpi for kpi in kpis if kpi.primary)
    last = opened[-1]
    balance = checking.balance_rows(last, primary.headline)
    path = checking.event_paths(last, kpis)
    checks = checking.all_checks(last, kpis, primary, around)
    tell("words")
    for one in opened:  # nothing more is read from them; the tables need the room
        one.rest()
    reader.rest()
    used = tuple(KPIS[code] for code in design.kpis if answering.can_read(dataset, KPIS[code]))
    return Answer(
        fingerprint.of(dataset, design, sums, people),
        design.as_json(),
        dataset.currency,
        dataset.simulated,
        checking.people_of(last, primary.headline),
        balance,
        kpis,
        path,
        checks,
        {code: Words(naive.why_zh, naive.why_en) for code, naive in NAIVES.items()},
        words.headline(primary, design, dataset.currency),
        checking.warnings(dataset, last, primary, checks, (*notes, *questions.notes(design, sums))),
        _pre_registered(design, dataset, now),
        outputs.matches(opened),
        outputs.cells(opened, used),
        money.of(
            kpis,
            design,
            took_part=people.treated_total,
            cost_known=sums.cost_known,
            currency=dataset.currency,
        ),
    )


def _pre_registered(design: Design, dataset: Dataset, now: datetime | None) -> bool:
    """Registered before the last window of the data could close, and not in the future."""
    if design.registered_on is None:
        return False
    today: date = now.date() if now else design.registered_on
    return design.registered_on <= today and design.registered_on <= dataset.last_day
