"""月消费额: what a member spends, refunds netted at the month of the purchase."""

from tongxin.compass.kpis.base import Kpi

KPI = Kpi(
    code="spend_per_month",
    numerator="spend",
    denominator=None,
    needs=("orders",),
    unit="money/month",
    zh="月消费额",
    en="Spend per month",
    formula="paid amount less refunds, per member and month (members without orders count 0)",
)
