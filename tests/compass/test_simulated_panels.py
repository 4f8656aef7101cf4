"""The short way from a world to the engine's panel says what the long way through tables says."""

import numpy as np
import pytest

from tongxin.compass import dataset, effects, frame, inference, panel, population, window
from tongxin.compass.design import Design
from tongxin.compass.errors import BadInput
from tongxin.compass.kpis import KPIS
from tongxin.compass.methods import standing
from tongxin.compass.periods import calendar_for
from tongxin.compass.simulate import panels, world
from tongxin.compass.simulate.world import Effect

DESIGN = Design(windows=(3,))
SPEND = KPIS["spend_per_month"]


def opened(sums, people):
    return window.open_window(frame.frame(sums, people, DESIGN, 3, effects.Reader(sums)))


@pytest.fixture(scope="module")
def both():
    made = world.make(
        "spike",
        Effect(yuan=30.0),
        np.random.default_rng(21),
        members=4000,
        join_share=0.2,
        switches={"staff_accounts": 0.01, "churn": 0.01},
    )
    read = dataset.open_sources(made.tables, simulated=True)
    calendar = calendar_for("month", read)
    facts = panel.gather(read, calendar)
    long = panel.build(read, calendar, facts)
    return made, (long, population.gather(read, DESIGN, long, facts)), panels.of_world(made)


def test_the_sums_are_the_same_to_the_fen(both):
    _, (long, _), (short, _) = both
    assert short.codes.equals(long.codes)
    assert short.calendar == long.calendar
    for name in ("spend", "orders"):
        assert (short.values[name] == long.values[name]).all()


def test_the_people_are_the_same_up_to_the_home_store(both):
    _, (_, long), (_, short) = both
    for name in ("entry", "no_show", "since_day", "paid_from", "paid_to", "usable"):
        assert (getattr(short, name) == getattr(long, name)).all(), name
    assert short.stores == long.stores
    assert short.excluded == long.excluded
    assert short.treated_total == long.treated_total
    # one order in twenty lies in another store: who bought once or twice may seem at home there
    assert (short.store == long.store).mean() > 0.99
    same = short.store == long.store
    assert (short.place == long.place)[same].all()


def test_with_the_same_home_stores_the_answer_is_the_same_to_the_last_digit(both):
    _, (long, there), (short, here) = both
    here = type(here)(**(vars(here) | {"store": there.store, "place": there.place}))
    for method in ("never_joiners", "split_window", "later_joiners"):
        one = window.read(opened(long, there), method, SPEND).estimate
        two = window.read(opened(short, here), method, SPEND).estimate
        assert (one.value, one.se, one.ci) == (two.value, two.se, two.ci)


def test_drawn_without_tables_the_people_follow_the_same_distributions():
    draft, sums, people = panels.draw("level", Effect(yuan=30.0), np.random.default_rng(3), members=8000)
    made = world.make("level", Effect(yuan=30.0), np.random.default_rng(4), members=8000)
    far, others = panels.of_world(made)
    assert (sums.values["spend"] == draft.y1[draft.y1.any(axis=1)]).all()
    each = [panel.values["spend"].sum() / panel.values["orders"].sum() for panel in (sums, far)]
    assert each[0] == pytest.approx(each[1], rel=0.01)
    for read in (
        lambda p: np.quantile(p.since_day, [0.1, 0.5, 0.9]) / 1000,
        lambda p: (p.paid_from < 2**39).mean(),
        lambda p: p.usable.mean(),
        lambda p: (p.no_show < 2**39).mean(),
    ):
        assert read(people) == pytest.approx(read(others), rel=0.1)


def test_switches_that_change_people_reach_the_panel():
    draft, sums, people = panels.draw(
        "level",
        Effect(yuan=30.0),
        np.random.default_rng(3),
        members=3000,
        switches={"referral": 0.3, "on_paid": 0.05, "staff_accounts": 0.02, "lottery": 0.5, "on_basket": 1.0},
    )
    assert draft.newcomers > 10
    assert sums.members == draft.y1.any(axis=1).sum()
    assert (~people.usable).sum() >= draft.staff.sum()
    assert (people.entry[people.entry < 2**39] >= 12).all()


def test_switches_on_tables_are_refused():
    with pytest.raises(BadInput, match="missing_ids"):
        panels.draw("level", Effect(), np.random.default_rng(1), switches={"missing_ids": 0.2})


def test_people_who_never_bought_are_in_no_panel():
    draft, sums, people = panels.draw(
        "level", Effect(), np.random.default_rng(2), members=500, switches={"inflation": 0.0, "churn": 0.5}
    )
    assert sums.members == len(people.entry) == draft.y1.any(axis=1).sum()


# ---- intervals (the full counts stand in bench/worlds.py)


def test_both_control_groups_are_right_where_people_join_after_a_good_month():
    """24 worlds, the six-month window: later joiners have their own good month just before entry; it must not lie in the window."""
    gaps = {"never_joiners": [], "later_joiners": []}
    asked = Design(windows=(6,), draws=0)
    for seed in range(24):
        draft, sums, people = panels.draw(
            "spike",
            Effect(yuan=30.0),
            np.random.default_rng(700 + seed),
            members=2500,
            months=30,
            join_share=0.25,
        )
        reader = effects.Reader(sums)
        found = window.open_window(frame.frame(sums, people, asked, 6, reader))
        gain = ((draft.y1 - draft.y0)[draft.y1.any(axis=1)]) / 100
        for method, kept in gaps.items():
            rows = found.matches[method]
            who, when = rows.member[rows.treated], rows.cohort[rows.treated]
            truth = gain[who[:, None], when[:, None] + np.arange(1, 7)].mean()
            kept.append(window.read(found, method, SPEND).estimate.value - truth)
    for method, kept in gaps.items():
        error = np.std(kept, ddof=1) / np.sqrt(len(kept))
        assert abs(np.mean(kept)) < 1.0 + 3 * error, method


def test_control_arm_with_the_donut_of_later_joiners_inside_the_window_they_are_wrong():
    """Without the guard the later joiners' own good month stands in the window: several yuan of bias."""
    gaps = []
    for seed in range(12):
        _, sums, people = panels.draw(
            "spike", Effect(), np.random.default_rng(800 + seed), members=2500, months=28, join_share=0.25
        )
        asked = frame.frame(sums, people, DESIGN, 3, effects.Reader(sums))
        loose = []
        for one in asked.sets:
            late = (people.entry > one.cohort + 3) & (people.entry < 2**39) & people.usable
            loose.append(type(one)(**(vars(one) | {"later": np.flatnonzero(late)})))
        wrong = frame.Frame(sums, people, DESIGN, 3, tuple(loose), asked.reader)
        gaps.append(window.read(window.open_window(wrong), "later_joiners", SPEND).estimate.value)
    assert np.mean(gaps) < -2


def test_matched_covariates_are_balanced_inside_strata_and_hardly_anybody_is_lost():
    """The small version of bar 3, in one world."""
    _, sums, people = panels.draw(
        "level", Effect(yuan=30.0), np.random.default_rng(9), members=6000, months=28, join_share=0.15
    )
    found = opened(sums, people)
    for method in ("never_joiners", "later_joiners"):
        rows = found.matches[method]
        x, arm = standing.covariates(sums, people, DESIGN, rows), rows.treated
        sd = x[arm].std(axis=0)
        gap = (rows.weight[arm] @ x[arm] - rows.weight[~arm] @ x[~arm]) / sd
        assert np.abs(gap).max() < 0.02, method
        for part in rows.by_cohort():
            w, here = rows.weight[part], arm[part]
            means = [np.average(x[part][side], weights=w[side], axis=0) for side in (here, ~here)]
            assert np.abs((means[0] - means[1]) / sd).max() < 0.1, method
    never = found.matches["never_joiners"]
    assert never.retained >= 0.95 * never.offered


def test_the_wider_of_store_and_member_clusters_is_told():
    rng = np.random.default_rng(1)
    store = np.repeat(np.arange(40), 25)
    clusters = inference.clusters_for(store, np.arange(1000), "store", draws=99, seed=1, level=0.95)
    rows = type("Rows", (), {"people": np.arange(1000)})()
    alone = rng.normal(size=1000)
    within = alone - np.bincount(store, weights=alone)[store] / 25  # stores sum to nothing, members do not
    members = np.sqrt((within**2).sum())
    assert clusters.estimate(rows, 1.0, within).se > 0.9 * members
    shared = rng.normal(size=40)[store]
    assert clusters.estimate(rows, 1.0, shared).se > 4 * np.sqrt((shared**2).sum())
