"""消费频率: how often a member buys."""

from tongxin.compass.kpis.base import Kpi

KPI = Kpi(
    code="orders_per_month",
    numerator="orders",
    denominator=None,
    needs=("orders",),
    unit="orders/month",
    zh="消费频率",
    en="Purchase frequency",
    formula="orders with a positive amount after refunds, per member and month (members without orders count 0)",
)
