"""Members say no at random moments while everything runs: drain, hand-overs to WeCom, colleagues who tap. The clock is the true one.

Used by bench/wecom.py and, small, by test_opting_race.py.
"""

import random
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from connect.wecom import corp
from outreach.town import agree, itself, letter, plan
from people.factories import CustomerFactory
from stores.factories import TESTS, StaffFactory, StoreFactory
from tongxin.connect.wecom.carrying import Carried, Carrier
from tongxin.connect.wecom.mirroring import Mirror
from tongxin.connect.wecom.pacing import SharedPace
from tongxin.connect.wecom.sandbox import acts, messages
from tongxin.foundation import clock
from tongxin.outreach import actions
from tongxin.outreach.actions import wecom_tasks as book
from tongxin.outreach.models import InboxItem, OptOut, Send, WecomTarget, WecomTask
from tongxin.outreach.terms import MessageClass
from tongxin.people.actions import add_identity
from tongxin.people.terms import IdentityKind

CLASS = MessageClass.COMMUNITY


@dataclass
class Raced:
    """Who was told after they had said no, and how long after at most (seconds), by channel."""

    people: int = 0
    noes: int = 0
    told: int = 0
    after: dict = field(default_factory=lambda: {"inbox": 0, "wecom": 0})
    longest: dict = field(default_factory=lambda: {"inbox": 0.0, "wecom": 0.0})
    before: int = 0
    never: int = 0


def midday():
    """A zone in which it is about noon now, so that no night holds anything back."""
    ahead = 12 - clock.now().hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def town(n, stores):
    """Stores, each with a colleague who knows its share of `n` members in WeCom, all willing."""
    settings.TONGXIN_WECOM_CORP, settings.TONGXIN_WECOM_SECRET = corp.CONFIG.corp, corp.CONFIG.secret
    platform, members, shops = corp.fake(), [], []
    share = n // stores
    for i in range(stores):
        userid = f"lin{i}"
        acts.hire(platform, userid, f"林{i}", 2 + i)
        shops.append(StoreFactory(zone=midday()))
        StaffFactory(store=shops[-1], wecom_userid=userid)
        for name in corp.customers(platform, share, userid=userid, first=i * share):
            member = CustomerFactory(home_store=shops[-1])
            agree(member)
            add_identity(
                viewer=TESTS, customer=member, kind=IdentityKind.WECOM, value=name, source=corp.CONFIG.corp
            )
            members.append(member)
    Mirror(corp.caller(platform)).compare()
    return shops, platform, members


def race(n, *, seconds, channel, seed=3, stops=True, stores=20):
    """`n` members, a plan each for a share of them, noes from half of them within so many seconds; answers what came of it.

    `stops` off is the control arm: nobody takes back what a colleague already has.
    """
    chance, over, told = random.Random(seed), threading.Event(), Raced(people=n)
    shops, platform, members = town(n, stores)
    if channel == "wecom":
        for shop in shops:
            actions.expand(viewer=TESTS, public_id=plan(shop, channel="wecom").public_id)
    else:
        for member in members:
            with transaction.atomic():
                due = clock.now() + timedelta(seconds=chance.uniform(0, seconds))
                actions.notify(viewer=TESTS, sends=[_note(member, due)])
    faults = []

    def guarded(work):
        def run():
            try:
                while not over.is_set():
                    work()
            except Exception as fault:  # noqa: BLE001 (raised again when the race is over)
                faults.append(fault)
            finally:
                connection.close()

        return threading.Thread(target=run)

    hands = Carrier(corp.caller(platform, pace=SharedPace(corp.CONFIG.corp)))
    if not stops:
        hands.round = lambda **_: _without_stops(hands)

    def drain():
        actions.drain()
        time.sleep(0.2)

    def carry():
        hands.round(most=100)
        time.sleep(0.5)

    taps = random.Random(seed + 1)

    def tap():
        time.sleep(taps.uniform(0.5, 1.5) * seconds / stores)
        with platform._lock:
            rows = platform.world.all("messages")
            open_ = [row for row in rows if not row["cancelled"] and not row["tapped"]]
            if open_:
                one = taps.choice(open_)
                messages.tap(platform.world, one["msgid"], one["targets"][0][0])

    threads = [guarded(work) for work in ((drain, carry, tap) if channel == "wecom" else (drain, drain))]
    for thread in threads[:2]:
        thread.start()
    if channel == "wecom":
        _until_asked(stores)
    for thread in threads[2:]:
        thread.start()
    _say_no(members, seconds, chance)
    time.sleep(3 if stops else 1)
    over.set()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    _count(told, platform, channel)
    return told


def _say_no(members, seconds, chance):
    """Half of them, at random moments."""
    begun, refusing = time.monotonic(), chance.sample(members, len(members) // 2)
    moments = sorted(chance.uniform(0, seconds) for _ in refusing)
    for member, moment in zip(refusing, moments, strict=True):
        time.sleep(max(0.0, begun + moment - time.monotonic()))
        actions.opt_out(viewer=itself(member), customer=member, message_class=CLASS)


def _until_asked(stores):
    """A plan's people are gathered for twenty seconds; then colleagues have something to tap."""
    ends = time.monotonic() + 90
    while time.monotonic() < ends and WecomTask.objects.filter(state="awaiting_staff").count() < stores:
        time.sleep(0.2)


def _without_stops(hands):
    done = Carried()
    for task in book.claim(100):
        hands._see_to(task, done)
    return done


def _note(member, due):
    return letter(member, CLASS, due_at=due)


def _count(told, platform, channel):
    said = dict(OptOut.objects.filter(lifted_at=None).values_list("person", "at"))
    told.noes = len(said)
    shown = {}
    if channel == "inbox":
        shown = dict(InboxItem.objects.values_list("person", "at"))
    else:
        people = dict(WecomTarget.objects.filter(send__isnull=False).values_list("external", "send__person"))
        for row in platform.world.all("messages"):
            for external, (status, at) in row["results"].items():
                if status == 1:
                    shown[people[external]] = datetime.fromtimestamp(at, UTC)
    told.told = len(shown)
    for person, at in said.items():
        if person not in shown:
            told.never += 1
        elif shown[person] <= at:
            told.before += 1
        else:
            told.after[channel] += 1
            told.longest[channel] = max(told.longest[channel], (shown[person] - at).total_seconds())
    assert Send.objects.exists()
