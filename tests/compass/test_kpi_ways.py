"""Penetration, retention, value and paid conversion: twins by plain loops over members, and what each refuses."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_panels import made

from tongxin.compass import among, answering, questions, ways
from tongxin.compass import window as windows
from tongxin.compass.design import Design
from tongxin.compass.kpis import KPIS
from tongxin.compass.methods import METHODS
from tongxin.compass.panel import Panel
from tongxin.compass.periods import DAYS_PER_MONTH, Calendar
from tongxin.compass.ways import Terms

DESIGN = Design(kpis=tuple(KPIS), min_cohort=1, min_controls=1, draws=50)


def chain(seed, n=400, *, high=None, paid=None, starts=None, margin=None, known=None, calendar=None):
    """A made panel with every quantity the new KPIs read; a third join."""
    rng = np.random.default_rng(seed)
    calendar = calendar or Calendar("month", 2024 * 12 + 1, 24)
    spend = rng.integers(0, 3, size=(n, calendar.count)) * rng.integers(100, 9000, size=(n, calendar.count))
    entry = np.where(rng.random(n) < 0.4, rng.integers(12, calendar.count, size=n), -1)
    one = made(spend, entry, store=rng.integers(0, 3, size=n), design=DESIGN, calendar=calendar)
    values = one.panel.values | {
        "high_margin": spend * rng.integers(0, 2, size=spend.shape) if high is None else high,
        "line_spend": spend,
        "paid": np.zeros(spend.shape, dtype=np.int8) if paid is None else paid,
        "paid_starts": np.zeros(spend.shape, dtype=np.int8) if starts is None else starts,
    }
    if known is not None:
        values["margin"] = spend // 3 if margin is None else margin
    one.panel = Panel(one.panel.codes, values, calendar, known)
    return one


def did(rows, after, before):
    """Weighted difference-in-differences by plain loops."""
    total = 0.0
    for i in range(len(rows.member)):
        sign = 1 if rows.treated[i] else -1
        total += (
            sign
            * rows.weight[i]
            * (after(rows.member[i], rows.cohort[i]) - before(rows.member[i], rows.cohort[i]))
        )
    return total


@pytest.mark.parametrize("length", [3, 6])
@pytest.mark.parametrize("method", list(METHODS))
def test_penetration_against_plain_loops(length, method):
    """Twin: share of three-month parts with any purchase, counted back from the end of window and baseline."""
    one = chain(1)
    window = one.window(length)
    found = windows.read(window, method, KPIS["high_margin_reach"])
    high = one.panel.values["high_margin"]

    def share(first, last):
        def of(member, cohort):
            parts, end = [], last
            while end - 2 >= first:
                parts.append(any(high[member, cohort + e] > 0 for e in (end - 2, end - 1, end)))
                end -= 3
            return sum(parts) / len(parts)

        return of

    first, last = METHODS[method].baseline(DESIGN)
    twin = did(window.matches[method], share(1, length), share(first, last))
    assert found.contrast.effect == pytest.approx(twin)


@pytest.mark.parametrize(("length", "part"), [(3, 1), (6, 2)])
def test_retention_against_plain_loops(length, part):
    """Twin: any order in the last third of the window, less the same over equally long parts of the baseline."""
    one = chain(2)
    window = one.window(length)
    found = windows.read(window, "never_joiners", KPIS["retention"])
    orders = one.panel.values["orders"]

    def after(member, cohort):
        return any(orders[member, cohort + e] > 0 for e in range(length - part + 1, length + 1))

    def before(member, cohort):
        parts = [
            any(orders[member, cohort + e] > 0 for e in range(end - part + 1, end + 1))
            for end in range(-3, -12 + part - 2, -part)
        ]
        return sum(parts) / len(parts)

    assert found.contrast.effect == pytest.approx(did(window.matches["never_joiners"], after, before))


@pytest.mark.parametrize("known", [None, 1.0])
def test_value_against_plain_loops(known):
    """Twin: Σ (y_e − baseline mean) / (1 + r)^((e − ½)/12); margin where costs are known, spend otherwise."""
    one = chain(3, known=known)
    one.design = dataclasses.replace(DESIGN, discount=0.2)
    window = windows.open_window(
        dataclasses.replace(one.window(6).frame, reader=_reader(one, Terms(discount=0.2)))
    )
    found = windows.read(window, "never_joiners", KPIS["ltv_6m"])
    money = one.panel.values["margin" if known else "spend"] / 100
    weight = [1.2 ** (-(e - 0.5) / 12) for e in range(1, 7)]

    def after(member, cohort):
        return sum(weight[e - 1] * money[member, cohort + e] for e in range(1, 7))

    def before(member, cohort):
        return sum(weight) * np.mean([money[member, cohort + e] for e in range(-12, -2)])

    assert found.contrast.effect == pytest.approx(did(window.matches["never_joiners"], after, before))


def _reader(one, terms):
    # slow: only here
    from tongxin.compass.effects import Reader

    return Reader(one.panel, terms)


def test_a_value_counts_the_part_of_the_last_period_inside_its_horizon():
    weights = ways.period_weights(KPIS["ltv_6m"], "four_weeks", 0.0)
    assert len(weights) == 7
    assert weights.sum() * 28 / DAYS_PER_MONTH == pytest.approx(6.0)
    assert ways.period_weights(KPIS["ltv_12m"], "month", 0.0).tolist() == [1.0] * 12


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 14), st.integers(1, 12), st.integers(1, 4))
def test_both_sides_of_a_share_are_read_in_parts_of_one_length(window, baseline, cap):
    for code in ("high_margin_reach", "retention"):
        part = ways.part_of(KPIS[code], Terms(cap), (1, window), (-baseline - 2, -3))
        assert 1 <= part <= min(window, baseline, cap)


def test_unequal_spans_would_have_found_an_effect_where_there_is_none():
    """Control arm: joiners buy more often, nothing changes; any-in-six-months against any-in-ten misleads."""
    rng = np.random.default_rng(5)
    n = 4000
    joins = np.arange(n) < 1200
    bought = rng.random((n, 24)) < np.where(joins, 0.30, 0.08)[:, None]
    bought[:, :9] |= rng.random((n, 9)) < 0.5  # so that most are alive
    entry = np.where(joins, rng.integers(12, 18, size=n), -1)
    one = made(bought * 1000, entry, design=DESIGN)
    one.panel = Panel(one.panel.codes, one.panel.values | {"high_margin": bought * 1000}, one.panel.calendar)
    window = one.window(6)
    rows = window.matches["never_joiners"]
    reader = window.frame.reader
    fair = windows.read(window, "never_joiners", KPIS["high_margin_reach"])
    after = ways.share_of_parts(reader, rows, "high_margin", (1, 6), 2)
    before = ways.share_of_parts(reader, rows, "high_margin", (-12, -3), 10)
    change = after - before
    unfair = (
        rows.weight[rows.treated] @ change[rows.treated] - rows.weight[~rows.treated] @ change[~rows.treated]
    )
    assert abs(unfair) > 0.1
    assert abs(fair.contrast.effect) < abs(unfair)


def paid_chain(seed):
    """Some pay before entry, some begin in the month of entry, some within the window."""
    rng = np.random.default_rng(seed)
    n, months = 900, 24
    starts = np.zeros((n, months), dtype=np.int8)
    begun = rng.integers(0, months + 20, size=n)
    for member, month in enumerate(begun):
        if month < months:
            starts[member, month] = 1
    paid = (np.arange(months)[None, :] >= begun[:, None]).astype(np.int8)
    return chain(seed, n, paid=paid, starts=starts), begun


def test_paid_conversion_against_plain_loops():
    """Twin: among those who pay neither before nor in the month of entry, who begins in months 1–3; cells reweighted."""
    one, begun = paid_chain(6)
    whole = one.window(3)
    window = among.narrowed(whole, KPIS["paid_conversion"])
    found = windows.read(window, "never_joiners", KPIS["paid_conversion"])
    rows, kept = whole.matches["never_joiners"], []
    for i in range(len(rows.member)):
        if begun[rows.member[i]] > rows.cohort[i]:
            kept.append(i)
    cells = {}
    for i in kept:
        began = begun[rows.member[i]] <= rows.cohort[i] + 3
        cells.setdefault(rows.cell[i], ([], []))[0 if rows.treated[i] else 1].append(began)
    both = [(t, c) for t, c in cells.values() if t and c]
    people = sum(len(t) for t, _ in both)
    twin = sum(sum(t) - len(t) * sum(c) / len(c) for t, c in both) / people
    assert found.contrast.effect == pytest.approx(twin)
    assert window.matches["never_joiners"].retained == people < rows.retained
    assert window.matches["never_joiners"].offered <= rows.offered


def test_weights_of_those_at_risk_sum_to_one_in_each_arm():
    window = among.narrowed(paid_chain(7)[0].window(3), KPIS["paid_conversion"])
    for rows in window.matches.values():
        assert rows.weight[rows.treated].sum() == pytest.approx(1)
        assert rows.weight[~rows.treated].sum() == pytest.approx(1)


def test_without_a_restriction_the_window_stays_itself():
    window = chain(1).window(3)
    assert among.narrowed(window, KPIS["retention"]) is window


def test_nobody_at_risk_leaves_no_rows():
    one = chain(9, paid=np.ones((400, 24), dtype=np.int8))
    window = among.narrowed(one.window(3), KPIS["paid_conversion"])
    assert window.matches["never_joiners"].retained == 0
    assert windows.read(window, "never_joiners", KPIS["paid_conversion"]) is None


class Tables:
    """A dataset that only knows which columns it has."""

    currency = "CNY"

    def __init__(self, **tables):
        self._tables = tables

    def has(self, table, *columns):
        return table in self._tables and set(columns) <= set(self._tables[table])


ALL = Tables(
    orders=["total_paid_fen"],
    order_lines=["cost_fen"],
    products=["sku"],
    categories=["name"],
    memberships=["program"],
)


def asked(one, dataset, lengths=(3, 6)):
    return list(questions.of(dataset, tuple(one.window(length) for length in lengths)))


def test_each_value_belongs_to_the_window_of_its_own_length():
    found = asked(chain(1, known=1.0, calendar=Calendar("month", 2024 * 12 + 1, 30)), ALL)
    values = [(q.kpi.code, q.window.length, q.refused) for q in found if q.kpi.horizon]
    assert values == [("ltv_6m", 6, None), ("ltv_12m", 12, None)]
    assert [q.window.length for q in found if q.primary] == [6]


def test_a_value_can_be_the_primary_figure():
    one = chain(1, known=1.0, calendar=Calendar("month", 2024 * 12 + 1, 30))
    one.design = dataclasses.replace(DESIGN, primary="ltv_12m")
    assert [(q.kpi.code, q.window.length) for q in asked(one, ALL) if q.primary] == [("ltv_12m", 12)]


@pytest.mark.parametrize(
    ("dataset", "known", "code", "reason", "names"),
    [
        (Tables(orders=[]), None, "margin_per_month", "R0", "order_lines"),
        (Tables(orders=[], order_lines=["sku"]), None, "margin_per_month", "R0", "products.unit_cost"),
        (ALL, 0.42, "margin_per_month", "R0", "42%"),
        (Tables(orders=[]), None, "paid_conversion", "R0", "memberships"),
        (ALL, 1.0, "ltv_12m", "R7", "12"),
    ],
)
def test_refusals_by_name(dataset, known, code, reason, names):
    found = [q for q in asked(chain(1, known=known), dataset) if q.kpi.code == code]
    assert found
    for question in found:
        assert question.refused.code == reason
        assert names in question.refused.zh
        assert names in question.refused.en
        assert question.refused.cure_zh


def test_enough_known_costs_are_not_refused():
    """Control arm of the refusal."""
    found = [q for q in asked(chain(1, known=0.81), ALL) if q.kpi.code == "margin_per_month"]
    assert [q.refused for q in found] == [None, None]


def test_the_answers_of_all_kpis_stand_side_by_side():
    one = chain(11, 1500, known=1.0)
    answers = answering.all_kpis(ALL, (one.window(3), one.window(6)))
    told = {(a.kpi, a.window): a for a in answers}
    assert ("ltv_12m", 12) in told
    assert told["ltv_12m", 12].reason_words[0][0] == "R7"
    conversion = told["paid_conversion", 3]
    assert conversion.placebo["status"] == "not_testable"
    assert conversion.unit == "share"
    assert told["ltv_6m", 6].unit == "money"


def test_values_say_what_they_are_made_of():
    margin = questions.notes(DESIGN, chain(1, known=0.9).panel)[0]
    spend = questions.notes(DESIGN, chain(1).panel)[0]
    assert "毛利" in margin.zh
    assert "90%" in margin.zh
    assert "8.0%" in margin.en
    assert "spend, not margin" in spend.en
    assert questions.notes(Design(), chain(1).panel) == ()
