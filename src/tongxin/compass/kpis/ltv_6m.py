"""6 个月价值: what was really observed over 6 months, discounted; no forecast in it."""

from tongxin.compass.kpis.base import Kpi

KPI = Kpi(
    code="ltv_6m",
    numerator="value",
    denominator=None,
    needs=("orders",),
    unit="money",
    zh="6 个月累计价值",
    en="Value over 6 months",
    formula="margin (spend where costs are unknown) of the 6 months after entry, each month discounted at the design's "
    "yearly rate, per member; less the baseline's monthly mean over the same months",
    reads="value",
    horizon=6,
)
