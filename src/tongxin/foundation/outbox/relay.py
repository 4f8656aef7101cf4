"""The one relay: claim, commit, carry, record. No network call stands inside a transaction."""

import json
import logging
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q

from tongxin.foundation import clock
from tongxin.foundation.outbox import rules
from tongxin.foundation.outbox.models import Letter
from tongxin.foundation.outbox.ports import Carrier, Outcome, Parcel
from tongxin.foundation.outbox.terms import State
from tongxin.foundation.plugs import wiring

BATCH = 20
PATIENCE = 60.0  # seconds of carrying per batch; the rest is given back for another relay

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Drained:
    """What one drain did."""

    carried: int = 0
    expired: int = 0
    recovered: int = 0


def drain(*, carriers: Mapping[str, Carrier] | None = None, batch: int = BATCH, most: int = 1000) -> Drained:
    """Carry all letters that are due, in batches, until none is left or `most` were carried.

    Any number of relays may run: SKIP LOCKED gives each its own letters. A relay may be killed anywhere.
    """
    plugged = wiring().CARRIERS if carriers is None else carriers
    recovered, expired, carried = _recover(plugged), _expire(), 0
    while carried < most:
        claim, keys = _claim(batch)
        if not keys:
            break
        carried += _carry_all(claim, keys, plugged)
    return Drained(carried, expired, recovered)


def _claim(batch: int) -> tuple[uuid.UUID, list[int]]:
    claim, at = uuid.uuid4(), clock.now()
    with transaction.atomic():
        due = Letter.objects.select_for_update(skip_locked=True).filter(state=State.WAITING, due_at__lte=at)
        keys = list(due.order_by("due_at", "id").values_list("id", flat=True)[:batch])
        Letter.objects.filter(id__in=keys).update(
            state=State.SENDING, claim=claim, claimed_at=at, begun_at=None
        )
    return claim, keys


def _carry_all(claim: uuid.UUID, keys: list[int], carriers: Mapping[str, Carrier]) -> int:
    until, carried = time.monotonic() + PATIENCE, 0
    for key in keys:
        if time.monotonic() > until:
            Letter.objects.filter(claim=claim, state=State.SENDING, begun_at=None).update(state=State.WAITING)
            break
        carried += _carry_one(claim, key, carriers)
    return carried


def _carry_one(claim: uuid.UUID, key: int, carriers: Mapping[str, Carrier]) -> int:
    # Committed before the carrier is called: after a crash this says whether the letter may have left.
    mine = Letter.objects.filter(id=key, claim=claim, state=State.SENDING)
    if not mine.update(begun_at=clock.now(), attempts=F("attempts") + 1):
        return 0
    letter = Letter.objects.get(id=key)
    carrier = carriers.get(letter.carrier)
    if carrier is None:
        outcome, dedupes = Outcome("failed", "no such carrier"), False
    else:
        outcome, dedupes = _carried(carrier, letter), carrier.dedupes
    _record(letter, claim, outcome, dedupes=dedupes)
    return 1


def _carried(carrier: Carrier, letter: Letter) -> Outcome:
    parcel = Parcel(letter.public_id, letter.kind, letter.to, json.loads(letter.body), letter.attempts)
    try:
        return carrier.carry(parcel)
    except Exception as fault:  # noqa: BLE001 (a carrier's bug must not stop the others' letters)
        # The class only: message and traceback may hold an address.
        log.error("%s raised %s, letter %s", letter.carrier, type(fault).__name__, letter.public_id)  # noqa: TRY400 - a traceback could hold the letter
        return Outcome("unknown", type(fault).__name__)


def _record(letter: Letter, claim: uuid.UUID, outcome: Outcome, *, dedupes: bool) -> None:
    at = clock.now()
    following = rules.after(outcome, attempts=letter.attempts, dedupes=dedupes, now=at)
    # Also when another relay gave us up for dead meanwhile and called the outcome unknown: now it is known.
    Letter.objects.filter(id=letter.pk, claim=claim, state__in=[State.SENDING, State.UNKNOWN]).update(
        state=following.state,
        detail=outcome.detail[:200],
        due_at=following.at or letter.due_at,
        done_at=None if following.state in {State.WAITING, State.UNKNOWN} else at,
    )


def _expire() -> int:
    """Letters past their date, and letters emptied by an erasure while on their way."""
    at = clock.now()
    over = Letter.objects.filter(Q(expires_at__lte=at) | Q(to_hash=""), state=State.WAITING)
    return over.update(state=State.EXPIRED, done_at=at)


def _recover(carriers: Mapping[str, Carrier]) -> int:
    """Letters of relays that died."""
    stale = Letter.objects.filter(state=State.SENDING, claimed_at__lt=clock.now() - rules.STALE)
    recovered = 0
    with transaction.atomic():
        for letter in stale.select_for_update(skip_locked=True).only("id", "carrier", "begun_at"):
            if letter.begun_at is not None and letter.begun_at > clock.now() - rules.STALE:
                continue
            carrier = carriers.get(letter.carrier)
            state = rules.found_stale(
                begun=letter.begun_at is not None, dedupes=carrier is not None and carrier.dedupes
            )
            detail = "relay died" if letter.begun_at is not None else ""
            recovered += Letter.objects.filter(id=letter.pk).update(state=state, detail=detail)
    return recovered
