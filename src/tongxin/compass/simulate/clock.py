"""Months, seconds and codes of a simulated chain."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

DAY = 86_400
#: the first month is January of this year; registrations reach up to six years back
START_YEAR = 2024


def month_starts(months: int) -> np.ndarray:
    """Seconds since 1970 (UTC) of 00:00 Asia/Shanghai on the first of each month, and of the month after."""
    first = np.datetime64(f"{START_YEAR}-01", "M") + np.arange(months + 1)
    return first.astype("datetime64[s]").astype(np.int64) - 8 * 3600


def stamp(seconds: np.ndarray) -> pa.Array:
    """Seconds since 1970 as a UTC date-time column."""
    return pa.array(seconds * 1_000_000, pa.timestamp("us", tz="UTC"))


def numbered(prefix: str, numbers: np.ndarray, width: int) -> pa.Array:
    """Codes of a prefix and a number with leading zeros."""
    text = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")
    return pc.binary_join_element_wise(pa.scalar(prefix), text, "")
