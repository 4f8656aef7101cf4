"""The index of stores: published or refused with reasons, the same bits again, ranks that admit doubt, chained versions."""

import dataclasses
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from ees_facts import plain_facts

from tongxin.compass.ees import chain, compute, ranks, scores, versions
from tongxin.compass.ees.indicators import rows_of
from tongxin.compass.errors import BadInput

VERSION = versions.load()


def quick(version):
    """The same version with fewer draws, where a test does not look at them."""
    return dataclasses.replace(
        version, bootstrap={**version.bootstrap, "draws": 60}, ranks={**version.ranks, "draws": 60}
    )


QUICK = quick(VERSION)


@pytest.fixture(scope="module")
def facts():
    return plain_facts()


@pytest.fixture(scope="module")
def result(facts):
    return compute.run(facts, VERSION)


def test_every_value_carries_what_it_was_made_from(result, facts):
    assert (result.version, result.version_digest) == ("EES-1.0", versions.RELEASED["EES-1.0"])
    assert result.input_digest == facts.digest
    assert result.as_of == "2026-03-31"
    for row in result.stores:
        assert row.ci[0] < row.value < row.ci[1]
        assert 0 <= row.value <= 100
        assert row.value <= row.arithmetic
        assert row.rank[0] <= row.rank[1] <= row.rank[2]
        assert row.answers == 60
        assert not row.reasons
    assert result.of("S07").value > result.of("S00").value


#: made once with EES-1.0 and the facts of `plain_facts()`; a change of either code path shows here
GOLDEN = "35.2217 37.4606 38.6354 42.5093 47.6973 48.2154 52.0577 58.9408"


def test_recomputed_bit_identically_in_another_process_from_rows_in_another_order(result, facts):
    """Bar 14: same facts, same version file, another process, another order of rows, another hash seed: the same bits."""
    assert compute.run(facts, VERSION).digest == result.digest
    order = np.random.default_rng(9)
    mixed = {}
    for formula, rows in facts.rows.items():
        some = order.permutation(len(rows.store))
        mixed[formula] = rows_of(rows.store[some], rows.member[some], rows.above[some], rows.below[some])
    again = compute.run(dataclasses.replace(facts, rows=mixed), VERSION)
    assert again.as_json() == result.as_json()
    assert again.digest == result.digest
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from ees_facts import plain_facts\n"
        "from tongxin.compass.ees import compute, versions\n"
        "print(compute.run(plain_facts(), versions.load()).digest)"
    )
    env = os.environ | {"PYTHONHASHSEED": "77", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True, timeout=120
    )
    assert told.stdout.strip() == result.digest


def test_the_values_published_with_this_version_stay(result):
    values = " ".join(f"{row.value}" for row in result.stores)
    assert values == GOLDEN


def test_control_arm_another_seed_or_goalpost_is_seen(facts, result):
    other = dataclasses.replace(VERSION, bootstrap={**VERSION.bootstrap, "seed": 5})
    assert compute.run(facts, quick(other)).digest != compute.run(facts, QUICK).digest
    one_answer = dict(facts.rows)
    rows = one_answer["csat/1"]
    above = rows.above.copy()
    above[0] = 1 - above[0]
    one_answer["csat/1"] = rows_of(rows.store, rows.member, above, rows.below)
    assert compute.run(dataclasses.replace(facts, rows=one_answer), QUICK).input_digest != result.input_digest


def test_the_result_is_plain_json(result):
    told = json.loads(json.dumps(result.as_json(), allow_nan=False))
    assert told["schema"] == "tongxin.ees/1"
    assert told["stores"][0]["value"] == result.stores[0].value


def test_too_few_answers_or_dimensions_are_not_published_and_say_why(facts):
    few = dataclasses.replace(
        facts, answers=np.array([29, 30, 60, 60, 60, 60, 60, 60]), asked={"S00": 290, "S01": 60}
    )
    result = compute.run(few, QUICK)
    row = result.of("S00")
    assert (row.value, row.ci, row.rank, row.arithmetic) == (None, None, None, None)
    assert [reason.code for reason in row.reasons] == ["EES1"]
    assert "29" in row.reasons[0].zh
    assert "10" in row.reasons[0].cure_zh  # one more answer at a response rate of a tenth
    assert row.response_rate == 0.1
    assert any("10%" in words.zh for words in row.warnings)
    assert result.of("S01").value is not None
    assert result.ranks.stores == tuple(f"S{n:02d}" for n in range(1, 8))
    without = {k: v for k, v in facts.rows.items() if k not in {"nps/1", "csat/1", "job_done/1"}}
    three = compute.run(dataclasses.replace(facts, rows=without), QUICK)
    assert {reason.code for row in three.stores for reason in row.reasons} == {"EES2"}
    assert "愿意推荐、需求解决" in three.stores[0].reasons[0].cure_zh
    assert (three.ranks, three.robust_share) == (None, None)
    four = compute.run(
        dataclasses.replace(facts, rows={k: v for k, v in facts.rows.items() if k != "nps/1"}), QUICK
    )
    assert four.stores[0].value is not None
    assert four.stores[0].dimensions["recommendation"] is None
    assert any("愿意推荐" in words.zh for words in four.stores[0].warnings)
    part = compute.run(
        dataclasses.replace(facts, rows={k: v for k, v in facts.rows.items() if k != "csat/1"}), QUICK
    )
    assert any("csat" in words.en for words in part.stores[0].warnings)


def test_a_store_does_not_move_because_others_were_normalised_with_it(facts):
    """Fixed goalposts: without the pull, the score of a store depends on nothing but the store. Control arm: z-scores move."""
    values = np.array([[0.2, 0.1, 1.5, 0.6, 0.6, 0.7, 0.7, 0.2, 3.0, 0.05, 0.01]] * 3)
    other = values.copy()
    other[1:] *= 1.4
    assert (
        ranks.normalised(VERSION, values, "goalposts")[0] == ranks.normalised(VERSION, other, "goalposts")[0]
    ).all()
    for kind in ("z", "ranks"):
        assert (ranks.normalised(VERSION, values, kind)[0] != ranks.normalised(VERSION, other, kind)[0]).any()


def test_rank_intervals_separate_what_is_apart_and_not_what_is_equal():
    apart = plain_facts(stores=2, sizes=[800, 800])
    rows = dict(apart.rows)
    for formula, one in rows.items():
        better = np.where(one.store == 1, np.minimum(one.above + one.below, one.below * 5), one.above)
        rows[formula] = rows_of(one.store, one.member, better, one.below)
    found = compute.run(dataclasses.replace(apart, rows=rows), VERSION).ranks
    assert found.interval["S01"] == (1, 1, 1)
    assert not found.overlap("S00", "S01")
    assert found.robust_share == 1.0
    same = plain_facts(stores=6, members=40)
    rows = {
        k: rows_of(v.store, v.member, v.above[np.random.default_rng(4).permutation(len(v.above))], v.below)
        for k, v in same.rows.items()
    }
    doubt = compute.run(dataclasses.replace(same, rows=rows), VERSION).ranks
    assert doubt.robust_share < 0.7
    assert sum(doubt.overlap(a, b) for a in doubt.stores for b in doubt.stores if a < b) >= 12


def test_ranks_against_a_twin_without_any_choice_left(facts):
    """With one normalisation, one aggregation, no store of draws and rigid weights, the rank is the order of the values."""
    rigid = dataclasses.replace(
        VERSION,
        ranks={**VERSION.ranks, "normalisations": ("goalposts",), "aggregations": ("geometric",),
               "leave_one_out": False, "dirichlet": 1e9, "draws": 20},
    )  # fmt: skip
    values = np.stack(
        [scores.pull(facts.rows[each.formula], 8).shrunk for each in VERSION.indicators], axis=1
    )
    found = ranks.run(rigid, facts.stores, values, np.zeros((0, 8, len(VERSION.indicators))))
    index = {
        store: scores.point(
            VERSION, scores.dimensions(VERSION, scores.goalposts(VERSION, values))[n], "geometric"
        )
        for n, store in enumerate(facts.stores)
    }
    order = sorted(index, key=index.get, reverse=True)
    assert [found.interval[store] for store in order] == [(n, n, n) for n in range(1, 9)]


def test_one_store_has_no_pairs(facts):
    alone = compute.run(plain_facts(stores=1), QUICK)
    assert alone.robust_share is None
    assert alone.stores[0].rank == (1, 1, 1)


def test_normalising_a_column_without_data_or_spread():
    values = np.array([[np.nan, 1.0], [np.nan, 1.0]])
    assert np.isnan(ranks.normalised(VERSION, values, "z")[:, 0]).all()
    assert (ranks.normalised(VERSION, values, "z")[:, 1] == 50).all()


def second_version():
    content = tomllib.loads((versions.HERE / "EES-1.0.toml").read_text(encoding="utf-8"))
    content["name"] = "EES-1.1"
    content["dimensions"][1]["indicators"][0]["high"] = 0.5
    return versions.parse(content)


def test_two_versions_over_two_periods_are_chained():
    first = plain_facts(seed=3)
    second = dataclasses.replace(plain_facts(seed=4), as_of="2026-06-30")
    newer = quick(second_version())
    old = (compute.run(first, QUICK), compute.run(second, QUICK))
    new = (compute.run(first, newer), compute.run(second, newer))
    links = chain.link(old, new)
    for row in links:
        assert row.old == (old[0].of(row.store).value, old[1].of(row.store).value)
        assert row.new == (new[0].of(row.store).value, new[1].of(row.store).value)
        assert row.factor > 1  # a higher goalpost makes the new figure lower
        assert row.linked == pytest.approx(row.new[1] * row.old[0] / row.new[0])
        assert row.gap == pytest.approx(row.linked - row.old[1])
        assert row.linked_ci[0] < row.linked < row.linked_ci[1]
    few = dataclasses.replace(first, answers=np.array([0] + [60] * 7))
    gone = chain.link((compute.run(few, QUICK), old[1]), (compute.run(few, newer), new[1]))[0]
    assert (gone.factor, gone.linked) == (None, None)
    late = dataclasses.replace(second, answers=np.array([0] + [60] * 7))
    hole = chain.link((old[0], compute.run(late, QUICK)), (new[0], compute.run(late, newer)))[0]
    assert hole.factor is not None
    assert hole.linked is None
    for wrong in (
        ((old[0], new[1]), new),
        (old, old),
        ((old[1], old[0]), (new[1], new[0])),
        (old, (compute.run(plain_facts(seed=8), newer), new[1])),
    ):
        with pytest.raises(BadInput):
            chain.link(*wrong)
