"""Prize topics: rules that are frozen by their hash, and a count that anyone repeats from the published document.

1. rules_hash = SHA-256 of the rules as canonical JSON, published when the contest opens.
2. When the last entry is in, a draw (foundation/draw) over the entries is committed; its order settles ties and nothing else.
3. Each ballot is (slip, entry). The slip is a keyed hash that its voter is shown; ballots_hash fixes the list.
4. Slips in `uncounted` do not count (rules/votes.py says when); they stay in the list, so that everybody finds their own.
5. More votes come first; equal votes in the order of the draw; entries that are no longer to be seen are left out.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

SCHEMA = "tongxin.contest/1"


def rules_hash(rules: dict[str, Any]) -> str:
    """The fingerprint of the rules."""
    return _digest(json.dumps(rules, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def ballots_hash(ballots: Iterable[tuple[str, str]]) -> str:
    """The fingerprint of all ballots, whatever their order."""
    return _digest(*sorted(f"{slip} {entry}" for slip, entry in ballots))


def _digest(*lines: str) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass(frozen=True)
class Place:
    """An entry in the result."""

    entry: str
    votes: int
    won: bool


def count(
    ballots: Iterable[tuple[str, str]],
    order: Sequence[str],
    *,
    out: Iterable[str] = (),
    uncounted: Iterable[str] = (),
    winners: int,
) -> tuple[Place, ...]:
    """The result: every entry that is still to be seen, the first ones won. Nobody wins without a vote."""
    gone, aside = set(out), set(uncounted)
    votes = Counter(entry for slip, entry in ballots if slip not in aside)
    standing = [entry for entry in order if entry not in gone]
    ranked = sorted(standing, key=lambda entry: -votes[entry])
    return tuple(
        Place(entry, votes[entry], place < winners and votes[entry] > 0) for place, entry in enumerate(ranked)
    )


def faults(document: dict[str, Any]) -> tuple[str, ...]:
    """What does not recompute in a published document; empty when all does."""
    rules, result = document["rules"], document["result"]
    ballots = [(slip, entry) for slip, entry in result["ballots"]]
    aside = result.get("uncounted", [])
    again = count(ballots, result["order"], out=result["out"], uncounted=aside, winners=rules["winners"])
    slips = [slip for slip, _ in ballots]
    checks = {
        "schema": document["schema"] == SCHEMA,
        "rules": rules_hash(rules) == document["rules_hash"],
        "ballots": ballots_hash(ballots) == result["ballots_hash"],
        "twice": len(set(slips)) == len(slips),
        "uncounted": set(aside) <= set(slips),
        "entries": {entry for _, entry in ballots} <= set(result["order"]),
        "places": [[p.entry, p.votes, p.won] for p in again] == result["places"],
    }
    return tuple(name for name, holds in checks.items() if not holds)
