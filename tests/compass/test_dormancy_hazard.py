"""The weekly hazard: Newton against a general optimiser, hold-out on CDNOW beside BG/NBD, the report of a dataset."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from tongxin.compass import dataset
from tongxin.compass.dormancy import days, hazard, judge, report, weeks
from tongxin.compass.errors import BadInput

CDNOW = Path(__file__).parents[1] / "published" / "cdnow.parquet"


def day(text):
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


@pytest.fixture(scope="module")
def cdnow():
    rows = pq.read_table(CDNOW)
    who = rows["customer"].to_numpy().astype(np.int64) - 1
    return days.build([(who, rows["date"].cast(pa.int32()).to_numpy())], int(who.max()) + 1)


@pytest.fixture(scope="module")
def trial(cdnow):
    return judge.trial(cdnow, day("1997-09-30"), 39, np.random.default_rng(1))


def test_cdnow_brier_and_calibration_are_no_worse_than_bg_nbd(trial):
    assert trial.members == 23_570
    assert trial.hazard.brier < trial.bg_nbd.brier
    ours, theirs = (abs(one.expected - one.happened) for one in (trial.hazard, trial.bg_nbd))
    assert ours < theirs
    assert abs(trial.hazard.slope - 1) <= abs(trial.bg_nbd.slope - 1)
    assert trial.hazard.happened == pytest.approx(0.29945, abs=1e-4)
    assert trial.hazard.brier < trial.hazard.happened * (
        1 - trial.hazard.happened
    )  # better than saying .299 of all


def test_bg_nbd_calls_single_timers_alive_and_underrates_nobody_by_it(cdnow, trial):
    """Why members seen once need something else: P(alive) is 1 for all of them, half of CDNOW."""
    seen = cdnow.until(day("1997-09-30"))
    assert (seen.count == 1).mean() > 0.5
    assert len(trial.bg_nbd.bins) == 10
    assert sum(row[0] for row in trial.bg_nbd.bins) == 23_570


def test_chance_of_a_purchase_under_bg_nbd_is_the_simulated_one():
    """Twin: draw rate and drop-out from the model for one history and count silent futures."""
    from tongxin.compass.ltv import bg_nbd

    model = bg_nbd.BgNbd(0.9, 8.0, 0.8, 2.5, (0, 0, 0, 0), 0.0, 1.0, True, 1)
    some = days.build([(np.zeros(3, dtype=int), np.array([0, 10, 20]))], 1)
    told = judge.chance_by_bg_nbd(model, some, 40, 30.0)[0]
    rng = np.random.default_rng(3)
    n = 400_000
    rate, drop = rng.gamma(model.r, 1 / model.alpha, n), rng.beta(model.a, model.b, n)
    # weight of each draw: bought at 10 and 20, then silent to 40 (alive after the last, or stopped at it)
    bought = rate**2 * np.exp(-rate * 20) * (1 - drop)
    silent = bought * ((1 - drop) * np.exp(-rate * 20) + drop)
    coming = bought * (1 - drop) * np.exp(-rate * 20) * (1 - np.exp(-rate * 30))
    assert told == pytest.approx(coming.sum() / silent.sum(), rel=0.02)


def test_newton_finds_what_a_general_optimiser_finds():
    rng = np.random.default_rng(4)
    x = np.column_stack((np.ones(400), rng.normal(size=(400, 3)) * (1, 5, 0.2)))
    came = (rng.random(400) < 1 / (1 + np.exp(-(x @ [-1, 0.7, -0.1, 2])))).astype(float)
    spread = x.std(axis=0)

    def loss(beta):
        eta = x @ beta
        return -(came @ eta - np.logaddexp(0, eta).sum()) + 0.5 * 2.0 * ((beta[1:] * spread[1:]) ** 2).sum()

    best = optimize.minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-8}).x
    found, converged = hazard.newton(x, came, 2.0)
    assert converged
    assert np.abs(found - best).max() < 1e-5


def test_newton_survives_separation_and_constant_columns():
    x = np.column_stack((np.ones(50), np.linspace(-30, 30, 50), np.full(50, 3.0)))
    found, converged = hazard.newton(x, (x[:, 1] > 0).astype(float), 1.0)
    assert converged
    assert found[2] == 0
    assert np.isfinite(found).all()


def test_weeks_are_cut_as_by_hand():
    some = days.build([(np.zeros(3, dtype=int), np.array([0, 10, 17])), (np.array([1]), np.array([5]))], 2)
    cut = weeks.member_weeks(some, 30, np.zeros(2, dtype=np.int64))
    expected = set()
    for mine in ([0, 10, 17], [5]):
        for begin in (24, 17, 10, 3):  # weeks that end on days 30, 23, 16, 9
            before = [d for d in mine if d < begin]
            if before:
                expected.add((before[-1], begin, any(begin <= d < begin + 7 for d in mine)))
    assert set(zip(cut.state.last, cut.day, cut.came, strict=True)) == expected
    assert len(cut.day) == len(expected)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60)), max_size=25), st.integers(20, 60))
@settings(max_examples=60, deadline=None)
def test_member_weeks_are_those_of_a_plain_loop(deeds, as_of):
    who, when = (np.array([d[i] for d in deeds], dtype=int) for i in (0, 1))
    cut = weeks.member_weeks(days.build([(who, when)], 4), as_of, np.zeros(4, dtype=np.int64))
    expected = []
    for member in range(4):
        mine = sorted({d for m, d in deeds if m == member and d <= as_of})
        for begin in range(as_of - 6, 0, -7):
            before = [d for d in mine if d < begin]
            if before:
                came = any(begin <= d < begin + 7 for d in mine)
                expected.append((before[0], before[-1], len(before) - 1, begin, came))
    state = cut.state
    found = zip(state.first, state.last, state.gaps, cut.day, cut.came, strict=True)
    assert sorted(found) == sorted(expected)


def test_a_planted_hazard_is_recovered_and_row_order_does_not_matter():
    rng = np.random.default_rng(5)
    who, when = [], []
    for member in range(1500):
        chance = 0.05 if member % 2 else 0.4  # a slow half and a fast half
        for week in range(60):
            if week == 0 or rng.random() < chance:
                who.append(member)
                when.append(7 * week + rng.integers(0, 7))
    deeds = (np.array(who), np.array(when))
    planted = days.build([deeds], 1500)
    told = judge.trial(planted, 7 * 52, 4, np.random.default_rng(1))
    assert told.hazard.brier < told.bg_nbd.brier
    model = hazard.fit(planted, 7 * 52, np.random.default_rng(1))
    back = hazard.chance_of_return(model, planted, 7 * 52, 4)
    fast, slow = back[0::2].mean(), back[1::2].mean()
    assert fast == pytest.approx(1 - 0.6**4, abs=0.07)
    assert slow == pytest.approx(1 - 0.95**4, abs=0.07)
    mixed = rng.permutation(len(who))
    again = hazard.fit(
        days.build([(deeds[0][mixed], deeds[1][mixed])], 1500), 7 * 52, np.random.default_rng(1)
    )
    assert again.coefficient.tobytes() == model.coefficient.tobytes()


def test_large_chains_are_fitted_on_a_sample_and_rings_and_seasons_are_columns():
    rng = np.random.default_rng(6)
    ring = rng.integers(0, 3, 600)
    who, when = [], []
    for week in range(110):
        came = rng.random(600) < 0.1 + 0.15 * ring
        who.append(np.flatnonzero(came))
        when.append(np.full(came.sum(), 7 * week))
    some = days.build(zip(who, when, strict=True), 600)
    model = hazard.fit(some, 7 * 108, rng, ring=ring, enough=300)
    assert (model.rings, model.season) == (3, True)
    assert len(model.coefficient) == 8 + 2 + 2
    assert model.member_weeks < 300 * 110
    back = hazard.chance_of_return(model, some, 7 * 108, 2, ring)
    assert back[ring == 2].mean() > back[ring == 0].mean()


def test_a_silence_nobody_had_is_worth_no_more_than_the_longest():
    rising = hazard.Hazard(np.array([-3.0, 0, 1.0, 0, 0, 0, 0, 0]), 70.0, 1, False, True, 1)
    some = days.build([(np.array([0, 1]), np.array([0, 0]))], 2)
    near, far = (hazard.chance_of_return(rising, some, last, 1)[0] for last in (69, 7000))
    assert near == pytest.approx(far)


def test_nobody_came_back():
    with pytest.raises(BadInput, match="seen twice"):
        hazard.fit(days.build([(np.arange(5), np.zeros(5, int))], 5), 100, np.random.default_rng(1))


def orders(n=400, lasting=300, seed=7):
    """A chain of weekly shoppers; from member `lasting` on they stop half-way."""
    rng = np.random.default_rng(seed)
    rows = []
    for member in range(n):
        for week in range(52):
            if (member < lasting or week < 26) and rng.random() < 0.6:
                rows.append((f"M{member:04d}", week * 7 + int(rng.integers(0, 7))))
    stamp = [np.datetime64("2025-01-01T04:00:00") + np.timedelta64(d, "D") for _, d in rows]
    return pa.table(
        {
            "order_no": [f"N{i}" for i in range(len(rows))],
            "ordered_at": pa.array(np.array(stamp, dtype="datetime64[us]"), pa.timestamp("us", tz="UTC")),
            "store_code": ["S1"] * len(rows),
            "total_paid_fen": [1000] * len(rows),
            "member_code": [code for code, _ in rows],
        }
    )


def members(n=400):
    return pa.table(
        {
            "member_code": [f"M{i:04d}" for i in range(n)],
            "home_store_code": ["S1"] * n,
            "consent_measurement": [i != 3 for i in range(n)],
        }
    )


def test_report_of_a_dataset_counts_states_and_leaves_out_staff_and_refusals():
    staff = pa.table({"staff_code": ["W1"], "name": ["a"], "store_code": ["S1"], "member_code": ["M0005"]})
    opened = dataset.open_sources({"orders": orders(), "members": members(), "staff": staff})
    told = report.run(opened)
    states = {row.state: row.members for row in told.states}
    assert states["dormant"] == pytest.approx(100, abs=4)
    assert told.members == 398
    assert told.excluded == {"staff": 1, "measurement_refused": 1}
    codes = told.table["member_code"].to_pylist()
    assert "M0003" not in codes
    assert "M0005" not in codes
    assert told.trial is not None
    assert told.quiet == pytest.approx(100, abs=3)
    assert told.deeds == ("purchase",)
    assert report.NO_READING in told.notes
    assert told.cohorts[-1].members > 390
    assert told.cohorts[-1].again > 0.99
    assert told.cohorts[-1].first_seen[0] <= date(2025, 1, 1)
    assert 3 < told.usual_gap_days < 12
    assert "沉睡" in told.words.zh


def test_reading_wakes_the_dormant_in_the_report():
    reads = pa.table({"member_code": ["M0399"] * 26, "day": [day("2025-07-01") + 7 * i for i in range(26)]})
    opened = dataset.open_sources({"orders": orders(), "members": members()})
    told = report.run(opened, reading=reads, rings={"M0000": 2, "M0001": 1})
    states = dict(zip(told.table["member_code"].to_pylist(), told.table["state"].to_pylist(), strict=True))
    assert states["M0398"] == "dormant"
    assert states["M0399"] == "active"
    assert "reading" in told.deeds
    assert report.NO_READING not in told.notes


def test_row_order_does_not_reach_the_report():
    table = orders()
    mixed = table.take(pa.array(np.random.default_rng(1).permutation(len(table))))
    one, two = (
        report.run(dataset.open_sources({"orders": rows, "members": members()})) for rows in (table, mixed)
    )
    assert one.table.equals(two.table)
    assert one.trial == two.trial


def test_a_small_or_short_dataset_says_so():
    small = report.run(dataset.open_sources({"orders": orders(30, 20), "members": members(30)}))
    assert [reason.code for reason in small.reasons] == ["D1"]
    assert small.quiet is None
    assert small.trial is None
    assert "chance" not in small.table.column_names
    table = orders()
    early = table.filter(pa.array([d.year == 2025 and d.month < 4 for d in table["ordered_at"].to_pylist()]))
    short = report.run(dataset.open_sources({"orders": early}), report.Settings(holdout_weeks=13))
    assert any("13" in note.zh for note in short.notes)
    with pytest.raises(BadInput, match="nobody did anything"):
        report.run(dataset.open_sources({"members": members(3)}))


def test_deeds_alone_make_a_report():
    ties = pa.table(
        {
            "from_member_code": ["A", "A", "B"],
            "to_member_code": ["B", "B", "A"],
            "kind": ["reply", "reply", "like"],
            "at": pa.array(np.array(["2025-01-01", "2025-02-01", "2025-02-03"], dtype="datetime64[us]"), pa.timestamp("us", tz="UTC")),
        }
    )  # fmt: skip
    told = report.run(dataset.open_sources({"ties": ties}))
    assert told.deeds == ("like", "reply")
    assert told.as_of == date(2025, 2, 3)
    assert told.table["store_code"].to_pylist() == [None, None]
