"""Everybody sends at once: plans by hand and into inboxes, notices of a room, colleagues who tap, people who say no meanwhile.

Half of it is played by the small test, all of it by `bench/planner.py`. The judge reads the tables alone and never asks the gate.
"""

import random
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

from foundation.racing import in_threads
from outreach.town import NUMBERS, agree, itself, letter, say
from people.factories import CustomerFactory
from stores.factories import TESTS, StoreFactory
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.outreach import actions
from tongxin.outreach.actions import draining, expanding
from tongxin.outreach.models import DecisionRow, Message, Send, Task
from tongxin.outreach.terms import MessageClass, SendState
from tongxin.people.models import Consent, Customer
from tongxin.people.terms import Purpose

NO_WORD = 30  # one in so many people says no while it blows
NIGHT_SHARE = 10  # one in so many is at home where it is night
TEXT = "周六下午两点见"


def zone_where_it_is(hour):
    """A zone in which the clock on the wall says this hour now: the storm runs by the real clock."""
    shift = (hour - datetime.now(UTC).hour + 11) % 24 - 11
    return f"Etc/GMT{'-' if shift >= 0 else '+'}{abs(shift)}"


@dataclass
class Storm:
    """The town, its plans, and how many candidates they make together."""

    day: object
    night: object
    people: list
    plans: list
    notices: int

    @property
    def candidates(self):
        return len(self.people) * len(self.plans) + self.notices


def town(people, plans):
    """So many members, nine in ten where it is early afternoon; plans in turn by hand and into inboxes; one notice each."""
    day, night = StoreFactory(zone=zone_where_it_is(13)), StoreFactory(zone=zone_where_it_is(23))
    first = CustomerFactory(home_store=day)
    now = clock.now()
    Customer.objects.bulk_create(
        [
            Customer(brand=first.brand, home_store=day if n % NIGHT_SHARE else night, created_at=now)
            for n in range(people - 1)
        ]
    )
    members = list(Customer.objects.filter(home_store__in=[day, night]).order_by("id"))
    Consent.objects.bulk_create(
        [
            Consent(
                customer=one,
                purpose=Purpose.GROUP_MESSAGE,
                granted=True,
                notice_version="v1",
                channel="member_page",
                by="member",
                at=now,
                recorded_at=now,
            )
            for one in members
        ]
    )
    made = []
    for n in range(plans):
        plan = actions.plan_message(
            viewer=TESTS,
            message_class=MessageClass.PROMOTION if n % 3 == 2 else MessageClass.COMMUNITY,
            channel="manual" if n % 2 else "inbox",
            audience="store",
            audience_key="all",
            text=f"{TEXT} {n}",
            expires_at=now + timedelta(days=3),
        )
        actions.approve_message(viewer=TESTS, public_id=plan.public_id)
        made.append(plan.public_id)
    return Storm(day, night, members, made, len(members))


def blow(storm, *, senders=3, seed=7, hands=True):
    """Plans expanded and drained by several at once, notices written, tasks opened and confirmed, noes said; until nothing is due."""
    waiting, over = list(storm.plans), threading.Event()
    lock, left = threading.Lock(), [senders]

    def take():
        with lock:
            return waiting.pop() if waiting else None

    def sender():
        try:
            while (plan := take()) is not None:
                actions.expand(viewer=TESTS, public_id=plan)
                actions.drain(most=2000)
            while actions.drain().asked:
                pass
        finally:
            with lock:
                left[0] -= 1
                if not left[0]:
                    over.set()

    def room():
        for begin in range(0, len(storm.people), 200):
            say(
                *[
                    letter(one, MessageClass.COMMUNITY, key=f"storm{next(NUMBERS)}")
                    for one in storm.people[begin : begin + 200]
                ]
            )

    def colleague():
        while not over.wait(0.02):
            for task in Task.objects.filter(state=SendState.AWAITING_STAFF).values_list(
                "public_id", flat=True
            ):
                try:
                    actions.open_task(viewer=TESTS, public_id=task)
                    actions.confirm_sent(viewer=TESTS, public_id=task)
                except Refused:
                    pass

    def leaving():
        dice = random.Random(seed)
        for one in dice.sample(storm.people, len(storm.people) // NO_WORD):
            time.sleep(dice.random() * 0.02)
            if dice.random() < 0.5:
                agree(one, Purpose.GROUP_MESSAGE, granted=False)
            else:
                for word in (MessageClass.COMMUNITY, MessageClass.PROMOTION):
                    actions.opt_out(viewer=itself(one), customer=one, message_class=word)

    works = [sender] * senders + [room, leaving] + [colleague] * hands
    begun = time.monotonic()
    faults = [one for one in in_threads(lambda n: works[n](), len(works)) if one is not None]
    while actions.drain().asked:
        pass
    assert faults == []
    return time.monotonic() - begun


_JUDGED = """
WITH told AS (
    SELECT s.person_id, s.told_at, s.message_class, t.zone FROM outreach_send s
    JOIN people_customer c ON c.id = s.person_id JOIN stores_store t ON t.id = c.home_store_id
    WHERE s.told_at IS NOT NULL AND s.state NOT IN ('failed', 'cancelled', 'expired') AND s.message_class <> 'service'
)
SELECT (SELECT count(*) FROM told),
    (SELECT count(*) FROM (SELECT 1 FROM told a JOIN told b ON a.person_id = b.person_id
        AND b.told_at BETWEEN a.told_at AND a.told_at + interval '24 hours' GROUP BY a.person_id, a.told_at
        HAVING count(*) > 1) x),
    (SELECT count(*) FROM told WHERE EXISTS (SELECT 1 FROM people_consent k WHERE k.customer_id = told.person_id
        AND NOT k.granted AND k.at < told.told_at)
        OR EXISTS (SELECT 1 FROM outreach_optout o WHERE o.person_id = told.person_id AND o.message_class = told.message_class
            AND o.at < told.told_at)
        OR NOT EXISTS (SELECT 1 FROM people_consent k WHERE k.customer_id = told.person_id AND k.granted)),
    (SELECT count(*) FROM told WHERE (told_at AT TIME ZONE zone)::time >= '21:30' OR (told_at AT TIME ZONE zone)::time < '8:30')
"""


@dataclass
class Judged:
    """What the tables say: told in all, beyond a cap, after a no, at night; candidates, and those nobody decided about."""

    told: int
    over_cap: int
    after_no: int
    at_night: int
    candidates: int
    undecided: int

    @property
    def clean(self):
        return (self.over_cap, self.after_no, self.at_night, self.undecided) == (0, 0, 0, 0)


def judge():
    """Everything that was told, against caps, noes and the wall; and every candidate has its decision."""
    with connection.cursor() as cursor:
        cursor.execute(_JUDGED)
        told, over, after, night = cursor.fetchone()
    decided = DecisionRow.objects.filter(send__isnull=False).values("send").distinct().count()
    every = Send.objects.count()
    return Judged(told, over, after, night, every, every - decided)


def without_locks(monkeypatch):
    """The control arm: nobody takes the person's lock, and between looking and writing others have a moment."""

    def slowly(look):
        def looked(*given, **more):
            found = look(*given, **more)
            time.sleep(0.03)
            return found

        return looked

    def all_free(roots, *, wait):
        return frozenset(roots)

    for module, look in ((draining, "look"), (expanding, "_asked")):
        monkeypatch.setattr(module, "lock_people", all_free)
        monkeypatch.setattr(module, look, slowly(getattr(module, look)))


def open_plans():
    """Plans that have not come to an end."""
    return Message.objects.filter(state=SendState.APPROVED).count()
