"""Promise P9: any permutation, duplication, split, correction and refund of the same facts ends in the identical state.

`TONGXIN_PERMUTATIONS` sets how many are tried (default 8; the figure of the promise is 1,000).
"""

import os
import shutil
import tempfile
from functools import cache
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commerce.lakes import at, line, order, refund, rows, state
from tongxin.commerce.lake import Writer

EXAMPLES = int(os.environ.get("TONGXIN_PERMUTATIONS", "8"))
# Thousands of small commits: in memory where the machine has such a place, because each of them is synced.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

# Two tills with the same numbers, corrections in both directions, an order that moves to another month and one that moves
# store (as a new key), lines with and without a store, lines of an order that never comes, refunds of both kinds, negative lines.
FACTS: tuple[tuple[str, dict], ...] = (
    ("orders", order("1", "S1", 1000, version=1, member_code="m1")),
    ("orders", order("1", "S1", 900, version=2, member_code="m1", ordered_at=at(2, month=4))),
    ("orders", order("1", "S1", 950, version=3, member_code=None)),
    ("orders", order("1", "S2", 400, version=1, member_code="m2")),
    ("orders", order("2", "S1", 250, updated_at=at(6), member_code="m2")),
    ("orders", order("2", "S1", 240, updated_at=at(8), member_code="m3", ordered_at=at(30, month=4))),
    ("orders", order("3", "S1", 10, version=1)),
    ("orders", order("3", "S1", 11, version=1)),  # one version, two contents
    ("orders", order("5", "S3", 70, version=1, ordered_at=at(31, month=5))),
    ("order_lines", line("1", 1, "S1", 600, version=1)),
    ("order_lines", line("1", 1, "S1", 550, version=2)),
    ("order_lines", line("1", 2, "S1", 400, version=1)),
    ("order_lines", line("1", 3, "S1", -50, version=1, qty=-1.0)),
    ("order_lines", line("1", 1, "S2", 400, version=1)),
    ("order_lines", line("1", 7, None, 5, version=1)),  # two orders have this number
    ("order_lines", line("2", 1, None, 240, version=1)),  # one has this
    ("order_lines", line("2", 1, None, 200, version=2)),
    ("order_lines", line("2", 2, None, 40, version=1)),
    ("order_lines", line("4", 1, "S1", 10, version=1)),  # its order never comes
    ("order_lines", line("5", 4, "S3", 70, version=1)),
    ("refunds", refund("r1", "1", "S1", 100, version=1)),
    ("refunds", refund("r1", "1", "S1", 120, version=2, refunded_at=at(1, month=6))),
    ("refunds", refund("r2", "2", None, 40, version=1, line_no=2)),
    ("refunds", refund("r3", "4", None, 1, version=1)),
)  # fmt: skip
ALL = tuple(range(len(FACTS)))

histories = st.tuples(
    st.permutations(ALL),
    st.lists(st.sampled_from(ALL), max_size=8),  # what comes twice
    st.lists(st.integers(0, len(FACTS) + 8), max_size=4),  # where the files are cut
    st.integers(0, 2**16),  # where the doubles are put
)


def end_state(history: list[list[int]]) -> dict:
    """The state after importing these files one after the other, each as one import."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        lake = Path(folder) / "lake"
        with Writer(lake) as writer:
            for arrival, file in enumerate(history, start=1):
                for table in dict.fromkeys(FACTS[fact][0] for fact in file):
                    many = [FACTS[fact][1] for fact in file if FACTS[fact][0] == table]
                    writer.merge(table, rows(*many), source="pos", arrival=arrival)
        return state(lake)


@cache
def expected() -> str:
    return repr(end_state([list(ALL)]))


def files_of(history) -> list[list[int]]:
    order_, doubles, cuts, seed = history
    sequence = list(order_)
    for place, fact in enumerate(doubles):
        sequence.insert((seed * (place + 1)) % (len(sequence) + 1), fact)
    edges = [0, *sorted(min(cut, len(sequence)) for cut in cuts), len(sequence)]
    return [sequence[a:b] for a, b in pairwise(edges) if a < b]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories)
def test_any_history_ends_in_the_same_state(history):
    assert repr(end_state(files_of(history))) == expected()


def test_what_that_state_is():
    found = end_state([list(ALL)])
    money = {(row[0], row[2]): row[3] for row in found["orders"]}
    assert money == {("1", "S1"): 950, ("1", "S2"): 400, ("2", "S1"): 240, ("3", "S1"): 11, ("5", "S3"): 70}
    assert len(found["order_lines"]) == 9
    assert len(found["refunds"]) == 3


def test_control_without_versions_the_order_of_files_decides():
    """The same harness sees a difference where there is one: the protection is the version, not luck."""
    plain = [{k: v for k, v in row.items() if k not in ("version", "updated_at")} for _, row in FACTS[:2]]
    ends = []
    for sequence in (plain, plain[::-1]):
        lake = Path(tempfile.mkdtemp(dir=MEMORY))
        with Writer(lake) as writer:
            for arrival, row in enumerate(sequence, start=1):
                writer.merge("orders", rows(row), source="pos", arrival=arrival)
        ends.append(state(lake))
        shutil.rmtree(lake)
    assert ends[0] != ends[1]
