"""Before and after: the participants' spending now less their own spending then."""

from tongxin.compass.naive import versus_all_others
from tongxin.compass.naive.base import Naive

NAIVE = Naive(
    "before_after",
    versus_all_others.choose,
    lambda frame: frame.design.baseline,
    within=True,
    zh="参加前后比",
    en="before and after",
    why_zh="季节、涨价和全店促销都会算成活动的功劳；人们又常在买得多的月份之后才参加。",
    why_en="Season, inflation and chain-wide promotions are counted as effect, and people often join after a "
    "month in which they bought a lot.",
)
