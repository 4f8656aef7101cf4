"""Writes of measure: planning, registering and running studies, asking for and answering measurements."""

from tongxin.measure.actions.measurements import ask_measurement, run_measurement
from tongxin.measure.actions.preregistering import Published, preregister, start_due
from tongxin.measure.actions.studies import plan_study, run_study

__all__ = [
    "Published",
    "ask_measurement",
    "plan_study",
    "preregister",
    "run_measurement",
    "run_study",
    "start_due",
]
