"""The default: two-control rolling-entry difference-in-differences. `study` walks it step by step itself."""

from tongxin.compass.designs.base import Kind
from tongxin.compass.sentence import Words

KIND = Kind(
    "two_control",
    "双对照滚动入组",
    "Two controls, rolling entry",
    randomised=False,
    headline="later_joiners",
    why_not_default=Words("这是默认设计。", "This is the default."),
    answer=None,
)
