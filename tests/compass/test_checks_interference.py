"""R9: who is near whom, far controls, spillover; through phones, ties and communities."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest
from made_panels import made

from tongxin.compass import dataset, study
from tongxin.compass.checks import interference
from tongxin.compass.checks.interference import Links
from tongxin.compass.design import Design
from tongxin.compass.kpis import KPIS
from tongxin.compass.population import NEVER
from tongxin.compass.simulate import world
from tongxin.compass.simulate.world import Effect

SPEND = KPIS["spend_per_month"]
DESIGN = Design(draws=99, windows=(3,), min_cohort=5, kpis=("spend_per_month",))
FLAT = Design(draws=0, min_cohort=1, strata=("tenure",), cluster="member")


@pytest.fixture(scope="module")
def chain():
    return world.make(
        "level", Effect.parse("20"), np.random.default_rng(41), members=1500, stores=12, join_share=0.3
    )


def studied(tables, design=DESIGN):
    return study.run(dataset.open_sources(tables), design)


def ties(pairs):
    return pa.table(
        {
            "from_member_code": [a for a, _ in pairs],
            "to_member_code": [b for _, b in pairs],
            "kind": ["referral"] * len(pairs),
            "at": pa.array([np.datetime64("2024-06-01T10:00:00", "us")] * len(pairs)),
        }
    )


def codes(answer):
    return [code for code, _, _ in answer.primary.reason_words]


def test_without_any_record_of_closeness_it_is_not_testable(chain):
    found = studied(chain.tables).checks["interference"]
    assert found["status"] == "not_testable"
    assert found["reason"] == "no_ties"
    assert found["words"]["zh"]


@pytest.mark.parametrize(("share", "status"), [(0.12, "passes"), (0.4, "far_controls")])
def test_below_and_above_a_fifth(chain, share, status):
    rng = np.random.default_rng(6)
    joined = [code for code, at in zip(chain.codes, chain.entry, strict=True) if at >= 0]
    stayed = [code for code, at in zip(chain.codes, chain.entry, strict=True) if at < 0]
    near = rng.choice(stayed, size=round(share * len(stayed)), replace=False)
    friend = {code: str(rng.choice(joined)) for code in near.tolist()}
    answer = studied(chain.tables | {"ties": ties([(friend[code], code) for code in near])})
    found = answer.checks["interference"]
    assert found["status"] == status
    assert found["through"] == ["ties"]
    assert "R9" not in codes(answer)
    assert ("far_controls" in answer.primary.labels) == (status == "far_controls")
    entered = dict(zip(chain.codes, chain.entry.tolist(), strict=True))
    touched = [
        row
        for row in answer.matches.to_pylist()
        if not row["treated"]
        and row["member_code"] in friend
        and entered[friend[row["member_code"]]] <= row["cohort"] + 3
    ]
    assert bool(touched) == (status == "passes")


def test_r9_where_no_far_controls_are_left(chain):
    members = chain.tables["members"]
    everybody = pa.array(["+8613800000000"] * len(members))  # one household, as it were
    answer = studied(chain.tables | {"members": members.append_column("phone", everybody)})
    assert answer.primary.verdict == "cannot_be_said"
    assert "R9" in codes(answer)
    assert answer.checks["interference"]["status"] == "fails"
    assert answer.checks["interference"]["near_share"] > 0.9


def test_control_arm_everybody_with_a_phone_of_their_own(chain):
    members = chain.tables["members"]
    own = pa.array([f"+86138{i:08d}" for i in range(len(members))])
    answer = studied(chain.tables | {"members": members.append_column("phone", own)})
    assert answer.checks["interference"]["status"] == "passes"
    assert answer.checks["interference"]["near_share"] == 0.0


def bare(entry):
    n = len(entry)
    world_of = made(np.full((n, 24), 10000), entry, design=FLAT)
    return world_of.panel, world_of.population


def test_exposure_is_the_earliest_neighbour_and_never_oneself():
    panel, people = bare(np.array([15, 12, -1, -1, 20, -1]))
    codes_of = [f"M{i:06d}" for i in range(6)]
    opened = dataset.open_sources(
        {
            "members": pa.table({"member_code": codes_of, "phone": ["a", None, "a", "b", "", "c"]}),
            "ties": ties(
                [("M000003", "M000001"), ("M000004", "M000003"), ("M000004", "M000004"), ("X", "M000005")]
            ),
            "participation": pa.table(
                {
                    "member_code": ["M000000", "M000001", "M000005"],
                    "what": ["event"] * 3,
                    "what_code": ["e"] * 3,
                    "status": ["registered"] * 3,
                    "happened_at": pa.array([np.datetime64("2025-01-01T10:00:00", "us")] * 3),
                    "community_code": ["g", "g", "g"],
                }
            ),
        }
    )
    found = interference.links(opened, panel, people)
    assert found.through == ("household", "ties", "community")
    never = int(NEVER)
    # 0: community with 1 (12). 1: own entry is no exposure. 2: phone of 0. 3: tie with 1. 4: tie with 3, who never came.
    assert found.exposed.tolist() == [12, never, 15, 12, never, 12]


def test_near_share_by_hand_and_only_until_the_window_is_over():
    entry = np.array([14] * 120 + [-1] * 200)
    opened = made(np.full((320, 24), 10000), entry, design=FLAT).window(3)
    rows = opened.matches["never_joiners"]
    exposed = np.full(320, NEVER)
    exposed[120:170] = 14
    exposed[170:220] = 18  # after the window of 14 + 3
    assert interference.near_share(Links(exposed, ("ties",)), rows, 3) == pytest.approx(50 / 200)
    assert interference.near_share(Links(exposed, ("ties",)), rows, 4) == pytest.approx(100 / 200)
    far = interference.far_only(opened.frame, Links(exposed, ("ties",)))
    assert sum(len(one.never) for one in far.sets) == 150
    assert len(opened.frame.sets[0].never) == 200  # what was given is not changed


@pytest.mark.parametrize(("reaches", "seen"), [(3000, True), (0, False)])
def test_the_probe_finds_what_reaches_over_and_nothing_else(reaches, seen):
    rng = np.random.default_rng(12)
    n = 2000
    entry = np.where(np.arange(n) < 300, 14, -1)
    exposed = np.full(n, NEVER)
    exposed[300:800] = 14
    spend = rng.normal(12000, 1500, size=(n, 24))
    spend[300:800, 15:] += reaches
    opened = made(
        np.maximum(0, spend).astype(np.int64), entry, design=dataclasses.replace(FLAT, draws=99)
    ).window(3)
    people, found = interference.spillover(opened.frame, Links(exposed, ("ties",)), SPEND)
    assert people == 500
    assert found.excludes_zero is seen
    if seen:
        assert found.value == pytest.approx(30, abs=3)
    few, nothing = interference.spillover(
        opened.frame, Links(np.where(np.arange(n) < 350, exposed, NEVER), ()), SPEND
    )
    assert few == 50
    assert nothing is None
