"""Friends: what makes a person look, and what a purchase that was kept is worth."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from amplify.made_up_friends import made_up
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
    held,
)
from tongxin.amplify.terms_referrals import Flag, Part

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
DAY = date(2026, 11, 1)
TERMS = Terms(of_margin=50, direct=800, high=300, margin=300, refund_days=14)


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


def judged(seed, without=()):
    """Recall and precision of what is held, over made-up inviters; `without` flags switched off."""
    hit = held_ = false_ = 0
    for inviter, truth in made_up(random.Random(seed), inviters=260, rings=14):
        for friend, false in zip(inviter.friends, truth, strict=True):
            waits = held([one for one in flags(friend, inviter) if one not in without], friend)
            hit, held_, false_ = hit + (waits and false), held_ + waits, false_ + false
    return hit / false_, hit / held_


@pytest.mark.parametrize("seed", [32, 33])
def test_made_up_rings_are_held_before_anything_is_paid(seed):
    """Promise P32: recall at least 0.9 at a precision of at least 0.8. The full count: bench/amplify.py."""
    recall, precision = judged(seed)
    assert (recall >= 0.9, precision >= 0.8) == (True, True), (recall, precision)


def test_control_devices_alone_would_let_half_of_them_through():
    recall, _ = judged(32, without={Flag.BURST, Flag.ALIKE, Flag.RING, Flag.ELSEWHERE})
    assert recall < 0.8
