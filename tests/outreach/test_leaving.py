"""People who say no while drain and relay are at work, on real connections; and two drains with one cap (P26)."""

import random
import threading
import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from foundation.racing import PATIENCE, in_threads
from outreach.town import NUMBERS, agree, letter, say
from people.factories import CustomerFactory
from stores.factories import StoreFactory
from tongxin.foundation.outbox import relay
from tongxin.foundation.outbox.ports import Outcome
from tongxin.outreach import actions
from tongxin.outreach.channels.gated import Gated
from tongxin.outreach.models import InboxItem, Send
from tongxin.outreach.terms import MessageClass
from tongxin.people.models import Consent
from tongxin.people.terms import Purpose

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def gateway(settings):
    """Letters leave by a gateway."""
    settings.TONGXIN_SMS_GATEWAY = "https://sms.example"
    settings.TONGXIN_SMS_SECRET = "whsec_x"


def daytime():
    """A zone in which it is early afternoon now: these tests run by the real clock."""
    shift = 13 - datetime.now(UTC).hour
    return f"Etc/GMT{'-' if shift >= 0 else '+'}{abs(shift)}"


class Slow:
    """A carrier that takes its time and notes when each letter was let through."""

    dedupes = False

    def __init__(self):
        self.begun = {}

    def carry(self, parcel):
        send = Send.objects.get(public_id=parcel.body["send"])
        self.begun[send.person_id] = send.begun_at or send.handed_at
        time.sleep(0.002)
        return Outcome("sent")


def raced(carrier, wrap):
    """Members withdraw while drain and relay are at work; answers who was shown something after their no."""
    store = StoreFactory(zone=daytime())
    members = [CustomerFactory(home_store=store) for _ in range(24)]
    for member in members:
        agree(member)
    say(*[letter(member, MessageClass.COMMUNITY, key=f"race{next(NUMBERS)}") for member in members])
    done = threading.Event()

    def worker():
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            over = done.is_set()
            actions.drain(batch=4)
            relay.drain(carriers={"webhook_out": wrap(carrier)}, batch=4)
            if over:
                return

    def leaving():
        dice = random.Random(7)
        try:
            for member in dice.sample(members, len(members)):
                time.sleep(dice.random() * 0.004)
                agree(member, Purpose.GROUP_MESSAGE, granted=False)
        finally:
            done.set()

    assert in_threads(lambda n: (worker, worker, leaving)[n](), 3) == [None] * 3
    said_no = dict(Consent.objects.filter(granted=False).values_list("customer", "at"))
    assert len(said_no) == len(members)
    in_box = dict(InboxItem.objects.values_list("person", "at"))
    late = {person for person, at in in_box.items() if at > said_no[person]}
    return (
        late,
        {person for person in carrier.begun if said_no[person] < carrier.begun[person]},
        len(carrier.begun),
    )


def test_a_withdrawal_races_drain_and_relay():
    late, carried_late, _ = raced(Slow(), lambda carrier: Gated("webhook_out", carrier))
    assert (late, carried_late) == (set(), set())
    assert Send.objects.filter(reason="withdrawn").exists()


def test_control_a_relay_without_the_gate_tells_people_who_have_left():
    store = StoreFactory(zone=daytime())
    member = CustomerFactory(home_store=store)
    agree(member)
    say(letter(member, MessageClass.COMMUNITY))
    actions.drain()
    agree(member, Purpose.GROUP_MESSAGE, granted=False)
    carrier = Slow()
    relay.drain(carriers={"webhook_out": carrier})
    assert set(carrier.begun) == {member.pk}


def test_two_drains_keep_one_cap():
    store = StoreFactory(zone=daytime())
    members = [CustomerFactory(home_store=store) for _ in range(6)]
    for member in members:
        agree(member)
    for _ in range(4):
        say(*[letter(member, MessageClass.COMMUNITY) for member in members])
    done = in_threads(lambda _: sum(actions.drain(batch=2).sent for _ in range(6)), 3)
    actions.drain()
    assert all(isinstance(n, int) for n in done)
    assert Counter(InboxItem.objects.values_list("person", flat=True)) == dict.fromkeys(
        [m.pk for m in members], 1
    )
