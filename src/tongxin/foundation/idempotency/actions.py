"""Doing a write once."""

import json
from collections.abc import Callable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.acting import guarded
from tongxin.foundation.errors import Refused
from tongxin.foundation.idempotency import rules
from tongxin.foundation.idempotency.models import Kept
from tongxin.foundation.locks import number

Answer = tuple[int, dict[str, Any]]


def once(
    *,
    viewer: Viewer,
    route: str,
    key: str,
    body: bytes,
    act: Callable[[], Answer],
    status_of: Callable[[Refused], int] | None = None,
) -> tuple[int, dict[str, Any], bool]:
    """Run `act` unless this sender's `key` has been answered; (status, body, was it a repeat).

    `route` is method and full path. Effect and kept answer stand or fall in one transaction, so a process killed in between
    leaves neither. An answer that is not kept (409, 429, 5xx) takes its effect back. With `status_of` a refusal
    is kept too and raised again for the same key. Refuses `idempotency.bad_key`, `idempotency.other_body` (422),
    `idempotency.in_flight` (409: the first one is still at work).
    """
    if not rules.acceptable(key):
        raise Refused("idempotency.bad_key")
    who, seen = rules.actor(viewer), rules.fingerprint(body)
    with transaction.atomic():
        _claim(who, route, key)
        kept = Kept.objects.filter(actor=who, route=route, key=key).first()
        if kept is not None and kept.at > clock.now() - rules.KEPT:
            return _again(kept, seen)
        if kept is not None:
            kept.delete()
        status, text, refused = _first(act, status_of)
        if rules.storable(status):
            Kept.objects.create(
                actor=who, route=route, key=key, body_hash=seen, status=status, answer=text, at=clock.now()
            )
    if refused is not None:
        raise refused
    return status, json.loads(text)["body"], False


def _claim(who: str, route: str, key: str) -> None:
    # A lock of the transaction and not a row: it vanishes with a killed process, so nothing can hang "in flight".
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number(f"once\0{who}\0{route}\0{key}")])
        if not cursor.fetchone()[0]:
            raise Refused("idempotency.in_flight")


def _again(kept: Kept, seen: str) -> tuple[int, dict[str, Any], bool]:
    if kept.body_hash != seen:
        raise Refused("idempotency.other_body")
    answer = json.loads(kept.answer)
    if "refused" in answer:
        raise Refused(answer["refused"], **answer["data"])
    return kept.status, answer["body"], True


def _first(
    act: Callable[[], Answer], status_of: Callable[[Refused], int] | None
) -> tuple[int, str, Refused | None]:
    try:
        with guarded():
            status, body = act()
            if not rules.storable(status):
                transaction.set_rollback(True)
    except Refused as refused:
        if status_of is None:
            raise
        return status_of(refused), _text({"refused": refused.code, "data": refused.data}), refused
    return status, _text({"body": body}), None


def _text(answer: dict[str, Any]) -> str:
    return json.dumps(answer, cls=DjangoJSONEncoder, ensure_ascii=False)


def forget() -> int:
    """Delete answers older than a day; answers how many. Run hourly."""
    return Kept.objects.filter(at__lte=clock.now() - rules.KEPT).delete()[0]
