"""The visible list of designs: a new one is one file here and one line below. `two_control` is the default."""

from tongxin.compass.designs import balancing, coarsened, holdout, lottery, nearest, staggered, two_control
from tongxin.compass.designs.base import Kind

DESIGNS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        two_control.KIND,
        lottery.KIND,
        holdout.KIND,
        staggered.KIND,
        nearest.KIND,
        coarsened.KIND,
        balancing.KIND,
    )
}
