"""The arithmetic of a draw that anyone can repeat. Pure, standard library only.

1. entrants_hash = SHA-256 of the entrants, sorted, one a line. rules_hash = SHA-256 of the rules as canonical JSON.
2. commitment = SHA-256 of `tongxin.draw/1`, id, seed, entrants_hash, rules_hash, one a line; published before the draw.
3. Each entrant's ticket = SHA-256 of seed, beacon, entrants_hash, entrant, one a line; the smallest tickets win.

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
    drawn = winners(entrants, seed=seed, n=rules["winners"], beacon=beacon)
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
        Fault.WINNERS: list(drawn) == document["winners"],
    }
    faults = tuple(fault for fault, holds in checks.items() if not holds)
    return Verdict(ok=not faults, faults=faults, winners=drawn, beacon=bool(beacon and rules.get("beacon")))


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
    )
