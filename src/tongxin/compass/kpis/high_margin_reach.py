"""高毛利渗透率: how many members buy high margin at all; a difference of shares."""

from tongxin.compass.kpis.base import Kpi

KPI = Kpi(
    code="high_margin_reach",
    numerator="high_margin",
    denominator=None,
    needs=("orders", "order_lines", "products", "categories"),
    unit="share",
    zh="高毛利渗透率",
    en="High-margin penetration",
    formula="share of members with a high-margin purchase within a span as long as the shortest window (averaged over "
    "such spans in longer windows and in the baseline); risk difference",
    reads="any",
)
