"""What is known of each member on the five sides, each with the number of pieces of evidence behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from tongxin.compass import panel
from tongxin.compass.dataset import Dataset
from tongxin.compass.graph import attendance, bridging, deeds, pagerank, spread
from tongxin.compass.graph.deeds import Deeds
from tongxin.compass.graph.people import NEVER, NOTHING, People, Rows, number
from tongxin.compass.koc.policy import Policy
from tongxin.compass.periods import Calendar


@dataclass(frozen=True)
class Side:
    """One component.

    Attributes
    ----------
    value : float64 array, shape (n,)
        Larger is better, 0 = nothing seen.
    count : int64 array, shape (n,)
        Pieces of evidence.
    hits : int64 array, shape (n,)
        Successes among them (credibility: accepted answers); elsewhere equal to `count`.
    """

    value: np.ndarray
    count: np.ndarray
    hits: np.ndarray


@dataclass(frozen=True)
class Evidence:
    """Everything a shortlist is drawn from.

    Attributes
    ----------
    sides : dict of component to Side
        Only what the data can show.
    eligible : bool array, shape (n,)
    flags : dict of flag to float64 array, shape (n,)
        The figure of the flag's sentence, 0 = not flagged.
    last_day : int
    attention : Deeds
        Who replied to, accepted or was invited by whom; how often.
    """

    people: People
    sides: dict[str, Side]
    eligible: np.ndarray
    flags: dict[str, np.ndarray]
    last_day: int
    attention: Deeds


def gather(dataset: Dataset, people: People, policy: Policy) -> Evidence:
    """Look at the last `window_days`; deeds of staff and of members who refused measurement are left out."""
    last = last_day(dataset, people)
    first = last - policy.window_days + 1
    ours = ~(people.staff | people.refused)
    kept = {kind: _kept(rows.between(first, last), ours) for kind, rows in people.ties.items()}
    first_buy = first_purchases(dataset, people) if dataset.has("orders", "member_code") else None
    flags: dict[str, np.ndarray] = {}
    sides: dict[str, Side] = {}
    attention = _attention(kept, people.n)
    if {"reply", "accepted", "referral"} & set(kept):
        sides["reach"] = _reach(attention, flags)
    if "referral" in kept and first_buy is not None:
        all_referrals = _kept(people.deeds("referral"), ours)
        sides["conversion"] = _conversion(all_referrals, first_buy, (first, last), policy, flags)
    if "answer" in kept:
        sides["credibility"] = _credibility(kept, people.n, flags)
    if "like" in kept:
        sides["content"] = _content(_deeds(kept["like"], people.n), flags)
    if (people.store >= 0).any() and (kept or len(people.visits)):
        sides["bridging"] = _bridging(people, kept, ours, (first, last), policy)
    active = np.zeros(people.n, dtype=bool)
    for side in sides.values():
        active |= side.count > 0
    settled = (people.since == NEVER) | (people.since + policy.tenure_days <= last)
    return Evidence(people, sides, ours & active & settled, flags, last, attention)


def last_day(dataset: Dataset, people: People) -> int:
    """Return the last day anybody did anything, or of the last normal day of orders if that is later."""
    days = [rows.day.max() for rows in (people.visits, *people.ties.values()) if len(rows)]
    if dataset.has("orders"):
        days.append((np.datetime64(dataset.last_day) - np.datetime64("1970-01-01")).astype(int))
    return int(max(days, default=0))


def first_purchases(dataset: Dataset, people: People) -> np.ndarray:
    """Return the day of each member's first order that was worth something after refunds, `NEVER` without."""
    facts = panel.order_facts(dataset, Calendar("month", dataset.first_day.year * 12, 1))
    facts = facts.filter(facts.net > 0)
    rows = dataset.arrow(facts.group_by("member_code").agg(day=facts.day.min()))
    out = np.full(people.n, NEVER)
    at = number(rows["member_code"], people.codes)
    out[at[at >= 0]] = rows["day"].to_numpy()[at >= 0]
    return out


def _kept(rows: Rows, ours: np.ndarray) -> Rows:
    keep = ours[rows.who] & ours[rows.other] & (rows.who != rows.other)
    return Rows(rows.who[keep], rows.other[keep], rows.day[keep])


def _deeds(rows: Rows, n: int) -> Deeds:
    return deeds.build(rows.who, rows.other, n)


def _attention(kept: dict[str, Rows], n: int) -> Deeds:
    given = [(rows.who, rows.other) for kind, rows in kept.items() if kind in {"reply", "accepted"}]
    invited = kept.get("referral", NOTHING)
    given.append((invited.other, invited.who))  # who was invited looks at who invited
    who, towards = (np.concatenate([pair[i] for pair in given]) for i in (0, 1))
    return deeds.build(who, towards, n)


def _reach(attention: Deeds, flags: dict[str, np.ndarray]) -> Side:
    """PageRank of attention; a pair counts ln(1 + times), so that nobody is lifted by one busy friend."""
    n = attention.members
    most = np.zeros(n)
    np.maximum.at(most, attention.matrix.indices, attention.matrix.data)
    received = attention.received
    share = most / np.maximum(received, 1)
    flags["one_voice"] = np.where((received >= 6) & (share >= 0.5), share, 0.0)
    softened = sp.csr_array(
        (np.log1p(attention.matrix.data), attention.matrix.indices, attention.matrix.indptr), shape=(n, n)
    )
    rank = pagerank.of_deeds(Deeds(softened))
    people = attention.people
    return Side(np.where(people > 0, rank.value, 0.0), people, people)


def _conversion(
    referrals: Rows,
    first_buy: np.ndarray,
    window: tuple[int, int],
    policy: Policy,
    flags: dict[str, np.ndarray],
) -> Side:
    """Count invited members whose first purchase followed and lasted; who was invited twice counts for the first."""
    n = len(first_buy)
    order = np.lexsort((referrals.who, referrals.day, referrals.other))
    invited, inviter, day = referrals.other[order], referrals.who[order], referrals.day[order]
    earliest = np.append(True, invited[1:] != invited[:-1]) if len(invited) else np.zeros(0, dtype=bool)
    inside = earliest & (day >= window[0]) & (day <= window[1])
    invited, inviter, day = invited[inside], inviter[inside], day[inside]
    wait = first_buy[invited] - day
    kept = (wait >= 0) & (wait <= policy.credit_days) & (first_buy[invited] + policy.refund_days <= window[1])
    bought = np.bincount(inviter[kept], minlength=n).astype(np.int64)
    ripe = day + policy.credit_days + policy.refund_days <= window[1]
    waited = np.bincount(inviter[ripe], minlength=n)
    flags["empty_referrals"] = np.where((waited >= 10) & (bought <= 0.05 * waited), waited, 0).astype(float)
    flags["referral_burst"] = _burst(inviter, day, n)
    return Side(bought.astype(np.float64), bought, bought)


def _burst(inviter: np.ndarray, day: np.ndarray, n: int) -> np.ndarray:
    """Return the most invitations of one day where they are at least five and half of all, else 0."""
    out = np.zeros(n)
    pairs, times = np.unique(np.stack((inviter, day)), axis=1, return_counts=True)
    np.maximum.at(out, pairs[0], times)
    total = np.bincount(inviter, minlength=n)
    return np.where((out >= 5) & (out * 2 >= total), out, 0.0)


def _credibility(kept: dict[str, Rows], n: int, flags: dict[str, np.ndarray]) -> Side:
    """Wilson's lower bound of the accepted share; acceptances that two people exchange do not count."""
    answers = np.bincount(kept["answer"].who, minlength=n).astype(np.int64)
    accepted = _deeds(kept.get("accepted", NOTHING), n)
    every = np.rint(accepted.received).astype(np.int64)
    back = _returned(accepted)
    exchanged = np.rint(np.bincount(back.indices, weights=back.data, minlength=n)).astype(np.int64)
    share = exchanged / np.maximum(every, 1)
    ring = (exchanged >= 3) & (share > 0.3)
    flags["accept_ring"] = np.where(ring, share, 0.0)
    hits = np.where(ring, every - exchanged, every)
    trials = np.maximum(answers, hits)
    return Side(spread.wilson(hits, trials)[0], trials, hits)


def _content(likes: Deeds, flags: dict[str, np.ndarray]) -> Side:
    """Distinct people who liked without being liked back: trading likes earns nothing."""
    back = _returned(likes)
    mutual = np.bincount(back.indices, minlength=likes.members)
    every = likes.people
    share = mutual / np.maximum(every, 1)
    flags["mutual_likes"] = np.where((mutual >= 5) & (share > 0.5), share, 0.0)
    given = (every - mutual).astype(np.int64)
    return Side(given.astype(np.float64), given, given)


def _returned(some: Deeds) -> sp.csr_array:
    """Return the entries whose opposite is there too."""
    pattern = sp.csr_array(some.matrix.T.tocsr())
    pattern.data[:] = 1.0
    return sp.csr_array(some.matrix.multiply(pattern))


def _bridging(
    people: People, kept: dict[str, Rows], ours: np.ndarray, window: tuple[int, int], policy: Policy
) -> Side:
    visits = people.visits.between(*window)
    there = ours[visits.who]
    met = attendance.build(
        visits.who[there], visits.other[there], people.n, people.events, largest=policy.largest_meeting
    )
    rows = [kept[kind] for kind in ("reply", "answer") if kind in kept]
    talk = None
    count = met.strength
    if rows:
        who = np.concatenate([row.who for row in rows])
        other = np.concatenate([row.other for row in rows])
        talk = deeds.build(who, other, people.n)
        count = count + np.bincount(who, minlength=people.n) + np.bincount(other, minlength=people.n)
    value = bridging.participation(people.store, len(people.stores), met, talk)
    return Side(np.where(count > 0, value, 0.0), count.astype(np.int64), count.astype(np.int64))


def codes_of(people: People, at: np.ndarray) -> list[str]:
    """Return member codes by number."""
    return pc.take(people.codes, pa.array(at)).to_pylist()
