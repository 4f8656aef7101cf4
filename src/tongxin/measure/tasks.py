"""Jobs of measure. One at a time: two would share the memory that one was promised."""

from procrastinate.contrib.django import app

from tongxin.measure.actions import measurements, preregistering, studies


@app.task(name=studies.RUN, lock="measure", retry=2)
def run_study(study_id: int) -> str:
    """Answer one study; a job that is delivered twice finds it answered."""
    return studies.run_study(study_id=study_id).state


@app.periodic(cron="40 19 * * *")  # twenty to four in Shanghai, when events of the day are closed
@app.task(name="measure.start_due", queueing_lock="measure.start_due", retry=2)
def start_due(timestamp: int) -> int:  # noqa: ARG001 - procrastinate hands it over by this name
    """Each night: reports of day 90 are given to the worker. Answers how many."""
    return preregistering.start_due()


@app.task(name=measurements.RUN, lock="measure", retry=2)
def run_measurement(measurement_id: int) -> str:
    """Answer one measurement; a job that is delivered twice finds it answered."""
    return measurements.run_measurement(measurement_id=measurement_id).state
