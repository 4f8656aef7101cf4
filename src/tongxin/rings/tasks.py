"""Jobs of the rings."""

from procrastinate.contrib.django import app

from tongxin.foundation.access import system
from tongxin.foundation.errors import Refused
from tongxin.rings import actions


@app.periodic(cron="15 19 * * *")  # a quarter past three in Shanghai: the book's page of the day is copied
@app.task(name="rings.nightly_run", lock="measure", queueing_lock="rings.nightly_run", retry=3)
def nightly_run(timestamp: int) -> bool:  # noqa: ARG001 (procrastinate hands every periodic job its time)
    """Place everybody from the book's copy, each night. A chain that is not set up yet has nobody to place."""
    try:
        actions.place_everybody(viewer=system("rings"))
    except Refused as refused:
        if refused.code != "stores.no_brand":
            raise
        return False
    return True
