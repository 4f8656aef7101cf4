"""按劳分配: published points become integer fen; joint work by Shapley; referrals two steps deep and no deeper.

Only the linear rule pays the same whether work is booked on one account or on ten: paying by points to a power below one
rewards splitting (Sybils), above one rewards merging (collusion). A cap per person is again a reason to split, so a cap
needs verified identities, and what it cuts off goes back into the pool.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

import numpy as np

from tongxin.compass.apportion import exact_weights, hand_out, to_whole
from tongxin.compass.errors import BadInput

#: exact Shapley values up to here (2^12 coalitions), sampled permutations beyond
MOST_EXACT = 12
PERMUTATIONS = 2000


@dataclass(frozen=True)
class Work:
    """One piece of work: who, of which published kind, how good (0–1) and how much of it was taken back (0–1)."""

    member: str
    kind: str
    quality: Fraction = Fraction(1)
    reversed: Fraction = Fraction(0)


@dataclass(frozen=True)
class Payout:
    """What each account gets in fen. `paid` and `back_to_pool` add up to the pool exactly."""

    fen: Mapping[str, int]
    back_to_pool: int
    capped: tuple[str, ...]

    @property
    def paid(self) -> int:
        """Sum that leaves the pool."""
        return sum(self.fen.values())


@dataclass(frozen=True)
class Joint:
    """Shapley values of joint work in fen as fractions, the standard error where they were sampled, and whole fen."""

    value: int
    shares: Mapping[str, Fraction]
    se: Mapping[str, float]
    exact: bool
    fen: Mapping[str, int]


def points(work: Iterable[Work], published: Mapping[str, int]) -> dict[str, Fraction]:
    """Add up points by member: weight × quality × (1 − reversed), the weights as they were published.

    Raises
    ------
    BadInput
        For a kind without a published weight, or a quality or reversal outside 0–1.

    Examples
    --------
    >>> points([Work("a", "post"), Work("a", "post", Fraction(1, 2))], {"post": 2})
    {'a': Fraction(3, 1)}
    """
    found: dict[str, Fraction] = {}
    for piece in work:
        if piece.kind not in published:
            raise BadInput.one("work.kind", repr(piece.kind), tuple(sorted(published)))
        if not (0 <= piece.quality <= 1 and 0 <= piece.reversed <= 1):
            raise BadInput.one("work", "quality or reversal outside 0–1", ("0 to 1",))
        earned = published[piece.kind] * Fraction(piece.quality) * (1 - Fraction(piece.reversed))
        found[piece.member] = found.get(piece.member, Fraction(0)) + earned
    return found


def pay(
    pool_fen: int,
    earned: Mapping[str, Fraction | int],
    *,
    identity: Mapping[str, str] | None = None,
    cap_fen: int | None = None,
) -> Payout:
    """Divide a pool by points, linearly, in whole fen.

    Parameters
    ----------
    pool_fen : int
        The pool, zero or more.
    earned : mapping of account to points
    identity : mapping of account to verified person, optional
        Payer, phone or device. Accounts of one person are paid as one, then divided: splitting changes nothing, not even
        the last fen. An account that is not listed stands for itself.
    cap_fen : int, optional
        Most that one verified person gets. What is cut off is not handed to the others: it goes back to the pool.

    Raises
    ------
    BadInput
        For a negative pool or cap, or a cap while paid accounts have no verified identity.
    """
    if pool_fen < 0 or (cap_fen is not None and cap_fen < 0):
        raise BadInput.one("pool_fen, cap_fen", "negative", ("zero or more",))
    exact = exact_weights(earned)
    known = identity or {}
    unverified = sum(1 for account, weight in exact.items() if weight and account not in known)
    if cap_fen is not None and unverified:
        raise BadInput.one(
            "cap_fen",
            f"{unverified} accounts have no verified identity, and a cap would pay them for splitting",
            ("a verified identity for each account", "no cap"),
        )
    people: dict[tuple[bool, str], dict[str, Fraction]] = {}
    for account, weight in exact.items():
        who = (account in known, known.get(account, account))
        people.setdefault(who, {})[account] = weight
    if not any(exact.values()):
        return Payout(dict.fromkeys(sorted(exact), 0), pool_fen, ())
    names = {f"{'1' if verified else '0'}{who}": accounts for (verified, who), accounts in people.items()}
    whole = hand_out(pool_fen, {name: sum(rows.values(), Fraction(0)) for name, rows in names.items()})
    limit = pool_fen if cap_fen is None else cap_fen
    fen: dict[str, int] = {}
    for name in sorted(names):
        fen |= hand_out(min(whole[name], limit), names[name])
    capped = tuple(name[1:] for name in sorted(names) if whole[name] > limit)
    return Payout(dict(sorted(fen.items())), sum(max(0, part - limit) for part in whole.values()), capped)


def shapley(
    players: Sequence[str],
    value: Callable[[frozenset[str]], int],
    rng: np.random.Generator | None = None,
    *,
    permutations: int = PERMUTATIONS,
) -> Joint:
    """Divide what joint work brought by Shapley (1953): each gets the mean of what they add over all orders of joining.

    Parameters
    ----------
    players : sequence of str
        Kit author, champion, co-host, … Up to 12 are exact; more need `rng` and are sampled.
    value : callable
        The declared value of a coalition in fen, 0 for nobody.
    rng : numpy Generator
        For more than 12 players.

    Returns
    -------
    Joint
        The shares add up to the value of all exactly (also sampled, since each order adds up), and so do the fen.

    Raises
    ------
    BadInput
        For doubles, for nobody, for a value of nobody that is not 0, or for many players without a generator.
    """
    names = sorted(set(players))
    if not names or len(names) != len(players):
        raise BadInput.one("players", "nobody, or the same name twice", ("distinct names",))
    if value(frozenset()) != 0:
        raise BadInput.one("value", "nobody already brings something", ("0 for the empty coalition",))
    exact = len(names) <= MOST_EXACT
    if exact:
        shares, se = _all_coalitions(names, value), dict.fromkeys(names, 0.0)
    elif rng is None:
        raise BadInput.one("rng", f"{len(names)} players are sampled", ("a numpy Generator",))
    else:
        shares, se = _orders(names, value, rng, permutations)
    return Joint(value(frozenset(names)), shares, se, exact, to_whole(shares))


def _all_coalitions(names: list[str], value: Callable[[frozenset[str]], int]) -> dict[str, Fraction]:
    n = len(names)
    coalitions = [frozenset(some) for size in range(n + 1) for some in combinations(names, size)]
    worth = {some: value(some) for some in coalitions}
    chance = [Fraction(1, n * math.comb(n - 1, size)) for size in range(n)]
    return {
        name: sum(
            (
                chance[len(some)] * (worth[some | {name}] - worth[some])
                for some in coalitions
                if name not in some
            ),
            Fraction(0),
        )
        for name in names
    }


def _orders(
    names: list[str], value: Callable[[frozenset[str]], int], rng: np.random.Generator, permutations: int
) -> tuple[dict[str, Fraction], dict[str, float]]:
    added = {name: [] for name in names}  # type: dict[str, list[int]]
    for _ in range(permutations):
        here: frozenset[str] = frozenset()
        before = 0
        for place in rng.permutation(len(names)).tolist():
            here |= {names[place]}
            after = value(here)
            added[names[place]].append(after - before)
            before = after
    shares = {name: Fraction(sum(rows), permutations) for name, rows in added.items()}
    se = {name: float(np.std(rows, ddof=1)) / math.sqrt(permutations) for name, rows in added.items()}
    return shares, se
