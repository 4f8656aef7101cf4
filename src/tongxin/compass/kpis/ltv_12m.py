"""12 个月价值: what was really observed over 12 months, discounted; no forecast in it."""

from tongxin.compass.kpis.base import Kpi

KPI = Kpi(
    code="ltv_12m",
    numerator="value",
    denominator=None,
    needs=("orders",),
    unit="money",
    zh="12 个月累计价值",
    en="Value over 12 months",
    formula="margin (spend where costs are unknown) of the 12 months after entry, each month discounted at the design's "
    "yearly rate, per member; less the baseline's monthly mean over the same months",
    reads="value",
    horizon=12,
)
