"""Jobs of the rings."""

from procrastinate.contrib.django import app

from tongxin.foundation.access import system
from tongxin.foundation.errors import Refused
from tongxin.rings import actions


@app.periodic(cron="17 4 * * 1")
@app.task(name="rings.weekly_run", queueing_lock="rings.weekly_run", retry=3)
def weekly_run(timestamp: int) -> bool:  # noqa: ARG001 (procrastinate hands every periodic job its time)
    """Place everybody, early on Mondays. A chain that is not set up yet has nobody to place."""
    try:
        actions.recompute(viewer=system("rings"))
    except Refused as refused:
        if refused.code != "stores.no_brand":
            raise
        return False
    return True
