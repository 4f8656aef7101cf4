"""Jobs of commerce."""

from procrastinate.contrib.django import app

from tongxin.commerce import actions


@app.task(name="commerce.forget_in_lake", retry=5)
def forget_in_lake(digests: list[str]) -> int:
    """Take erased codes out of the lake. The arguments are keyed hashes: a job holds nothing personal."""
    return actions.forget_in_lake(digests)
