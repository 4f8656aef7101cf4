"""SIGKILL in the middle of an act at the door (promise P5): nothing half done, nothing lost, the repeat ends the same.

Here after every ninth statement; after every one in `bench/checkin.py`.
"""

import random

import pytest
from django.db import transaction

from events.door_crash import FLOWS, Desk, survive
from events.killing import killed_at
from tongxin.events.models import Attendance, Scan
from tongxin.events.terms import Did, Via, Why
from tongxin.foundation import clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("prepare", "act"), FLOWS.values(), ids=FLOWS)
def test_killed_after_a_statement_nothing_is_half_done_and_the_repeat_ends_the_same(prepare, act):
    assert survive(prepare, act, first=random.Random(act.__name__).randint(2, 5), step=9) >= 2


def test_control_an_act_in_two_transactions_is_found_half_done():
    desk = Desk()
    seat = desk.evening.seats[0]

    def careless():
        with transaction.atomic():
            Attendance.objects.create(
                registration=seat, occurrence=desk.evening.event, person_id=seat.person_id, counted=desk.nonce
            )
        with transaction.atomic():
            Scan.objects.create(
                nonce=desk.nonce, occurrence=desk.evening.event, registration=seat, via=Via.SEARCH, did=Did.ADMITTED,
                did_why=Why.OK, server=Did.ADMITTED, server_why=Why.OK, scanned_at=clock.now(), received_at=clock.now(),
                by="nobody",
            )  # fmt: skip

    n = 0
    while not Attendance.objects.filter(counted=desk.nonce).exists() and n < 6:
        n += 1
        assert killed_at(n, careless) == "killed"
    assert not Scan.objects.filter(nonce=desk.nonce).exists()
