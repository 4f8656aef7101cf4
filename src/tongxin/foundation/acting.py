"""The transaction of an action."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, transaction

_guarded: ContextVar[bool] = ContextVar("tongxin_guarded", default=False)


@contextmanager
def guarded() -> Iterator[None]:
    """Whoever calls an action inside keeps a savepoint for it and goes back to it on every exception."""
    token = _guarded.set(True)
    try:
        with transaction.atomic():
            yield
    finally:
        _guarded.reset(token)


@contextmanager
def one_act() -> Iterator[None]:
    """`with one_act():` as `transaction.atomic()`, without a second savepoint where the caller keeps one already (two statements less).

    Only the outermost action of a guarded call goes without: what it calls and catches itself still has a savepoint of its own.
    """
    if _guarded.get() and connection.in_atomic_block:
        token = _guarded.set(False)
        try:
            yield
        finally:
            _guarded.reset(token)
    else:
        with transaction.atomic():
            yield
