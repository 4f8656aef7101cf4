"""A corp at the fake, with the house's clock, and a caller that needs no network."""

from contextlib import contextmanager
from datetime import timedelta

from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.config import Config
from tongxin.connect.wecom.pacing import NoPace
from tongxin.connect.wecom.sandbox import acts
from tongxin.connect.wecom.sandbox.door import FakeDoor
from tongxin.connect.wecom.sandbox.platform import Fake
from tongxin.connect.wecom.sandbox.state import DEFAULTS
from tongxin.foundation import clock

KEY = DEFAULTS["callback_key"]
CONFIG = Config(
    corp=DEFAULTS["corp"],
    secret=DEFAULTS["secret"],
    agent=DEFAULTS["agent"],
    base="http://127.0.0.1:1",
    callback_token=DEFAULTS["callback_token"],
    callback_key=KEY,
)


def fake(**settings):
    """A platform by the house's clock, with one colleague."""
    made = Fake(ticking=lambda: clock.now().timestamp())
    for name, value in settings.items():
        made.world.set(name, value)
    acts.hire(made, "lin", "林小满", 2)
    return made


def caller(platform, config=CONFIG, **more):
    """Calls it in this process; waits for nothing."""
    given = {"door": FakeDoor(platform), "pace": NoPace(), "pause": lambda _: None}
    return Caller(config, **(given | more))


def customers(platform, n, userid="lin", first=0):
    """So many customers of a colleague; answers their ids."""
    names = [f"wm{i:05d}" for i in range(first, first + n)]
    for name in names:
        acts.appear(platform, name, f"会员{name}")
        acts.befriend(platform, userid, name)
    platform.post.queue.clear()
    return names


class Time:
    """Simulated time: `go` puts it forward."""

    def __init__(self, start):
        self.at = start

    @contextmanager
    def now(self):
        with clock.held(self.at):
            yield self.at

    def go(self, seconds):
        self.at += timedelta(seconds=seconds)
