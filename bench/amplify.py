"""Fraud before anything is paid, votes that were planted, friends and pools to the last fen: made-up worlds with a known truth.

.venv/bin/python bench/amplify.py
"""

import json
import random
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "src"), str(HERE.parent / "tests")]

from amplify.made_up_friends import CAREFUL, made_up  # noqa: E402 - after the path
from tongxin.amplify.rules.payouts import owed  # noqa: E402 - after the path
from tongxin.amplify.rules.referrals import Bought, Due, Terms, due, flags, held  # noqa: E402 - after the path
from tongxin.amplify.terms_referrals import Flag  # noqa: E402 - after the path
from tongxin.compass.apportion import hand_out  # noqa: E402 - after the path
from tongxin.voices.rules.votes import doubtful  # noqa: E402 - after the path
from voices.made_up_votes import BOUGHT, OPENED  # noqa: E402 - after the path
from voices.made_up_votes import made_up as made_up_votes  # noqa: E402 - after the path

WORLDS, INVITERS, RINGS = 40, 2_600, 140
CONTESTS, HONEST, PLANTED = 300, 700, 150
TREES, MEMBERS = 400, 250
POOLS = 5_000
Figure = dict[str, Any]


def lot(seed: int) -> random.Random:
    """Made-up worlds: the same ones for the same number."""
    return random.Random(seed)  # noqa: S311 - nothing secret


def _middle(values: Sequence[float]) -> str:
    rows = sorted(values)
    return f"{rows[len(rows) // 2]:.3f} (worst of {len(rows)}: {{worst:.3f}})"


def rings(without: frozenset[Flag] = frozenset()) -> tuple[list[float], list[float]]:
    """Recall and precision of what is held, world by world."""
    recall, precision = [], []
    for seed in range(WORLDS):
        hit = waits = false = 0
        for inviter, truth in made_up(lot(seed), inviters=INVITERS, rings=RINGS):
            for friend, planted in zip(inviter.friends, truth, strict=True):
                found = held([one for one in flags(friend, inviter) if one not in without], friend)
                hit, waits, false = hit + (found and planted), waits + found, false + planted
        recall.append(hit / false)
        precision.append(hit / waits)
    return recall, precision


def votes() -> tuple[list[float], list[float]]:
    """The part of planted votes that is excluded, and of honest ones, contest by contest."""
    caught, lost = [], []
    for seed in range(CONTESTS):
        cast = list(made_up_votes(lot(seed), honest=HONEST, planted=PLANTED))
        out = doubtful([vote for vote, _ in cast], OPENED)
        false = [vote.slip in out for vote, planted in cast if planted]
        true = [vote.slip in out for vote, planted in cast if not planted]
        caught.append(sum(false) / len(false))
        lost.append(sum(true) / len(true))
    return caught, lost


def trees() -> tuple[int, int, int]:
    """Trees of friends with refunds in random order; answers purchases, lines too many or to the payer, sums that do not mirror."""
    purchases = wrong = unmirrored = 0
    for seed in range(TREES):
        rng = lot(seed)
        by: dict[int, int] = {}
        for member in range(1, MEMBERS):
            by[member] = rng.randrange(member) if rng.random() < 0.8 else -1
        terms = Terms(rng.choice([50, 60, 80, 100]), 800, rng.randrange(200, 900), rng.randrange(1, 200), 14)
        for member, inviter in by.items():
            chain, above = [], inviter
            while above >= 0:
                chain.append(above)
                above = by.get(above, -1)
            fen = rng.randrange(1, 500_000)
            high = rng.randrange(fen + 1)
            day = date(2026, 11, 1)
            paid: list[Due] = []
            left = fen
            while True:
                bought = Bought(day, day + timedelta(days=15), fen, left, high)
                paid += due(payer=member, chain=chain, bought=bought, terms=terms, paid=paid)
                again = due(payer=member, chain=chain, bought=bought, terms=terms, paid=paid)
                purchases += 1
                to = {one.person for one in paid}
                most = terms.margin_of(fen, high) * 100 // 1000
                wrong += len(to) > 2 or member in to or not to <= set(chain[:2]) or bool(again)
                wrong += sum(one.fen for one in paid) > most
                if left == 0:
                    break
                left = rng.choice([0, rng.randrange(left)])
            unmirrored += any(sum(one.fen for one in paid if one.person == who) for who in chain)
    return purchases, wrong, unmirrored


def pools() -> tuple[int, int]:
    """Pools to the last fen, and splitting oneself in two brings nothing: answers how many sums or splits were wrong."""
    wrong = split = 0
    for seed in range(POOLS):
        rng = lot(seed)
        points = {f"{n:020d}": Fraction(rng.randrange(1, 400)) for n in range(rng.randrange(1, 60))}
        fen = rng.randrange(1, 10**8)
        shares = hand_out(fen, points)
        wrong += sum(shares.values()) != fen or any(one < 0 for one in shares.values())
        who = next(iter(points))
        if points[who] > 1:
            half = points[who] // 2
            parts = hand_out(fen, points | {who: Fraction(half), who + "b": points[who] - half})
            split += parts[who] + parts[who + "b"] > shares[who] + 1
    return wrong, split


def payouts() -> int:
    """Payouts over thanks, shares and what is taken back: answers how many people got more than they ever earned, or less than owed."""
    wrong = 0
    for seed in range(2_000):
        rng = lot(seed)
        thanks: dict[int, int] = {}
        shares: dict[int, int] = {}
        before: dict[int, int] = {}
        most = dict.fromkeys(range(8), 0)
        for _ in range(12):
            for n in range(8):
                earned = rng.randrange(0, 900)
                thanks[n] = thanks.get(n, 0) + rng.choice(
                    [earned, -rng.randrange(0, max(1, thanks.get(n, 1)))]
                )
                shares[n] = shares.get(n, 0) + rng.choice([0, 0, rng.randrange(500)])
                most[n] = max(most[n], thanks[n] + shares[n])
            for one in owed(thanks, shares, before):
                before[one.person] = before.get(one.person, 0) + one.fen
        for n in range(8):
            left = thanks[n] + shares[n] - before.get(n, 0)
            wrong += before.get(n, 0) > most[n] or left >= 100
    return wrong


def figures() -> list[Figure]:
    """All rows."""
    recall, precision = rings()
    devices, _ = rings(frozenset({Flag.BURST, Flag.ALIKE, Flag.RING, Flag.ELSEWHERE}))
    caught, lost = votes()
    purchases, wrong, unmirrored = trees()
    sums, splits = pools()
    late = payouts()
    return [
        {
            "what": f"rings of invented friends held before payment ({WORLDS} worlds of {INVITERS:,} inviters, {RINGS} in rings)",
            "measured": "recall "
            + _middle(recall).format(worst=min(recall))
            + ", precision "
            + _middle(precision).format(worst=min(precision)),
            "bar": "recall ≥ 0.9, precision ≥ 0.8 in each world",
            "met": min(recall) >= 0.9 and min(precision) >= 0.8,
            "note": f"{CAREFUL:.0%} of the friends of a ring behave like anybody; looking at own devices alone finds "
            + _middle(devices).format(worst=min(devices)),
        },
        {
            "what": f"planted votes of contests ({CONTESTS} contests, {HONEST} honest and {PLANTED} planted votes)",
            "measured": f"excluded {sum(caught) / len(caught):.1%} (≥ 90 % in {sum(one >= 0.9 for one in caught)} of {CONTESTS}); "
            f"honest ones excluded {sum(lost) / len(lost):.2%} (< 2 % in {sum(one < 0.02 for one in lost)})",
            "bar": "≥ 90 % planted, < 2 % honest",
            "met": sum(caught) / len(caught) >= 0.9 and sum(lost) / len(lost) < 0.02,
            "note": f"{BOUGHT:.0%} of the planted ones come from old accounts that have done things; the worst contests: "
            f"{min(caught):.0%} and {max(lost):.1%}",
        },
        {
            "what": f"trees of friends, {purchases:,} settlements with refunds in random order",
            "measured": f"{wrong} with more than one direct and one assist, to the payer, twice, or above a tenth of the margin; "
            f"{unmirrored} not mirrored after a full refund",
            "bar": "0 and 0",
            "met": wrong == unmirrored == 0,
            "note": "",
        },
        {
            "what": f"{POOLS:,} pools shared by published points",
            "measured": f"{sums} sums not exact to the fen; {splits} where splitting oneself brought more than a rounding",
            "bar": "0 and 0",
            "met": sums == splits == 0,
            "note": "linear points, largest remainder",
        },
        {
            "what": "2,000 histories of thanks, shares and what was taken back, paid twelve times",
            "measured": f"{late} people paid above the most they were ever owed, or left with a yuan or more",
            "bar": "0",
            "met": late == 0,
            "note": "",
        },
    ]


if __name__ == "__main__":
    rows = figures()
    for row in rows:
        verdict = "met" if row["met"] else "MISSED"
        print(f"{row['what']}: {row['measured']} (bar {row['bar']}, {verdict}) {row['note']}")
    out = HERE.parent / "var" / "bench" / "amplify.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
