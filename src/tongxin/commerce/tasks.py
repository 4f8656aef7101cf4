"""Jobs of commerce."""

from procrastinate.contrib.django import app

from tongxin.commerce import actions
from tongxin.foundation.access import system


@app.task(name="commerce.forget_in_lake", retry=5)
def forget_in_lake(digests: list[str]) -> int:
    """Take erased codes out of the lake. The arguments are keyed hashes: a job holds nothing personal."""
    return actions.forget_in_lake(digests)


@app.periodic(cron="23 * * * *")
@app.task(name="commerce.expire_vouchers", queueing_lock="commerce.expire_vouchers", retry=3)
def expire_vouchers(timestamp: int) -> int:  # noqa: ARG001 (procrastinate hands every periodic job its time)
    """Each hour: vouchers that nobody spent in time become breakage in the books."""
    return actions.expire_vouchers(viewer=system("vouchers"))
