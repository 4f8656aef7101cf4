"""Ten thousand altered tickets (promise P11): every character and bit changed, cut, doubled, swapped, foreign, old: none accepted.

The small version stands in tests/events/test_ticket_rules.py and shares the mutations. Pure: no database, no network.
"""

import json
import random
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

from events.ticket_forgery import bits, foreign, mutations  # noqa: E402 - after the path
from tongxin.events.rules import tickets  # noqa: E402 - after the path
from tongxin.events.rules.tickets import code, key_from, read  # noqa: E402 - after the path

OUT = ROOT / "var" / "bench"
SEED, COUNT = 20261122, 10_000
NOW = datetime(2026, 3, 7, 2, 0, 15, tzinfo=UTC)
KEY, OTHERS = key_from("ours"), key_from("theirs")
TICKET, EVENT = uuid.UUID(int=0xA1 << 64 | 7), uuid.UUID(int=0xB2 << 64 | 7)


def accepted(texts: list[str], *, online: bool) -> int:
    """How many of these codes are taken."""
    return sum(read(KEY, text, EVENT, NOW, online=online) is not None for text in texts)


def figures() -> list[dict[str, Any]]:
    """One row a proof, each with its control."""
    chance = random.Random(SEED)  # noqa: S311 - a seeded generator
    good = code(KEY, TICKET, EVENT, NOW)
    static = good.rsplit(".", 1)[0]
    altered = sorted(mutations(good, chance, COUNT + 2) - {static})
    strange = bits(good) + foreign(KEY, OTHERS, TICKET, EVENT, NOW)
    rows = []
    for online in (True, False):
        begun = time.perf_counter()
        taken = accepted(altered + strange, online=online)
        took = (time.perf_counter() - begun) / len(altered + strange) * 1e6
        rows.append(
            {
                "what": f"altered, foreign and old codes accepted {'online' if online else 'offline'}",
                "measured": f"{taken} of {len(altered + strange):,}",
                "bar": "0 of 10,000",
                "met": taken == 0 and len(altered) >= COUNT,
                "note": f"{took:.0f} µs each",
            }
        )
    old = [code(KEY, TICKET, EVENT, NOW - timedelta(seconds=s)) for s in range(90, 3690)]
    taken = accepted(old, online=True)
    rows.append(
        {
            "what": "screenshots of 90 s and older accepted online",
            "measured": f"{taken} of {len(old):,}",
            "bar": "0",
            "met": taken == 0,
            "note": "one step of 30 s to either side",
        }
    )
    kept = tickets.signed
    tickets.signed = lambda *_: True  # type: ignore[assignment]  # the control: nobody checks the signature
    try:
        taken = accepted(bits(good, part=1), online=False)
    finally:
        tickets.signed = kept
    rows.append(
        {
            "what": "control: signature not checked",
            "measured": f"{taken} of {len(bits(good, part=1)):,} accepted",
            "bar": "> 0",
            "met": taken > 0,
            "note": "must lose",
        }
    )
    return rows


if __name__ == "__main__":
    told = figures()
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "tickets.json").write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    for row in told:
        print(f"{row['what']:<56} {row['measured']:<28} {row['bar']:<12} {row['met']} {row['note']}")
