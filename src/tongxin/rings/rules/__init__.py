"""The rules of the rings: plain Python, frozen facts in, frozen verdicts with reasons out; `now` is an argument."""

from tongxin.rings.rules.explain import Account, account, days_until_below, place
from tongxin.rings.rules.gates import Line, inner_lines, lines_of, met, middle_lines
from tongxin.rings.rules.placing import FRESH, Standing, Verdict, decide
from tongxin.rings.rules.policy import DEFAULT, PolicyBody, from_json, to_json
from tongxin.rings.rules.steps import Step, nearest_step
from tongxin.rings.rules.traces import Evidence, Recognition, Trace, Traces, blank, weigh

__all__ = [
    "DEFAULT",
    "FRESH",
    "Account",
    "Evidence",
    "Line",
    "PolicyBody",
    "Recognition",
    "Standing",
    "Step",
    "Trace",
    "Traces",
    "Verdict",
    "account",
    "blank",
    "days_until_below",
    "decide",
    "from_json",
    "inner_lines",
    "lines_of",
    "met",
    "middle_lines",
    "nearest_step",
    "place",
    "to_json",
    "weigh",
]
