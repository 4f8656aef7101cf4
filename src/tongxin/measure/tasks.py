"""Jobs of measure. One at a time: two would share the memory that one was promised."""

from procrastinate.contrib.django import app

from tongxin.foundation.access import system
from tongxin.foundation.errors import Refused
from tongxin.measure.actions import measurements, preregistering, segments, studies

NIGHT = system("measure.night")


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


@app.periodic(cron="35 18 * * *")  # after the book's page of the day is copied
@app.task(name="measure.prepare_sheet", lock="measure", queueing_lock="measure.prepare_sheet", retry=2)
def prepare_sheet(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Each night: the sheet behind segments. Answers over how many; nothing before the chain is set up."""
    try:
        return segments.prepare_sheet(viewer=NIGHT).people
    except Refused as refused:
        if refused.code != "stores.no_brand":
            raise
        return 0


@app.periodic(cron="50 18 * * *")
@app.task(name="measure.ask_daily", queueing_lock="measure.ask_daily", retry=2)
def ask_daily(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Each night: the four indices of every community, the concentration, what the social side and waking bring are asked for."""
    try:
        return measurements.ask_daily()
    except Refused as refused:
        if refused.code != "stores.no_brand":
            raise
        return 0
