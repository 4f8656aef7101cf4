"""How well members help each other: which questions a peer answered first, how soon, and what that saves the service."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from tongxin.voices.terms import FEW_QUESTIONS, MINUTES_AN_ANSWER


@dataclass(frozen=True)
class Asked:
    """One question: when it was seen, when somebody else first answered, and whether that was a peer."""

    at: datetime
    answered_at: datetime | None = None
    by_peer: bool | None = None


@dataclass(frozen=True)
class Answers:
    """Figures over some questions. Shares are None below so many questions that they say nothing.

    `minutes_saved` rests on the stated assumption `minutes_each`: what one answer by staff would have taken.
    """

    questions: int
    answered: int
    by_peers: int
    peer_rate: float | None
    answered_rate: float | None
    median_minutes: float | None
    minutes_each: int
    minutes_saved: int


def answers(asked: Sequence[Asked], *, minutes_each: int = MINUTES_AN_ANSWER) -> Answers:
    """The peer-answer rate is the share of all questions whose first answer came from a peer; unanswered ones count against it."""
    waits = [(one.answered_at - one.at).total_seconds() / 60 for one in asked if one.answered_at is not None]
    peers = sum(one.by_peer is True for one in asked)
    enough = len(asked) >= FEW_QUESTIONS
    return Answers(
        questions=len(asked),
        answered=len(waits),
        by_peers=peers,
        peer_rate=peers / len(asked) if enough else None,
        answered_rate=len(waits) / len(asked) if enough else None,
        median_minutes=median(waits) if waits and enough else None,
        minutes_each=minutes_each,
        minutes_saved=peers * minutes_each,
    )
