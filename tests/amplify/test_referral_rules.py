"""Friends: what makes a person look, and what a purchase that was kept is worth."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from tongxin.amplify.rules.referrals import (
    Bought,
    DayNet,
    Due,
    Inviter,
    Named,
    Terms,
    due,
    first_purchase,
    flags,
)
from tongxin.amplify.terms_referrals import Flag, Part

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
DAY = date(2026, 11, 1)
TERMS = Terms(of_margin=50, direct=800, margin=300, refund_days=14)


def named(minutes=0, device="", phone=""):
    return Named(NOW + timedelta(minutes=minutes), device, phone)


@pytest.mark.parametrize(
    ("friend", "devices", "phones", "others", "found"),
    [
        (named(), (), (), [], ()),
        (named(device="d"), ("d",), (), [], (Flag.SAME_DEVICE,)),
        (named(device="d"), ("e",), (), [named(500, "d")], (Flag.SHARED_DEVICE,)),
        (named(phone="t"), (), ("t",), [], (Flag.SAME_PHONE,)),
        (named(), (), ("",), [named(500)], ()),
        (named(), (), (), [named(n) for n in (5, 10, 15)], ()),
        (named(), (), (), [named(n) for n in (5, 10, 15, 20)], (Flag.BURST,)),
        (
            named(),
            (),
            (),
            [named(n) for n in (-40, -30, 30, 40)],
            (),
        ),  # five within eighty minutes, four within an hour
        (named(), (), (), [named(60 * n) for n in range(2, 18, 2)], (Flag.BURST,)),
    ],
)
def test_what_makes_a_person_look(friend, devices, phones, others, found):
    assert flags(friend, Inviter(frozenset(devices), frozenset(phones), (friend, *others))) == found


def days(*rows):
    return [DayNet(DAY + timedelta(days=n), fen) for n, fen in rows]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([], None),
        ([(-3, 900), (1, -900)], None),
        ([(91, 900)], None),
        ([(2, 900)], (2, 900, 900)),
        ([(2, 900), (9, 500)], (2, 900, 900)),  # only the first counts
        ([(2, 900), (5, -300)], (2, 900, 600)),
        ([(2, 900), (5, -2000)], (2, 900, 0)),
    ],
)
def test_the_first_purchase_and_what_is_left_of_it(rows, found):
    bought = first_purchase(days(*rows), DAY, DAY + timedelta(days=90), TERMS)
    got = None if bought is None else ((bought.on - DAY).days, bought.first_fen, bought.left_fen)
    assert got == found
    assert bought is None or bought.due_on == bought.on + timedelta(days=15)


def bought(first, left):
    return Bought(DAY, DAY + timedelta(days=15), first, left)


@pytest.mark.parametrize(
    ("chain", "first", "lines"),
    [
        ((1,), 100_000, [(1, Part.DIRECT, 1500)]),
        ((1, 2), 100_000, [(1, Part.DIRECT, 1200), (2, Part.ASSIST, 300)]),
        ((1, 2, 3), 100_000, [(1, Part.DIRECT, 1200), (2, Part.ASSIST, 300)]),  # never a third
        ((9,), 100_000, []),  # never to oneself
        ((1, 9), 100_000, [(1, Part.DIRECT, 1500)]),
        ((1, 2), 333, [(1, Part.DIRECT, 3), (2, Part.ASSIST, 1)]),
        ((1,), 10, []),
    ],
)
def test_what_is_due(chain, first, lines):
    got = due(payer=9, chain=chain, bought=bought(first, first), terms=TERMS, paid=[])
    assert got == tuple(Due(*line) for line in lines)


def test_refunds_mirror_exactly_whatever_their_order():
    rng = random.Random(7)
    for _ in range(300):
        first = rng.randrange(1, 5_000_000)
        paid = list(due(payer=9, chain=(1, 2), bought=bought(first, first), terms=TERMS, paid=[]))
        left = first
        while left > 0:
            left = rng.choice([0, rng.randrange(left)])
            now = bought(first, left)
            paid += due(payer=9, chain=(1, 2), bought=now, terms=TERMS, paid=paid)
            assert due(payer=9, chain=(1, 2), bought=now, terms=TERMS, paid=paid) == ()
        for person in (1, 2):
            assert sum(line.fen for line in paid if line.person == person) == 0


def made_up(rng):
    """Honest inviters and rings of invented friends, with the truth: (friend, inviter, false?)."""
    for n in range(300):
        fake = n % 5 == 0
        home = f"home{n}"
        start = NOW + timedelta(days=rng.uniform(0, 60))
        size = rng.randint(4, 9) if fake else rng.randint(1, 4)
        friends = []
        for k in range(size):
            if fake:  # one coat for most, all in one sitting
                device = rng.choice([home, f"spare{n}", f"spare{n}"])
                at = start + timedelta(minutes=rng.uniform(0, 50))
            else:
                device = home if rng.random() < 0.03 else f"d{n}.{k}"
                at = start + timedelta(days=rng.uniform(0, 30))
            friends.append(Named(at, device))
        inviter = Inviter(frozenset({home}), frozenset(), tuple(friends))
        yield from ((friend, inviter, fake) for friend in friends)


def test_made_up_rings_are_held_before_anything_is_paid():
    """Promise P32: recall at least 0.9 at a precision of at least 0.8."""
    verdicts = [
        (bool(flags(friend, inviter)), false) for friend, inviter, false in made_up(random.Random(32))
    ]
    hit = sum(held and false for held, false in verdicts)
    recall = hit / sum(false for _, false in verdicts)
    precision = hit / sum(held for held, _ in verdicts)
    assert recall >= 0.9
    assert precision >= 0.8
