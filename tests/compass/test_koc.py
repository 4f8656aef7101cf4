"""The shortlist: planted key customers are on it with reasons; protections each with a control arm."""

import numpy as np
import pyarrow as pa
import pytest

from compass.made_circles import STARS, opened, stamps, tables, ties_table, with_ties
from tongxin.compass.errors import BadInput
from tongxin.compass.graph import people as everybody
from tongxin.compass.koc import evidence, percentiles, shortlist
from tongxin.compass.koc.policy import Policy

SMALL = Policy(size=10, per_store=3, draws=100)


@pytest.fixture(scope="module")
def made():
    return tables()


@pytest.fixture(scope="module")
def found(made):
    return shortlist.run(opened(made), SMALL)


def by_code(answer):
    return {one.code: one for one in answer.candidates}


def test_planted_key_customers_lead_with_reasons_and_an_interval(found):
    assert {one.code for one in found.candidates[:3]} == set(STARS)
    star = by_code(found)["M0000"]
    assert star.interval[0] <= star.score <= star.interval[1] + 0.02
    assert star.score > 0.8
    assert any("首购" in reason.zh and "bought" in reason.en for reason in star.reasons)
    assert {part.name for part in star.components} == {
        "reach",
        "conversion",
        "credibility",
        "content",
        "bridging",
    }
    assert not found.missing
    assert "不是结论" in found.notes[0].zh


def test_the_list_reaches_more_than_a_list_by_lot(found, made):
    assert found.spread.listed.low > found.spread.by_lot.high
    assert "随机" in found.spread.words.zh
    quiet = made["ties"].filter(
        pa.array([kind in {"like", "answer"} for kind in made["ties"]["kind"].to_pylist()])
    )
    assert shortlist.run(opened(made | {"ties": quiet}), SMALL).spread is None


def test_the_score_is_the_geometric_mean_of_shrunk_percentiles(found, made):
    """Twin: ranks by counting, for one candidate, from the evidence arrays."""
    data = opened(made)
    people = everybody.read(data)
    given = evidence.gather(data, people, SMALL)
    member = people.codes.to_pylist().index("M0001")
    logs = []
    for side in given.sides.values():
        values = [side.value[i] for i in range(people.n) if given.eligible[i]]

        def rank(value, values=values):
            return (sum(v < value for v in values) + 0.5 * sum(v == value for v in values)) / len(values)

        weight = side.count[member] / (side.count[member] + 5)
        logs.append(np.log(max(rank(0) + (rank(side.value[member]) - rank(0)) * weight, 0.5 / len(values))))
    assert by_code(found)["M0001"].score == pytest.approx(np.exp(np.mean(logs)), abs=1e-12)


def test_conversion_is_counted_from_orders_refund_safe_and_once():
    n = 8
    code = [f"M{i:04d}" for i in range(n)]
    orders = [("N1", 4, 20), ("N2", 5, 100), ("N3", 6, 178), ("N4", 7, 20), ("N5", 0, 181)]
    ties = [(0, 4, 10), (1, 4, 12), (0, 5, 10), (0, 6, 175), (0, 7, 10)]
    data = {
        "orders": pa.table(
            {
                "order_no": [o[0] for o in orders],
                "ordered_at": stamps([o[2] for o in orders]),
                "store_code": ["S0"] * 5,
                "total_paid_fen": [1000] * 5,
                "member_code": [code[o[1]] for o in orders],
            }
        ),
        "refunds": pa.table(
            {"refund_no": ["R1"], "order_no": ["N4"], "refunded_at": stamps([25]), "amount_fen": [1000], "store_code": ["S0"]}
        ),
        "ties": ties_table([(code[a], code[b], "referral", d) for a, b, d in ties]),
    }  # fmt: skip
    everything = opened(data)
    people = everybody.read(everything)
    given = evidence.gather(everything, people, Policy())
    # 4 counts for 0, who was first; 5 bought too late; 6 is still inside the refund window; 7 gave it all back
    assert given.sides["conversion"].value.tolist()[:2] == [1.0, 0.0]


def test_quota_per_store_and_places_by_lot(made):
    answer = shortlist.run(opened(made), Policy(size=20, per_store=2, draws=50))
    stores = [one.store for one in answer.candidates if one.slot == "score"]
    assert max(stores.count(store) for store in set(stores)) == 2
    by_lot = [one for one in answer.candidates if one.slot == "random"]
    assert len(by_lot) == 2
    assert all("抽签" in one.reasons[0].zh for one in by_lot)
    assert len(answer.candidates) == 18  # eight stores with two each, and two by lot
    assert any("没有排满" in note.zh for note in answer.notes)
    wide = shortlist.run(opened(made), Policy(size=20, per_store=20, draws=50))
    homes = [one.store for one in wide.candidates if one.slot == "score"]
    assert (
        max(homes.count(store) for store in set(homes)) > 2
    )  # the control arm: without the quota a store takes more


def test_the_lot_is_fair_and_seeded():
    score, store = np.arange(100.0), np.full(100, -1)
    drawn = np.zeros(100)
    for seed in range(400):
        _, lot = shortlist.places(score, store, Policy(size=30), np.random.default_rng(seed))
        drawn[lot] += 1
    assert drawn[73:].sum() == 0  # the best 27 have their places already
    assert drawn[:73].min() > 4
    one, two = (
        shortlist.places(score, store, Policy(size=30), np.random.default_rng(5))[1] for _ in range(2)
    )
    assert one.tolist() == two.tolist()


def test_row_order_does_not_matter(made, found):
    rng = np.random.default_rng(3)
    mixed = {name: table.take(pa.array(rng.permutation(len(table)))) for name, table in made.items()}
    assert shortlist.run(opened(mixed), SMALL) == found


def test_staff_and_refusals_are_left_out(made):
    members = made["members"].set_column(3, "consent_measurement", pa.array([i != 1 for i in range(400)]))
    staff = pa.table({"staff_code": ["W1"], "name": ["x"], "store_code": ["S0"], "member_code": ["M0000"]})
    answer = shortlist.run(opened(made | {"members": members, "staff": staff}), SMALL)
    assert {"M0000", "M0001"}.isdisjoint(by_code(answer))
    assert answer.excluded == {"staff": 1, "measurement_refused": 1}


def test_staff_are_known_by_phone_too(made):
    members = made["members"].append_column("phone", pa.array([f"h{i}" for i in range(400)]))
    staff = pa.table({"staff_code": ["W1"], "name": ["x"], "store_code": ["S0"], "phone": ["h2"]})
    answer = shortlist.run(opened(made | {"members": members, "staff": staff}), SMALL)
    assert "M0002" not in by_code(answer)


def test_newcomers_wait(made):
    since = np.full(400, -400)
    since[0] = 170
    members = made["members"].set_column(2, "registered_at", stamps(since))
    assert "M0000" not in by_code(shortlist.run(opened(made | {"members": members}), SMALL))


def test_thirty_mutual_likers_earn_nothing_and_are_flagged(made):
    ring = [f"M{i:04d}" for i in range(100, 130)]
    rows = [(a, b, "like", 90 + i % 7) for i, a in enumerate(ring) for b in ring if a != b]
    before, after = (
        evidence.gather(data, everybody.read(data), SMALL)
        for data in (opened(made), opened(with_ties(made, rows)))
    )
    assert (after.sides["content"].value[100:130] <= before.sides["content"].value[100:130]).all()
    assert (after.flags["mutual_likes"][100:130] > 0.5).all()
    assert (before.flags["mutual_likes"][100:130] == 0).all()
    one_way = [(a, b, "like", 90) for a in ring[1:] for b in ring[:1]]  # the control arm: real likes do count
    data = opened(with_ties(made, one_way))
    assert evidence.gather(data, everybody.read(data), SMALL).sides["content"].value[100] > 20


def test_a_thousand_messages_by_one_friend_hardly_move_reach(made):
    rows = [("M0200", "M0201", "reply", day) for day in range(1, 181)]
    before, after = (
        shortlist.run(data, Policy(size=400, per_store=400, draws=20, random_share=0.0))
        for data in (opened(made), opened(with_ties(made, rows)))
    )
    old, new = (by_code(answer)["M0201"] for answer in (before, after))
    assert new.score - old.score <= 0.05
    assert any("同一个人" in flag.zh for flag in new.flags)


def test_exchanged_acceptances_do_not_count(made):
    rows = [
        (a, b, "accepted", 50 + k) for k in range(12) for a, b in (("M0300", "M0301"), ("M0301", "M0300"))
    ]
    rows += [(a, b, "answer", 50 + k) for k in range(12) for a, b in (("M0300", "M0301"), ("M0301", "M0300"))]
    data = opened(with_ties(made, rows))
    given = evidence.gather(data, everybody.read(data), SMALL)
    assert given.flags["accept_ring"][300] == 1.0
    assert given.sides["credibility"].hits[300] == 0
    assert given.flags["accept_ring"][0] == 0
    assert given.sides["credibility"].hits[0] > 30


def test_fifty_fake_invitees_bring_flags_and_no_conversion(made):
    rows = [("M0150", f"F{i:03d}", "referral", 40) for i in range(50)]
    data = opened(with_ties(made, rows))
    people = everybody.read(data)
    given = evidence.gather(data, people, SMALL)
    at = people.codes.to_pylist().index("M0150")
    assert given.sides["conversion"].value[at] == 0
    assert given.flags["referral_burst"][at] == 50
    assert given.flags["empty_referrals"][at] == 50


def test_rings_are_said_and_nobody_is_left_out_for_them(made):
    answer = shortlist.run(opened(made), SMALL, {"M0000": "共创层"})
    assert by_code(answer)["M0000"].ring == "共创层"
    assert any("已在共创层" in reason.zh for reason in by_code(answer)["M0000"].reasons)


def test_missing_sides_are_said_and_one_side_is_not_enough(made):
    only_replies = made["ties"].filter(pa.array([k == "reply" for k in made["ties"]["kind"].to_pylist()]))
    answer = shortlist.run(opened(made | {"ties": only_replies}), SMALL)
    assert len(answer.missing) == 3
    assert {part.name for part in answer.candidates[0].components} == {"reach", "bridging"}
    lonely = shortlist.run(opened({"ties": only_replies}), SMALL)
    assert [reason.code for reason in lonely.reasons] == ["K1"]
    assert not lonely.candidates
    no_orders = shortlist.run(opened({"members": made["members"], "ties": made["ties"]}), SMALL)
    assert any("带新" in words.zh for words in no_orders.missing)


def test_without_stores_there_is_no_quota_and_it_is_said(made):
    answer = shortlist.run(
        opened({"ties": made["ties"], "orders": made["orders"]}), Policy(size=10, per_store=1, draws=50)
    )
    assert len(answer.candidates) == 10
    assert any("限额" in note.zh for note in answer.notes)


def test_nobody_eligible(made):
    members = made["members"].set_column(2, "registered_at", stamps(np.full(400, 175)))
    answer = shortlist.run(opened(made | {"members": members}), SMALL)
    assert [reason.code for reason in answer.reasons] == ["K2"]


def test_check_ins_make_ties_and_campaigns_do_not(made):
    rows = [("M0300", "event"), ("M0301", "event"), ("M0302", "campaign"), ("M0303", "campaign")]
    visits = pa.table(
        {
            "member_code": [r[0] for r in rows],
            "what": [r[1] for r in rows],
            "what_code": ["X"] * 4,
            "status": ["checked_in"] * 4,
            "happened_at": stamps([100] * 4),
            "store_code": ["S1"] * 4,
        }
    )
    people = everybody.read(opened(made | {"participation": visits}))
    assert (people.events, len(people.visits)) == (1, 2)
    assert shortlist.run(opened(made | {"participation": visits}), SMALL).candidates


def test_an_empty_dataset_is_refused():
    stores = pa.table({"store_code": ["S1"], "name": ["x"]})
    with pytest.raises(BadInput, match="members"):
        shortlist.run(opened({"stores": stores}))


def test_one_lucky_answer_is_no_top_percentile():
    ordered = np.sort(np.concatenate((np.zeros(50), np.linspace(0.1, 1, 50))))
    lucky, proven = percentiles.shrunk(np.ones(2), np.array([1, 60]), ordered, 5.0)
    assert lucky < 0.4
    assert proven > 0.9


@pytest.mark.parametrize(
    ("numbers", "says"),
    [({"size": 0}, r"koc\.size"), ({"random_share": 2.0}, "random_share"), ({"level": 1.0}, r"koc\.level")],
)
def test_policy_refuses_by_name(numbers, says):
    with pytest.raises(BadInput, match=says):
        Policy(**numbers)
