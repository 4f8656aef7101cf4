"""月毛利: what is left of a member's spend after what the goods cost."""

from tongxin.compass.kpis.base import Kpi

KPI = Kpi(
    code="margin_per_month",
    numerator="margin",
    denominator=None,
    needs=("orders", "order_lines", "order_lines.cost_fen|products.unit_cost_fen"),
    unit="money/month",
    zh="月毛利",
    en="Margin per month",
    formula="paid amount after refunds less cost (of the line, else quantity × unit cost), per member and month; "
    "lines without a known cost count 0, the cost of refunded goods stays",
)
