"""Jobs of outreach: the round of the drain, what becomes of letters and tasks, old words."""

import time

from procrastinate.contrib.django import app
from procrastinate.job_context import JobContext

from tongxin.foundation.access import system
from tongxin.foundation.ticking import ticks
from tongxin.outreach import actions
from tongxin.outreach.actions import robots

WINDOW = 19.0  # seconds; then the next job goes on
EVERY = 1.0  # seconds between looks
SETTLE_EVERY = 5.0

WORKER, SEQUENCES = system("outreach.drain"), system("outreach.sequences")


@app.periodic(cron="* * * * * */20")
@app.task(name="outreach.drain", queueing_lock="outreach.drain", pass_context=True)
def run_drain(context: JobContext, timestamp: int) -> int:  # noqa: ARG001 (procrastinate hands every periodic job its time)
    """For twenty seconds: hand over what is due each second; see to plans, letters and tasks. Two at once do no harm."""
    asked, settled = 0, float("-inf")
    for _ in ticks(window=WINDOW, every=EVERY, stop=context.should_abort):
        if time.monotonic() - settled >= SETTLE_EVERY:
            actions.expand_due(viewer=WORKER)
            actions.pull_back()
        asked += actions.drain().asked + actions.drain_groups()
        if time.monotonic() - settled >= SETTLE_EVERY:
            actions.settle()
            actions.expire_tasks()
            actions.settle_plans()
            settled = time.monotonic()
    return asked


@app.periodic(cron="*/5 * * * *")
@app.task(name="outreach.sequences", queueing_lock="outreach.sequences")
def run_sequences(timestamp: int) -> int:  # noqa: ARG001 (as above)
    """Every five minutes: who has entered a sequence, and which step is due."""
    return actions.run_sequences(viewer=SEQUENCES)


@app.periodic(cron="* * * * *")
@app.task(name="outreach.tell_recalls", queueing_lock="outreach.tell_recalls")
def tell_recalls(timestamp: int) -> int:  # noqa: ARG001 (as above)
    """Each minute: stores whose open event stands on a recalled kit."""
    return robots.tell_recalls(viewer=WORKER)


@app.periodic(cron="33 3 * * *")
@app.task(name="outreach.forget", queueing_lock="outreach.forget")
def forget(timestamp: int) -> int:  # noqa: ARG001 (as above)
    """Each night: words of what was done long ago."""
    return actions.forget()
