"""Budgets: open an envelope, set aside, ask for more, approve, spend, give back.

The figures of an envelope change by one conditional UPDATE each time; what does not fit changes nothing. Locks: envelope, then
commitment.
"""

from datetime import date
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from tongxin.commerce.actions.books import EntryIn, post
from tongxin.commerce.actions.moves import said
from tongxin.commerce.models import Commitment, Envelope
from tongxin.commerce.queries.envelopes import access_commitment, access_envelope, purse_of
from tongxin.commerce.rules import books
from tongxin.commerce.rules import envelopes as rules
from tongxin.commerce.terms import APPROVERS, SPENDERS, Account, CommitmentState, EntryKind
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.foundation.money import show
from tongxin.stores.models import Store
from tongxin.stores.queries import the_brand


def open_envelope(
    *,
    viewer: Viewer,
    title: str,
    amount_fen: int,
    opens_on: date,
    closes_on: date,
    store: Store | None = None,
    ring: str = "",
    kit: str = "",
    hour_fen: int = 0,
) -> Envelope:
    """Give a ring, a store or a kit (or several at once) an amount for a period; `hour_fen` is what an hour of work costs there.

    Refuses `absent` for who may not give in that place, `input.bad`, `commerce.envelope_exists`.
    """
    rules.check_envelope(
        store=store is not None, ring=ring, kit=kit, amount=amount_fen, opens_on=opens_on, closes_on=closes_on
    )
    if hour_fen < 0:
        raise Refused("input.bad", field="hour_fen", reason="≥ 0")
    if not viewer.reaches(store.pk if store else None, APPROVERS):
        raise Refused("absent")
    brand = the_brand()
    with transaction.atomic():
        try:
            with transaction.atomic():
                made = Envelope.objects.create(
                    brand=brand,
                    store=store,
                    ring=ring,
                    kit=kit,
                    title=title.strip()[:120],
                    opens_on=opens_on,
                    closes_on=closes_on,
                    amount_fen=amount_fen,
                    hour_fen=hour_fen,
                    by=viewer.name,
                    at=clock.now(),
                )
        except IntegrityError as fault:
            if "envelope_once" in str(fault):
                raise Refused("commerce.envelope_exists") from None
            raise
        book(
            viewer,
            made,
            EntryKind.BUDGET_OPENED,
            amount_fen,
            to=Account.FREE,
            out_of=Account.BUDGET,
            key="opened",
        )
        write_down(viewer, "envelope", made.public_id, act="commerce.envelope_opened", fen=amount_fen)
    return made


def commit(
    *,
    viewer: Viewer,
    envelope_id: UUID | str,
    amount_fen: int,
    subject: tuple[str, str],
    note: str = "",
    ask: bool = False,
) -> Commitment:
    """Set an amount aside for one thing, once for each thing. With `ask`, what does not fit waits for approval instead.

    Refuses `absent`, `input.bad`, `commerce.envelope_shut`, `commerce.over_envelope` with what is left,
    `commerce.commitment_differs`.
    """
    if amount_fen <= 0:
        raise Refused("input.bad", field="amount_fen", reason="> 0")
    with transaction.atomic():
        envelope = access_envelope(viewer, envelope_id, SPENDERS)
        _still_open(envelope)
        taken = claim(
            envelope, committed=amount_fen
        )  # holds the envelope: two for one thing come one after the other
        if not taken:
            envelope = Envelope.objects.select_for_update(no_key=True).get(pk=envelope.pk)
        before = _same_thing(envelope, subject)
        if before is not None:
            if before.amount_fen != amount_fen:
                raise Refused("commerce.commitment_differs")
            if taken:
                claim(envelope, committed=-amount_fen)
            return before
        if not taken and not ask:
            raise over(envelope, amount_fen)
        made = Commitment.objects.create(
            envelope=envelope,
            subject_room=subject[0],
            subject_key=subject[1],
            note=note.strip()[:120],
            amount_fen=amount_fen,
            state=CommitmentState.HELD if taken else CommitmentState.ASKED,
            asked_by=viewer.name,
            asked_account=viewer.account,
            asked_at=clock.now(),
        )
        if taken:
            _book_commitment(viewer, envelope, made)
        act = "commerce.budget_committed" if taken else "commerce.budget_asked"
        write_down(
            viewer, "commitment", made.public_id, act=act, fen=amount_fen, envelope=str(envelope.public_id)
        )
    return made


def approve(*, viewer: Viewer, commitment_id: UUID | str, reason: str) -> Commitment:
    """Let something through that does not fit: the envelope is raised by what is missing, and the amount set aside.

    Somebody with a wider grant than the till's decides, and never about their own request. Refuses `absent`,
    `commerce.reason_missing`, `commerce.not_asked`, `commerce.own_request`.
    """
    why = said(reason)
    with transaction.atomic():
        envelope, part = _decidable(viewer, commitment_id)
        raised = rules.missing(purse_of(envelope), part.amount_fen)
        if raised:
            Envelope.objects.filter(pk=envelope.pk).update(approved_fen=F("approved_fen") + raised)
            book(
                viewer, envelope, EntryKind.BUDGET_RAISED, raised, to=Account.FREE, out_of=Account.BUDGET,
                key=f"raised:{part.public_id}", part=part,
            )  # fmt: skip
        if not claim(envelope, committed=part.amount_fen):
            raise RuntimeError("an envelope held by this transaction changed")
        _decide(viewer, part, CommitmentState.HELD)
        _book_commitment(viewer, envelope, part)
        write_down(
            viewer, "commitment", part.public_id, act="commerce.budget_approved", reason=why,
            fen=part.amount_fen, raised=raised,
        )  # fmt: skip
    return part


def refuse_request(*, viewer: Viewer, commitment_id: UUID | str, reason: str) -> Commitment:
    """Do not let it through. Refuses `absent`, `commerce.reason_missing`, `commerce.not_asked`, `commerce.own_request`."""
    why = said(reason)
    with transaction.atomic():
        _, part = _decidable(viewer, commitment_id)
        _decide(viewer, part, CommitmentState.REFUSED)
        write_down(
            viewer,
            "commitment",
            part.public_id,
            act="commerce.budget_refused",
            reason=why,
            fen=part.amount_fen,
        )
    return part


# ---- what they share


def claim(envelope: Envelope, *, committed: int = 0, spent: int = 0) -> bool:
    """Move the figures of an envelope if they still fit: one UPDATE, which also holds the row until the transaction ends."""
    room = F("amount_fen") + F("approved_fen") - F("committed_fen") - F("spent_fen")
    rows = Envelope.objects.filter(pk=envelope.pk)
    if committed + spent > 0:
        rows = rows.alias(room=room).filter(room__gte=committed + spent)
    return bool(rows.update(committed_fen=F("committed_fen") + committed, spent_fen=F("spent_fen") + spent))


def over(envelope: Envelope, amount: int) -> Refused:
    free, currency = rules.left(purse_of(envelope)), envelope.brand.currency
    return Refused(
        "commerce.over_envelope",
        left=free,
        amount=amount,
        left_shown=show(free, currency),
        amount_shown=show(amount, currency),
    )


def _still_open(envelope: Envelope) -> None:
    zone = envelope.store.zone if envelope.store else clock.SHANGHAI
    if not rules.open_on(clock.business_day(clock.now(), zone), envelope.opens_on, envelope.closes_on):
        raise Refused(
            "commerce.envelope_shut",
            opens=envelope.opens_on.isoformat(),
            closes=envelope.closes_on.isoformat(),
        )


def _same_thing(envelope: Envelope, subject: tuple[str, str]) -> Commitment | None:
    return (
        Commitment.objects.filter(envelope=envelope, subject_room=subject[0], subject_key=subject[1])
        .exclude(state=CommitmentState.REFUSED)
        .first()
    )


def locked(viewer: Viewer, commitment_id: UUID | str, roles: frozenset[str]) -> tuple[Envelope, Commitment]:
    seen = access_commitment(viewer, commitment_id, roles)
    envelope = Envelope.objects.select_for_update(no_key=True).get(pk=seen.envelope_id)
    return envelope, Commitment.objects.select_for_update(no_key=True).get(pk=seen.pk)


def _decidable(viewer: Viewer, commitment_id: UUID | str) -> tuple[Envelope, Commitment]:
    envelope, part = locked(viewer, commitment_id, APPROVERS)
    own = viewer.account is not None and viewer.account == part.asked_account
    if refused := rules.may_decide(CommitmentState(part.state), own=own):
        raise Refused(refused)
    return envelope, part


def _decide(viewer: Viewer, part: Commitment, state: CommitmentState) -> None:
    part.state, part.decided_by, part.decided_at = state, viewer.name, clock.now()
    part.version += 1
    part.save(update_fields=["state", "decided_by", "decided_at", "version"])


def _book_commitment(viewer: Viewer, envelope: Envelope, part: Commitment) -> None:
    book(
        viewer, envelope, EntryKind.COMMITTED, part.amount_fen, to=Account.COMMITTED, out_of=Account.FREE,
        key=f"committed:{part.public_id}", part=part,
    )  # fmt: skip


def book(
    viewer: Viewer,
    envelope: Envelope,
    kind: EntryKind,
    amount: int,
    *,
    to: Account,
    out_of: Account,
    key: str,
    part: Commitment | None = None,
) -> None:
    legs = books.budget_moved(amount, envelope=envelope.pk, to=to, out_of=out_of)
    name = key if part else f"{key}:{envelope.public_id}"
    post(
        viewer=viewer,
        entries=[EntryIn(kind, legs, name, store=envelope.store_id, commitment=part.pk if part else None)],
    )


def write_down(viewer: Viewer, kind: str, key: UUID, *, act: str, reason: str = "", **after: Any) -> None:
    trail(viewer=viewer, act=act, subject=("commerce", kind, str(key)), after=after, reason=reason)
