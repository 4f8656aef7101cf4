"""Every component of the four indices against a twin in plain loops, and its counters against gaming one by one."""

import math
from dataclasses import replace

import numpy as np
import pytest
from made_communities import AS_OF, community, more

from tongxin.compass.errors import BadInput
from tongxin.compass.indices import connection, influence, output, participation, ties
from tongxin.compass.indices.base import Figure, effective
from tongxin.compass.indices.facts import (
    Attendance,
    CommunityFacts,
    Contacts,
    Deeds,
    Invitees,
    Outputs,
    Premium,
    Reads,
    Registrations,
)
from tongxin.compass.indices.reference import frame_of

TAU = 0.6


@pytest.fixture(scope="module")
def made():
    return community("T", 90, 5)


def small(n=6, **parts):
    """n old members, no staff."""
    return CommunityFacts(
        "S", "parents", AS_OF, AS_OF - 400, np.full(n, AS_OF - 300), np.zeros(n, bool), np.zeros(n, bool),
        np.arange(n), np.zeros(n, int), **parts,
    )  # fmt: skip


def frame(facts, **more_of):
    return frame_of(facts, more_of.get("tau", TAU), more_of.get("cap", 5.0), weight=more_of.get("weight"))


def deeds(*rows):
    person, day, kind, rewarded = zip(*rows, strict=True)
    return Deeds(np.array(person), AS_OF - np.array(day), np.array(kind), np.array(rewarded))


def test_participation_against_twins(made):
    who = set(made.eligible.tolist())
    by_person = {}
    for person, day, kind, rewarded in zip(
        *(getattr(made.deeds, f).tolist() for f in ("person", "day", "kind", "rewarded")), strict=True
    ):
        if person in who and AS_OF - 91 < day <= AS_OF:
            by_person.setdefault(person, []).append((day, kind, rewarded))
    worth = {p: max((0.25 if r or k == "like" else 1.0) for _, k, r in rows) for p, rows in by_person.items()}
    got = participation.breadth(frame(made))
    assert got.raw[0] == pytest.approx(sum(worth.values()) / len(who))
    earnest = {p: [row for row in rows if row[1] != "like"] for p, rows in by_person.items()}
    stick = []
    for block in range(3):
        days, active = 0.0, 0.0
        for rows in earnest.values():
            inside = [
                (d, 0.25 if r else 1.0)
                for d, _, r in rows
                if AS_OF - 30 * (block + 1) < d <= AS_OF - 30 * block
            ]
            best = {}
            for d, w in inside:
                best[d] = max(best.get(d, 0), w)
            days += sum(best.values())
            active += max(best.values(), default=0)
        stick.append(days / 30 / active)
    assert participation.frequency(frame(made)).raw[0] == pytest.approx(sum(stick) / 3)
    up, down, amounts = 0.0, 0.0, []
    for rows in earnest.values():
        if not rows:
            continue
        kinds, days = {}, {}
        for d, k, r in rows:
            kinds[k] = max(kinds.get(k, 0), 0.25 if r else 1.0)
            one = days.setdefault(d, [0, 0.0])
            one[0] += 1
            one[1] = max(one[1], 0.25 if r else 1.0)
        active = max(kinds.values())
        up += math.log1p(sum(kinds.values())) * active
        down += active
        amounts.append(sum(w * (1 + math.log(n)) for n, w in days.values()))
    assert participation.depth(frame(made)).raw[0] == pytest.approx(up / down)
    cut = float(np.quantile(amounts, 0.99))
    amounts = [min(a, cut) for a in amounts]
    entropy = -sum(a / sum(amounts) * math.log(a / sum(amounts)) for a in amounts)
    assert participation.evenness(frame(made)).raw[0] == pytest.approx(math.exp(entropy) / len(amounts))
    rows = [
        c
        for p, c in zip(made.registrations.person.tolist(), made.registrations.came.tolist(), strict=True)
        if p in who
    ]
    assert participation.attendance(frame(made)).raw[0] == pytest.approx(sum(rows) / len(rows))


def test_drawing_somebody_twice_is_having_two_of_them():
    amount = np.array([3.0, 1.0, 0.0, 2.0])
    weight = np.array([[2.0, 1, 1, 0], [0, 0, 5, 0]])
    copies = np.array([3.0, 3, 1])
    share = copies / copies.sum()
    assert effective(weight, amount) == pytest.approx([math.exp(-(share * np.log(share)).sum()), 0.0])


def test_a_like_is_a_quarter_of_a_presence_and_nothing_else():
    facts = small(deeds=deeds((0, 1, "post", False), (1, 1, "like", False), (2, 1, "post", True)))
    assert participation.breadth(frame(facts)).raw[0] == pytest.approx(1.5 / 6)
    assert participation.frequency(frame(facts)).raw[0] == pytest.approx(1.25 / 30 / 1.25)
    only = small(deeds=deeds((1, 1, "like", False)))
    assert math.isnan(participation.depth(frame(only)).raw[0])
    assert math.isnan(participation.evenness(frame(only)).raw[0])
    assert math.isnan(participation.frequency(frame(only)).raw[0])


def test_what_is_not_known_is_none():
    bare = frame(small())
    for component in (
        *participation.COMPONENTS,
        *connection.COMPONENTS,
        *influence.COMPONENTS,
        *output.COMPONENTS,
    ):
        assert component.figure(bare) is None


def contact(*rows):
    source, target, kind, day = zip(*rows, strict=True)
    return Contacts(np.array(source), np.array(target), np.array(kind), AS_OF - np.array(day))


def test_strength_of_a_tie_by_hand():
    """Two small events, replies both ways, an accepted answer: w = Σ b ln(1 + Σ k 2^(−age/h))."""
    came = Attendance(
        np.array([0, 1, 2, 0, 1]), np.array([7, 7, 7, 8, 8]), AS_OF - np.array([120, 120, 120, 0, 0])
    )
    turned = contact((0, 1, "reply", 56), (1, 0, "answer", 0), (0, 1, "accepted", 120), (2, 0, "reply", 0))
    found = ties.of(small(attendance=came, contacts=turned))
    strength = {(int(a), int(b)): float(s) for a, b, s in zip(found.a, found.b, found.strength, strict=True)}
    together = math.log1p(0.5 / 2 + 1.0)  # 1/(3−1) halved by 120 days, and 1/(2−1) today
    replies = math.log1p(0.5 + 1.0)
    assert strength[0, 1] == pytest.approx(together + replies + 2 * math.log1p(0.5))
    assert strength[0, 2] == pytest.approx(math.log1p(0.25))  # one-sided reply: nothing
    assert found.contacts.tolist() == [5, 1, 1]
    assert found.online.tolist() == [True, False, False]


def test_newman_weights_make_every_event_worth_one():
    """Davis's rule: at the event's own day the strength one person gains over all others is exactly 1 before the logarithm."""
    n = 12
    came = Attendance(np.arange(n), np.zeros(n, int), np.full(n, AS_OF))
    found = ties.of(small(n, attendance=came))
    assert np.expm1(found.strength)[found.a == 0].sum() == pytest.approx(1.0)


def test_large_events_likes_and_chatter_make_no_tie():
    n = 80
    crowd = Attendance(np.arange(n), np.zeros(n, int), np.full(n, AS_OF))
    assert len(ties.of(small(n, attendance=crowd)).a) == 0
    sixty = Attendance(np.arange(60), np.zeros(60, int), np.full(60, AS_OF))
    assert len(ties.of(small(n, attendance=sixty)).a) == 60 * 59 // 2
    likes = contact(*[(0, k, "like", 0) for k in range(1, 6)], *[(k, 0, "like", 0) for k in range(1, 6)])
    assert len(ties.of(small(contacts=likes)).a) == 0
    many = contact(*[(0, 1, "reply", 0)] * 50, *[(1, 0, "reply", 0)] * 50)
    once = contact((0, 1, "reply", 0), (1, 0, "reply", 0))
    assert ties.of(small(contacts=many)).strength == pytest.approx(ties.of(small(contacts=once)).strength)
    assert len(ties.of(small(contacts=contact((0, 0, "reply", 0)))).a) == 0


def test_staff_are_nobodys_tie():
    facts = small(contacts=contact((0, 1, "reply", 0), (1, 0, "reply", 0), (1, 2, "accepted", 0)))
    staff = np.array([True, False, False, False, False, False])
    found = ties.of(replace(facts, staff=staff))
    assert (found.a.tolist(), found.b.tolist()) == ([1], [2])


def twin_components(nodes, edges):
    seen, parts = set(), []
    for node in nodes:
        if node in seen:
            continue
        here, todo = set(), [node]
        while todo:
            one = todo.pop()
            if one in here:
                continue
            here.add(one)
            todo += [b for a, b in edges if a == one] + [a for a, b in edges if b == one]
        seen |= here
        parts.append(here)
    return parts


def test_connection_against_twins(made):
    tau = 0.9
    every = ties.of(made)
    living = [
        (int(a), int(b), float(s), bool(on and off))
        for a, b, s, on, off in zip(
            every.a, every.b, every.strength, every.online, every.offline, strict=True
        )
        if s >= tau
    ]
    who = made.eligible.tolist()
    degree = dict.fromkeys(range(len(made.joined)), 0)
    for a, b, _, _ in living:
        degree[a] += 1
        degree[b] += 1
    f = frame(made, tau=tau)
    assert connection.connected(f).raw[0] == pytest.approx(sum(degree[p] >= 3 for p in who) / len(who))
    ends = [(p, both, a, b) for a, b, _, both in living for p in (a, b) if p in set(who)]
    assert connection.multiplex(f).raw[0] == pytest.approx(sum(both for _, both, _, _ in ends) / len(ends))
    across = sum(made.place[a] != made.place[b] for _, _, a, b in ends)
    assert connection.crossing(f).raw[0] == pytest.approx(across / len(ends))
    strength = dict.fromkeys(range(len(made.joined)), 0.0)
    for a, b, s, _ in living:
        strength[a] += s
        strength[b] += s
    linked = [p for p in strength if strength[p] > 0 and not made.host[p]]
    top = sorted(linked, key=lambda p: (-strength[p], p))[: math.ceil(0.01 * len(linked))]
    gone = set(top) | set(np.flatnonzero(made.host).tolist())
    left = [p for p in range(len(made.joined)) if p not in gone]
    parts = twin_components(left, [(a, b) for a, b, _, _ in living if a not in gone and b not in gone])
    largest = max(parts, key=len)
    stays = [p for p in who if p not in gone]
    assert connection.host_independence(f).raw[0] == pytest.approx(
        sum(p in largest for p in stays) / len(stays)
    )


def test_a_star_around_the_host_is_not_independent():
    """Control arm: with the host in place all hang together; without, nobody does."""
    n = 30
    star = contact(*[(0, k, "accepted", 0) for k in range(1, n)])
    facts = small(n, contacts=star)
    assert connection.host_independence(frame(facts, tau=0.1)).raw[0] < 0.05  # the hub is the strongest 1 %
    circle = contact(*[(k, (k + 1) % n, "accepted", 0) for k in range(n)])
    assert connection.host_independence(frame(small(n, contacts=circle), tau=0.1)).raw[0] == 1.0
    assert connection.multiplex(frame(facts)) is None
    assert connection.crossing(frame(replace(facts, place=np.full(n, -1)))) is None


def test_newcomers_are_verified_first_touch_and_one_person_once():
    def k(*rows):
        inviter, identity, joined, acted = zip(*rows, strict=True)
        return influence.verified_k(
            frame(small(invitees=Invitees(np.array(inviter), np.array(identity), AS_OF - np.array(joined), np.where(np.array(acted) < 0, -1, AS_OF - np.array(acted)))))
        ).above[0]  # fmt: skip

    assert k((0, 100, 40, 20)) == 1
    assert k((0, 100, 40, -1)) == 0  # never came
    assert k((0, 100, 60, 20)) == 0  # forty days later
    assert k((0, 100, 95, 94)) == 0  # before the window
    assert k((0, 100, 40, 45)) == 0  # had been there before
    assert k((0, 100, 40, 20), (1, 100, 30, 20)) == 1  # the same phone twice
    assert k((0, 3, 40, 20)) == 0  # a member's own phone
    assert k(*[(0, 100 + i % 2, 20, 19) for i in range(50)]) == 2
    f = frame(
        small(invitees=Invitees(np.array([1, 0]), np.array([9, 9]), np.full(2, AS_OF - 9), np.full(2, AS_OF)))
    )
    assert (f.weight @ np.ones(6))[0] == 6
    nobody = replace(
        small(),
        joined=np.full(6, -1),
        invitees=Invitees(np.array([0]), np.array([9]), np.array([AS_OF]), np.array([AS_OF])),
    )
    assert influence.verified_k(frame(nobody)).above[0] == 0


def test_readers_are_outside_distinct_attentive_and_halved_by_every_hand():
    def read(*rows, cap=99.0):
        sharer, reader, depth, dwell = (np.array(column) for column in zip(*rows, strict=True))
        return influence.cascade(frame(small(reads=Reads(sharer, reader, depth, dwell)), cap=cap)).above[0]

    assert read((0, 100, 1, 30)) == 1
    assert read((0, 100, 3, 30)) == 0.25
    assert read((0, 100, 1, 4)) == 0
    assert read((0, 2, 1, 30)) == 0  # a member
    assert read((0, 100, 2, 30), (1, 100, 1, 30)) == 1  # the shortest way counts
    assert read(*[(0, 100 + i, 1, 30) for i in range(40)], cap=5.0) == 5
    assert influence.readers(frame(small())).sum() == 0


def test_the_premium_comes_from_a_study_with_its_error():
    facts = small(premium=Premium(0.05, 0.01))
    found = influence.premium(frame(facts, weight=np.ones((4001, 6))))
    assert found.raw[0] == 0.05
    assert found.raw[1:].std() == pytest.approx(0.01, rel=0.05)


def made_outputs(*rows):
    person, kind, content, other, day = (np.array(column) for column in zip(*rows, strict=True))
    return output.output(frame(small(outputs=Outputs(person, kind, content, other, AS_OF - day))))


def test_output_counts_quality_once_and_evenly():
    one = made_outputs((0, "featured", 1, -1, 3))
    assert one.raw[0] == pytest.approx(100 * 6 / 6)
    assert made_outputs((0, "featured", 1, -1, 3), (1, "featured", 1, -1, 2)).raw[0] == pytest.approx(
        100
    )  # a copy
    saved = made_outputs(
        (0, "saved", 1, 2, 3), (0, "saved", 1, 3, 2), (0, "saved", 1, 3, 1), (0, "saved", 1, 0, 1)
    )
    assert saved.raw[0] == pytest.approx(100 * math.log(3) / 6)  # two distinct savers, not oneself
    assert made_outputs((0, "featured", 1, -1, 95)).raw[0] == 0
    even = made_outputs((0, "adopted", 1, -1, 3), (1, "adopted", 2, -1, 3)).raw[0]
    uneven = made_outputs((0, "adopted", 1, -1, 3), (0, "adopted", 2, -1, 3)).raw[0]
    assert even == pytest.approx(uneven)  # one contributor is as even as it gets
    lean = made_outputs(
        (0, "adopted", 1, -1, 3), (0, "adopted", 3, -1, 3), (0, "ritual", 4, -1, 3), (1, "saved", 2, 3, 3)
    )
    share = np.array([28, math.log(2)]) / (28 + math.log(2))
    people = math.exp(-(share * np.log(share)).sum())
    assert lean.raw[0] == pytest.approx(100 * (28 + math.log(2)) / 6 * math.sqrt(people / 2))


def test_two_who_accept_each_other_are_void():
    assert made_outputs((0, "accepted", 1, 1, 3), (1, "accepted", 2, 0, 3)).raw[0] == 0
    honest = made_outputs(
        *[(0, "accepted", k, k, 3) for k in range(1, 5)], (1, "accepted", 9, 0, 3), (1, "accepted", 10, 2, 3)
    )
    assert honest.above[0] > 0
    share = np.array([20, 10]) / 30
    people = math.exp(-(share * np.log(share)).sum())
    assert honest.raw[0] == pytest.approx(100 * 30 / 6 * math.sqrt(people / 2))


@pytest.mark.parametrize(
    "wrong",
    [
        {"staff": np.zeros(5, bool)},
        {"deeds": Deeds(np.array([9]), np.array([1]), np.array(["x"]), np.array([False]))},
        {"registrations": Registrations(np.array([1, 2]), np.array([True]))},
        {"contacts": Contacts(np.array([-1]), np.array([0]), np.array(["reply"]), np.array([0]))},
    ],
)
def test_facts_are_checked_at_the_door(wrong):
    with pytest.raises(BadInput):
        replace(small(), **wrong)


def test_who_is_eligible_and_who_is_kept(made):
    facts = replace(small(), joined=np.array([AS_OF - 28, AS_OF - 27, -1, AS_OF - 99, AS_OF - 99, AS_OF + 1]))
    facts = replace(facts, staff=np.array([False, False, False, True, False, False]))
    assert facts.eligible.tolist() == [0, 4]
    kept = made.keeping(made.eligible[:20])
    assert len(kept.eligible) == 20
    assert len(kept.joined) == len(made.joined)
    assert more(made.registrations, person=[1], came=[True]).person[-1] == 1


def test_a_figure_without_a_denominator_is_nan():
    assert math.isnan(Figure(np.array([1.0]), np.array([0.0]), rate=True).raw[0])
