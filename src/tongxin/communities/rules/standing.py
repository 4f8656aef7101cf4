"""The way in: gates compose with AND, in the order they are listed, and the rules of the house stand at the end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tongxin.communities.terms import Standing

RULES = "rules"  # the last step of every way in


@dataclass(frozen=True)
class Ask:
    """One thing a gate wants to know. `kind` is text, choice or tick; the face renders it."""

    name: str
    kind: str
    zh: str
    en: str
    choices: tuple[str, ...] = ()
    required: bool = True


@dataclass(frozen=True)
class Step:
    """Where one gate stands for one applicant: `code` says why, `asks` what the applicant is asked when it is their turn, `fen`
    what is to be paid.
    """

    gate: str
    standing: Standing
    code: str = ""
    asks: tuple[Ask, ...] = ()
    fen: int = 0


class Facts(Protocol):
    """What the gates may ask about one applicant; looked up when asked."""

    def answers(self, gate: str) -> dict[str, str]:
        """What the applicant has said at a gate."""
        ...

    def decision(self, gate: str) -> bool | None:
        """What the community has decided at a gate, None for nothing yet."""
        ...

    @property
    def invited(self) -> bool:
        """Does a live invitation stand behind the application?"""
        ...

    @property
    def paid(self) -> bool:
        """Is there a paid membership now?"""
        ...

    @property
    def fee(self) -> str:
        """How the joining fee stands: "" not asked for yet, "fee_due" at the till, "paid"."""
        ...

    def deeds(self, kind: str) -> int:
        """How often the book has this deed of them."""
        ...


@dataclass(frozen=True)
class Way:
    """All steps and what follows: `ready` to come in, `refused` by some gate, and whose turn it is."""

    steps: tuple[Step, ...]

    @property
    def ready(self) -> bool:
        """Every step is done."""
        return all(step.standing is Standing.DONE for step in self.steps)

    @property
    def refused(self) -> Step | None:
        """The first step that says no."""
        return next((step for step in self.steps if step.standing is Standing.NO), None)

    @property
    def turn(self) -> Step | None:
        """The first step that is not done: what both sides look at."""
        return next((step for step in self.steps if step.standing is not Standing.DONE), None)

    @property
    def yours(self) -> tuple[Step, ...]:
        """The steps that the applicant can do now."""
        return tuple(step for step in self.steps if step.standing is Standing.YOURS)


def compose(gates: Sequence[Step], *, rules_accepted: bool) -> Way:
    """The whole way: every gate, then the rules. One no is a no; nothing makes up for a missing step."""
    last = Step(RULES, Standing.DONE if rules_accepted else Standing.YOURS, "" if rules_accepted else "rules")
    return Way((*gates, last))


def unanswered(asks: Iterable[Ask], answers: dict[str, str]) -> Ask | None:
    """The first question without a proper answer."""
    for ask in asks:
        said = answers.get(ask.name, "").strip()
        if ask.kind == "tick" and ask.required and said != "yes":
            return ask
        if ask.required and not said:
            return ask
        if ask.choices and said and said not in ask.choices:
            return ask
    return None
