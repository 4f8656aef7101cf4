"""What bringing a friend is worth: paid on the friend's verified purchase, after the refund window, at most two steps deep.

Geometric rewards along the whole chain are not proof against false names (Emek, Karidi, Tennenholtz and Zohar 2011), and paying
for heads is recruiting. Here accounts of one verified person count as one step, and a chain without an assist pays the
direct inviter all of it: an invented account between oneself and a friend brings nothing unless it passes for another
verified person, and then at most the assist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from tongxin.compass.apportion import hand_out
from tongxin.compass.errors import BadInput

DEPTH = 2
MOST_OF_MARGIN = Fraction(1, 10)
LEAST_DIRECT = Fraction(8, 10)


@dataclass(frozen=True)
class Rules:
    """The published rules. Refused at the door where they break the limits above."""

    of_margin: Fraction = Fraction(5, 100)
    direct: Fraction = Fraction(8, 10)
    refund_days: int = 30

    def __post_init__(self) -> None:
        """Refuse rates beyond the limits."""
        if not 0 <= self.of_margin <= MOST_OF_MARGIN:
            raise BadInput.one("rules.of_margin", str(self.of_margin), ("0 to 1/10 of the margin",))
        if not LEAST_DIRECT <= self.direct <= 1:
            raise BadInput.one("rules.direct", str(self.direct), ("8/10 to 1 for the direct inviter",))
        if self.refund_days < 0:
            raise BadInput.one("rules.refund_days", str(self.refund_days), ("zero or more",))


@dataclass(frozen=True)
class Purchase:
    """A friend's purchase. `chain` starts with the direct inviter; `payer` is the verified person; days since 1970."""

    code: str
    payer: str
    chain: tuple[str, ...]
    margin_fen: int
    day: int
    verified: bool = True


@dataclass(frozen=True)
class Line:
    """One entry: which purchase, who, as what (`direct`, `assist`), how many fen (negative: taken back)."""

    purchase: str
    member: str
    role: str
    fen: int


def rewards(
    purchases: Iterable[Purchase], rules: Rules, today: int, identity: Mapping[str, str] | None = None
) -> tuple[Line, ...]:
    """Say what is due today: the first verified purchase of each payer whose refund window has passed.

    Parameters
    ----------
    purchases : iterable of Purchase
        In any order. A payer counts once, with the earliest purchase.
    today : int
        Day since 1970. A purchase pays from the day after its refund window.
    identity : mapping of account to verified person, optional
        Nobody earns on their own purchase, under whatever account.

    Raises
    ------
    BadInput
        For a purchase code that comes twice.
    """
    rows = sorted(purchases, key=lambda row: (row.day, row.code))
    if len({row.code for row in rows}) != len(rows):
        raise BadInput.one("purchases.code", "the same code twice", ("one row a purchase",))
    seen: set[str] = set()
    due: list[Line] = []
    for row in rows:
        if not row.verified or row.payer in seen:
            continue
        seen.add(row.payer)
        if today > row.day + rules.refund_days:
            due += reward(row, rules, identity)
    return tuple(due)


def reward(row: Purchase, rules: Rules, identity: Mapping[str, str] | None = None) -> list[Line]:
    """Return the lines of one purchase: a share of the margin, whole fen, to at most two people and never to the payer.

    Examples
    --------
    >>> [(l.role, l.fen) for l in reward(Purchase("p", "c", ("b", "a", "z"), 999, 0), Rules())]
    [('direct', 39), ('assist', 10)]
    """
    known = identity or {}
    chain: list[str] = []
    people: set[str] = set()
    for account in row.chain:
        person = known.get(account, account)
        if person == row.payer or len(chain) == DEPTH:
            break
        if person not in people:
            people.add(person)
            chain.append(account)
    total = int(max(0, row.margin_fen) * rules.of_margin)
    if not chain or not total:
        return []
    if len(chain) == 1:
        return [Line(row.code, chain[0], "direct", total)]
    parts = hand_out(total, {"a_direct": rules.direct, "b_assist": 1 - rules.direct})
    lines = [
        Line(row.code, chain[0], "direct", parts["a_direct"]),
        Line(row.code, chain[1], "assist", parts["b_assist"]),
    ]
    return [line for line in lines if line.fen]


def after_refund(paid: Iterable[Line], row: Purchase, margin_left_fen: int, rules: Rules,
                 identity: Mapping[str, str] | None = None) -> tuple[Line, ...]:  # fmt: skip
    """Return the entries that turn what was paid into what the margin left would have paid.

    After a full refund they mirror the payment exactly; after a part of it they take back the difference, person by
    person. Applied twice they bring nothing more, as what was paid includes earlier corrections.

    Raises
    ------
    BadInput
        If the margin left is larger than the margin was, or a line belongs to another purchase.
    """
    if margin_left_fen > row.margin_fen:
        raise BadInput.one("margin_left_fen", "larger than before", ("at most the margin of the purchase",))
    have: dict[tuple[str, str], int] = {}
    for line in paid:
        if line.purchase != row.code:
            raise BadInput.one("paid", "a line of another purchase", ("lines of this purchase",))
        have[line.member, line.role] = have.get((line.member, line.role), 0) + line.fen
    left = Purchase(row.code, row.payer, row.chain, margin_left_fen, row.day, row.verified)
    due = {(line.member, line.role): line.fen for line in reward(left, rules, identity)}
    change = {key: due.get(key, 0) - have.get(key, 0) for key in sorted({*have, *due})}
    return tuple(Line(row.code, who, role, fen) for (who, role), fen in change.items() if fen)
