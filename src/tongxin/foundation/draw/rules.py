"""The arithmetic of a draw that anyone can repeat. Pure, standard library only.

1. entrants_hash = SHA-256 of the entrants, sorted, one a line. rules_hash = SHA-256 of the rules as canonical JSON.
2. commitment = SHA-256 of `tongxin.draw/1`, id, seed, entrants_hash, rules_hash, one a line; published before the draw.
3. Each entrant's ticket = SHA-256 of seed, beacon, entrants_hash, entrant, one a line; the smallest tickets win.
4. Where the rules say how many `seats` there are, an entrant reads `lot*3` and needs three of them. Down the ranking each gets
   theirs while they fit; who needs more than is left is passed over, and the next is looked at.

The seed is ours and secret until the reveal, so entrants cannot foresee the outcome. The beacon is a public value of a
later day (an index at its close), named in the rules beforehand, so we could not pick a seed that suits us either.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tongxin.foundation.draw.terms import Fault

SCHEMA = "tongxin.draw/1"
TEXTS = ("id", "title", "committed_at", "commitment", "entrants_hash", "rules_hash", "seed", "beacon")


def _digest(*lines: str) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def entrants_hash(entrants: Iterable[str]) -> str:
    """The fingerprint of a list of entrants, whatever its order."""
    return _digest(*sorted(entrants))


def rules_hash(rules: dict[str, Any]) -> str:
    """The fingerprint of the rules."""
    return _digest(json.dumps(rules, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def commitment(*, draw: str, seed: str, entrants: str, rules: str) -> str:
    """What is published first: fixes seed, entrants and rules without telling the seed."""
    return _digest(SCHEMA, draw, seed, entrants, rules)


def ranking(entrants: Sequence[str], *, seed: str, beacon: str = "") -> tuple[str, ...]:
    """All entrants in the order of the draw; who comes after the winners is the waiting list."""
    listed = entrants_hash(entrants)
    return tuple(sorted(entrants, key=lambda e: (_digest(seed, beacon, listed, e), e)))


def winners(entrants: Sequence[str], *, seed: str, n: int, beacon: str = "") -> tuple[str, ...]:
    """The first `n` of the ranking."""
    return ranking(entrants, seed=seed, beacon=beacon)[:n]


def seats_of(entrant: str) -> int:
    """How many seats an entrant of a draw of seats needs: 3 for `lot*3`; 0 for what is not written so."""
    lot, star, count = entrant.rpartition("*")
    written = bool(lot and star) and count.isascii() and count.isdigit() and not count.startswith("0")
    return int(count) if written else 0


def drawn(entrants: Sequence[str], rules: dict[str, Any], *, seed: str, beacon: str = "") -> tuple[str, ...]:
    """Who wins under these rules, in the order of the draw: a number of winners, or as many as the seats hold."""
    if "seats" not in rules:
        return winners(entrants, seed=seed, n=rules["winners"], beacon=beacon)
    left, won = int(rules["seats"]), []
    for entrant in ranking(entrants, seed=seed, beacon=beacon):
        if seats_of(entrant) <= left:
            left -= seats_of(entrant)
            won.append(entrant)
    return tuple(won)


@dataclass(frozen=True)
class Verdict:
    """`ok` when everything recomputes. `beacon` False: the organiser could have chosen the seed before committing."""

    ok: bool
    faults: tuple[Fault, ...]
    winners: tuple[str, ...] = ()
    beacon: bool = False


def verify(document: Any, *, published: str | None = None) -> Verdict:
    """Recompute a published draw from its document alone; `published` is the commitment somebody noted beforehand."""
    if not _shaped(document):
        return Verdict(ok=False, faults=(Fault.SHAPE,))
    if not document["seed"]:
        return Verdict(ok=False, faults=(Fault.NOT_REVEALED,))
    entrants, rules, seed, beacon = (document[k] for k in ("entrants", "rules", "seed", "beacon"))
    won = drawn(entrants, rules, seed=seed, beacon=beacon)
    committed = commitment(
        draw=document["id"], seed=seed, entrants=document["entrants_hash"], rules=document["rules_hash"]
    )
    checks = {
        Fault.ENTRANTS: entrants_hash(entrants) == document["entrants_hash"]
        and len(set(entrants)) == len(entrants),
        Fault.RULES: rules_hash(rules) == document["rules_hash"],
        Fault.COMMITMENT: committed == document["commitment"],
        Fault.PUBLISHED: published is None or published == document["commitment"],
        Fault.BEACON: bool(beacon) or not rules.get("beacon"),
        Fault.WINNERS: list(won) == document["winners"],
    }
    faults = tuple(fault for fault, holds in checks.items() if not holds)
    return Verdict(ok=not faults, faults=faults, winners=won, beacon=bool(beacon and rules.get("beacon")))


def _shaped(document: Any) -> bool:
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        return False
    rules = document.get("rules")
    lists = [document.get("entrants"), document.get("winners")]
    return (
        all(isinstance(document.get(name), str) for name in TEXTS)
        and all(isinstance(names, list) and all(isinstance(n, str) for n in names) for names in lists)
        and isinstance(rules, dict)
        and isinstance(rules.get("winners"), int)
        and rules["winners"] > 0
        and seated(document["entrants"], rules)
    )


def seated(entrants: Iterable[str], rules: dict[str, Any]) -> bool:
    """Are a draw's seats, if it is one of seats, written down so that they can be counted?"""
    if "seats" not in rules:
        return True
    return type(rules["seats"]) is int and rules["seats"] > 0 and all(seats_of(e) for e in entrants)
