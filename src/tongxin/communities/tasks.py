"""Jobs of communities: each night the count of the day, then what is over goes."""

from procrastinate.contrib.django import app

from tongxin.communities.actions import days, tidying
from tongxin.foundation.access import system

NIGHT = system("communities.night")


@app.periodic(cron="35 * * * *")
@app.task(name="communities.count_days", queueing_lock="communities.count_days", retry=3)
def count_days(timestamp: int) -> int:  # noqa: ARG001 - procrastinate hands it over by this name
    """Each hour: trading days that are over in some zone are counted, once."""
    return days.take_due(viewer=NIGHT)


@app.periodic(cron="20 3 * * *")
@app.task(name="communities.tidy", queueing_lock="communities.tidy", retry=3)
def tidy(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Each night: answers whose time is over, people who are members twice, terms that ended, applications that wait for the world."""
    return (
        tidying.forget_answers(viewer=NIGHT)
        + tidying.one_membership_each(viewer=NIGHT)
        + tidying.end_terms(viewer=NIGHT)
        + tidying.look_at_the_waiting(viewer=NIGHT)
    )
