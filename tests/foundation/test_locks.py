"""Locks by name."""

import threading

import pytest
from django.db import connection, transaction

from foundation.racing import in_threads
from tongxin.foundation.locks import advisory, advisory_or_skip, number


def test_a_name_has_one_number_everywhere():
    assert number("audit.seal") == number("audit.seal") != number("audit.sea1")
    assert -(2**63) <= number("x") < 2**63


def most_at_once(take):
    inside, most, lock = 0, 0, threading.Lock()

    def work(_):
        nonlocal inside, most
        with take():
            with lock:
                inside += 1
                most = max(most, inside)
            threading.Event().wait(0.02)
            with lock:
                inside -= 1

    in_threads(work, 5)
    return most


@pytest.mark.django_db(transaction=True)
def test_one_at_a_time():
    assert most_at_once(lambda: advisory("here")) == 1
    assert most_at_once(transaction.atomic) > 1  # control


@pytest.mark.django_db(transaction=True)
def test_or_not_at_all():
    def other(_):
        with advisory_or_skip("here") as free:
            return free

    with advisory("here"):
        assert in_threads(other, 1) == [False]
    assert in_threads(other, 1) == [True]


@pytest.mark.django_db(transaction=True)
def test_it_ends_with_the_transaction():
    with transaction.atomic():
        with advisory("here"):
            pass
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
            )
            assert cursor.fetchone() == (1,)  # an inner block does not let go of what the outer one needs
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone() == (0,)
