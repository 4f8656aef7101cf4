"""The promise: pay, come, get a voucher. Each act on it, decided from where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tongxin.commerce.terms import (
    BACK_OFFICE,
    CODE_GROUP,
    CODE_LENGTH,
    CODE_LETTERS,
    EntryKind,
    PromiseState,
    VoucherState,
)
from tongxin.foundation.errors import Refused

S, V, K = PromiseState, VoucherState, EntryKind

NO_SHOW = ("kept", "refunded")
LIMITS = ("per_member", "per_day")


@dataclass(frozen=True)
class Standing:
    """Where a promise stands: its state, its two amounts, and the state of the voucher that stands for it, if any does."""

    state: PromiseState
    fee: int
    value: int
    voucher: VoucherState | None = None


@dataclass(frozen=True)
class Move:
    """What an act does: the next state, the entries to book in their order, and whether the voucher is taken back.

    `same` = it was done before and nothing happens. `refused` = the code of a refusal.
    """

    to: PromiseState
    books: tuple[EntryKind, ...] = ()
    take_back: bool = False
    same: bool = False
    refused: str = ""


def voucher_for_fee(fee_fen: int, percent: int = 100) -> int:
    """The value of the voucher for a fee: equal, or the stated percentage, rounded up to the fen in the member's favour."""
    return -(-fee_fen * percent // 100)


def first_state(fee: int) -> PromiseState:
    """A promise without a fee has nothing to wait for."""
    return S.OPEN if fee else S.PAID


def pay(at: Standing) -> Move:
    """Mark the fee as paid."""
    if not at.fee:
        return _no(at, "commerce.nothing_to_pay")
    if at.state is S.OPEN:
        return Move(S.PAID, (K.PAID,))
    if at.state in {S.REFUND_DUE, S.REFUNDED, S.CANCELLED}:
        return _no(at, "commerce.promise_over")
    return _no(at, "commerce.already_paid")


def unpay(at: Standing) -> Move:
    """Take a payment back that was written down by mistake; an unspent grant goes with it."""
    if not at.fee:
        return _no(at, "commerce.nothing_to_pay")
    if at.state is S.OPEN:
        return Move(S.OPEN, same=True)
    if at.state is S.PAID:
        return Move(S.OPEN, (K.UNPAID,))
    if at.state is S.LAPSED:
        return Move(S.OPEN, (K.UNLAPSED, K.UNPAID))
    if at.state is S.GRANTED:
        return _unless_gone(at, Move(S.OPEN, (K.TAKEN_BACK, K.UNPAID), take_back=at.voucher is not None))
    return _no(at, "commerce.promise_over")


def attend(at: Standing) -> Move:
    """The member came. Grants once; a promise that is not paid, or over, grants nothing."""
    if at.state is S.PAID:
        return Move(S.GRANTED, (K.GRANTED,))
    if at.state is S.LAPSED:
        return Move(S.GRANTED, (K.UNLAPSED, K.GRANTED) if at.fee else (K.GRANTED,))
    return Move(at.state, same=True)


def unattend(at: Standing) -> Move:
    """The check-in was annulled: an unspent grant goes back."""
    if at.state is S.GRANTED:
        return _unless_gone(at, Move(S.PAID, (K.TAKEN_BACK,), take_back=at.voucher is not None))
    return Move(at.state, same=True)


def refund(at: Standing) -> Move:
    """Give the fee back; what was not paid is cancelled. A spent or expired voucher has had its fee."""
    if at.state is S.OPEN or (at.state in {S.PAID, S.LAPSED} and not at.fee):
        return Move(S.CANCELLED)
    if at.state is S.PAID:
        return Move(S.REFUND_DUE, (K.REFUND_OWED,))
    if at.state is S.LAPSED:
        return Move(S.REFUND_DUE, (K.UNLAPSED, K.REFUND_OWED))
    if at.state is S.GRANTED:
        back = (K.TAKEN_BACK, K.REFUND_OWED) if at.fee else (K.TAKEN_BACK,)
        to = S.REFUND_DUE if at.fee else S.CANCELLED
        return _unless_gone(at, Move(to, back, take_back=at.voucher is not None))
    return Move(at.state, same=True)


def pay_refund(at: Standing) -> Move:
    """The fee was handed back at the till."""
    if at.state is S.REFUND_DUE:
        return Move(S.REFUNDED, (K.REFUND_PAID,))
    return _no(at, "commerce.no_refund_due")


def settle_no_show(at: Standing, terms: Mapping[str, Any]) -> Move:
    """The event is over and the member did not come: unpaid is cancelled, paid stays or goes back as the terms say."""
    if at.state is S.OPEN:
        return Move(S.CANCELLED)
    if at.state is S.PAID:
        if terms.get("no_show") == "refunded":
            return refund(at)
        return Move(S.LAPSED, (K.LAPSED,) if at.fee else ())
    return Move(at.state, same=True)


def _no(at: Standing, code: str) -> Move:
    return Move(at.state, refused=code)


def _unless_gone(at: Standing, move: Move) -> Move:
    if at.voucher is V.REDEEMED:
        return _no(at, "commerce.voucher_spent")
    if at.voucher is V.EXPIRED:
        return _no(at, "commerce.voucher_expired")
    return move


def check_terms(terms: Mapping[str, Any], *, fee: int, value: int, valid_days: int) -> None:
    """The terms that are shown, kept and held to. Refuses `commerce.bad_terms` with the field.

    A voucher that could be spent in parts or topped up would be prepayment (预付) with duties of its own: there is none.
    """
    if fee < 0 or value < 0 or not (fee or value):
        raise Refused("commerce.bad_terms", field="fee_fen")
    if not 1 <= valid_days <= 3660:
        raise Refused("commerce.bad_terms", field="valid_days")
    if terms.get("multi_use"):
        raise Refused("commerce.bad_terms", field="multi_use")
    if terms.get("no_show", "kept") not in NO_SHOW:
        raise Refused("commerce.bad_terms", field="no_show")
    for name in LIMITS:
        limit = terms.get(name)
        if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
            raise Refused("commerce.bad_terms", field=name)


def limit_of(terms: Mapping[str, Any], name: str) -> int | None:
    """A limit for each member in the terms, None when there is none."""
    return terms.get(name)


def within(limit: int | None, held: int) -> bool:
    """May there be one more?"""
    return limit is None or held < limit


def spendable(state: VoucherState, expires_at: datetime, now: datetime) -> str:
    """ "" when a voucher can be spent now, or the code of the refusal."""
    if state is V.REDEEMED:
        return "commerce.voucher_spent"
    if state is V.VOID:
        return "commerce.voucher_void"
    if state is V.EXPIRED or expires_at <= now:
        return "commerce.voucher_expired"
    return ""


def life_after_reversal(*, redeemed_at: datetime, expires_at: datetime, now: datetime) -> datetime:
    """When a voucher that is given back expires: it has the time again that it had when it was spent."""
    return max(expires_at, now + (expires_at - redeemed_at))


def may_undo(roles: frozenset[str], *, same_day: bool) -> bool:
    """Who took money or a voucher may undo it on the same trading day; later it takes a manager."""
    return same_day or bool(roles & BACK_OFFICE)


def expiry(granted_at: datetime, valid_days: int) -> datetime:
    """The instant after which a voucher is not taken any more."""
    return granted_at + timedelta(days=valid_days)


def plain_code(typed: str) -> str:
    """A code as it was read or typed, in the letters we use; "" when it cannot be one."""
    letters = typed.upper().replace("O", "0").replace("I", "1").replace("L", "1")
    code = "".join(c for c in letters if not c.isspace() and c not in "-–—_·.")
    return code if len(code) == CODE_LENGTH and all(c in CODE_LETTERS for c in code) else ""


def grouped(code: str) -> str:
    """`7K3M-…`: the code as people read it."""
    return "-".join(code[i : i + CODE_GROUP] for i in range(0, len(code), CODE_GROUP))
