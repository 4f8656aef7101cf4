"""Teen employment: the twelve ATT(g, t) that Callaway and Sant'Anna's own package prints for `mpdta`."""

from pathlib import Path

import numpy as np
import pytest

from tongxin.compass.designs import group_cells, group_sums, group_time

PUBLISHED = {
    (2004, 2004): -0.0105, (2004, 2005): -0.0704, (2004, 2006): -0.1373, (2004, 2007): -0.1008,
    (2006, 2004): 0.0065, (2006, 2005): -0.0028, (2006, 2006): -0.0046, (2006, 2007): -0.0412,
    (2007, 2004): 0.0305, (2007, 2005): -0.0027, (2007, 2006): -0.0311, (2007, 2007): -0.0261,
}  # fmt: skip
#: given log population, doubly robust, as the package's own page prints them
GIVEN = (
    -0.0145,
    -0.0764,
    -0.1404,
    -0.1069,
    -0.0005,
    -0.0062,
    0.0010,
    -0.0413,
    0.0267,
    -0.0046,
    -0.0284,
    -0.0288,
)


@pytest.fixture(scope="module")
def teen():
    path = Path(__file__).parents[1] / "published" / "mpdta.csv"
    table = np.genfromtxt(path, delimiter=",", names=True)
    first = table["firsttreat"].astype(np.int64)
    first[first == 0] = group_cells.NEVER_TREATED
    county = table["countyreal"].astype(np.int64)
    wide = group_cells.wide(county, table["year"].astype(np.int64), table["lemp"], first)
    _, place = np.unique(county, return_index=True)
    return wide, table["lpop"][place][:, None]


def test_twelve_effects_to_the_printed_digit(teen):
    (outcome, first, periods), _ = teen
    found = group_time.from_cells(group_cells.cells_of(outcome, first, periods))
    pairs = zip(found.group.tolist(), found.period.tolist(), strict=True)
    assert {key: round(float(e), 4) for key, e in zip(pairs, found.effect, strict=True)} == PUBLISHED


def test_the_four_sums_and_their_standard_errors(teen):
    (outcome, first, periods), _ = teen
    found = group_time.from_cells(group_cells.cells_of(outcome, first, periods))
    sums = {code: make(found) for code, make in group_sums.SUMS.items()}
    assert {code: round(one.overall, 4) for code, one in sums.items()} == {
        "simple": -0.0400, "dynamic": -0.0772, "group": -0.0310, "calendar": -0.0417,
    }  # fmt: skip
    # the package prints .0118 to .0123 for the simple sum, .0124 for the group sum (bootstrap draws differ)
    assert 0.0115 < sums["simple"].overall_se < 0.0125
    assert 0.0118 < sums["group"].overall_se < 0.0130


def test_given_log_population_doubly_robust(teen):
    (outcome, first, periods), size = teen
    found = group_time.given(outcome, first, periods, size)
    assert tuple(round(float(e), 4) for e in found.effect) == GIVEN
