"""Acts of a door that die by SIGKILL after each statement, and what must be found afterwards."""

import uuid
from datetime import timedelta

from events.doors_setup import Evening
from events.killing import killed_after, killed_at
from events.schedules import rewards
from tongxin.commerce import actions as commerce
from tongxin.commerce.models import Promise, Voucher
from tongxin.commerce.terms import VoucherState
from tongxin.events import actions
from tongxin.events.actions import EntryIn, WalkIn
from tongxin.events.models import Attendance, Pool, Registration, Scan
from tongxin.events.terms import Did, Via, Why
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry

MOST = 60  # statements; an act at the door that needs more is too long anyway


def opening(guests=1, **more):
    """An event whose door is open by the real clock, and its phones."""
    evening = Evening(guests=guests, starts_at=clock.now() + timedelta(hours=1), **more)
    evening.doors = [
        actions.open_door(viewer=viewer, event_id=evening.event.public_id)[0]
        for viewer in (evening.door, evening.champion)
    ]
    return evening


def paid(evening):
    for n, promise in enumerate(Promise.objects.filter(state="open", store=evening.store).order_by("id")):
        commerce.mark_paid(
            viewer=evening.champion,
            promise_id=promise.public_id,
            receipt=f"{evening.store.code}-{n}",
            store=evening.store,
        )


def counted(evening):
    return Attendance.objects.filter(occurrence=evening.event).exclude(counted=None).count()


class Desk:
    """One guest who paid, and the acts of a door."""

    def __init__(self):
        self.evening = opening(fee_fen=3900, voucher_fen=3900)
        paid(self.evening)
        self.code, self.nonce, self.undo = self.evening.code(), uuid.uuid4(), uuid.uuid4()
        self.line = EntryIn(uuid.uuid4(), Did.ADMITTED, Why.OK, clock.now(), Via.TICKET, self.code)

    def check_in(self):
        return self.evening.check_in(ticket=self.code, nonce=self.nonce).did

    def annul(self):
        return actions.annul(
            viewer=self.evening.champion,
            event_id=self.evening.event.public_id,
            nonce=self.undo,
            scan=self.nonce,
        ).did

    def sync(self):
        taken = actions.sync(
            viewer=self.evening.door, door_id=self.evening.doors[0].public_id, journal=[self.line]
        )
        return taken[0].server

    def walk_in(self):
        return actions.walk_in(
            viewer=self.evening.door,
            event_id=self.evening.event.public_id,
            nonce=self.nonce,
            who=WalkIn(nickname="小桃"),
        ).did

    def seen(self):
        event = self.evening.event
        keys = [str(r.public_id) for r in Registration.objects.filter(occurrence=event)]
        return {
            "scans": sorted(Scan.objects.filter(occurrence=event).values_list("did", "server")),
            "counted": counted(self.evening),
            "rewards": sorted((+rewards(self.evening)).values()),
            "vouchers": Voucher.objects.filter(promise__subject_key__in=keys)
            .exclude(state=VoucherState.VOID)
            .count(),
            "seats": Pool.objects.get(occurrence=event).taken,
            "trail": sorted(Entry.objects.filter(subject_id__in=keys).values_list("act", flat=True)),
        }


FLOWS = {
    "check in": (lambda desk: None, Desk.check_in),
    "take back": (Desk.check_in, Desk.annul),
    "come home": (lambda desk: None, Desk.sync),
    "walk in": (lambda desk: None, Desk.walk_in),
}


def survive(prepare, act, *, first=1, step=1):
    """Kill the act after its n-th statement (every `step`-th from `first`) and after its commit; answers how many kills.

    Old state or new one and nothing between, and the same act again ends in the new one with the same answer.
    """
    desk = Desk()
    prepare(desk)
    old, said, new = desk.seen(), str(act(desk)), desk.seen()
    kills = 0
    for n in range(first, MOST, step):
        desk = Desk()
        prepare(desk)
        answer = killed_at(n, lambda desk=desk: act(desk))
        assert desk.seen() == (old if answer == "killed" else new), n
        if answer != "killed":
            break
        kills += 1
        assert str(act(desk)) == said, n
        assert desk.seen() == new, n
    else:
        raise AssertionError("it has no end")
    desk = Desk()
    prepare(desk)
    assert killed_after(lambda: act(desk)) == "killed"
    assert str(act(desk)) == said  # the answer that was lost is given again
    assert desk.seen() == new
    return kills + 1
