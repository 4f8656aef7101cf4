"""Jobs of people: what is due each night."""

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from procrastinate.contrib.django import app

from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.foundation.errors import Refused
from tongxin.people import actions, ledger
from tongxin.stores.queries import the_brand

NIGHT = system("people.night")


@app.periodic(cron="10 18 * * *")  # ten past two in Shanghai
@app.task(name="people.tidy", queueing_lock="people.tidy", retry=3)
def tidy(timestamp: int) -> int:  # noqa: ARG001 - procrastinate hands it over by this name
    """Companions whose thirty days are over go; answers how many. Members who turn out to work here are flagged."""
    actions.refresh_staff_flags(viewer=NIGHT)
    return actions.tidy_companions(viewer=NIGHT)


@app.periodic(cron="20 18 * * *")
@app.task(name="people.copy_book", queueing_lock="people.copy_book", retry=3)
def copy_book(timestamp: int) -> str:  # noqa: ARG001 - as above
    """Yesterday's page of the book as a Parquet file in the lake, for the engine; nothing before the chain is set up."""
    try:
        zone = the_brand().zone
    except Refused:
        return ""
    yesterday = clock.business_day(clock.now(), zone) - timedelta(days=1)
    return ledger.copy_day(yesterday, Path(settings.TONGXIN_LAKE) / "book", zone=zone).name
