"""Jobs of the outbox."""

from procrastinate.contrib.django import app
from procrastinate.job_context import JobContext

from tongxin.foundation.outbox import actions, relay
from tongxin.foundation.ticking import ticks

WINDOW = 19.0  # seconds; then the next job goes on
EVERY = 2.0  # seconds between looks when nobody notifies


def drain() -> relay.Drained:
    """Carry what is due now."""
    return relay.drain()


@app.periodic(cron="* * * * * */20")
@app.task(name="outbox.relay", queueing_lock="outbox.relay", pass_context=True)
def run_relay(context: JobContext, timestamp: int) -> int:  # noqa: ARG001 (procrastinate hands every periodic job its time)
    """For twenty seconds: carry on every NOTIFY, and look every two seconds. Two at once do no harm."""
    carried = 0
    for _ in ticks(window=WINDOW, every=EVERY, stop=context.should_abort, channel=actions.CHANNEL):
        carried += drain().carried
    return carried


@app.periodic(cron="23 3 * * *")
@app.task(name="outbox.forget", queueing_lock="outbox.forget")
def forget(timestamp: int) -> int:  # noqa: ARG001 (as above)
    """Each night."""
    return actions.forget()
