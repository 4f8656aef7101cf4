"""A small chain with planted key customers: who is asked, answers well, brings buyers and links stores."""

import numpy as np
import pyarrow as pa

from tongxin.compass import dataset

STARS = ("M0000", "M0001", "M0002")
_BEGIN = np.datetime64("2025-01-01T04:00:00")


def stamps(days):
    return pa.array(
        np.array([_BEGIN + np.timedelta64(int(d), "D") for d in days], dtype="datetime64[us]"),
        pa.timestamp("us", tz="UTC"),
    )


def tables(seed=1, n=400, stores=8):
    """Members M0000…; the three stars are replied to, accepted, liked and bring people; everybody buys now and then."""
    rng = np.random.default_rng(seed)
    code = [f"M{i:04d}" for i in range(n)]
    home = [f"S{i % stores}" for i in range(n)]
    ties = []

    def tie(a, b, kind):
        if a != b:
            ties.append((code[a], code[b], kind, int(rng.integers(20, 170))))

    for _ in range(4 * n):  # everyday talk, mostly inside a store
        a = int(rng.integers(0, n))
        b = (
            int(rng.integers(0, n // stores)) * stores + a % stores
            if rng.random() < 0.9
            else int(rng.integers(0, n))
        )
        tie(a, b % n, ["reply", "answer", "like"][int(rng.integers(0, 3))])
    for star in range(3):
        for other in rng.choice(np.arange(10, n), 60, replace=False):
            tie(int(other), star, "reply")
            tie(star, int(other), "answer")
            tie(int(other), star, "like")
        for other in rng.choice(np.arange(10, n), 45, replace=False):
            tie(int(other), star, "accepted")
    bought = [(code[i], int(d)) for i in range(n - 40) for d in rng.integers(0, 182, 4)]
    for place, new in enumerate(
        range(n - 40, n)
    ):  # forty newcomers, invited by the stars, who buy ten days later
        day = 30 + 3 * place
        ties.append((code[place % 3], code[new], "referral", day))
        bought.append((code[new], day + 10))
    return {
        "members": pa.table(
            {
                "member_code": code,
                "home_store_code": home,
                "registered_at": stamps(np.full(n, -400)),
                "consent_measurement": [True] * n,
            }
        ),
        "orders": pa.table(
            {
                "order_no": [f"N{i}" for i in range(len(bought))],
                "ordered_at": stamps([d for _, d in bought]),
                "store_code": ["S0"] * len(bought),
                "total_paid_fen": [1000] * len(bought),
                "member_code": [c for c, _ in bought],
            }
        ),
        "ties": ties_table(ties),
    }


def ties_table(rows):
    """Ties as a table; equal rows fall together as they would in an import."""
    rows = sorted(set(rows))
    return pa.table(
        {
            "from_member_code": [r[0] for r in rows],
            "to_member_code": [r[1] for r in rows],
            "kind": [r[2] for r in rows],
            "at": stamps([r[3] for r in rows]),
        }
    )


def with_ties(made, rows):
    """The same chain with some more ties."""
    old = [tuple(row.values()) for row in made["ties"].to_pylist()]
    old = [(a, b, kind, int((np.datetime64(at.replace(tzinfo=None)) - _BEGIN) / np.timedelta64(1, "D"))) for a, b, kind, at in old]  # fmt: skip
    return made | {"ties": ties_table(old + rows)}


def opened(made):
    return dataset.open_sources(made)
