"""Jobs of repeated writes."""

from procrastinate.contrib.django import app

from tongxin.foundation.idempotency import actions


@app.periodic(cron="7 * * * *")
@app.task(name="idempotency.forget", queueing_lock="idempotency.forget", pass_context=False)
def forget(timestamp: int) -> int:  # noqa: ARG001 (procrastinate hands every periodic job its time)
    """Kept answers of yesterday go."""
    return actions.forget()
