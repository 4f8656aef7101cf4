"""Inviters with their friends, honest ones and rings, with the truth about each friend. The same for the suite and the bench."""

from datetime import UTC, datetime, timedelta

from tongxin.amplify.rules.referrals import Inviter, Named

START = datetime(2026, 11, 1, 1, tzinfo=UTC)
STORES = 12
CAREFUL = 0.1  # of the friends of a ring behave like anybody: nothing here can tell them apart


def made_up(rng, *, inviters, rings):
    """Pairs of an inviter and, friend by friend, whether they are made up.

    Honest: most bring one to three; some are couples with one phone, some register at the counter's tablet, a few bring a class.
    Rings: one coat with a spare phone, a few phones in turn, phones shared among inviters of one farm, a drip over weeks.
    """
    tablets = {f"tablet{n}": rng.randint(5, 9) for n in range(max(1, inviters // 150))}
    for n in range(inviters):
        yield _honest(rng, n, tablets)
    farm = 0
    while farm < rings:
        size = 3 if farm % 5 == 3 else 1
        pool = [f"farm{farm}.{k}" for k in range(6)]
        for k in range(size):
            yield _ring(rng, f"{farm}.{k}", farm % 5, pool)
        farm += size


def _honest(rng, n, tablets):
    kind = rng.random()
    size = rng.randint(5, 10) if kind < 0.02 else rng.choice([1, 1, 1, 2, 2, 3])
    begin = START + timedelta(days=rng.uniform(0, 60))
    home, friends, elsewhere = f"home{n}", [], {}
    for k in range(size):
        hours = rng.uniform(0, 3) if kind < 0.02 else rng.uniform(0, 24 * 25)
        device = f"d{n}.{k}"
        if rng.random() < 0.02:
            device = home  # somebody at home on the same phone
        elif rng.random() < 0.02:
            device, others = rng.choice(sorted(tablets.items()))
            elsewhere[device] = others
        friends.append(_shops(rng, begin + timedelta(hours=hours), device))
    return Inviter(frozenset({home}), frozenset(), tuple(friends), elsewhere), [False] * size


def _ring(rng, name, kind, pool):
    size = rng.randint(5, 12)
    begin = START + timedelta(days=rng.uniform(0, 60))
    day, store, fen = (begin + timedelta(days=2)).date(), rng.randrange(STORES), rng.randrange(990, 3000)
    home, friends, elsewhere = f"boss{name}", [], {}
    for k in range(size):
        at = begin + timedelta(minutes=rng.uniform(0, 50))
        if kind == 0:  # one coat
            device = rng.choice([home, f"spare{name}"])
        elif kind == 1:  # a few phones in turn, over ten days
            device, at = f"phone{name}.{k % 3}", begin + timedelta(days=rng.uniform(0, 10))
        elif kind == 2:  # nobody names a device
            device = ""
        elif kind == 3:  # the phones of the farm
            device, at = rng.choice(pool), begin + timedelta(days=rng.uniform(0, 20))
            elsewhere[device] = 2
        else:  # a drip, each on a phone of their own, all to the till with one basket
            device, at = f"drip{name}.{k}", begin + timedelta(days=rng.uniform(0, 30))
        if rng.random() < CAREFUL:
            friends.append(_shops(rng, begin + timedelta(days=rng.uniform(0, 30)), f"careful{name}.{k}"))
            continue
        alike = kind == 4 or rng.random() < 0.4
        friends.append(
            Named(at, device, "", day, fen + rng.randrange(20), store) if alike else _shops(rng, at, device)
        )
    return Inviter(frozenset({home}), frozenset(), tuple(friends), elsewhere), [True] * size


def _shops(rng, at, device):
    on = (at + timedelta(days=rng.uniform(0, 30))).date()
    return Named(at, device, "", on, int(rng.lognormvariate(8.6, 0.7)), rng.randrange(STORES))
