"""The morning's check in the stores of the simulated chain: most answer, a few do not, one cannot and says why."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tongxin.champions import actions
from tongxin.champions.actions import AnswerIn
from tongxin.champions.rules.checks import FIRST
from tongxin.champions.terms import CheckWord
from tongxin.faces.cli.demo_life import BUILDER

FORGETS, HALF = 0.1, 0.25  # how often nobody answers, and up to which luck only the first items are answered
SILENT_EVERY, SILENT_DAYS = 20, 5  # one store in so many has said nothing for so long: it is red
CANNOT_EVERY, CANNOT_DAY = 15, 1
WHY = ("告示板的磁钉掉了，等补货", "新告示还没寄到", "今天只有一个人当班", "下雨，门口没有人")


def a_day(stores: Sequence[Any], back: int, rng: np.random.Generator) -> int:
    """Everybody's answers of the day `back` days ago (the clock is held there); answers how many."""
    count = 0
    for n, store in enumerate(stores):
        luck = rng.random()
        if luck < FORGETS or (n % SILENT_EVERY == SILENT_EVERY - 1 and back < SILENT_DAYS):
            continue
        if n % CANNOT_EVERY == CANNOT_EVERY - 1 and back == CANNOT_DAY:
            said = {FIRST.items[0].key: AnswerIn(CheckWord.NO, WHY[n // CANNOT_EVERY % len(WHY)])}
        else:
            items = FIRST.items if luck > HALF else FIRST.items[:2]
            said = {
                item.key: AnswerIn(CheckWord.YES if rng.random() < 0.9 else CheckWord.NO) for item in items
            }
        count += actions.answer_check(viewer=BUILDER, store=store, answers=said)
    return count
