"""客单价: what one order is worth; a ratio of sums, never a mean of per-member ratios."""

from tongxin.compass.kpis.base import Kpi

KPI = Kpi(
    code="basket_value",
    numerator="spend",
    denominator="orders",
    needs=("orders",),
    unit="money",
    zh="客单价",
    en="Basket value",
    formula="sum of spend over sum of orders of the group (delta method; heavy buyers weigh more)",
)
