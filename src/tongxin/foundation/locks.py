"""Locks of the database that belong to a name rather than to a row."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


def number(name: str) -> int:
    """The 64-bit key of a lock's name; the same in every process and version of Python."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


@contextmanager
def advisory(name: str) -> Iterator[None]:
    """`with advisory("audit.seal"):` one at a time across all processes.

    Opens a transaction (or joins the caller's) and holds the lock until that ends, so a dead process cannot keep it.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number(name)])
        yield


@contextmanager
def advisory_or_skip(name: str) -> Iterator[bool]:
    """The same without waiting: yields False when another holds the lock."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number(name)])
            (free,) = cursor.fetchone()
        yield free
