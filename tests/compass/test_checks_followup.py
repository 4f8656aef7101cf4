"""R7: returns that are still open, and members who came inside the baseline."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from made_panels import CALENDAR, made

from tongxin.compass import dataset, study
from tongxin.compass.checks import followup
from tongxin.compass.design import Design
from tongxin.compass.simulate import world
from tongxin.compass.simulate.world import Effect


class Books:
    """Just enough of a dataset: its last day, and whether it knows refunds."""

    def __init__(self, last, refunds=True):
        self.last_day = last
        self.tables = {"refunds": _Rows()}
        self._refunds = refunds

    def has(self, table):
        return self._refunds and table == "refunds"

    def arrow(self, rows):
        return [rows]


class _Rows:
    def limit(self, _):
        return self


@pytest.mark.parametrize(
    ("books", "days", "last_cohort"),
    [
        (Books(date(2025, 12, 31)), 7, 19),  # the window of cohort 20 ends on the last day: returns are open
        (Books(date(2026, 1, 6)), 7, 19),  # six days later they still are
        (Books(date(2026, 1, 7)), 7, 20),
        (Books(date(2025, 12, 31)), 0, 20),  # no right of return
        (Books(date(2025, 12, 31), refunds=False), 7, 20),  # nobody knows refunds: nothing to wait for
    ],
)
def test_a_cohort_counts_when_its_purchases_can_no_longer_come_back(books, days, last_cohort):
    entry = np.repeat([17, 18, 19, 20, -1], 40)
    frame = (
        made(np.full((200, 24), 10000), entry, design=Design(draws=0, windows=(3,), return_days=days))
        .window(3)
        .frame
    )
    assert [one.cohort for one in frame.sets] == [17, 18, 19, 20]
    kept = followup.settled(frame, books)
    assert kept.sets[-1].cohort == last_cohort
    assert len(frame.sets) == 4


def test_who_waits_for_returns_is_counted_with_a_reason():
    made_chain = world.make(
        "level", Effect.parse("20"), np.random.default_rng(3), members=1200, join_share=0.3
    )
    orders = made_chain.tables["orders"]
    refunds = pa.table(
        {
            "refund_no": ["R1"],
            "order_no": orders["order_no"].slice(0, 1),
            "refunded_at": orders["ordered_at"].slice(0, 1),
            "amount_fen": pa.array([1]),
            "store_code": orders["store_code"].slice(0, 1),
        }
    )
    design = Design(draws=0, windows=(3,), min_cohort=1, kpis=("spend_per_month",))
    plain, waiting = (
        study.run(dataset.open_sources(made_chain.tables | more), design)
        for more in ({}, {"refunds": refunds})
    )
    assert waiting.population.eligible < plain.population.eligible
    excluded = {reason: n for reason, n, _ in waiting.population.excluded}
    assert excluded["returns_open"] > 0
    assert "returns_open" not in {reason for reason, _, _ in plain.population.excluded}

    def counted(answer):
        return answer.population.retained + sum(
            n for reason, n, _ in answer.population.excluded if reason not in {"staff", "measurement_refused"}
        )

    assert counted(waiting) <= waiting.population.treated
    assert counted(waiting) == counted(plain)


@pytest.mark.parametrize(("share", "expected"), [(0.04, 0.04), (0.1, 0.1)])
def test_share_without_a_whole_baseline(share, expected):
    n = 1000
    entry = np.where(np.arange(n) < 400, 14, -1)
    since = np.full(n, CALENDAR.start_day(0) - 400)
    since[: round(400 * share)] = CALENDAR.start_day(6)  # eight months before they came
    opened = made(
        np.full((n, 24), 10000),
        entry,
        since=since,
        design=Design(draws=0, min_tenure=6, min_cohort=1, strata=("paid",)),
    ).window(3)
    assert followup.without_baseline(opened, "never_joiners") == pytest.approx(expected)
