"""Jobs of stores: what is due each night."""

from procrastinate.contrib.django import app

from tongxin.foundation.access import system
from tongxin.stores import actions

NIGHT = system("stores.night")


@app.periodic(cron="30 18 * * *")  # half past two in Shanghai
@app.task(name="stores.forget_former_staff", queueing_lock="stores.forget_former_staff", retry=3)
def forget_former_staff(timestamp: int) -> int:  # noqa: ARG001 - procrastinate hands it over by this name
    """Names and numbers of colleagues who left ninety days ago go; answers how many."""
    return actions.forget_former_staff(viewer=NIGHT)
