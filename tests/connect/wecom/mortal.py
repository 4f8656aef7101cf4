"""The platform and its workers as processes of their own, killed with −9 in the middle of everything; time is simulated and shared.

Used by bench/wecom.py and, small, by test_wecom_mortal.py. While hand-overs go through every fault, people come and go, and the
platform tells of it twice and in the wrong order.
"""

import json
import multiprocessing
import os
import random
import signal
import threading
import time
import traceback
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import connection

from connect.wecom import corp, neighbours
from connect.wecom.errands import ADD, STORM, errands
from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.carrying import Carrier
from tongxin.connect.wecom.config import Config
from tongxin.connect.wecom.mirroring import Mirror
from tongxin.connect.wecom.sandbox import acts, messages, server
from tongxin.connect.wecom.sandbox.platform import Fake
from tongxin.foundation import clock
from tongxin.outreach.models import WecomEvent, WecomTarget, WecomTask
from tongxin.outreach.terms import SendState

PATIENCE = 1500.0  # real seconds; then something hangs
FORK = multiprocessing.get_context("fork")
IDLE = 0.15
OPEN = (SendState.QUEUED, SendState.UNKNOWN)


@dataclass
class Told:
    """What is left."""

    tasks: int
    made: int = 0
    doubles: int = 0
    lost: int = 0
    sent: int = 0
    sent_twice: int = 0
    stuck: int = 0
    states: Counter = field(default_factory=Counter)
    kills: int = 0
    attempts: int = 0
    peak: int = 0
    most: int = 0
    calls: int = 0
    faults: Counter = field(default_factory=Counter)
    events: int = 0
    told: int = 0
    groups_agree: bool = False
    friends_agree: bool = False
    minutes: float = 0.0


class Shared:
    """Simulated time in seconds, and a switch: the storm is over."""

    def __init__(self, start):
        self.at = FORK.Value("d", start.timestamp())
        self.calm = FORK.Value("b", 0)

    def now(self):
        return self.at.value

    def instant(self):
        return datetime.fromtimestamp(self.at.value, UTC)

    def go(self, seconds):
        with self.at.get_lock():
            self.at.value += seconds


def _platform(shared, journal, seen, ready, *, faults, life, seed):
    """The platform's process: calls on a port, people's lives and callbacks beside. Ends when told to and says what it counted."""
    server.HOLD = 0.0  # a call that hangs is given up at once; the deed is done later, in simulated time
    fake = Fake(journal, ticking=shared.now, seed=seed)
    fake.faults.set(*faults)
    web = server.Server(fake)
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    threading.Thread(target=web.serve_forever, daemon=True).start()
    ready.send(web.server_address[1])
    chance, told = random.Random(seed), 0
    struck = Counter()
    plain = fake.faults.strike

    def counted(path):
        found = plain(path)
        struck[found.kind if found else ""] += 1
        return found

    fake.faults.strike = counted
    names = [
        row["external_userid"]
        for row in fake.world.all("externals")
        if row["external_userid"].startswith("wl")
    ]
    until = 0.0
    while not over.is_set():
        with fake._lock:
            if shared.calm.value:
                fake.faults.set()
            if life and names and not shared.calm.value and shared.now() >= until:
                until = shared.now() + 5
                with clock.held(shared.instant()):
                    neighbours.act(fake, chance, names)
            with clock.held(shared.instant()):
                told += neighbours.tell(fake)
        time.sleep(0.02)
    web.shutdown()
    told_all = {
        "peak": dict(fake.seen.peak),
        "calls": sum(fake.seen.calls.values()),
        "struck": dict(struck),
        "told": told,
    }
    seen.write_text(json.dumps(told_all))
    fake.world.close()
    connection.close()


def _worker(shared, port, *, every, seed):
    """A worker's process: rounds until it is killed; each puts time forward."""
    config = Config(**{**vars(corp.CONFIG), "base": f"http://127.0.0.1:{port}"})
    one = Caller(config, pause=lambda _: None)
    hands, eyes = Carrier(one, chance=random.Random(seed).random), Mirror(one)
    while True:
        with clock.held(shared.instant()):
            done = hands.round(batch=50, most=150)
            eyes.round()
        worked = done.handed + done.adopted + done.again + done.unknown + done.ended
        if not worked:
            time.sleep(IDLE)  # simulated time must not outrun a call that is under way
        shared.go(every)


def _forked(work):
    connection.close()  # a forked child must not inherit our socket
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            os._exit(code)
    return child


def _alive(child):
    return os.waitpid(child, os.WNOHANG)[0] == 0


def _end(child, how):
    with suppress(ProcessLookupError):
        os.kill(child, how)
    os.waitpid(child, 0)


def kill_storm(
    n,
    folder,
    *,
    start,
    kills,
    faults=STORM,
    life=True,
    workers=2,
    every=2.0,
    seed=5,
    quiet=300,
    between=(0.3, 2.5),
):
    """Everything: the storm until nothing is untouched and all kills are done, then `quiet` simulated seconds of calm."""
    shared, chance, told = Shared(start), random.Random(seed), Told(n)
    journal, seen = folder / "journal.jsonl", folder / "seen.json"
    with clock.held(start):
        fake = Fake(journal, ticking=shared.now)
        acts.hire(fake, "lin", "林小满", 2), acts.hire(fake, "chen", "陈晓", 3)
        corp.customers(fake, n)
        for i in range(12):
            acts.appear(fake, f"wl{i:02d}", f"邻居{i}")
        for _ in range(3):
            acts.open_group(fake, "lin", "烘焙邻里")
        fake.world.set("twice", 300), fake.world.set("shuffle", 1), fake.world.set("lag", 20)
        errands(fake, n, at=start)
        fake.post.queue.clear()
        Mirror(corp.caller(fake)).compare()
        fake.world.close()
    here, there = FORK.Pipe(duplex=False)
    platform = _forked(lambda: _platform(shared, journal, seen, there, faults=faults, life=life, seed=seed))
    children = []
    try:
        port = here.recv()

        def worker():
            return _forked(lambda: _worker(shared, port, every=every, seed=chance.randrange(10**6)))

        children = [worker() for _ in range(workers)]
        ends = time.monotonic() + PATIENCE
        while told.kills < kills or WecomTask.objects.filter(attempts=0).exists():
            time.sleep(chance.uniform(*between))
            if told.kills < kills:
                one = chance.randrange(workers)
                _end(children[one], signal.SIGKILL)
                told.kills += 1
                shared.go(chance.uniform(1, 30))
                children[one] = worker()
            assert time.monotonic() < ends, "it does not end"
            assert all(map(_alive, children)), "a worker ended by itself"
        shared.calm.value = 1
        calm = shared.now()
        while shared.now() < calm + quiet:
            time.sleep(0.2)
            assert time.monotonic() < ends, "it does not end"
        told.minutes = (shared.now() - start.timestamp()) / 60
        while children:
            _end(children.pop(), signal.SIGKILL)
    finally:
        while children:
            _end(children.pop(), signal.SIGKILL)
        _end(platform, signal.SIGTERM)
    _count(told, shared, journal, json.loads(seen.read_text()))
    return told


def _count(told, shared, journal, seen):
    fake = Fake(journal, ticking=shared.now)
    told.states = Counter(WecomTask.objects.values_list("state", flat=True))
    told.stuck = sum(told.states[state] for state in OPEN)
    told.attempts = sum(WecomTask.objects.values_list("attempts", flat=True))
    made = Counter(target for row in fake.world.all("messages") for _, target in row["targets"])
    wanted = Counter(WecomTarget.objects.values_list("external", flat=True))
    told.made, told.doubles = sum(made.values()), sum(n - 1 for n in made.values() if n > 1)
    told.lost = sum((wanted - made).values())
    told.peak, told.calls, told.told = seen["peak"].get(ADD, 0), seen["calls"], seen["told"]
    told.most = max(seen["peak"].values(), default=0)
    told.faults = Counter({kind: n for kind, n in seen["struck"].items() if kind})
    told.events = WecomEvent.objects.count()
    eyes = Mirror(corp.caller(fake))
    for _ in range(12):  # what waited for another try while faults were on; nothing is compared
        shared.go(300)
        with clock.held(shared.instant()):
            eyes.round()
    told.groups_agree = neighbours.ours() == neighbours.truth(fake)
    told.friends_agree = neighbours.our_friends() == neighbours.friends(fake)
    for row in fake.world.all("messages"):
        messages.tap(fake.world, row["msgid"], "lin")
    sent = Counter(
        target
        for row in fake.world.all("messages")
        for target, (status, _) in row["results"].items()
        if status == 1
    )
    told.sent, told.sent_twice = sum(sent.values()), sum(n > 1 for n in sent.values())
    fake.world.close()
