"""Many hand-overs through everything that goes wrong, in simulated time; used by the tests and by bench/wecom.py."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from connect.wecom import corp
from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.carrying import Carrier
from tongxin.connect.wecom.pacing import NoPace, SharedPace
from tongxin.connect.wecom.sandbox import messages
from tongxin.connect.wecom.sandbox.faults import Switch
from tongxin.outreach.actions import wecom_tasks as book
from tongxin.outreach.models import WecomTarget, WecomTask
from tongxin.outreach.terms import SendState
from tongxin.outreach.terms_wecom import Target

STORM = (
    Switch("limit", permille=40, left=None),
    Switch("busy", permille=40, left=None),
    Switch("revoked", permille=15, left=None),
    Switch("expired", permille=15, left=None),
    Switch("crowd", permille=10, left=None),
    Switch("lost", permille=30, left=None),
    Switch("cut", permille=50, left=None),
    Switch("hang", permille=30, left=None),
)
ADD = "externalcontact/add_msg_template"


class Killed(BaseException):
    """The process died."""


@dataclass
class Tally:
    """What the storm left."""

    tasks: int
    made: int = 0
    doubles: int = 0
    lost: int = 0
    states: Counter = field(default_factory=Counter)
    stuck: int = 0
    peak: int = 0
    sent: int = 0
    sent_twice: int = 0
    deaths: int = 0
    minutes: float = 0.0


class Dying:
    """A door through which the process dies now and then: before the request, or after it was done and before the answer."""

    def __init__(self, platform, chance, permille):
        self._door, self._chance, self._permille, self.deaths = corp.FakeDoor(platform), chance, permille, 0

    def ask(self, method, url, *, headers, body=b""):
        dies = self._chance.randrange(1000) < self._permille
        late = self._chance.randrange(2)
        if dies and not late:
            self.deaths += 1
            raise Killed
        reply = self._door.ask(method, url, headers=headers, body=body)
        if dies:
            self.deaths += 1
            raise Killed
        return reply


def errands(platform, n, *, at, text="周六下午两点，烘焙课见"):
    """So many tasks, one customer each; half of them say the same words."""
    names = [row["external_userid"] for row in platform.world.all("externals")]
    words = [text if i % 2 else f"{text}（{i}）" for i in range(n)]
    made = WecomTask.objects.bulk_create(
        WecomTask(
            key=f"errand:{i}#0",
            target=Target.CUSTOMERS,
            sender="lin",
            text=one,
            text_hash=book.text_hash(one),
            next_at=at,
            created_at=at,
            expires_at=at + timedelta(days=2),
        )
        for i, one in enumerate(words)
    )
    WecomTarget.objects.bulk_create(
        WecomTarget(task=task, delivery=f"errand:{i}", external=names[i]) for i, task in enumerate(made)
    )


def storm(
    n,
    *,
    start,
    look_up=True,
    paced=True,
    faults=STORM,
    deaths=15,
    seed=11,
    calm_after=240,
    limits=None,
    every=10.0,
    pace=None,
    quiet=300,
):
    """Run everything: the storm for so many seconds, then `quiet` seconds without faults; answers what is left."""
    time = corp.Time(start)
    chance = random.Random(seed)
    with time.now():
        platform = corp.fake(**(limits or {}))
        corp.customers(platform, n)
        errands(platform, n, at=time.at)
    platform.faults.set(*faults)
    door = Dying(platform, chance, deaths)
    tally, waited, calm = Tally(n), 0.0, None
    pace = (pace or SharedPace(corp.CONFIG.corp)) if paced else NoPace()

    def worker():
        one = Caller(corp.CONFIG, door=door, pace=pace, pause=lambda _: None)
        return Carrier(one, look_up=look_up, chance=chance.random)

    hands = worker()
    while calm is None or waited - calm < quiet:
        with time.now():
            try:
                hands.round(batch=50, most=2000)
            except Killed:
                hands = worker()  # what it knew is gone
            if calm is None and waited >= calm_after and WecomTask.objects.filter(attempts=0).count() == 0:
                platform.faults.set()
                door._permille = 0
                calm = waited
        time.go(every)
        waited += every
        assert waited < 6 * 3600, "it does not end"
    with time.now():
        _settle(platform, hands, time, tally)
    tally.deaths, tally.minutes = door.deaths, waited / 60
    return tally


def _settle(platform, hands, time, tally):
    tally.states = Counter(WecomTask.objects.values_list("state", flat=True))
    tally.stuck = sum(tally.states[state] for state in (SendState.QUEUED, SendState.UNKNOWN))
    made = Counter(
        tuple(sorted(target for _, target in row["targets"])) for row in platform.world.all("messages")
    )
    wanted = Counter((one,) for one in WecomTarget.objects.values_list("external", flat=True))
    tally.made = sum(made.values())
    tally.doubles = sum(n - 1 for n in made.values() if n > 1)
    tally.lost = sum((wanted - made).values())
    tally.peak = platform.seen.peak[ADD]
    known = set(WecomTask.objects.values_list("msgid", flat=True))
    for row in platform.world.all("messages"):
        assert messages.tap(platform.world, row["msgid"], "lin") or row["msgid"] not in known
    sent = Counter(
        target
        for row in platform.world.all("messages")
        for target, (status, _) in row["results"].items()
        if status == 1
    )
    tally.sent, tally.sent_twice = sum(sent.values()), sum(n > 1 for n in sent.values())
