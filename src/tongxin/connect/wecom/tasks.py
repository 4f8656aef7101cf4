"""Jobs of WeCom. Without a corp in the settings they look and go home."""

from datetime import timedelta

from procrastinate.contrib.django import app
from procrastinate.job_context import JobContext

from tongxin.connect.wecom import greeting
from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.carrying import Carrier
from tongxin.connect.wecom.coding import Coder
from tongxin.connect.wecom.config import configured
from tongxin.connect.wecom.handing import Hander
from tongxin.connect.wecom.mirroring import Mirror
from tongxin.connect.wecom.rostering import take_roster
from tongxin.connect.wecom.tagging import mark_rings
from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.foundation.ticking import ticks
from tongxin.outreach.actions import wecom_handovers, wecom_inbox, wecom_tasks

WINDOW = 19.0  # seconds; then the next job goes on
EVERY = 2.0  # a new customer is to be greeted within twenty seconds
KEEPER = system("wecom.compare")


def corp() -> Caller | None:
    """Who calls the platform; None when no corp is set."""
    config = configured()
    return Caller(config) if config.ready else None


@app.periodic(cron="* * * * * */20")
@app.task(name="wecom.beat", queueing_lock="wecom.beat", pass_context=True)
def beat(context: JobContext, timestamp: int) -> int:  # noqa: ARG001 (procrastinate hands every periodic job its time)
    """For twenty seconds: what is to be handed over, looked up or asked, codes and customers. Two at once do no harm."""
    caller = corp()
    if caller is None:
        return 0
    hands, pen, over, seen = Carrier(caller), Coder(caller), Hander(caller), 0
    for _ in ticks(window=WINDOW, every=EVERY, stop=context.should_abort):
        done = hands.round(most=100)
        seen += done.handed + done.adopted + done.ended + pen.round() + over.round()
    return seen


@app.periodic(cron="* * * * * */20")
@app.task(name="wecom.see", queueing_lock="wecom.see", pass_context=True)
def see(context: JobContext, timestamp: int) -> int:  # noqa: ARG001 (as above)
    """For twenty seconds: what the platform told us. A job of its own, so that no slow hand-over keeps a new customer waiting."""
    caller = corp()
    if caller is None:
        return 0
    eyes, seen = Mirror(caller, welcome=greeting.words), 0
    for _ in ticks(window=WINDOW, every=EVERY, stop=context.should_abort):
        seen += eyes.round().events
    return seen


@app.periodic(cron="30 20 * * *")  # half past four in Shanghai: the platform has counted yesterday by then
@app.task(name="wecom.compare", queueing_lock="wecom.compare", lock="wecom.compare", retry=3)
def compare(timestamp: int) -> int:  # noqa: ARG001 (as above)
    """Each night: everything compared, yesterday kept, old words forgotten."""
    wecom_tasks.forget()
    wecom_inbox.forget()
    wecom_handovers.forget()
    caller = corp()
    if caller is None:
        return 0
    take_roster(caller)
    eyes = Mirror(caller)
    changed = eyes.compare().changed
    mark_rings(caller, viewer=KEEPER)
    eyes.keep_day(clock.business_day(clock.now()) - timedelta(days=1))
    return changed
