"""The same code at eight phones in the same instant (promise P10), and other crowds at the door."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction

from events.door_crash import counted, opening, paid
from events.rush import rush, viewer_of
from events.schedules import rewards
from foundation.racing import in_processes, in_threads
from tongxin.commerce.models import Voucher
from tongxin.events import actions
from tongxin.events.actions import EntryIn, WalkIn
from tongxin.events.models import Attendance, Pool, Registration, Scan
from tongxin.events.terms import Did, Via, Why
from tongxin.foundation import clock

pytestmark = pytest.mark.django_db(transaction=True)
PHONES = 8


@pytest.mark.parametrize("lanes", [in_threads, in_processes])
def test_eight_phones_scan_one_code_at_once_and_one_counts(lanes):
    evening = opening(fee_fen=3900, voucher_fen=3900)
    paid(evening)
    code = evening.code()

    answers = lanes(lambda _: str(evening.check_in(ticket=code).did), PHONES)

    assert sorted(answers) == ["admitted"] + ["already"] * (PHONES - 1)
    assert Scan.objects.filter(occurrence=evening.event).count() == PHONES
    assert counted(evening) == 1
    assert list(rewards(evening).values()) == [1]
    assert Voucher.objects.count() == 1


def test_the_same_act_sent_eight_times_at_once_is_one():
    evening, nonce = opening(), uuid.uuid4()
    code = evening.code()

    answers = in_threads(lambda _: str(evening.check_in(ticket=code, nonce=nonce).did), PHONES)

    assert answers == ["admitted"] * PHONES
    assert (Scan.objects.count(), counted(evening), list(rewards(evening).values())) == (1, 1, [1])


def test_control_looking_first_and_writing_later_counts_twice():
    """The protection off: look whether somebody is in, then write, as others do."""
    evening = opening()
    seat = evening.seats[0]
    Attendance.objects.create(registration=seat, occurrence=evening.event, person_id=seat.person_id)

    def careless(_):
        with transaction.atomic():
            there = Attendance.objects.get(registration=seat)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.1)")
            if there.counted is None:
                Attendance.objects.filter(pk=there.pk).update(counted=uuid.uuid4())
                return "admitted"
        return "already"

    assert in_threads(careless, PHONES).count("admitted") > 1


def journal(evening, phone, n):
    at = clock.now()
    return [
        EntryIn(
            uuid.UUID(int=(phone << 32) + k),
            Did.ADMITTED,
            Why.OK,
            at + timedelta(seconds=phone),
            Via.SEARCH,
            "",
            seat.public_id,
        )
        for k, seat in enumerate(evening.seats[:n])
    ]


def test_phones_come_home_and_scan_all_at_once():
    """Two uploads of each phone's journal beside live scans and an annulment: no deadlock, nothing twice, nothing lost."""
    evening = opening(guests=6)
    journals = [journal(evening, phone, 6) for phone in (0, 1)]
    codes = [evening.code(n) for n in range(6)]

    def work(n):
        if n < 4:
            phone = n % 2
            viewer = (evening.door, evening.champion)[phone]
            entries = journals[phone] if n < 2 else journals[phone][::-1]
            return len(actions.sync(viewer=viewer, door_id=evening.doors[phone].public_id, journal=entries))
        return [str(evening.check_in(ticket=code).did) for code in (codes if n % 2 else codes[::-1])]

    answers = in_threads(work, PHONES)

    assert answers[:4] == [6] * 4
    assert all(set(a) <= {"admitted", "already"} for a in answers[4:])
    assert counted(evening) == 6
    assert set(rewards(evening).values()) == {1}
    assert Scan.objects.filter(occurrence=evening.event).count() == 12 + 24


def test_eight_walk_ins_for_three_seats():
    evening = opening(guests=1, places=4)

    def work(n):
        return str(
            actions.walk_in(
                viewer=evening.door,
                event_id=evening.event.public_id,
                nonce=uuid.uuid4(),
                who=WalkIn(nickname=f"客{n}"),
            ).did
        )

    answers = rush(work, list(range(PHONES)))
    assert sorted(answers.values()) == ["admitted"] * 3 + ["events.full"] * 5
    assert Pool.objects.get(occurrence=evening.event).taken == 4
    assert Registration.objects.filter(occurrence=evening.event, walk_in=True).count() == 3


def test_a_member_who_cancels_while_being_scanned_is_in_or_out_never_both():
    evening = opening(guests=4)
    codes = [evening.code(n) for n in range(4)]

    def work(n):
        guest = n % 4
        if n < 4:
            return str(evening.check_in(ticket=codes[guest]).did)
        return actions.cancel_registration(
            viewer=viewer_of(evening.members[guest].pk), registration_id=evening.seats[guest].public_id
        ).state

    answers = in_threads(work, PHONES)
    for guest in range(4):
        scan = Scan.objects.get(registration=evening.seats[guest])
        assert answers[guest] == scan.did
        assert (scan.did == "admitted") is Attendance.objects.filter(
            registration=evening.seats[guest]
        ).exists()
