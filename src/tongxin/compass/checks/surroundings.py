"""What no member can tell by themselves: are returns in, do controls live with the treated, who shows a code at the till.

`open_windows` looks before it opens: cohorts with open returns stay out, and where too many controls are near the treated
the windows are opened a second time with far controls only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tongxin.compass import window as windows
from tongxin.compass.checks import followup, identification, interference
from tongxin.compass.checks.identification import Sales
from tongxin.compass.checks.interference import Links
from tongxin.compass.dataset import Dataset
from tongxin.compass.frame import Frame
from tongxin.compass.kpis.base import Kpi
from tongxin.compass.refusals import LEAST_TREATED
from tongxin.compass.verdict import NEAR_REFUSES, Identification, Near, Seen, headline_of
from tongxin.compass.window import Window


@dataclass(frozen=True)
class Around:
    """What the dataset says about the comparison as a whole; `None` for what nobody looked at."""

    sold: Sales | None = None
    links: Links | None = None
    near: Near | None = None

    def identified(self, window: Window, method: str) -> Identification | None:
        """Compare identification rates for the rows of a method."""
        return None if self.sold is None else identification.look(self.sold, window, method)

    def identification_json(self, window: Window, method: str) -> dict[str, Any]:
        """Return `checks.identification`."""
        if self.sold is None:
            return {"status": "not_testable", "reason": "not_looked"}
        return identification.as_json(self.identified(window, method), self.sold)

    def interference_json(self, window: Window, kpi: Kpi) -> dict[str, Any]:
        """Return `checks.interference` with the spillover probe."""
        if self.links is None:
            return {"status": "not_testable", "reason": "not_looked", "through": []}
        probe = interference.spillover(window.frame, self.links, kpi)
        return interference.as_json(self.near, self.links.through, probe)


#: nothing was looked at: a study made from a bare panel
NOWHERE = Around()


def speaker(window: Window) -> str:
    """Return the control group that speaks in a window."""
    later = window.matches["later_joiners"]
    return headline_of(Seen(0.0, (0.0, 0.0), later.retained, later.effective))


def open_windows(dataset: Dataset, frames: Sequence[Frame]) -> tuple[tuple[Window, ...], Around]:
    """Open every window of a study and look around it.

    Parameters
    ----------
    dataset : Dataset
    frames : sequence of Frame
        Windows in rising order; the last one decides whether near controls are dropped.
    """
    whole = [followup.settled(frame, dataset) for frame in frames]
    opened = tuple(windows.open_window(frame) for frame in whole)
    last = whole[-1]
    sold = identification.sales(dataset, last.panel.calendar, last.population.stores, last.population.orders)
    links = interference.links(dataset, last.panel, last.population)
    rows = opened[-1].matches[speaker(opened[-1])]
    if not links.through or not rows.retained:
        return opened, Around(sold, links)
    share = interference.near_share(links, rows, opened[-1].length)
    if not share > NEAR_REFUSES:
        return opened, Around(sold, links, Near(share, far_only=False, left=rows.retained))
    far = tuple(windows.open_window(interference.far_only(frame, links)) for frame in whole)
    left = far[-1].matches[speaker(far[-1])].retained
    if left < LEAST_TREATED:
        return opened, Around(sold, links, Near(share, far_only=False, left=left))
    return far, Around(sold, links, Near(share, far_only=True, left=left))
