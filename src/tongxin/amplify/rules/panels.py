"""Panels and ideas: which step is one, what is late, whether a form is filled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tongxin.amplify.terms_panels import ANSWER_WITHIN, SCORE_MOST, STEPS, Stage


def may_step(before: Stage, after: Stage) -> bool:
    """Is that a step on the way of an idea?

    >>> may_step(Stage.NEW, Stage.TRIAL), may_step(Stage.PRODUCT, Stage.NEW)
    (True, False)
    """
    return after in STEPS[before]


def due_at(given_at: datetime) -> datetime:
    """By when an idea is answered."""
    return given_at + ANSWER_WITHIN


def late(stage: Stage, due: datetime, now: datetime) -> bool:
    """Has somebody been left without an answer?"""
    return stage is Stage.NEW and due <= now


def filled(questions: Sequence[str], scores: Mapping[str, int]) -> bool:
    """Is every question scored, with nothing else?"""
    asked = {str(number) for number in range(len(questions))}
    return set(scores) == asked and all(
        type(value) is int and 0 <= value <= SCORE_MOST for value in scores.values()
    )


@dataclass(frozen=True)
class Scored:
    """What a question of a trial got: how many answered, the mean, how many said nine or ten."""

    n: int
    mean: float | None
    high: int


def tally(scores: Sequence[int]) -> Scored:
    """The answers to one question.

    >>> tally([10, 8, 6])
    Scored(n=3, mean=8.0, high=1)
    """
    return Scored(
        len(scores),
        sum(scores) / len(scores) if scores else None,
        sum(one >= SCORE_MOST - 1 for one in scores),
    )
