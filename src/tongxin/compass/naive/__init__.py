"""The visible list of naive numbers; a new one is one file here and one line below."""

from tongxin.compass.naive import before_after, matched_on_spend, versus_all_others
from tongxin.compass.naive.base import Naive

NAIVES: dict[str, Naive] = {
    naive.code: naive for naive in (before_after.NAIVE, versus_all_others.NAIVE, matched_on_spend.NAIVE)
}
