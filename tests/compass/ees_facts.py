"""A small chain for the index: canonical tables with surveys, events, ties and vouchers, and facts made straight from arrays."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from tongxin.compass.dataset import open_sources
from tongxin.compass.ees.indicators import Facts, rows_of

LAST = date(2026, 3, 31)


def stamp(days_ago):
    return f"{LAST - timedelta(days=int(days_ago))} 10:00:00"


def table(rows, *names):
    columns = list(zip(*rows, strict=True)) if rows else [[] for _ in names]
    return pa.table({name: pa.array(list(column)) for name, column in zip(names, columns, strict=True)})


def chain(stores=6, members=120, seed=1, quality=None):
    """Tables of a chain whose stores differ in quality (0–1)."""
    rng = np.random.default_rng(seed)
    quality = np.linspace(0.2, 0.8, stores) if quality is None else quality
    people, surveys, parts, ties, orders = [], [], [], [], []
    for s in range(stores):
        q = quality[s]
        for m in range(members):
            code = f"M{s:02d}{m:03d}"
            people.append((code, f"S{s:02d}", True))
            orders.append(
                (
                    f"O{code}",
                    stamp(rng.integers(0, 80)),
                    f"S{s:02d}",
                    code,
                    "10",
                    "C1" if rng.random() < q / 2 else None,
                )
            )
            if rng.random() < 0.5:
                day = stamp(rng.integers(0, 80))
                nps = int(np.clip(rng.normal(5 + 5 * q, 2), 0, 10))
                surveys.append((code, day, "nps", nps, "random"))
                surveys.append((code, day, "csat", int(np.clip(rng.normal(2 + 3 * q, 1), 1, 5)), "random"))
                surveys.append((code, day, "job_done", int(rng.random() < 0.4 + 0.5 * q), "random"))
                surveys += [
                    (code, day, f"bscs_{i}", int(np.clip(rng.normal(2 + 3 * q, 1), 1, 5)), "random")
                    for i in range(1, 9)
                ]
            if rng.random() < 0.1:
                surveys.append((code, stamp(5), "nps", 10, "volunteer"))
            for e in range(rng.poisson(0.4 * q)):
                event, day = f"E{s}-{e}", rng.integers(0, 80)
                parts.append((code, "event", event, "registered", stamp(day + 3)))
                lucky = rng.random() < 0.5 + 0.4 * q
                parts.append((code, "event", event, "checked_in" if lucky else "lost_draw", stamp(day)))
            if rng.random() < 0.03:
                parts.append((code, "panel", f"P{s}", "checked_in", stamp(9)))
            if rng.random() < q / 5:
                ties.append(
                    (code, f"M{s:02d}{rng.integers(members):03d}", "answer", stamp(rng.integers(0, 80)))
                )
    return {
        "stores": table([(f"S{s:02d}", f"店{s}") for s in range(stores)], "store_code", "name"),
        "staff": table([("W1", "店员", "S00", "M00000")], "staff_code", "name", "store_code", "member_code"),
        "members": table(people, "member_code", "home_store_code", "consent_measurement"),
        "surveys": table(surveys, "member_code", "answered_at", "kind", "score", "sampled"),
        "participation": table(parts, "member_code", "what", "what_code", "status", "happened_at"),
        "ties": table(ties, "from_member_code", "to_member_code", "kind", "at"),
        "orders": table(orders, "order_no", "ordered_at", "store_code", "member_code", "total_paid", "coupon_codes"),
    }  # fmt: skip


def opened(tables):
    return open_sources(tables)


def plain_facts(stores=8, members=60, seed=3, sizes=None):
    """Facts with every formula, made without a dataset."""
    rng = np.random.default_rng(seed)
    sizes = [members] * stores if sizes is None else sizes
    home = np.repeat(np.arange(len(sizes)), sizes)
    people = np.arange(len(home))
    q = np.linspace(0.3, 0.7, len(sizes))[home]
    ones = np.ones_like(people)

    def share(p):
        return (rng.random(len(people)) < p).astype(np.int64)

    rows = {
        "nps/1": rows_of(home, people, share(q) - share(0.2), ones),
        "csat/1": rows_of(home, people, share(q), ones),
        "job_done/1": rows_of(home, people, share(0.3 + q / 2), ones),
        "active_share/1": rows_of(home, people, share(q / 3), ones),
        "checkins_per_active/1": rows_of(home, people, 1 + rng.poisson(q), ones),
        "seat_success/1": rows_of(home, people, share(0.5 + q / 2), ones),
        "newcomer_success/1": rows_of(home, people, share(0.4 + q / 2), ones),
        "benefit_use/1": rows_of(home, people, share(q / 2), ones),
        "bscs/1": rows_of(home, people, rng.integers(16, 40, len(people)), ones * 8),
        "giver_share/1": rows_of(home, people, share(q / 6), ones),
        "advisory_share/1": rows_of(home, people, share(0.03), ones),
    }
    return Facts(
        tuple(f"S{n:02d}" for n in range(len(sizes))),
        tuple(f"M{n:05d}" for n in range(len(people))),
        rows,
        np.array(sizes),
        {},
        {},
        "2026-03-31",
    )
