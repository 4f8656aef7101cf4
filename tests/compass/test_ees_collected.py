"""From canonical tables to facts: who counts, which answers count, and what is refused."""

from datetime import date

import numpy as np
import pytest
from ees_facts import LAST, chain, opened, stamp, table

from tongxin.compass.ees import collect, compute, versions
from tongxin.compass.errors import BadInput

VERSION = versions.load()


@pytest.fixture(scope="module")
def tables():
    return chain()


@pytest.fixture(scope="module")
def facts(tables):
    return collect.facts(opened(tables), VERSION)


def test_all_formulas_are_there_and_better_stores_score_higher(facts):
    assert set(facts.rows) == {each.formula for each in VERSION.indicators}
    assert facts.missing == ()
    assert facts.as_of == LAST.isoformat()
    result = compute.run(facts, VERSION)
    values = [row.value for row in result.stores]
    assert None not in values
    assert np.corrcoef(values, range(6))[0, 1] > 0.9


def test_sums_against_plain_loops(tables, facts):
    """Staff (M00000) is left out; only random answers enter; volunteers stand apart."""
    surveys = tables["surveys"].to_pylist()
    answers, net, volunteers = {}, {}, {}
    for row in surveys:
        if row["member_code"] == "M00000":
            continue
        store = f"S{row['member_code'][1:3]}"
        vote = (row["score"] >= 9) - (row["score"] <= 6)
        if row["sampled"] == "volunteer":
            volunteers.setdefault(store, []).append(vote)
            continue
        answers.setdefault(store, set()).add(row["member_code"])
        if row["kind"] == "nps":
            net.setdefault(store, []).append(vote)
    for place, store in enumerate(facts.stores):
        assert facts.answers[place] == len(answers[store])
        rows = facts.rows["nps/1"]
        assert rows.above[rows.store == place].sum() == sum(net[store])
        assert rows.below[rows.store == place].sum() == len(net[store])
        votes = volunteers[store]
        assert facts.volunteers[store] == (len(votes), pytest.approx(sum(votes) / len(votes), abs=1e-4))
    came = {r["member_code"] for r in tables["participation"].to_pylist() if r["status"] == "checked_in"} - {
        "M00000"
    }
    assert facts.rows["active_share/1"].above.sum() == len(came)
    seats = {}
    for row in tables["participation"].to_pylist():
        if row["member_code"] != "M00000":
            seats.setdefault((row["member_code"], row["what_code"]), set()).add(row["status"])
    got = sum("checked_in" in each for each in seats.values())
    assert facts.rows["seat_success/1"].above.sum() == got
    assert facts.rows["seat_success/1"].below.sum() == len(seats)


def test_row_order_does_not_matter(tables, facts):
    mixed = {
        name: one.take(np.random.default_rng(n).permutation(len(one)))
        for n, (name, one) in enumerate(tables.items())
    }
    again = collect.facts(opened(mixed), VERSION)
    assert again.digest == facts.digest


def test_rings_weigh_the_active_share(tables):
    rings = {row["member_code"]: "inner" for row in tables["members"].to_pylist()[:60]}
    rows = collect.facts(opened(tables), VERSION, rings=rings).rows["active_share/1"]
    assert rows.below[rows.store == 0].sum() == 59 * 3 + 60  # staff left out
    assert rows.below[rows.store == 1].sum() == 120


def test_the_window_ends_where_it_is_told_to(tables):
    early = collect.facts(opened(tables), VERSION, as_of=date(2025, 12, 1), asked={"S00": 10, "S99": 3})
    assert set(early.rows) <= {"active_share/1", "checkins_per_active/1", "giver_share/1"}
    assert early.asked == {"S00": 10}
    assert early.answers.tolist() == [0] * 6
    assert ("nps/1", early.missing[0][1]) in early.missing
    result = compute.run(early, VERSION)
    assert [reason.code for reason in result.stores[0].reasons] == ["EES1", "EES2"]


def test_answers_that_nobody_drew_at_random_publish_nothing(tables):
    """Without a word on how people were chosen, answers count as volunteers."""
    silent = dict(tables)
    silent["surveys"] = tables["surveys"].drop_columns(["sampled"])
    facts = collect.facts(opened(silent), VERSION)
    assert facts.answers.sum() == 0
    assert facts.volunteers["S00"][0] > 50
    assert all(row.value is None for row in compute.run(facts, VERSION).stores)


def test_a_survey_counts_for_the_store_it_names_and_one_member_is_one_witness():
    people = table([("a", "S1"), ("b", "S2")], "member_code", "home_store_code")
    rows = [
        ("a", stamp(1), "nps", 10, "S2", "random"),
        ("a", stamp(2), "nps", 0, "S2", "random"),
        ("b", stamp(2), "nps", 9, None, "random"),
        ("b", stamp(3), "nps", 9, "S9", "random"),
    ]
    names = ("member_code", "answered_at", "kind", "score", "store_code", "sampled")
    facts = collect.facts(opened({"members": people, "surveys": table(rows, *names)}), VERSION)
    one = facts.rows["nps/1"]
    assert facts.stores == ("S1", "S2")
    assert (one.store.tolist(), one.above.tolist(), one.below.tolist()) == ([1, 1], [0, 1], [2, 1])
    assert facts.as_of == LAST.replace(day=30).isoformat()  # no orders: the newest answer


def test_waiting_counts_as_refused_unless_a_seat_came():
    people = table([("a", "S1"), ("b", "S1")], "member_code", "home_store_code")
    rows = [
        ("a", "event", "E1", "waitlisted", stamp(9)), ("a", "event", "E1", "checked_in", stamp(5)),
        ("a", "event", "E2", "waitlisted", stamp(3)), ("b", "event", "E2", "registered", stamp(3)),
    ]  # fmt: skip
    parts = table(rows, "member_code", "what", "what_code", "status", "happened_at")
    facts = collect.facts(opened({"members": people, "participation": parts}), VERSION)
    seats, first = facts.rows["seat_success/1"], facts.rows["newcomer_success/1"]
    assert (seats.above.tolist(), seats.below.tolist()) == ([1, 1], [2, 1])
    assert (first.above.tolist(), first.below.tolist()) == ([1, 1], [1, 1])
    nobody = table(
        [("z", "event", "E1", "registered", stamp(9))],
        "member_code",
        "what",
        "what_code",
        "status",
        "happened_at",
    )
    facts = collect.facts(opened({"members": people, "participation": nobody}), VERSION)
    assert "seat_success/1" not in facts.rows


@pytest.mark.parametrize(("kind", "score"), [("nps", 11), ("csat", 0), ("job_done", 2), ("bscs_3", 6)])
def test_scores_outside_their_scale_are_refused(kind, score):
    people = table([("a", "S1")], "member_code", "home_store_code")
    surveys = table(
        [("a", stamp(1), kind, score, "random")], "member_code", "answered_at", "kind", "score", "sampled"
    )
    with pytest.raises(BadInput, match=kind):
        collect.facts(opened({"members": people, "surveys": surveys}), VERSION)


def test_refused_without_home_stores_or_dates():
    with pytest.raises(BadInput, match="home_store_code"):
        collect.facts(opened({"members": table([("a",)], "member_code")}), VERSION)
    with pytest.raises(BadInput, match="date"):
        collect.facts(opened({"members": table([("a", "S1")], "member_code", "home_store_code")}), VERSION)
