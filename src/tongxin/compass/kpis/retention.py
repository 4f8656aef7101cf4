"""留存率: is the member still there at the end of the window?"""

from tongxin.compass.kpis.base import Kpi

KPI = Kpi(
    code="retention",
    numerator="orders",
    denominator=None,
    needs=("orders",),
    unit="share",
    zh="留存率",
    en="Retention",
    formula="share of members with a purchase in the last third of the window, less the same share over equally long "
    "spans of the baseline; risk difference",
    reads="last",
)
