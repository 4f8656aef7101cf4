"""Jobs: feed the subscriptions from the sealed trail, tell what is due."""

from procrastinate.contrib.django import app
from procrastinate.job_context import JobContext

from tongxin.foundation.ticking import ticks
from tongxin.foundation.webhooks import actions, telling

WINDOW = 19.0  # seconds; then the next job goes on
EVERY = 1.0


@app.periodic(cron="* * * * * */20")
@app.task(name="webhooks.tend", queueing_lock="webhooks.tend", pass_context=True)
def tend(context: JobContext, timestamp: int) -> int:  # noqa: ARG001 (procrastinate hands every periodic job its time)
    """For twenty seconds: feed, tell. Two at once do no harm."""
    told, client = 0, actions.client()
    for _ in ticks(window=WINDOW, every=EVERY, stop=context.should_abort):
        telling.feed()
        told += telling.tell(client)
    return told


@app.periodic(cron="41 3 * * *")
@app.task(name="webhooks.forget", queueing_lock="webhooks.forget")
def forget(timestamp: int) -> int:  # noqa: ARG001 (as above)
    """Each night."""
    return actions.forget()
