"""What a champion is asked after an event. A version is never changed; a new wording is a new version."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """One question of the review."""

    key: str
    zh: str
    en: str


QUESTIONS: dict[int, tuple[Question, ...]] = {
    1: (
        Question("went_well", "哪一刻最好？", "Which moment was best?"),
        Question("to_change", "下次改哪一处？", "What should change next time?"),
        Question("said_by_guests", "大家说了什么？", "What did the guests say?"),
    ),
}
LATEST = max(QUESTIONS)


def missing(answers: Mapping[str, str], version: int = LATEST) -> Question | None:
    """The first question without an answer."""
    return next((one for one in QUESTIONS[version] if not answers.get(one.key, "").strip()), None)


def unknown(answers: Mapping[str, str], version: int = LATEST) -> list[str]:
    """Answers to what is not asked."""
    return sorted(set(answers) - {one.key for one in QUESTIONS[version]})
