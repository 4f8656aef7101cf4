"""Jobs of amplify: each night what is over goes, each minute shortlists that were asked for are drawn up."""

from procrastinate.contrib.django import app

from tongxin.amplify.actions import ambassadors, demand, panels, referrals, stars
from tongxin.foundation.access import system

NIGHT = system("amplify.night")


@app.periodic(cron="50 3 * * *")
@app.task(name="amplify.tidy", queueing_lock="amplify.tidy", retry=3)
def tidy(timestamp: int) -> int:  # noqa: ARG001 - procrastinate hands it over by this name
    """Each night: invitations that nobody answered, uses of works whose licence is over, friends whose purchase was kept or not, terms."""
    done = stars.lapse_stars(viewer=NIGHT) + referrals.settle_friends(viewer=NIGHT)
    done += ambassadors.end_terms(viewer=NIGHT) + panels.end_seats(viewer=NIGHT)
    return done + referrals.tidy_friends(viewer=NIGHT)


@app.periodic(cron="* * * * *")
@app.task(name="amplify.draw_up", queueing_lock="amplify.draw_up")
def draw_up(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Each minute: shortlists that somebody asked for."""
    return demand.draw_up_lists(viewer=system("amplify.shortlist"))
