"""Communities with a known character, for the size and gaming tests; the attacks; and a naive index as control arm.

Friends come in circles whose size does not depend on the community's, people differ in how active they are, and each community has
a liveliness of its own for every side of it.
"""

from dataclasses import replace

import numpy as np

from tongxin.compass.indices.facts import (
    Attendance,
    CommunityFacts,
    Contacts,
    Deeds,
    Invitees,
    Outputs,
    Reads,
    Registrations,
)  # fmt: skip

AS_OF = 20_500
KINDS = np.array(["visit", "post", "reply", "checkin", "like", "photo", "answer"])


def community(code, n, seed, kind="parents", *, life=None, opened=AS_OF - 700):
    """One community of n members; `life` is its liveliness (0–1) on each of nine sides."""
    rng = np.random.default_rng(seed)
    life = rng.random(9) if life is None else np.full(9, life) if np.isscalar(life) else np.asarray(life)
    outside = n // 5
    people = n + outside
    joined = np.concatenate([AS_OF - rng.integers(40, 600, n), np.full(outside, -1)])
    host = np.zeros(people, bool)
    host[0] = True
    circle = rng.permutation(np.arange(n) // 9)
    shape = 0.5 + 3 * life[1]  # a low one: few do most of it
    love = rng.gamma(shape, 1 / shape, n) * (rng.random(n) < 0.35 + 0.6 * life[0])  # some never turn up
    days = rng.poisson(love * (3 + 12 * life[0]))
    who = np.repeat(np.arange(n), days)
    tastes = 1 + rng.binomial(6, 0.15 + 0.6 * life[2], n)
    kind_no = (rng.integers(0, 7, len(who)) % tastes[who]).astype(int)
    deeds = Deeds(who, AS_OF - rng.integers(0, 91, len(who)), KINDS[kind_no], rng.random(len(who)) < 0.1)
    at = rng.poisson(love * 0.8)
    reg_who = np.repeat(np.arange(n), at)
    registrations = Registrations(reg_who, rng.random(len(reg_who)) < 0.45 + 0.5 * life[3])
    return CommunityFacts(
        code, kind, AS_OF, opened, joined, np.zeros(people, bool), host, np.arange(people),
        np.concatenate([rng.integers(0, 2 + int(3 * life[4]), n), rng.integers(0, 5, outside)]),
        deeds, registrations, *_meetings(rng, n, outside=outside, circle=circle, love=love, life=life), _invitees(rng, n, life[6]),
        _reads(rng, n, life[7]), _outputs(rng, n, love, life[8]),
    )  # fmt: skip


def _meetings(rng, n, *, outside, circle, love, life):
    """Small events of two circles, replies inside circles, one big livestream; outsiders turn up now and then."""
    event, person, day = [], [], []
    source, target, kind, when = [], [], [], []
    number = 0
    circles = circle.max() + 1
    for c in range(circles):
        for _ in range(rng.poisson(1 + 5 * life[5])):
            other = (
                c + rng.integers(1, 4)
            ) % circles  # neighbours, so that meeting again does not hang on size
            here = np.flatnonzero((circle == c) | (circle == other))
            here = here[rng.random(len(here)) < np.minimum(0.9, 0.2 + 0.4 * love[here])]
            guests = (
                n + rng.integers(0, max(outside, 1), 1)
                if outside and rng.random() < 0.3
                else np.zeros(0, int)
            )
            here = np.concatenate([here, guests])
            event.append(np.full(len(here), number))
            person.append(here)
            day.append(np.full(len(here), AS_OF - rng.integers(0, 300)))
            number += 1
        inside = np.flatnonzero(circle == c)
        if len(inside) > 1:
            many = rng.poisson(len(inside) * (1 + 8 * life[4]))
            a, b = rng.choice(inside, many), rng.choice(inside, many)
            source.append(a)
            target.append(b)
            kind.append(rng.choice(["reply", "answer", "accepted"], many, p=[0.7, 0.2, 0.1]))
            when.append(AS_OF - rng.integers(0, 200, many))
    friends = rng.integers(
        0, n, (rng.poisson(n * (0.2 + 1.3 * life[5])), 2)
    )  # friends of other circles, both ways
    friends = friends[friends[:, 0] != friends[:, 1]]
    for a, b in (friends.T, friends.T[::-1]):
        source.append(np.repeat(a, 3))
        target.append(np.repeat(b, 3))
        kind.append(np.full(3 * len(a), "reply"))
        when.append(AS_OF - rng.integers(0, 120, 3 * len(a)))
    crowd = np.flatnonzero(rng.random(n) < 0.5)
    event.append(np.full(len(crowd), number))
    person.append(crowd)
    day.append(np.full(len(crowd), AS_OF - 10))
    join = np.concatenate
    return Attendance(join(person), join(event), join(day)), Contacts(
        join(source), join(target), join(kind), join(when)
    )


def _invitees(rng, n, life):
    many = rng.poisson(n * (0.05 + 0.4 * life))
    joined = AS_OF - rng.integers(0, 90, many)
    acted = np.where(rng.random(many) < 0.5, joined + rng.integers(0, 30, many), -1)
    return Invitees(rng.integers(0, n, many), 10_000 + np.arange(many), joined, acted)


def _reads(rng, n, life):
    many = rng.poisson(n * (0.2 + 3 * life))
    reader = 100_000 + rng.integers(0, 20 * n, many)
    return Reads(rng.integers(0, n, many), reader, 1 + rng.geometric(0.6, many), rng.integers(0, 120, many))


def _outputs(rng, n, love, life):
    many = rng.poisson(n * (0.2 + 1.2 * life))
    person = rng.choice(n, many, p=(love + 0.05) / (love + 0.05).sum())
    kind = rng.choice(
        ["featured", "accepted", "saved", "adopted", "ritual"], many, p=[0.2, 0.35, 0.35, 0.05, 0.05]
    )
    other = np.where(np.isin(kind, ["accepted", "saved"]), rng.integers(0, n, many), -1)
    return Outputs(person, kind, np.arange(many), other, AS_OF - rng.integers(0, 91, many))


def peers(count=80, seed=100, sizes=(40, 120, 150, 180, 300, 400)):
    """A chain's communities of one type, of all sizes."""
    lives = np.random.default_rng(seed).random(
        (count, 9)
    )  # the same characters at every size, so that cells differ by size only
    return [
        community(f"C{i:03d}", sizes[i % len(sizes)], seed + i, life=lives[i // len(sizes)])
        for i in range(count)
    ]


def more(part, **columns):
    """The same rows with others added at the end."""
    return type(part)(
        **{name: np.concatenate([getattr(part, name), np.asarray(rows)]) for name, rows in columns.items()}
    )


def thousand_messages(facts):
    """One member posts a thousand messages in a month and replies to everybody."""
    who = int(facts.eligible[-1])
    k = 1000
    rng = np.random.default_rng(1)
    deeds = more(
        facts.deeds, person=np.full(k, who), day=AS_OF - rng.integers(0, 30, k), kind=np.full(k, "post"),
        rewarded=np.zeros(k, bool),
    )  # fmt: skip
    to = rng.choice(facts.eligible, k)
    contacts = more(
        facts.contacts,
        source=np.full(k, who),
        target=to,
        kind=np.full(k, "reply"),
        day=AS_OF - rng.integers(0, 30, k),
    )
    return replace(facts, deeds=deeds, contacts=contacts)


def fake_invitees(facts):
    """One member invents fifty newcomers on the same two phones, who "check in" and read what was shared."""
    who = int(facts.eligible[-1])
    k = 50
    phones = np.array([facts.identity[who], 999_999])[np.arange(k) % 2]
    invitees = more(
        facts.invitees,
        inviter=np.full(k, who),
        identity=phones,
        joined=np.full(k, AS_OF - 20),
        acted=np.full(k, AS_OF - 19),
    )
    reads = more(
        facts.reads, sharer=np.full(k, who), reader=phones, depth=np.ones(k, int), dwell=np.full(k, 30)
    )
    empty = np.full(k, -1)
    people = len(facts.joined)
    grown = replace(
        facts,
        joined=np.concatenate([facts.joined, np.full(k, AS_OF - 20)]),
        staff=np.concatenate([facts.staff, np.zeros(k, bool)]),
        host=np.concatenate([facts.host, np.zeros(k, bool)]),
        identity=np.concatenate([facts.identity, phones]),
        place=np.concatenate([facts.place, empty]),
        invitees=invitees,
        reads=reads,
    )
    one = np.arange(people, people + k)
    return replace(grown, deeds=more(grown.deeds, person=one, day=np.full(k, AS_OF - 19), kind=np.full(k, "checkin"), rewarded=np.zeros(k, bool)))  # fmt: skip


def mutual_likers(facts):
    """Thirty members like each other's posts every day of a month."""
    rng = np.random.default_rng(2)
    some = rng.choice(facts.eligible, 30, replace=False)
    a, b = (side.ravel() for side in np.meshgrid(some, some))
    a, b = a[a != b], b[a != b]
    day = AS_OF - np.tile(np.arange(30), len(a))
    a, b = np.repeat(a, 30), np.repeat(b, 30)
    k = len(a)
    deeds = more(facts.deeds, person=a, day=day, kind=np.full(k, "like"), rewarded=np.zeros(k, bool))
    contacts = more(facts.contacts, source=a, target=b, kind=np.full(k, "like"), day=day)
    return replace(facts, deeds=deeds, contacts=contacts)


ATTACKS = {
    "1,000 messages": thousand_messages,
    "50 fake invitees": fake_invitees,
    "30 mutual likers": mutual_likers,
}


def naive(facts):
    """What a dashboard without protection would show: totals, heads and likes. The control arm."""
    inside = np.flatnonzero(facts.joined >= 0)
    counted = np.isin(facts.deeds.person, inside)
    liked = facts.contacts.kind == "like"
    pairs = np.unique(np.stack([facts.contacts.source, facts.contacts.target], axis=1), axis=0)
    mine = np.isin(pairs[:, 0], inside)
    return {
        "influence": float(np.isin(facts.invitees.inviter, inside).sum()),
        "connection": float(mine.sum() + liked.sum()),
        "participation": float(counted.sum()),
        "output": float((counted & (facts.deeds.kind == "post")).sum()),
    }


def naive_percentile(facts, table):
    """Percentile of the naive totals among the peers' totals, a list of what `naive` says of each."""
    found = naive(facts)
    out = {}
    for name, value in found.items():
        rows = np.sort([row[name] for row in table])
        out[name] = float(np.interp(value, rows, 100 * (np.arange(len(rows)) + 0.5) / len(rows)))
    return out
