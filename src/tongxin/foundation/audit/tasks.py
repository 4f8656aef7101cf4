"""The sealer's job."""

from procrastinate.contrib.django import app
from procrastinate.job_context import JobContext

from tongxin.foundation.audit import actions
from tongxin.foundation.ticking import ticks

WINDOW = 19.0  # seconds; then the next job goes on
EVERY = 1.0


@app.periodic(cron="* * * * * */20")
@app.task(name="audit.seal", queueing_lock="audit.seal", pass_context=True)
def seal(context: JobContext, timestamp: int) -> int:  # noqa: ARG001 (procrastinate hands every periodic job its time)
    """For twenty seconds: seal what was committed, once a second."""
    return sum(actions.seal() for _ in ticks(window=WINDOW, every=EVERY, stop=context.should_abort))
