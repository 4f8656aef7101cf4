"""The ledger as arithmetic: which lines each thing that happens to money writes. Debits are above zero, every list adds to 0."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tongxin.commerce.terms import Account


@dataclass(frozen=True)
class Leg:
    """One line: an account of a store (or of an envelope), and fen."""

    book: Account
    fen: int
    store: int | None = None
    envelope: int | None = None


Legs = tuple[Leg, ...]


def paid(fee: int, *, home: int, till: int) -> Legs:
    """A fee came in at a till; the store of the event owes the event for it."""
    return _settled(Leg(Account.TILL, fee, till), Leg(Account.DEFERRED, -fee, home))


def granted(fee: int, value: int, *, home: int) -> Legs:
    """The member came: the fee becomes a voucher. What the fee is above the voucher was earned, what it is below is a cost."""
    return _settled(
        Leg(Account.DEFERRED, fee, home),
        Leg(Account.VOUCHER_COST, max(value - fee, 0), home),
        Leg(Account.VOUCHERS, -value, home),
        Leg(Account.FEE_INCOME, -max(fee - value, 0), home),
    )


def redeemed(value: int, *, home: int, where: int) -> Legs:
    """A voucher was spent in some store; the store that took the fee owes that store for it."""
    return _settled(Leg(Account.VOUCHERS, value, home), Leg(Account.SALES, -value, where))


def expired(value: int, *, home: int) -> Legs:
    """A voucher was not spent in time."""
    return _settled(Leg(Account.VOUCHERS, value, home), Leg(Account.BREAKAGE, -value, home))


def lapsed(fee: int, *, home: int) -> Legs:
    """Paid, did not come, and the terms say that the fee stays."""
    return _settled(Leg(Account.DEFERRED, fee, home), Leg(Account.FEE_INCOME, -fee, home))


def refund_owed(fee: int, *, home: int) -> Legs:
    """The fee is to be given back."""
    return _settled(Leg(Account.DEFERRED, fee, home), Leg(Account.REFUNDS, -fee, home))


def refund_paid(fee: int, *, home: int, till: int) -> Legs:
    """The fee was given back at a till."""
    return _settled(Leg(Account.REFUNDS, fee, home), Leg(Account.TILL, -fee, till))


def budget_moved(amount: int, *, envelope: int, to: Account, out_of: Account) -> Legs:
    """An amount of an envelope moves from one of its accounts to another."""
    return _settled(Leg(to, amount, envelope=envelope), Leg(out_of, -amount, envelope=envelope))


def mirror(legs: Iterable[Leg]) -> Legs:
    """What undoes these lines."""
    return tuple(replace(leg, fen=-leg.fen) for leg in legs)


def total(legs: Iterable[Leg]) -> int:
    """0 for every entry there is."""
    return sum(leg.fen for leg in legs)


def _settled(*legs: Leg) -> Legs:
    """Without empty lines, and with what stores owe each other, so that each store's own lines add to 0 too."""
    kept = [leg for leg in legs if leg.fen]
    per_store: defaultdict[int, int] = defaultdict(int)
    for leg in kept:
        if leg.store is not None:
            per_store[leg.store] += leg.fen
    owed = [Leg(Account.BETWEEN, -fen, store) for store, fen in sorted(per_store.items()) if fen]
    return (*kept, *owed)


def content_hash(content: dict[str, Any], legs: Sequence[Leg]) -> str:
    """The hash of an entry with its lines, whatever order the lines come in."""
    lines = sorted([leg.book, leg.store or 0, leg.envelope or 0, leg.fen] for leg in legs)
    text = json.dumps({**content, "lines": lines}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
