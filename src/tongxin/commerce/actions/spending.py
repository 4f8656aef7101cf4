"""What things really cost: money and work, out of what was set aside for them."""

from datetime import date
from uuid import UUID

from django.db import transaction

from tongxin.commerce.actions.books import EntryIn, post
from tongxin.commerce.actions.envelopes import book, claim, locked, over, write_down
from tongxin.commerce.actions.moves import said
from tongxin.commerce.models import Commitment, Envelope, LedgerEntry, StaffHours
from tongxin.commerce.rules import books
from tongxin.commerce.rules import envelopes as rules
from tongxin.commerce.terms import SPENDERS, Account, CommitmentState, EntryKind
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.stores.models import Staff


def spend(
    *, viewer: Viewer, commitment_id: UUID | str, amount_fen: int, key: str, receipt: str = ""
) -> Commitment:
    """Write down what something really cost: out of what was set aside, and what is above it out of what is free.

    `key` makes it happen once. Refuses `absent`, `input.bad`, `commerce.not_held`, `commerce.over_envelope`.
    """
    if amount_fen <= 0 or not key or len(key) > 40:
        raise Refused("input.bad", field="amount_fen" if key else "key", reason="> 0")
    with transaction.atomic():
        envelope, part = _held(viewer, commitment_id)
        name = f"spent:{part.public_id}:{key}"
        if not LedgerEntry.objects.filter(key=name).exists():
            _spend(viewer, envelope, part, amount_fen, key=name, receipt=receipt.strip()[:64])
            write_down(viewer, "commitment", part.public_id, act="commerce.budget_spent", fen=amount_fen)
    return part


def log_hours(
    *,
    viewer: Viewer,
    commitment_id: UUID | str,
    minutes: int,
    worked_on: date,
    key: str,
    staff: Staff | None = None,
) -> StaffHours:
    """Write down work on a thing, at the envelope's price of an hour: a cost like any other. `key` makes it happen once.

    Refuses `absent`, `input.bad`, `commerce.not_held`, `commerce.over_envelope`.
    """
    if not 0 < minutes <= 24 * 60 or not key or len(key) > 40:
        raise Refused("input.bad", field="minutes" if key else "key", reason="1–1440")
    with transaction.atomic():
        envelope, part = _held(viewer, commitment_id)
        name = f"hours:{part.public_id}:{key}"
        before = StaffHours.objects.filter(key=name).first()
        if before is not None:
            return before
        cost = rules.hours_cost(minutes, envelope.hour_fen)
        made = StaffHours.objects.create(
            commitment=part,
            staff=staff,
            worked_on=worked_on,
            minutes=minutes,
            hour_fen=envelope.hour_fen,
            cost_fen=cost,
            key=name,
            by=viewer.name,
            at=clock.now(),
        )
        if cost:
            _spend(viewer, envelope, part, cost, key=name)
        write_down(
            viewer, "commitment", part.public_id, act="commerce.hours_logged", minutes=minutes, fen=cost
        )
    return made


def release(*, viewer: Viewer, commitment_id: UUID | str, reason: str) -> Commitment:
    """The thing is over or off: what was set aside and not spent is free again. Repeating changes nothing.

    Refuses `absent`, `commerce.reason_missing`, `commerce.not_held` while it waits for approval.
    """
    why = said(reason)
    with transaction.atomic():
        envelope, part = locked(viewer, commitment_id, SPENDERS)
        if part.state == CommitmentState.CLOSED:
            return part
        if part.state != CommitmentState.HELD:
            raise Refused("commerce.not_held")
        rest = part.amount_fen - part.spent_fen
        claim(envelope, committed=-rest)
        part.state = CommitmentState.CLOSED
        part.version += 1
        part.save(update_fields=["state", "version"])
        if rest:
            book(
                viewer, envelope, EntryKind.RELEASED, rest, to=Account.FREE, out_of=Account.COMMITTED,
                key=f"released:{part.public_id}", part=part,
            )  # fmt: skip
        write_down(viewer, "commitment", part.public_id, act="commerce.budget_released", reason=why, fen=rest)
    return part


def _held(viewer: Viewer, commitment_id: UUID | str) -> tuple[Envelope, Commitment]:
    envelope, part = locked(viewer, commitment_id, SPENDERS)
    if part.state != CommitmentState.HELD:
        raise Refused("commerce.not_held")
    return envelope, part


def _spend(
    viewer: Viewer, envelope: Envelope, part: Commitment, amount: int, *, key: str, receipt: str = ""
) -> None:
    cost = rules.cost(amount, held=part.amount_fen - part.spent_fen)
    if not claim(envelope, committed=-cost.from_held, spent=amount):
        raise over(envelope, cost.from_free)
    # What came out of the free part was never set aside; the commitment grows so that it says what the thing really took.
    part.amount_fen += cost.from_free
    part.spent_fen += amount
    part.version += 1
    part.save(update_fields=["amount_fen", "spent_fen", "version"])
    legs = (
        books.budget_moved(amount, envelope=envelope.pk, to=Account.SPENT, out_of=Account.COMMITTED)
        if not cost.from_free
        else _mixed(envelope.pk, cost)
    )
    post(
        viewer=viewer,
        entries=[
            EntryIn(EntryKind.SPENT, legs, key, store=envelope.store_id, commitment=part.pk, receipt=receipt)
        ],
    )


def _mixed(envelope: int, cost: rules.Cost) -> books.Legs:
    return (
        *books.budget_moved(cost.from_held, envelope=envelope, to=Account.SPENT, out_of=Account.COMMITTED),
        *books.budget_moved(cost.from_free, envelope=envelope, to=Account.SPENT, out_of=Account.FREE),
    )
