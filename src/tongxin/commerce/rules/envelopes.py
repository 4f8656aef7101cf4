"""Budgets: what fits, what takes approval, what an hour costs."""

from dataclasses import dataclass
from datetime import date

from tongxin.commerce.terms import RING_WORDS, CommitmentState
from tongxin.foundation.errors import Refused

C = CommitmentState
MINUTES = 60


@dataclass(frozen=True)
class Purse:
    """The figures of an envelope."""

    amount: int
    approved: int
    committed: int
    spent: int


@dataclass(frozen=True)
class Cost:
    """How an actual cost lands: out of what was set aside, and out of what is free."""

    from_held: int
    from_free: int


def left(purse: Purse) -> int:
    """What can still be set aside."""
    return purse.amount + purse.approved - purse.committed - purse.spent


def missing(purse: Purse, amount: int) -> int:
    """By how much an amount does not fit; 0 when it does. This is what an approval adds."""
    return max(amount - left(purse), 0)


def cost(amount: int, *, held: int) -> Cost:
    """An actual cost uses up what was set aside for its thing first."""
    return Cost(min(amount, held), max(amount - held, 0))


def hours_cost(minutes: int, hour_fen: int) -> int:
    """What work costs: to the nearest fen, halves up."""
    return (minutes * hour_fen * 2 + MINUTES) // (MINUTES * 2)


def open_on(day: date, opens_on: date, closes_on: date) -> bool:
    """May something be set aside on this day?"""
    return opens_on <= day <= closes_on


def may_decide(state: CommitmentState, *, own: bool) -> str:
    """ "" when somebody may approve or refuse this, or the code of the refusal: nobody decides about their own request."""
    if state is not C.ASKED:
        return "commerce.not_asked"
    return "commerce.own_request" if own else ""


def check_envelope(*, store: bool, ring: str, kit: str, amount: int, opens_on: date, closes_on: date) -> None:
    """Refuses `input.bad` for an envelope of nothing, for nothing, or that ends before it begins."""
    if ring and ring not in RING_WORDS:
        raise Refused("input.bad", field="ring", reason="outer, middle, inner")
    if not (store or ring or kit):
        raise Refused("input.bad", field="store", reason="store, ring, kit")
    if amount <= 0:
        raise Refused("input.bad", field="amount_fen", reason="> 0")
    if closes_on < opens_on:
        raise Refused("input.bad", field="closes_on", reason="≥ opens_on")
