"""Histories of a small town, played against the product and judged by a second reading of the promise (P26).

`generate` draws a history from a seed or from Hypothesis, `play` carries it out through the actions with the clock held, and
the judge looks at everything that was shown: each item in an inbox, each letter that left. It keeps books of its own about who
agreed, who said no, who was told what when, and never asks the gate.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from outreach.town import TESTS, agree, itself, letter
from tongxin.foundation import clock
from tongxin.foundation.outbox import relay
from tongxin.foundation.outbox.ports import Outcome
from tongxin.outreach import actions
from tongxin.outreach.channels.gated import Gated
from tongxin.outreach.models import InboxItem, Send
from tongxin.outreach.terms import MessageClass, MessageKind
from tongxin.people.actions import erase, merge
from tongxin.people.models import Customer
from tongxin.people.terms import MergeReason, Purpose

START = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
WALL = ZoneInfo("Asia/Shanghai")
PEOPLE = 3
KINDS = {"plain": MessageKind("好消息", "News"), "fire": MessageKind("今晚取消", "Off", (), urgent=True)}
SUBJECTS = [("events", "one"), ("events", "two")]
CLASSES = list(MessageClass)
# What the promise says, written down a second time: (which classes count together, hours, most).
CAPS = [
    ({"community", "promotion"}, 24, 1),
    ({"community"}, 168, 3),
    ({"promotion"}, 168, 1),
    ({"promotion"}, 720, 3),
    ({"service"}, 24, 20),
]
PURPOSE = {
    "service": Purpose.RUN_EVENT,
    "community": Purpose.GROUP_MESSAGE,
    "promotion": Purpose.GROUP_MESSAGE,
}

STEPS = (
    ["notify"] * 14 + ["drain"] * 10 + ["relay"] * 7 + ["wait"] * 7 + ["grant"] * 6
    + ["withdraw"] * 2 + ["opt_out", "opt_in", "cancel", "move", "merge", "erase"]
)  # fmt: skip


def generate(draw, length):
    """A history as plain data: `draw(n)` is a number below n."""
    return [(STEPS[draw(len(STEPS))], draw(PEOPLE), draw(3), draw(24), draw(2)) for _ in range(length)]


@dataclass
class Judge:
    """Its own books, and what it found."""

    said: dict = field(default_factory=dict)  # (person, purpose) → yes or no
    stopped: set = field(default_factory=set)  # (person, class)
    gone: set = field(default_factory=set)
    cancelled: dict = field(default_factory=dict)  # send → when
    behind: dict = field(default_factory=dict)  # entry → survivor
    told: list = field(default_factory=list)  # (person, class, at, send)
    seen: set = field(default_factory=set)
    faults: list = field(default_factory=list)
    shown: int = 0

    def root(self, person):
        while person in self.behind:
            person = self.behind[person]
        return person

    def shows(self, send, at, *, where):
        """Somebody sees this now: was it allowed?"""
        self.shown += 1
        person, message_class = self.root(send.person_id), send.message_class
        local = at.astimezone(WALL).time()
        night = not (8, 30) <= (local.hour, local.minute) < (21, 30)
        urgent = message_class == "service" and send.kind == "fire"
        answer = self.said.get((person, PURPOSE[message_class]))
        self._fault(
            answer is False or (answer is None and message_class != "service"), "no consent", send, where
        )
        self._fault((person, message_class) in self.stopped, "opted out", send, where)
        self._fault(person in self.gone, "erased", send, where)
        self._fault(night and not urgent, "at night", send, where)
        self._fault(send.pk in self.cancelled, "cancelled", send, where)
        self._fault(send.expires_at is not None and send.expires_at <= at, "expired", send, where)
        self._fault(send.due_at > at, "too early", send, where)
        if send.pk not in self.seen:
            for together, hours, most in CAPS:
                if message_class in together:
                    lately = [
                        one for one in self.told
                        if self.root(one[0]) == person and one[1] in together and one[2] > at - timedelta(hours=hours)
                    ]  # fmt: skip
                    self._fault(len(lately) >= most, f"past cap {most} in {hours} h", send, where)
            self.seen.add(send.pk)
            self.told.append((person, message_class, at, send.pk))

    def _fault(self, wrong, what, send, where):
        if wrong:
            self.faults.append((what, where, send.pk))


class Eye:
    """The carrier that the judge looks through; every third letter fails the first time."""

    dedupes = True

    def __init__(self, judge):
        self.judge, self.count, self.carried = judge, 0, []

    def carry(self, parcel):
        self.count += 1
        if self.count % 3 == 0:
            return Outcome("failed", "503")
        send = Send.objects.get(public_id=parcel.body["send"])
        self.judge.shows(send, clock.now(), where="letter")
        self.carried.append(parcel.id)
        return Outcome("sent")


@dataclass
class Town:
    """The people of one history, the clock and the judge."""

    members: list
    at: datetime = START
    judge: Judge = field(default_factory=Judge)
    items: int = 0
    eye: Eye = None

    def __post_init__(self):
        self.eye = Eye(self.judge)


def play(members, history):
    """Carry a history out; answers the judge."""
    town = Town(members)
    with clock.held(START - timedelta(hours=1)):
        for n in range(PEOPLE):
            grant(town, n, 1)
    for step in [*history, ("drain", 0, 0, 0, 0), ("relay", 0, 0, 0, 0)]:
        with clock.held(town.at):
            DO[step[0]](town, *step[1:])
    return town.judge


def _who(town, n):
    """The surviving entry of the n-th member, None when erased."""
    key = town.judge.root(town.members[n].pk)
    return None if key in town.judge.gone else Customer.objects.get(pk=key)


def notify(town, n, which, hours, flag):
    """Somebody writes to an entry, living or merged or erased, due now or within a day."""
    due = town.at + timedelta(hours=hours) if flag and which else town.at
    one = letter(
        town.members[n], CLASSES[which], kind="fire" if hours % 4 == 0 else "plain", text=None,
        due_at=due, expires_at=due + timedelta(hours=1 + hours) if hours % 2 else None,
        anchor=-timedelta(hours=1) if hours % 3 == 0 else None, subject=SUBJECTS[flag],
    )  # fmt: skip
    with transaction.atomic():
        actions.notify(viewer=TESTS, sends=[one])


def drain(town, *_):
    """A round of the worker; what is new in the inboxes is shown now."""
    actions.drain(batch=3)
    for item in InboxItem.objects.filter(id__gt=town.items).select_related("send").order_by("id"):
        town.items = item.pk
        town.judge.shows(item.send, town.at, where="inbox")


def carry(town, *_):
    """A round of the relay."""
    relay.drain(carriers={"webhook_out": Gated("webhook_out", town.eye)})


def wait(town, n, which, hours, flag):
    """Time goes on: minutes, hours, sometimes days."""
    town.at += timedelta(hours=hours, minutes=17 * which) if flag else timedelta(minutes=7 * (n + which + 1))
    if hours == 23 and flag:
        town.at += timedelta(days=6)


def grant(town, n, which, *_):
    _answer(town, n, which, granted=True)


def withdraw(town, n, which, *_):
    _answer(town, n, which, granted=False)


def _answer(town, n, which, *, granted):
    who, purpose = _who(town, n), PURPOSE[CLASSES[which]]
    if who is not None:
        agree(who, purpose, granted=granted)
        town.judge.said[who.pk, purpose] = granted


def opt_out(town, n, which, *_):
    if who := _who(town, n):
        actions.opt_out(viewer=itself(who), customer=who, message_class=CLASSES[which])
        town.judge.stopped.add((who.pk, CLASSES[which]))


def opt_in(town, n, which, *_):
    if who := _who(town, n):
        actions.opt_in(viewer=itself(who), customer=who, message_class=CLASSES[which])
        town.judge.stopped.discard((who.pk, CLASSES[which]))


def cancel(town, n, which, hours, flag):
    open_sends = Send.objects.filter(subject_key=SUBJECTS[flag][1], state="queued", begun_at=None)
    for key in list(open_sends.values_list("id", flat=True)):
        town.judge.cancelled[key] = town.at
    actions.cancel(viewer=TESTS, subject=SUBJECTS[flag], reason="event_cancelled")


def move(town, n, which, hours, flag):
    actions.anchor(viewer=TESTS, subject=SUBJECTS[flag], at=town.at + timedelta(hours=hours))


def become_one(town, n, *_):
    """Two entries are found to be one person: the newest answer of either holds, and so does any no to messages."""
    giver, taker = _who(town, n), _who(town, (n + 1) % PEOPLE)
    if giver is None or taker is None or giver.pk == taker.pk:
        return
    merge(viewer=TESTS, source=giver, target=taker, reason=MergeReason.SAME_PHONE)
    judge = town.judge
    judge.behind[giver.pk] = taker.pk
    for purpose in Purpose:
        newest = _newest(giver.pk, taker.pk, purpose)
        if newest is not None:
            judge.said[taker.pk, purpose] = newest
    judge.stopped |= {(taker.pk, name) for person, name in judge.stopped if person == giver.pk}


def _newest(giver, taker, purpose):
    from tongxin.people.models import Consent

    row = (
        Consent.objects.filter(customer__in=Customer.objects.filter(id__in=[giver, taker]) | Customer.objects.filter(survivor=taker), purpose=purpose)
        .order_by("at", "id").last()
    )  # fmt: skip
    return None if row is None else row.granted


def forget(town, n, *_):
    if who := _who(town, n):
        erase(viewer=itself(who), customer=who, reason="asked")
        town.judge.gone.add(who.pk)
        town.items = max(town.items, 0)


DO = {
    "notify": notify, "drain": drain, "relay": carry, "wait": wait, "grant": grant, "withdraw": withdraw,
    "opt_out": opt_out, "opt_in": opt_in, "cancel": cancel, "move": move, "merge": become_one, "erase": forget,
}  # fmt: skip
