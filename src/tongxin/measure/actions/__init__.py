"""Writes of measure: planning and running studies, asking for and answering measurements."""

from tongxin.measure.actions.measurements import ask_measurement, run_measurement
from tongxin.measure.actions.studies import plan_study, run_study

__all__ = ["ask_measurement", "plan_study", "run_measurement", "run_study"]
