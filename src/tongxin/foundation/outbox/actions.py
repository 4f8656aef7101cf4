"""Posting letters, and what people do to them."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import Q

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.foundation.outbox import rules
from tongxin.foundation.outbox.models import Letter
from tongxin.foundation.outbox.queries import address_hash
from tongxin.foundation.outbox.terms import State

CHANNEL = "tongxin_outbox"
DONE = (State.SENT, State.FAILED, State.EXPIRED)
# Claimed by a relay but not begun: the relay looks again before each letter, so these can still be stopped.
UNTOUCHED = Q(state=State.WAITING) | Q(state=State.SENDING, begun_at=None)
EMPTY = {"to": "", "to_hash": "", "body": "", "person": None}


def post(
    *,
    viewer: Viewer,
    kind: str,
    to: str,
    body: dict[str, Any],
    carrier: str,
    key: str,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
    person: int | None = None,
) -> Letter:
    """Write a letter in the caller's transaction; it is carried after commit, or never existed.

    The same `key` gives the same letter, once. Refuses `outbox.other_letter` when the key stands for another address,
    kind or carrier. Raises RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{kind}: a letter belongs into the transaction of its act")
    at = clock.now()
    fresh = Letter(
        key=key,
        kind=kind,
        carrier=carrier,
        to=to,
        to_hash=address_hash(to),
        body=json.dumps(body, cls=DjangoJSONEncoder, ensure_ascii=False),
        person=person,
        actor=viewer.name,
        created_at=at,
        due_at=not_before or at,
        expires_at=expires_at,
    )
    Letter.objects.bulk_create([fresh], ignore_conflicts=True)
    letter = Letter.objects.get(key=key)
    if (letter.kind, letter.carrier) != (kind, carrier) or letter.to_hash not in {fresh.to_hash, ""}:
        raise Refused("outbox.other_letter")
    if letter.public_id == fresh.public_id:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
    return letter


def hold(*, viewer: Viewer, keys: list[str], reason: str) -> int:
    """Keep letters back that have not left yet (a kit recalled, an event moved); answers how many."""
    with transaction.atomic():
        return sum(
            _move(viewer, letter, State.HELD, act="outbox.held", reason=reason)
            for letter in Letter.objects.select_for_update().filter(UNTOUCHED, key__in=keys).order_by("id")
        )


def release(*, viewer: Viewer, keys: list[str], reason: str) -> int:
    """Let held letters go; answers how many."""
    with transaction.atomic():
        return sum(
            _move(viewer, letter, State.WAITING, act="outbox.released", reason=reason)
            for letter in Letter.objects.select_for_update()
            .filter(key__in=keys, state=State.HELD)
            .order_by("id")
        )


def settle(*, viewer: Viewer, public_id: UUID, delivered: bool, reason: str) -> None:
    """Somebody has found out what became of a letter of unknown outcome: sent, or to be sent again.

    Refuses `absent`, `outbox.not_unknown`.
    """
    with transaction.atomic():
        letter = Letter.objects.select_for_update().filter(public_id=public_id).first()
        if letter is None:
            raise Refused("absent")
        if letter.state != State.UNKNOWN:
            raise Refused("outbox.not_unknown")
        _move(viewer, letter, State.SENT if delivered else State.WAITING, act="outbox.settled", reason=reason)


def _move(viewer: Viewer, letter: Letter, to: State, *, act: str, reason: str) -> int:
    before = letter.state
    letter.state = to
    letter.done_at = clock.now() if to == State.SENT else None
    letter.save(update_fields=["state", "done_at"])
    subject = ("outbox", "letter", str(letter.public_id))
    trail(
        viewer=viewer, act=act, subject=subject, before={"state": before}, after={"state": to}, reason=reason
    )
    return 1


def forget() -> int:
    """Empty address and text of letters done long ago; answers how many."""
    old = Letter.objects.filter(state__in=DONE, created_at__lt=clock.now() - rules.KEPT).exclude(to_hash="")
    return old.update(**EMPTY)


def erase_person(*, person: int, addresses: list[str]) -> int:
    """Empty all letters of a person or to one of their addresses, and send none any more; answers how many."""
    found = Letter.objects.filter(Q(person=person) | Q(to_hash__in=[address_hash(a) for a in addresses]))
    with transaction.atomic():
        found.filter(UNTOUCHED | Q(state=State.HELD)).update(state=State.EXPIRED, detail="erased")
        return found.update(**EMPTY)
