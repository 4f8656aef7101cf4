"""Jobs of the media store."""

from procrastinate.contrib.django import app

from tongxin.foundation.media import actions


@app.periodic(cron="53 3 * * *")
@app.task(name="media.sweep", queueing_lock="media.sweep")
def sweep(timestamp: int) -> int:  # noqa: ARG001 (procrastinate hands every periodic job its time)
    """Each night."""
    return actions.sweep()
