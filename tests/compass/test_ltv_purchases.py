"""From orders to one row a member: twin by plain loops over random orders with refunds, returns and same-day repeats."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from tongxin.compass.dataset import open_sources
from tongxin.compass.errors import BadInput
from tongxin.compass.ltv import purchases

START = datetime(2024, 1, 1, 4, tzinfo=UTC)
ZERO = date(1970, 1, 1)


def chain(seed, days=500, n=40, *, shuffle=False, registered=False):
    rng = np.random.default_rng(seed)
    rows, refunds = [], []
    for who in range(n):
        day = int(rng.integers(0, days - 1))
        while day < days:
            for _ in range(1 + (rng.random() < 0.2)):
                fen = int(rng.integers(100, 9000))
                rows.append((f"N{len(rows)}", day, f"M{who:02d}", fen))
                if rng.random() < 0.15:
                    refunds.append((rows[-1][0], fen if rng.random() < 0.5 else fen // 3))
            if rng.random() < 0.05:
                rows.append((f"N{len(rows)}", day + 1 if day + 1 < days else day, f"M{who:02d}", -50))
            day += 1 + int(rng.exponential(40))
    # every day sells something to nobody, so that first and last day are normal
    rows += [(f"X{d}", d, None, 100) for d in range(days)]
    if shuffle:
        rows = [rows[i] for i in rng.permutation(len(rows))]
    tables = {
        "orders": pa.table(
            {
                "order_no": [row[0] for row in rows],
                "ordered_at": [START + timedelta(days=row[1]) for row in rows],
                "store_code": ["A"] * len(rows),
                "member_code": [row[2] for row in rows],
                "total_paid_fen": pa.array([row[3] for row in rows], pa.int64()),
            }
        ),
        "refunds": pa.table(
            {
                "refund_no": [f"R{i}" for i in range(len(refunds))],
                "order_no": [row[0] for row in refunds],
                "refunded_at": [START + timedelta(days=days)] * len(refunds),
                "amount_fen": pa.array([row[1] for row in refunds], pa.int64()),
            }
        ),
    }
    if registered:
        tables["members"] = pa.table(
            {
                "member_code": [f"M{who:02d}" for who in range(n)],
                "registered_at": [START + timedelta(days=-100 if who % 2 else 20) for who in range(n)],
                "consent_measurement": [who != 3 for who in range(n)],
                "phone": [f"+86{who}" for who in range(n)],
            }
        )
        tables["staff"] = pa.table(
            {
                "staff_code": ["s", "t"],
                "name": ["x", "y"],
                "store_code": ["A", "A"],
                "member_code": ["M05", None],
                "phone": [None, "+867"],
            }
        )
    return tables, rows, refunds


def gathered(tables, holdout=120, lapse=60):
    return purchases.gather(open_sources(tables), holdout_days=holdout, lapse_days=lapse, cohort_days=91)


def twin(rows, refunds, days, holdout, lapse):
    """Plain loops from the definitions."""
    back, zero = {}, (START.date() - ZERO).days
    for order, fen in refunds:
        back[order] = back.get(order, 0) + fen
    by_member = {}
    for order, day, who, fen in rows:
        if who is None:
            continue
        net = fen - back.get(order, 0)
        mine = by_member.setdefault(who, {}).setdefault(zero + day, [0, False])
        mine[0] += net
        mine[1] = mine[1] or net > 0
    end = zero + days - 1
    known_to = end - holdout
    found = {}
    for who, mine in by_member.items():
        bought = sorted(day for day, (_, real) in mine.items() if real)
        if not bought:
            continue
        gaps = [a for a, b in zip(bought, [*bought[1:], end], strict=True) if b - a > lapse]
        known = [day for day in bought if day <= known_to]
        found[who] = {
            "first": bought[0],
            "last": bought[-1],
            "days": len(bought),
            "spend": sum(fen for fen, _ in mine.values()),
            "first_spend": mine[bought[0]][0],
            "known_days": len(known),
            "known_last": known[-1] if known else -1,
            "known_spend": sum(fen for day, (fen, _) in mine.items() if day <= known_to),
            "held_out": len(bought) - len(known),
            "year_ago": sum(known_to - 365 < day <= known_to - 365 + holdout for day in bought),
            "lapse": gaps[0] if gaps else -1,
        }
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_column_against_plain_loops(seed):
    tables, rows, refunds = chain(seed)
    found = gathered(tables)
    wanted = twin(rows, refunds, 500, 120, 60)
    assert found.codes.to_pylist() == sorted(wanted)
    for i, code in enumerate(sorted(wanted)):
        assert {name: int(getattr(found, name)[i]) for name in wanted[code]} == wanted[code]
    assert found.merged_orders > 0
    assert found.refunded_orders > 0
    assert found.cut.held_out == 120
    tested = [one for one in wanted.values() if one["first"] < found.cut.known_to]
    assert sum(n for _, n in found.by_month) == sum(one["held_out"] for one in tested)


def test_row_order_does_not_reach_the_answer():
    one, other = (gathered(chain(4, shuffle=shuffle)[0]) for shuffle in (False, True))
    for name in ("first", "days", "spend", "lapse", "year_ago"):
        assert (getattr(one, name) == getattr(other, name)).all()
    assert one.by_age.equals(other.by_age)


def test_money_by_age_counts_whole_months_of_newcomers_only():
    tables, rows, refunds = chain(5)
    found = gathered(tables)
    wanted = twin(rows, refunds, 500, 120, 60)
    back = {}
    for order, fen in refunds:
        back[order] = back.get(order, 0) + fen
    sums = {}
    zero = (START.date() - ZERO).days
    for order, day, who, fen in rows:
        if who in wanted:
            age = (zero + day - wanted[who]["first"]) * 16 // 487
            whole = wanted[who]["first"] * 16 + (age + 1) * 487 <= (found.cut.end + 1) * 16
            key = ((wanted[who]["first"] - found.cut.start) // 91, age)
            if whole and age >= 0:
                sums[key] = sums.get(key, 0) + fen - back.get(order, 0)
    assert {(row["cohort"], row["age"]): row["spend"] for row in found.by_age.to_pylist()} == sums


def test_staff_and_refusals_stay_out_and_registrations_are_read():
    tables, *_ = chain(6, registered=True)
    found = gathered(tables)
    codes = found.codes.to_pylist()
    assert not {"M03", "M05", "M07"} & set(codes)  # refused; staff by code; staff by phone
    assert found.excluded == 3
    start = found.cut.start
    assert all((found.registered[i] < start) == (int(code[1:]) % 2 == 1) for i, code in enumerate(codes))


def test_margin_share_of_lines_with_known_cost():
    tables, rows, _ = chain(7)
    sold = [row for row in rows if row[3] > 0]
    tables["order_lines"] = pa.table(
        {
            "order_no": [row[0] for row in sold],
            "line_no": [1] * len(sold),
            "sku": ["s"] * len(sold),
            "qty": [1.0] * len(sold),
            "paid_amount_fen": pa.array([row[3] for row in sold], pa.int64()),
            "cost_fen": pa.array(
                [None if i % 10 == 0 else row[3] // 2 for i, row in enumerate(sold)], pa.int64()
            ),
        }
    )
    found = gathered(tables)
    known = [row[3] for i, row in enumerate(sold) if i % 10]
    assert found.cost_known == pytest.approx(sum(known) / sum(row[3] for row in sold))
    assert found.margin_share == pytest.approx(1 - sum(fen // 2 for fen in known) / sum(known))
    tables["order_lines"] = tables["order_lines"].set_column(
        5, "cost_fen", pa.array([None] * len(sold), pa.int64())
    )
    assert gathered(tables).margin_share is None


def test_nobody_bought():
    tables, *_ = chain(8)
    nobody = tables["orders"].filter(pa.compute.is_null(tables["orders"]["member_code"]))
    with pytest.raises(BadInput, match="no purchase"):
        gathered({"orders": nobody})
