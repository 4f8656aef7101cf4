"""高毛利占比: own brand, imported, organic, or whatever the chain marks as high margin."""

from tongxin.compass.kpis.base import Kpi

KPI = Kpi(
    code="high_margin_share",
    numerator="high_margin",
    denominator="line_spend",
    needs=("orders", "order_lines", "products", "categories"),
    unit="share",
    zh="高毛利占比",
    en="High-margin share",
    formula="spend on own brand, imported, organic or margin class high over all spend on lines, of the group",
)
