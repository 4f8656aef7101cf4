"""The lots of the simulated chain, drawn again and again without its database: are interval and truth about the same thing?

People, wishes and untreated spending stand still, as they do from build to build; only the secret seeds of the draws differ. The draws
are those of `foundation.draw`, the estimator is the engine's.
"""

from hashlib import sha256
from types import SimpleNamespace

import numpy as np
import pytest

from project import samples
from tongxin.compass.designs import randomised
from tongxin.compass.simulate import lived as worlds
from tongxin.compass.simulate.world import Effect
from tongxin.faces.cli.demo_chain import WINDOW, Size
from tongxin.faces.cli.demo_chain_days import COMES, EAGER, SEATS, Days
from tongxin.foundation.draw import rules

LOTS = 400 if samples.WHOLE else 120
WIDER = (400 / LOTS) ** 0.5  # the bounds below are those of 400 lots
SIZE = Size()
YUAN = 30.0


def entered(rng):
    """Who enters which draw: one row an applicant, by the wish that goes with the trait."""
    trait = rng.normal(size=SIZE.stores * SIZE.members)
    store = np.repeat(np.arange(SIZE.stores), SIZE.members)
    who = []
    for home in range(SIZE.draws):
        near = np.arange(home * SIZE.members, (home + 1) * SIZE.members - SIZE.regulars)
        keys = EAGER * trait[near] + rng.gumbel(size=len(near))
        who.append(near[np.argsort(-keys)[: SIZE.entrants]])
    return trait, store, np.array(who)


def drawn(who, lot):
    """One secret seed a draw; the arithmetic that anybody can repeat."""
    won = np.zeros(who.shape, dtype=bool)
    for draw, people in enumerate(who):
        names = [f"{person}*1" for person in people]
        seed = sha256(f"{lot}/{draw}".encode()).hexdigest()
        winners = set(rules.drawn(names, {"seats": SEATS, "winners": SEATS}, seed=seed))
        won[draw] = [name in winners for name in names]
    return won


def misses(effect=YUAN, tamper=lambda won, _trait: won):
    """Distance of the estimate from the truth in standard errors, lot by lot; `tamper` spoils the lots."""
    rng = np.random.default_rng(SIZE.seed)
    trait, store, who = entered(rng)
    month = SIZE.before + 1 + np.arange(SIZE.draws) % (SIZE.months - 4)
    found = []
    for lot in range(LOTS):
        won = tamper(drawn(who, lot), trait[who])
        came = np.full(len(trait), -1)
        there = won & (rng.random(won.shape) < COMES)
        came[who[there]] = np.broadcast_to(month[:, None], who.shape)[there]
        lived = worlds.Lived([""] * len(trait), [""] * SIZE.stores, store, trait, came)
        spent = worlds.spend(
            lived, SIZE.before + SIZE.months, Effect(yuan=effect), np.random.default_rng(SIZE.seed + 1)
        )
        rows, at = who.ravel(), np.repeat(month, SIZE.entrants)
        trial = randomised.trial(store[rows], won.ravel(), rows)

        def mean(first, last, rows=rows, at=at, spent=spent):
            return spent.y1[rows[:, None], at[:, None] + np.arange(first, last + 1)].mean(axis=1) / 100

        adjusted, _ = randomised.cuped(
            trial,
            randomised.difference(trial, mean(1, WINDOW)),
            randomised.difference(trial, mean(-6, -2)),
        )
        winners, since = who[won], np.broadcast_to(month[:, None], who.shape)[won]
        truth = worlds.gained(spent, winners, since, WINDOW)
        found.append((adjusted.value - truth) / randomised.standard_error(trial, adjusted.influence))
    return np.array(found)


@pytest.mark.sampled
def test_the_interval_holds_what_was_planted_in_nineteen_lots_of_twenty():
    z = misses()
    assert abs((np.abs(z) <= 1.96).mean() - 0.95) <= 0.025 * WIDER
    # the mean of 400 squares lies within 0.14 of one, nineteen times in twenty
    assert abs((z**2).mean() - 1) <= 0.2 * WIDER
    assert abs(z.mean()) < 0.15 * WIDER


def test_control_arm_lots_that_lean_to_those_who_spend_more_are_seen():
    def leaning(won, trait):
        return (
            np.argsort(np.argsort(-(trait + 2 * won), axis=1), axis=1) < SEATS
        )  # a few seats go by the trait

    z = misses(tamper=leaning)
    assert (z**2).mean() > 2


def test_nobody_is_in_two_draws():
    """Who won before would carry what it did into the other arm of the next draw."""
    homes = [home for home, _ in Days._draws(SimpleNamespace(size=SIZE))]
    assert len(set(homes)) == len(homes) == SIZE.draws
    with pytest.raises(ValueError, match="draws"):
        Size(stores=8, draws=9)
