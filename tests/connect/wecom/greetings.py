"""How long a new customer waits for the first words while the platform is slow and much is handed over; the clock is the true one.

Used by bench/wecom.py and, small, by test_wecom_greetings.py.
"""

import random
import threading
import time
from datetime import timedelta

from django.db import connection

from connect.wecom import corp
from connect.wecom.errands import errands
from connect.wecom.neighbours import tell
from tongxin.connect.wecom.carrying import Carrier
from tongxin.connect.wecom.mirroring import Mirror
from tongxin.connect.wecom.sandbox import acts
from tongxin.connect.wecom.tasks import EVERY, WINDOW
from tongxin.foundation import clock
from tongxin.foundation.ticking import ticks


class Slow:
    """The line to the platform takes so long, each way with chance."""

    def __init__(self, platform, seconds, seed):
        self._door, self._seconds, self._chance = corp.FakeDoor(platform), seconds, random.Random(seed)

    def ask(self, method, url, *, headers, body=b""):
        time.sleep(self._chance.uniform(0.5, 1.5) * self._seconds)
        return self._door.ask(method, url, headers=headers, body=body)


def greet(n, *, seconds, latency=0.2, backlog=2000, seed=4, apart=True):
    """`n` people add a colleague within so many seconds; answers how long each waited, sorted (None: never greeted).

    `apart` off is the control arm: the same worker greets between two rounds of hand-overs.
    """
    platform, over = corp.fake(), threading.Event()
    corp.customers(platform, backlog)
    errands(platform, backlog, at=clock.now())
    for i in range(n):
        acts.appear(platform, f"wg{i}", f"新邻居{i}")
    faults = []

    def eyes():
        return Mirror(corp.caller(platform, door=Slow(platform, latency, seed)), welcome=lambda _: "你好")

    def see():
        mine = eyes()
        while not over.is_set():
            for _ in ticks(window=WINDOW, every=EVERY, stop=over.is_set):
                mine.round()

    def hand():
        mine, between = Carrier(corp.caller(platform, door=Slow(platform, latency, seed + 1))), eyes()
        while not over.is_set():
            for _ in ticks(window=WINDOW, every=EVERY, stop=over.is_set):
                if not apart:
                    between.round()
                mine.round(most=100)

    def guarded(work):
        def run():
            try:
                work()
            except Exception as fault:  # noqa: BLE001 (raised again at the end)
                faults.append(fault)
            finally:
                connection.close()

        return threading.Thread(target=run)

    threads = [guarded(work) for work in ((see, hand) if apart else (hand,))]
    for thread in threads:
        thread.start()
    chance, came, begun = random.Random(seed), {}, time.monotonic()
    for i, moment in enumerate(sorted(chance.uniform(0, seconds) for _ in range(n))):
        time.sleep(max(0.0, begun + moment - time.monotonic()))
        with platform._lock:
            acts.befriend(platform, "lin", f"wg{i}")
            came[f"wg{i}"] = clock.now()
            tell(platform)
    ends = time.monotonic() + 30
    while time.monotonic() < ends and len(_greeted(platform, came)) < n:
        time.sleep(0.1)
    over.set()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    greeted = _greeted(platform, came)
    waits = [(greeted[who] - at.timestamp()) if who in greeted else None for who, at in came.items()]
    return sorted(waits, key=lambda one: (one is None, one))


def _greeted(platform, came):
    with platform._lock:
        rows = platform.world.all("welcomes")
    return {row["external"]: row["at"] for row in rows if row["used"] and row["external"] in came}


WITHIN = timedelta(seconds=20)
