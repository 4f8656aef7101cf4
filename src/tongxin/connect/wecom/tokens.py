"""The corp's access token: one for all processes, fetched by one of them at a time, replaced early when the platform revoked it."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F, Q

from tongxin.connect.wecom.errors import Fault, WeComFault
from tongxin.foundation import clock
from tongxin.outreach.models import WecomLease

EARLY = timedelta(minutes=2)  # before its end a token is taken for over: a call under way must not meet it
HOLD = timedelta(seconds=20)  # a holder that is silent for longer has died: fetching takes 15 s at most
PATIENCE = 8.0  # seconds that the others wait for the holder
LOOK = 0.05


@dataclass(frozen=True)
class Token:
    """A token and which one it is."""

    value: str
    generation: int

    def __repr__(self) -> str:
        return f"Token({self.generation})"


# Asks the platform: (token, seconds it lives).
Fetch = Callable[[], tuple[str, int]]


class Tokens:
    """Hands out the token that holds now."""

    def __init__(self, name: str, fetch: Fetch, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._name, self._fetch, self._pause = name, fetch, pause
        self._kept: Token | None = None
        self._until = clock.now()

    def get(self, *, refused: Token | None = None) -> Token:
        """The token; with `refused`, one that comes after it. Raises WeComFault when none can be had now."""
        if self._kept is not None and refused is None and clock.now() < self._until - EARLY:
            return self._kept
        WecomLease.objects.get_or_create(name=self._name)
        ends = time.monotonic() + PATIENCE
        while True:
            row = WecomLease.objects.get(name=self._name)
            if self._good(row, refused):
                self._kept, self._until = Token(row.value, row.generation), row.until or clock.now()
                return self._kept
            mine = uuid.uuid4()
            if self._take(row, mine):
                return self._renew(mine)
            if time.monotonic() > ends:
                raise WeComFault(Fault.BUSY, wait=LOOK)
            self._pause(LOOK)

    def _good(self, row: WecomLease, refused: Token | None) -> bool:
        fresh = row.until is not None and clock.now() < row.until - EARLY
        return bool(row.value) and fresh and (refused is None or row.generation > refused.generation)

    def _take(self, row: WecomLease, mine: uuid.UUID) -> bool:
        """One conditional statement: of many that found the same token over, one fetches the next."""
        now = clock.now()
        free = Q(held_until=None) | Q(held_until__lte=now)
        mine_now = WecomLease.objects.filter(free, name=self._name, generation=row.generation)
        return mine_now.update(holder=mine, held_until=now + HOLD) == 1

    def _renew(self, mine: uuid.UUID) -> Token:
        held = WecomLease.objects.filter(name=self._name, holder=mine)
        try:
            value, lives = self._fetch()
        except BaseException:
            held.update(holder=None, held_until=None)
            raise
        until = clock.now() + timedelta(seconds=lives)
        changed = held.update(
            value=value, until=until, holder=None, held_until=None, generation=F("generation") + 1
        )
        if not changed:  # we took so long that another became the holder: theirs holds
            raise WeComFault(Fault.BUSY, wait=LOOK)
        row = WecomLease.objects.get(name=self._name)
        self._kept, self._until = Token(row.value, row.generation), row.until or until
        return self._kept
