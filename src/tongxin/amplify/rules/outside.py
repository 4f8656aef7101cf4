"""Somebody else's community in numbers: five parts with an interval, what it reaches that we do not, and what that is worth.

Only counts of a week are read, never a list of people. Intervals: a share by Wilson (1927); a weighted sum by MOVER, the squares of the
parts' distances added (Zou and Donner 2008); a number of people seen twice by Chapman (1951) with Seber's variance (1970).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import floor, sqrt

from tongxin.amplify.terms_outside import JUDGING, Judging, OutsidePart

Z95, Z80 = 1.959963984540054, 0.8416212335729143  # two-sided 95 %, one-sided 80 %


@dataclass(frozen=True)
class Seen:
    """What was counted in one week (or several together)."""

    active: int  # people who wrote, asked, answered or came
    posts: int
    repeated: int = 0  # of the posts, the same text again
    on_topic: int = 0  # of the posts
    unsafe: int = 0  # of the posts
    joined: int = 0
    burst: int = 0  # of those who joined, within the fullest hour
    questions: int = 0
    answered: int = 0  # of the questions, by another member
    sampled: int = 0  # profiles that were looked at
    in_target: int = 0  # of these
    ours: int = 0  # of these: members of ours already, or in another community we support
    first: int = 0  # told apart in a first look, a second look, and seen in both
    second: int = 0
    both: int = 0


@dataclass(frozen=True)
class Span:
    """A value between two bounds; `n` is on how many it rests."""

    value: float
    low: float
    high: float
    n: int = 0


@dataclass(frozen=True)
class Verdict:
    """0 to 100 with an interval, the parts in shares, what speaks against it, what is thin."""

    score: Span
    parts: tuple[tuple[OutsidePart, Span], ...]
    vetoes: tuple[str, ...]
    thin: tuple[str, ...]


@dataclass(frozen=True)
class Ceiling:
    """The most a term is worth: people reached for the first time × who join × what one brings, less what it costs to run."""

    reach: Span
    joins: Span
    most_fen: int
    base_most_fen: int


def judging_on(day: date) -> Judging:
    """The rules that hold on a day."""
    holding = [one for one in JUDGING if one.since <= day]
    return holding[-1] if holding else JUDGING[0]


def fits(seen: Seen, claimed: int) -> bool:
    """Can these counts be? No part is larger than its whole."""
    pairs = (
        (seen.repeated, seen.posts), (seen.on_topic, seen.posts), (seen.unsafe, seen.posts), (seen.burst, seen.joined),
        (seen.answered, seen.questions), (seen.in_target, seen.sampled), (seen.ours, seen.sampled),
        (seen.both, min(seen.first, seen.second)), (seen.active, claimed),
    )  # fmt: skip
    return all(0 <= part <= whole for part, whole in pairs) and seen.active > 0 and seen.posts > 0


def together(weeks: Sequence[Seen]) -> Seen:
    """Several weeks as one: shares over all of them, people as in the middle week."""
    if len(weeks) == 1:
        return weeks[0]
    total = {name: sum(getattr(one, name) for one in weeks) for name in Seen.__dataclass_fields__}
    total["active"] = sorted(one.active for one in weeks)[len(weeks) // 2]
    return Seen(**total)


def share(part: int, whole: int, z: float = Z95) -> Span:
    """A share with Wilson's interval; of nothing, everything is possible."""
    if whole <= 0:
        return Span(0.5, 0.0, 1.0, 0)
    p, z2 = part / whole, z * z
    centre = (p + z2 / (2 * whole)) / (1 + z2 / whole)
    half = z / (1 + z2 / whole) * sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole))
    return Span(p, max(0.0, centre - half), min(1.0, centre + half), whole)


def mix(parts: Sequence[tuple[float, Span]]) -> Span:
    """A weighted sum of independent shares; the interval adds the squares of the distances (MOVER)."""
    value = sum(w * one.value for w, one in parts)
    down = sqrt(sum((w * (one.value - one.low)) ** 2 for w, one in parts))
    up = sqrt(sum((w * (one.high - one.value)) ** 2 for w, one in parts))
    return Span(value, value - down, value + up, min(one.n for _, one in parts))


def evaluate(weeks: Sequence[Seen], claimed: int, judging: Judging) -> Verdict:
    """Five parts, their weighted sum, and what forbids working together whatever the sum."""
    seen = together(weeks)
    parts = {
        OutsidePart.FIT: share(seen.in_target, seen.sampled),
        OutsidePart.TOPIC: share(seen.on_topic, seen.posts),
        OutsidePart.AUTHENTIC: mix(
            [
                (1 / 3, share(min(seen.active, claimed), claimed)),
                (1 / 3, _rest(share(seen.repeated, seen.posts))),
                (1 / 3, _rest(share(seen.burst, seen.joined)) if seen.joined else Span(1.0, 1.0, 1.0)),
            ]
        ),
        OutsidePart.ENERGY: mix(
            [
                (1 / 2, share(seen.answered, seen.questions)),
                (1 / 2, share(min(seen.active, claimed), claimed)),
            ]
        ),
        OutsidePart.SAFETY: _rest(share(seen.unsafe, seen.posts)),
    }
    total = mix([(float(w), parts[part]) for part, w in judging.weights])
    score = Span(total.value, max(0.0, total.low), min(100.0, total.high), seen.sampled)
    vetoes = []
    if parts[OutsidePart.AUTHENTIC].high < judging.authentic_least / 1000:
        vetoes.append("not_authentic")
    if share(seen.unsafe, seen.posts).low > judging.unsafe_most / 1000:
        vetoes.append("unsafe")
    thin = [
        why
        for why, holds in (
            ("few_profiles", seen.sampled < judging.sample_least),
            ("few_weeks", len(weeks) < judging.weeks),
            ("no_second_look", not (seen.first and seen.second)),
        )
        if holds
    ]
    return Verdict(score, tuple(parts.items()), tuple(vetoes), tuple(thin))


def _rest(one: Span) -> Span:
    return Span(1 - one.value, 1 - one.high, 1 - one.low, one.n)


def people(seen: Seen) -> Span:
    """How many are there, from two looks (Chapman); without a second look, who was seen."""
    if not (seen.first and seen.second):
        return Span(float(seen.active), float(seen.active), float(seen.active), seen.active)
    n1, n2, m = seen.first, seen.second, seen.both
    value = (n1 + 1) * (n2 + 1) / (m + 1) - 1
    variance = (n1 + 1) * (n2 + 1) * (n1 - m) * (n2 - m) / ((m + 1) ** 2 * (m + 2))
    least = float(n1 + n2 - m)
    half = Z95 * sqrt(variance)
    return Span(max(value, least), max(value - half, least), value + half, m)


def newly_reached(weeks: Sequence[Seen]) -> Span:
    """U = people × (1 − overlap with our members and other supported communities); bounds from both, the careful way."""
    seen = together(weeks)
    there, overlap = people(weeks[-1]), share(seen.ours, seen.sampled)
    return Span(
        there.value * (1 - overlap.value),
        there.low * (1 - overlap.high),
        there.high * (1 - overlap.low),
        overlap.n,
    )


def ceiling(
    weeks: Sequence[Seen],
    *,
    value_fen: int,
    run_fen: int,
    joined: tuple[int, int] | None,
    judging: Judging,
) -> Ceiling:
    """The most that may be promised: careful (lower 20 %) numbers of people and of who joins, `joined` of `reached` in deals before.

    Without any deal before, the dated prior stands in, said as such beside the price. Never below nothing.
    """
    reach = newly_reached(weeks)
    part, whole = joined if joined and joined[1] else (judging.prior_joined, 1000)
    rate, careful = share(part, whole), share(part, whole, Z80)
    kept = 1 - judging.organic / 1000
    # the lower bounds together: careful twice rather than once
    joins = Span(
        reach.value * rate.value * kept, reach.low * careful.low * kept, reach.high * rate.high * kept, whole
    )
    most = max(0, floor(joins.low * value_fen) - run_fen)
    return Ceiling(reach, joins, most, most * judging.base_most // 1000)


def price_fen(*, base_fen: int, per_join_fen: int, most_joins: int) -> int:
    """What a deal can come to at most."""
    return base_fen + per_join_fen * most_joins


def due_joins_fen(*, kept: int, paid: int, most_joins: int, per_join_fen: int) -> int:
    """What is due now for joins that were kept: none twice, none above the cap."""
    return max(0, min(kept, most_joins) - paid) * per_join_fen
