"""The transaction of an action."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.db import connection, transaction


class Again(Exception):
    """An action went by what it saw and found at its last step that this has changed. Nothing of it may stay; it is done again, carefully."""


@dataclass
class Guard:
    """What the caller of an action promised: `last` is done right before the commit, after the caller's own writes."""

    guess: bool
    last: list[Callable[[], None]] = field(default_factory=list)

    def close(self) -> None:
        """Do what was kept for the end. Raises what it raises: then all goes back."""
        for step in self.last:
            step()


_guard: ContextVar[Guard | None] = ContextVar("tongxin_guard", default=None)


@contextmanager
def guarded(*, guess: bool = False) -> Iterator[Guard]:
    """Whoever calls an action inside takes the whole transaction back on every exception, and does `Guard.close()` before the commit.

    With `guess` they also do the action again, without it, when it raises `Again`.
    """
    guard = Guard(guess)
    token = _guard.set(guard)
    try:
        yield guard
    finally:
        _guard.reset(token)


@contextmanager
def one_act() -> Iterator[Guard | None]:
    """`with one_act():` as `transaction.atomic()`, without a savepoint where the caller takes everything back anyway (two statements less).

    Only the outermost action of a guarded call goes without, and is handed the guard: what it calls and catches itself still has
    a savepoint of its own.
    """
    guard = _guard.get()
    if guard is not None and connection.in_atomic_block:
        token = _guard.set(None)
        try:
            yield guard
        finally:
            _guard.reset(token)
    else:
        with transaction.atomic():
            yield None
