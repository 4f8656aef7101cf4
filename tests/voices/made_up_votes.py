"""Votes of a contest, honest and planted, with the truth. The same for the suite and the bench."""

from datetime import UTC, datetime, timedelta

from tongxin.voices.rules.votes import Cast

OPENED = datetime(2026, 11, 1, 2, tzinfo=UTC)
VOTING = timedelta(days=7)  # after ten days of entries
BOUGHT = 0.04  # planted votes from old accounts that have done things: nothing here can tell them apart


def made_up(rng, *, honest, planted):
    """Pairs of a vote and whether it was planted.

    Honest: one in seven is new, and a third of these did nothing but vote; entries are not equally liked; an entrant's evening call
    brings a dozen friends at once, most of them old members. Planted, in campaigns: a script within half an hour, a drip over all
    days, a handful at a time.
    """
    begin, entries = OPENED + timedelta(days=10), [f"e{n}" for n in range(12)]
    liked = [1 / (n + 2) for n in range(12)]
    for n in range(honest):
        new = rng.random() < 1 / 7
        joined = (
            OPENED + timedelta(days=rng.uniform(-5, 12))
            if new
            else OPENED - timedelta(days=rng.uniform(20, 400))
        )
        did = 0 if new and rng.random() < 1 / 3 else rng.randint(1, 60)
        called = rng.random() < 0.1
        at = begin + (timedelta(days=2, minutes=rng.uniform(0, 90)) if called else VOTING * rng.random())
        entry = "e3" if called else rng.choices(entries, liked)[0]
        yield Cast(f"h{n}", entry, max(at, joined), joined, did), False
    left, campaign = planted, 0
    while left > 0:
        size = min(left, rng.randint(15, 40))
        entry = rng.choice(entries[6:])
        start = begin + VOTING * rng.uniform(0, 0.8)
        for k in range(size):
            way = campaign % 3
            if way == 0:
                at = start + timedelta(minutes=rng.uniform(0, 30))
            elif way == 1:
                at = begin + VOTING * rng.random()
            else:
                at = start + timedelta(hours=(k // 6) * 5, minutes=rng.uniform(0, 40))
            bought = rng.random() < BOUGHT
            joined = (
                OPENED - timedelta(days=90)
                if bought
                else min(at, OPENED + timedelta(days=rng.uniform(-3, 14)))
            )
            yield Cast(f"b{campaign}.{k}", entry, at, joined, rng.randint(2, 20) if bought else 0), True
        left, campaign = left - size, campaign + 1
