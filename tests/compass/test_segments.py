"""Groups that stand out: a planted one is found, none where there is none, and lifts are not the winner's."""

import itertools
from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tongxin.compass import dataset
from tongxin.compass.errors import BadInput
from tongxin.compass.segments import conditions, find, groups, shopping
from tongxin.compass.segments.conditions import Condition
from tongxin.compass.segments.find import Settings
from tongxin.compass.segments.outcomes import OUTCOMES, Outcome
from tongxin.compass.sentence import Words


def held(condition, n=3000):
    return np.isin(np.arange(n), condition.places)


ANY = Outcome("any", Words("想要的", "what is wanted"), (), lambda *_: np.zeros(0, dtype=bool))


def asked(rng, n=3000):
    """Fourteen conditions of six families, some of them rare."""
    out = []
    for family, shares in {
        "weekend": (0.3,),
        "children": (0.25,),
        "daypart": (0.2, 0.3, 0.1),
        "tenure": (0.2, 0.5),
        "paid": (0.3, 0.7),
        "store": (0.2, 0.2, 0.2, 0.1, 0.05),
    }.items():
        draw = rng.random(n)
        edges = np.concatenate(([0.0], np.cumsum(shares)))
        for place in range(len(shares)):
            code = family if len(shares) == 1 else f"{family}:{place}"
            words = Words(code, code)
            out.append(Condition.of(code, family, words, (draw >= edges[place]) & (draw < edges[place + 1])))
    return out


def planted(rng, every, rate=0.2, high=0.5):
    group = held(every[0]) & held(every[1])
    return rng.random(len(group)) < np.where(group, high, rate)


def test_a_planted_pair_is_found_by_name():
    rng = np.random.default_rng(1)
    every = asked(rng)
    found = find.search(every, planted(rng, every), Settings(seed=3), ANY)
    assert found.segments[0].conditions == ("weekend", "children")
    assert found.segments[0].words.zh.startswith("周末带小孩的家庭")
    assert found.segments[0].interval[0] < 2.5 < found.segments[0].interval[1]
    assert found.segments[0].p_holm < 0.001
    assert len(found.segments) == 1  # neither of its halves, nor any pair with them, is told besides


def test_a_single_condition_is_not_told_as_pairs():
    rng = np.random.default_rng(2)
    every = asked(rng)
    happened = rng.random(3000) < np.where(held(every[1]), 0.5, 0.2)
    found = find.search(every, happened, Settings(), ANY)
    assert [segment.conditions for segment in found.segments] == [("children",)]


def test_nothing_is_found_where_there_is_nothing():
    """Forty null worlds: at most two of them may say anything (5 %)."""
    wrong = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        found = find.search(asked(rng), rng.random(3000) < 0.3, Settings(seed=seed), ANY)
        wrong += bool(found.segments)
    assert wrong <= 2


def test_control_arm_without_validation_null_worlds_are_full_of_finds():
    loud = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        every = asked(rng)
        holds = sp.csr_array(np.column_stack([held(c) for c in every]).astype(float))
        families = [c.family for c in every]
        loud += bool(groups.candidates(holds, families, rng.random(3000) < 0.3, 50, 2.0))
    assert loud >= 10  # every second world, against one in twenty with validation and Holm


def test_validated_lifts_are_not_the_winners():
    """Weak truth, many candidates: lifts of the half a group was chosen on are too large, the told ones are not."""
    chosen_on, told, truth = [], [], 1.5
    for seed in range(60):
        rng = np.random.default_rng(100 + seed)
        every = asked(rng, 2000)
        happened = rng.random(2000) < np.where(held(every[0], 2000) & held(every[1], 2000), 0.3, 0.2)
        found = find.search(every, happened, Settings(seed=seed, level=1.0), ANY)
        for segment in found.segments:
            if segment.conditions == ("weekend", "children"):
                chosen_on.append(segment.discovered)
                told.append(segment.lift)
    assert len(told) >= 8
    assert np.mean(chosen_on) > truth + 0.2
    assert abs(np.mean(told) - truth) < 0.2


def test_the_other_seed_splits_otherwise_and_the_same_seed_alike():
    rng = np.random.default_rng(5)
    every = asked(rng)
    happened = planted(rng, every)
    one, same, other = (find.search(every, happened, Settings(seed=seed), ANY) for seed in (1, 1, 2))
    assert one == same
    assert one.segments[0].lift != other.segments[0].lift
    assert one.segments[0].conditions == other.segments[0].conditions


def test_small_groups_are_never_told():
    rng = np.random.default_rng(6)
    every = asked(rng, 3000)
    few = np.zeros(3000, dtype=bool)
    few[:90] = True
    every.append(Condition.of("few", "few", Words("few", "few"), few))
    happened = np.where(few, True, rng.random(3000) < 0.2)
    assert not any("few" in s.conditions for s in find.search(every, happened, Settings(), ANY).segments)
    loose = find.search(
        every, happened, Settings(least=20), ANY
    )  # the control arm: it is the bound that holds it back
    assert any("few" in s.conditions for s in loose.segments)


def test_too_few_or_too_alike_is_refused_with_a_cure():
    rng = np.random.default_rng(7)
    few = find.search(asked(rng, 100), rng.random(100) < 0.5, Settings(), ANY)
    alike = find.search(asked(rng), np.ones(3000, dtype=bool), Settings(), ANY)
    assert [reason.code for reason in few.reasons + alike.reasons] == ["G1", "G2"]
    assert "200" in few.reasons[0].zh


@given(st.integers(0, 2**31), st.integers(1, 30))
@settings(max_examples=25, deadline=None)
def test_candidates_are_those_of_a_plain_loop(seed, least):
    rng = np.random.default_rng(seed)
    holds = rng.random((200, 6)) < 0.4
    families = ["a", "b", "b", "c", "d", "d"]
    wanted = rng.random(200) < np.where(holds[:, 0] & holds[:, 3], 0.7, 0.3)

    def z(inside, among):
        a, b = wanted[among & inside], wanted[among & ~inside]
        if not len(a) or not len(b):
            return 0.0
        p = wanted[among].mean()
        spread = p * (1 - p) * (1 / len(a) + 1 / len(b))
        return (a.mean() - b.mean()) / np.sqrt(spread) if spread > 0 else 0.0

    everybody = np.ones(200, dtype=bool)
    expected = set()
    for i, j in itertools.combinations_with_replacement(range(6), 2):
        mine = holds[:, i] & holds[:, j]
        if (i != j and families[i] == families[j]) or mine.sum() < least or z(mine, everybody) < 1.5:
            continue
        if i == j or (z(mine, holds[:, i]) >= 1.5 and z(mine, holds[:, j]) >= 1.5):
            expected.add((i, j))
    found = groups.candidates(sp.csr_array(holds.astype(float)), families, wanted, least, 1.5)
    assert {(g.first, g.second) for g in found} == expected
    assert [g.z for g in found] == sorted((g.z for g in found), reverse=True)


def test_the_told_p_is_fishers_and_the_interval_katzs():
    rng = np.random.default_rng(8)
    every = asked(rng)
    happened = planted(rng, every)
    found = find.search(every, happened, Settings(seed=3), ANY)
    segment = found.segments[0]
    lot = np.random.default_rng(3).permutation(3000)
    back = np.sort(lot[1500:])
    mine = (held(every[0]) & held(every[1]))[back]
    a, b = happened[back][mine].sum(), happened[back][~mine].sum()
    n, m = mine.sum(), (~mine).sum()
    exact = stats.fisher_exact([[a, n - a], [b, m - b]], alternative="greater")[1]
    assert segment.p_holm == pytest.approx(min(1, exact * found.tested), rel=1e-6)
    assert segment.lift == pytest.approx(a / n / (b / m))
    half = stats.norm.isf(0.025 / found.tested) * np.sqrt(1 / a - 1 / n + 1 / b - 1 / m)
    assert segment.interval == pytest.approx((segment.lift * np.exp(-half), segment.lift * np.exp(half)))


def day(text):
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def chain(n=1600, seed=11, effect=0.35):
    """Families who shop at weekends come to events; every member has six to ten orders in half a year."""
    rng = np.random.default_rng(seed)
    weekend, kids = rng.random(n) < 0.4, rng.random(n) < 0.4
    comes = rng.random(n) < 0.1 + effect * (weekend & kids)
    first, cut = day("2025-01-06"), day("2025-07-07")  # Mondays, 26 weeks apart
    orders, lines, visits = [], [], []
    for member in range(n):
        for week in rng.permutation(26)[: rng.integers(6, 11)]:
            d = (
                5 + rng.integers(0, 2)
                if rng.random() < (0.9 if weekend[member] else 0.1)
                else rng.integers(0, 5)
            )
            orders.append(
                (f"N{len(orders)}", member, first + 7 * int(week) + int(d), 9 + int(rng.integers(0, 3)))
            )
            lines.append((orders[-1][0], "KID" if kids[member] and rng.random() < 0.7 else "RICE"))
        orders.append((f"N{len(orders)}", member, cut + int(rng.integers(0, 91)), 15))
        lines.append((orders[-1][0], "WINE" if rng.random() < 0.3 else "RICE"))
        if comes[member]:
            visits.append((member, cut + int(rng.integers(0, 91))))
    code = [f"M{i:05d}" for i in range(n)]

    def at(days, hours):
        local = np.array([np.datetime64(int(d), "D") for d in days]).astype("datetime64[us]")
        return pa.array(
            local + (np.array(hours) - 8) * np.timedelta64(3600, "s"), pa.timestamp("us", tz="UTC")
        )

    return {
        "members": pa.table(
            {
                "member_code": code,
                "birth_year": rng.integers(1960, 2004, n),
                "registered_at": at(rng.integers(first - 2000, first, n), [12] * n),
                "home_store_code": [f"S{i % 4}" for i in range(n)],
            }
        ),
        "stores": pa.table({"store_code": [f"S{i}" for i in range(4)], "name": ["x"] * 4, "region": ["东", "东", "西", "西"]}),
        "orders": pa.table(
            {
                "order_no": [o[0] for o in orders],
                "ordered_at": at([o[2] for o in orders], [o[3] for o in orders]),
                "store_code": [f"S{o[1] % 4}" for o in orders],
                "member_code": [code[o[1]] for o in orders],
                "channel": ["mini" if o[1] % 3 == 0 else "store" for o in orders],
                "total_paid_fen": [1000] * len(orders),
            }
        ),
        "order_lines": pa.table(
            {
                "order_no": [row[0] for row in lines],
                "line_no": [1] * len(lines),
                "sku": [row[1] for row in lines],
                "qty": [1.0] * len(lines),
                "paid_amount_fen": [1000] * len(lines),
            }
        ),
        "products": pa.table({"sku": ["KID", "RICE", "WINE"], "name": ["a", "b", "c"], "category_code": ["C1", "C2", "C3"]}),
        "categories": pa.table(
            {
                "category_code": ["C1", "C2", "C3"],
                "name": ["婴童用品", "粮油", "进口酒"],
                "margin_class": ["mid", "low", "high"],
                "is_imported": [False, False, True],
            }
        ),
        "memberships": pa.table(
            {
                "member_code": code[:300] + code[300:600],
                "program": ["P"] * 600,
                "status": ["active"] * 600,
                "started_at": at([first - 50] * 300 + [cut + 10] * 300, [12] * 600),
                "ended_at": at([cut + 400] * 600, [12] * 600),
            }
        ),
        "participation": pa.table(
            {
                "member_code": [code[v[0]] for v in visits],
                "what": ["event"] * len(visits),
                "what_code": ["E"] * len(visits),
                "status": ["checked_in"] * len(visits),
                "happened_at": at([v[1] for v in visits], [14] * len(visits)),
            }
        ),
    }  # fmt: skip


@pytest.fixture(scope="module")
def made():
    return chain()


@pytest.fixture(scope="module")
def found(made):
    return find.run(dataset.open_sources(made), "events")


def test_families_who_shop_at_weekends_are_found_in_a_chain(found):
    best = found.segments[0]
    assert set(best.conditions) == {"weekend", "children"}
    assert best.words.zh == "周末带小孩的家庭（周末来店、买儿童用品会员）"
    assert "families who shop at weekends" in best.words.en
    assert best.interval[0] > 2
    assert find.NOT_CAUSE in found.notes


def test_row_order_does_not_reach_the_answer(made, found):
    rng = np.random.default_rng(3)
    mixed = {name: table.take(pa.array(rng.permutation(len(table)))) for name, table in made.items()}
    assert find.run(dataset.open_sources(mixed), "events") == found


def test_the_same_chain_without_the_effect_tells_no_such_group():
    quiet = find.run(dataset.open_sources(chain(effect=0.0)), "events")
    assert not any("children" in segment.conditions for segment in quiet.segments)


@pytest.mark.parametrize("outcome", list(OUTCOMES))
def test_every_outcome_of_the_list_runs(made, outcome):
    told = find.run(dataset.open_sources(made), outcome)
    assert told.outcome == outcome
    assert told.words == OUTCOMES[outcome].words
    if outcome == "paid":
        assert told.members == 1300  # who is a paid member already cannot become one
        assert told.segments == ()  # the newcomers were drawn by number, not by anything a condition sees
    if outcome == "retained":
        assert told.segments == ()  # nearly everybody keeps buying, and it is the same everywhere


def test_conditions_are_read_before_the_cut(made):
    opened = dataset.open_sources(made)
    read = shopping.read(opened, day("2025-01-06"), day("2025-07-07"))
    assert read.orders.max() <= 10
    holds = {condition.code: held(condition, 1600) for condition in conditions.every(read)}
    assert {
        "weekend",
        "children",
        "daypart:morning",
        "channel:mini",
        "paid:yes",
        "store:S0",
        "region:东",
    } <= set(holds)
    assert holds["paid:yes"].sum() == 300
    assert holds["channel:mini"].sum() == np.ceil(1600 / 3)
    assert holds["daypart:morning"].mean() > 0.8
    assert "daypart:night" not in holds  # nobody shopped then
    assert holds["region:东"].sum() == 800
    assert sum(holds[f"birth:{d}"].sum() for d in (1960, 1970, 1980, 1990, 2000)) == 1600


def test_minors_staff_and_refusals_are_left_out(made):
    years = made["members"]["birth_year"].to_pylist()
    years[0] = 2012
    members = made["members"].set_column(1, "birth_year", pa.array(years))
    members = members.append_column("consent_measurement", pa.array([i != 1 for i in range(1600)]))
    staff = pa.table({"staff_code": ["W"], "name": ["x"], "store_code": ["S0"], "member_code": ["M00002"]})
    opened = dataset.open_sources(made | {"members": members, "staff": staff})
    read = shopping.read(opened, day("2025-01-06"), day("2025-07-07"))
    assert read.usable[:4].tolist() == [False, False, False, True]


def test_nothing_kept_about_a_child_is_read():
    """The only trace of children is the category of goods; no field of the material is about a child."""
    fields = set(shopping.Shopping.__dataclass_fields__)
    assert fields == {
        "codes", "usable", "orders", "weekend", "children", "dayparts", "channels", "store", "stores", "region",
        "regions", "since", "paid", "birth_year", "first_day", "cut",
    }  # fmt: skip


def test_a_bare_dataset_leaves_conditions_out_and_says_so(made):
    bare = {"orders": made["orders"].drop_columns(["channel"]), "participation": made["participation"]}
    told = find.run(dataset.open_sources(bare), "events")
    assert find.NO_LINES in told.notes
    other = made["stores"].append_column("timezone", pa.array(["Asia/Urumqi"] * 4))
    elsewhere = find.run(dataset.open_sources(made | {"stores": other}), "events")
    assert find.NO_CLOCK in elsewhere.notes
    read = shopping.read(dataset.open_sources(bare), day("2025-01-06"), day("2025-07-07"))
    assert read.stores == ("S0", "S1", "S2", "S3")
    assert np.bincount(read.store).tolist() == [400] * 4
    assert not (
        set(shopping.narrowed(read, np.arange(5)).codes.to_pylist()) - {f"M{i:05d}" for i in range(5)}
    )
    assert conditions.every(replace(read, stores=(), store=np.full(1600, -1), paid=None))


def test_unknown_outcomes_and_missing_tables_are_refused(made):
    with pytest.raises(BadInput, match="high_margin, events, paid, retained"):
        find.run(dataset.open_sources(made), "luck")
    told = find.run(dataset.open_sources({"orders": made["orders"]}), "high_margin")
    assert told.reasons[0].code == "R0"
    assert "order_lines" in told.reasons[0].zh
