"""The visible list of control groups; all of them are always printed side by side."""

from tongxin.compass.methods import later_joiners, never_joiners, split_window
from tongxin.compass.methods.base import Method

METHODS: dict[str, Method] = {
    method.code: method for method in (never_joiners.METHOD, split_window.METHOD, later_joiners.METHOD)
}
