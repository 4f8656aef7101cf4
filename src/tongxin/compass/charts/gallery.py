"""The visible list of the charts that are drawn from their own small data (the three of a study are drawn from its answer)."""

from __future__ import annotations

from types import ModuleType

from tongxin.compass.charts import lorenz, naive_honest, power_curve, radar, retention

#: each has `spec`, `draw_svg`, `sentence` and `table`
CHARTS: dict[str, ModuleType] = {
    "naive_honest": naive_honest,
    "power_curve": power_curve,
    "lorenz": lorenz,
    "retention": retention,
    "radar": radar,
}
