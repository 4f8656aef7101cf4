"""Writes of measure: planning, registering and running studies, asking for and answering measurements."""

from tongxin.measure.actions.measurements import ask_daily, ask_measurement, run_measurement
from tongxin.measure.actions.preregistering import Published, preregister, start_due
from tongxin.measure.actions.segments import archive_segment, prepare_sheet, save_segment
from tongxin.measure.actions.studies import plan_study, run_study

__all__ = [
    "Published",
    "archive_segment",
    "ask_daily",
    "ask_measurement",
    "plan_study",
    "prepare_sheet",
    "preregister",
    "run_measurement",
    "run_study",
    "save_segment",
    "start_due",
]
