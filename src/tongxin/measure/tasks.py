"""Jobs of measure. One at a time: two would share the memory that one was promised."""

from procrastinate.contrib.django import app

from tongxin.measure.actions import measurements, studies


@app.task(name=studies.RUN, lock="measure", retry=2)
def run_study(study_id: int) -> str:
    """Answer one study; a job that is delivered twice finds it answered."""
    return studies.run_study(study_id=study_id).state


@app.task(name=measurements.RUN, lock="measure", retry=2)
def run_measurement(measurement_id: int) -> str:
    """Answer one measurement; a job that is delivered twice finds it answered."""
    return measurements.run_measurement(measurement_id=measurement_id).state
