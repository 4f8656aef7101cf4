"""付费会员转化率: how many of those who did not pay yet begin a paid membership in the window."""

from tongxin.compass.kpis.base import Kpi

KPI = Kpi(
    code="paid_conversion",
    numerator="paid_starts",
    denominator=None,
    needs=("orders", "memberships"),
    unit="share",
    zh="付费会员转化率",
    en="Paid conversion",
    formula="share of members who begin a paid membership in the window, among those with none up to and in the period "
    "of entry (what taking part itself required is not counted); risk difference of levels, no baseline exists",
    reads="any",
    differenced=False,
    among="not_paid",
)
