"""SIGKILL after each statement of registering and giving up (promise P5).

The old state or the new one, nothing between; what was answered is there; a repeat completes; each letter once.
"""

import pytest
from django.db import connection, transaction
from django.db.utils import OperationalError

from events.crash_world import (
    World,
    gives_up,
    one_waits,
    registers,
    registers_under_a_key,
    seat_taken,
    survives_every_kill,
)
from events.killing import killed_at
from tongxin.events import queries
from tongxin.events.actions import claims
from tongxin.events.models import Pool, Registration
from tongxin.events.terms import Seat
from tongxin.foundation import clock

pytestmark = pytest.mark.django_db(transaction=True)

FLOWS = [
    ("registers for the free seat", lambda world: None, registers),
    ("registers and waits", seat_taken, registers),
    ("registers under a key", lambda world: None, registers_under_a_key),
    ("registers under a key and waits", seat_taken, registers_under_a_key),
    ("gives up and the seat is offered on", one_waits, gives_up),
]


@pytest.mark.sampled
@pytest.mark.parametrize(("prepare", "act"), [flow[1:] for flow in FLOWS], ids=[flow[0] for flow in FLOWS])
def test_killed_after_each_statement_it_is_the_old_state_or_the_new_one(prepare, act):
    survives_every_kill(prepare, act)


def test_control_an_act_in_two_transactions_loses_a_seat():
    World.people = []
    world = World()
    pool = Pool.objects.get(occurrence=world.event)

    def by_hand():
        with transaction.atomic():
            claims.claim(pool.pk, 1, world.event.schedule)
        with transaction.atomic():
            Registration.objects.create(
                occurrence=world.event,
                person_id=world.comer,
                pool=pool,
                state=Seat.CONFIRMED,
                registered_at=clock.now(),
            )

    assert killed_at(1, by_hand) == "killed"
    wrong = [(w.counter, w.says, w.counted) for w in queries.counters_wrong(world.event.public_id)]
    # depends on whether BEGIN counts: kill once more until the claim was committed
    n = 1
    while not wrong and n < 6:
        n += 1
        killed_at(n, by_hand)
        wrong = [(w.counter, w.says, w.counted) for w in queries.counters_wrong(world.event.public_id)]
    assert wrong[0][0] == "taken"
    assert wrong[0][1] > wrong[0][2]


@pytest.mark.parametrize("n", [1, 3, 5, 7])
def test_a_connection_cut_by_the_server_leaves_nothing_behind_and_the_next_act_works(n):
    World.people = []
    world, count = World(), 0

    def cutting(execute, sql, params, many, context):
        nonlocal count
        answer = execute(sql, params, many, context)
        count += 1
        if count == n:
            pid = connection.connection.info.backend_pid
            other = connection.copy(alias="other")
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
            other.close()
        return answer

    with pytest.raises(OperationalError), connection.execute_wrapper(cutting):
        world.register(world.comer)
    connection.close()
    assert world.seen()["rows"] == []
    assert world.seen()["pool"] == (0, 0, 0)
    assert registers(world) == Seat.CONFIRMED
    assert queries.counters_wrong() == []
