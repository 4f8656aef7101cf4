"""Is the follow-up whole? The window closed, the returns in, the baseline seen for nearly everybody (R7)."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import numpy as np

from tongxin.compass.dataset import Dataset
from tongxin.compass.frame import Frame
from tongxin.compass.window import Window


def settled(frame: Frame, dataset: Dataset) -> Frame:
    """Leave out cohorts whose purchases can still come back: the window and the days for returns must be over.

    Only where the dataset knows refunds: without them there is nothing to wait for.
    """
    days = frame.design.return_days
    if not days or not _has_refunds(dataset):
        return frame
    calendar, latest = frame.panel.calendar, dataset.last_day - timedelta(days=days)
    kept = tuple(
        one
        for one in frame.sets
        if calendar.start(one.cohort + frame.window + 1) - timedelta(days=1) <= latest
    )
    return dataclasses.replace(frame, sets=kept)


def _has_refunds(dataset: Dataset) -> bool:
    return dataset.has("refunds") and len(dataset.arrow(dataset.tables["refunds"].limit(1))) > 0


def without_baseline(window: Window, method: str) -> float:
    """Share of a method's treated who became members only inside the baseline (`min_tenure` allowed them in)."""
    rows, frame = window.matches[method], window.frame
    if not rows.retained:
        return 0.0
    since = frame.panel.calendar.of_days(frame.population.since_day[rows.member[rows.treated]])
    return float(np.mean(since > rows.cohort[rows.treated] + frame.design.baseline[0]))
