"""Jobs of the champion's day."""

from procrastinate.contrib.django import app

from tongxin.champions import actions
from tongxin.foundation.access import system


@app.periodic(cron="20 6 * * *")
@app.task(name="champions.pick_invites", queueing_lock="champions.pick_invites", retry=3)
def pick_invites(timestamp: int) -> int:  # noqa: ARG001 - procrastinate hands it over by this name
    """Each morning before stores open: whom to invite today. Answers for how many stores."""
    return actions.pick_due(viewer=system("champions.morning"))


@app.periodic(cron="0 3,9 * * *")
@app.task(name="champions.missing_checks", queueing_lock="champions.missing_checks", retry=3)
def missing_checks(timestamp: int) -> int:  # noqa: ARG001 - as above
    """At eleven and at five in Shanghai: stores with a robot whose daily check has gaps are told. Answers how many letters."""
    return actions.tell_missing(viewer=system("champions.missing_checks"))


@app.periodic(cron="40 3 * * *")
@app.task(name="champions.forget", queueing_lock="champions.forget", retry=3)
def forget(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Each night: what was kept long enough goes. Answers how much."""
    return actions.forget(viewer=system("champions.night"))
