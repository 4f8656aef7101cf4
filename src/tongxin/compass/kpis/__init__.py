"""The visible list of KPIs: a new one is one file here and one line below."""

from tongxin.compass.kpis import (
    basket_value,
    high_margin_reach,
    high_margin_share,
    ltv_6m,
    ltv_12m,
    margin_per_month,
    orders_per_month,
    paid_conversion,
    retention,
    spend_per_month,
)
from tongxin.compass.kpis.base import Kpi

KPIS: dict[str, Kpi] = {
    kpi.code: kpi
    for kpi in (
        spend_per_month.KPI,
        orders_per_month.KPI,
        basket_value.KPI,
        high_margin_share.KPI,
        high_margin_reach.KPI,
        margin_per_month.KPI,
        paid_conversion.KPI,
        retention.KPI,
        ltv_6m.KPI,
        ltv_12m.KPI,
    )
}

#: what a design asks for if it does not say; `carried.kpis_for` adds what a dataset can carry
CORE = ("spend_per_month", "orders_per_month", "basket_value", "high_margin_share")

#: the falsification outcome: spend in a category that the treatment cannot move (design.negative_control)
NEGATIVE_CONTROL = Kpi(
    code="negative_control",
    numerator="negative",
    denominator=None,
    needs=("orders", "order_lines", "products", "categories"),
    unit="money/month",
    zh="阴性对照品类消费",
    en="Spend in the negative-control category",
    formula="spend on the category that the treatment cannot move, per member and month",
)
