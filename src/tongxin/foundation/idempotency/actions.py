"""Doing a write once."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from tongxin.foundation import clock, prepared
from tongxin.foundation.access import Viewer
from tongxin.foundation.acting import Again, guarded
from tongxin.foundation.errors import Refused
from tongxin.foundation.idempotency import rules
from tongxin.foundation.idempotency.models import SEALED, Kept
from tongxin.foundation.locks import number
from tongxin.foundation.sealing import seal, unseal

Answer = tuple[int, dict[str, Any]]
Whole = tuple[int, dict[str, Any], bool]

# A lock of the transaction and not a row: it vanishes with a killed process, so nothing can hang "in flight". An answer committed
# between the look and the lock is not seen here; then `_KEEP` finds it in the way, and all of ours goes back.
_LOOK = """
SELECT pg_try_advisory_xact_lock(%(lock)s), k.body_hash, k.status, k.answer
FROM (SELECT 1) one LEFT JOIN idempotency_kept k
    ON k.actor = %(actor)s AND k.route = %(route)s AND k.key = %(key)s AND k.at > %(since)s
"""

# One that is over makes room.
_KEEP = """
INSERT INTO idempotency_kept AS k (actor, route, key, body_hash, status, answer, at)
VALUES (%(actor)s, %(route)s, %(key)s, %(seen)s, %(status)s, %(answer)s, %(at)s)
ON CONFLICT (actor, route, key) DO UPDATE
    SET body_hash = EXCLUDED.body_hash, status = EXCLUDED.status, answer = EXCLUDED.answer, at = EXCLUDED.at
    WHERE k.at <= %(since)s
"""


def once(
    *,
    viewer: Viewer,
    route: str,
    key: str,
    body: bytes,
    act: Callable[[], Answer],
    status_of: Callable[[Refused], int] | None = None,
) -> Whole:
    """Run `act` unless this sender's `key` has been answered; (status, body, was it a repeat).

    `route` is method and full path. Effect and kept answer stand or fall in one transaction, so a process killed in between
    leaves neither. An answer that is not kept (409, 429, 5xx) takes its effect back. With `status_of` a refusal
    is kept too and raised again for the same key. An action that guessed wrong (`Again`) is done once more, carefully. Refuses
    `idempotency.bad_key`, `idempotency.other_body` (422), `idempotency.in_flight` (409: the first one is still at work).
    """
    if not rules.acceptable(key):
        raise Refused("idempotency.bad_key")
    slot = {"actor": rules.actor(viewer), "route": route, "key": key}
    seen = rules.fingerprint(body)
    try:
        try:
            return _done(slot, seen, act, guess=True)
        except Again:
            return _done(slot, seen, act, guess=False)
    except _Said as said:
        refused = said.refused
    if status_of is not None and rules.storable(status := status_of(refused)):
        _keep_refusal(slot, seen, refused, status)
    raise refused


def fresh(*, viewer: Viewer, route: str, key: str) -> bool:
    """Would `once` run for this sender's key now? False for one that was answered, and for what is no key."""
    if not rules.acceptable(key):
        return False
    kept = Kept.objects.filter(actor=rules.actor(viewer), route=route, key=key, at__gt=_since())
    return not kept.exists()


class _Said(Exception):
    """The action refused; what it wrote goes back."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.code)
        self.refused = refused


def _done(slot: dict[str, str], seen: str, act: Callable[[], Answer], *, guess: bool) -> Whole:
    with transaction.atomic():
        before = _look(slot, seen)
        if before is not None:
            return before
        try:
            with guarded(guess=guess) as guard:
                status, body = act()
        except Refused as refused:
            raise _Said(refused) from refused
        if not rules.storable(status):
            transaction.set_rollback(True)
            return status, body, False
        text = _text({"body": body})
        _keep(slot, seen, status, text)
        try:
            guard.close()
        except Refused as refused:
            raise _Said(refused) from refused
    return status, json.loads(text)["body"], False


def _look(slot: dict[str, str], seen: str) -> Whole | None:
    """What is kept for this key, None for nothing. Refuses `idempotency.in_flight`, `idempotency.other_body`."""
    lock = number(f"once\0{slot['actor']}\0{slot['route']}\0{slot['key']}")
    row = prepared.one(_LOOK, slot | {"lock": lock, "since": _since()})
    if row is None or not row[0]:
        raise Refused("idempotency.in_flight")
    _, body_hash, status, answer = row
    if body_hash is None:
        return None
    if body_hash != seen:
        raise Refused("idempotency.other_body")
    told = json.loads(unseal(answer, SEALED))
    if "refused" in told:
        raise Refused(told["refused"], **told["data"])
    return status, told["body"], True


def _keep(slot: dict[str, str], seen: str, status: int, text: str) -> None:
    values = {
        "seen": seen,
        "status": status,
        "answer": seal(text, SEALED),
        "at": clock.now(),
        "since": _since(),
    }
    if not prepared.do(_KEEP, slot | values):
        raise Refused("idempotency.in_flight")


def _keep_refusal(slot: dict[str, str], seen: str, refused: Refused, status: int) -> None:
    # Its own transaction: that of the act is gone with all it wrote. Who was quicker with the same key has answered it.
    with transaction.atomic():
        _look(slot, seen)
        _keep(slot, seen, status, _text({"refused": refused.code, "data": refused.data}))


def _since() -> datetime:
    return clock.now() - rules.KEPT


def _text(answer: dict[str, Any]) -> str:
    return json.dumps(answer, cls=DjangoJSONEncoder, ensure_ascii=False)


def forget() -> int:
    """Delete answers older than a day; answers how many. Run hourly."""
    return Kept.objects.filter(at__lte=clock.now() - rules.KEPT).delete()[0]
