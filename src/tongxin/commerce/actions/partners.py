"""Neighbours and sponsored local events: note a partner, plan a sponsorship, say what came of it."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction

from tongxin.commerce.actions.envelopes import commit, write_down
from tongxin.commerce.models import Outcome, Partner, Sponsored
from tongxin.commerce.queries.partners import access_partner, access_sponsored
from tongxin.commerce.rules import partners as rules
from tongxin.commerce.terms import SPENDERS, Measure, PartnerKind, PartnerState, SponsorState
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.locks import advisory
from tongxin.people.subjects import known
from tongxin.stores.models import Store
from tongxin.stores.queries import business_day_of


def note_partner(
    *,
    viewer: Viewer,
    store: Store,
    kind: PartnerKind,
    name: str,
    brings: str = "",
    contact: str = "",
    state: PartnerState = PartnerState.TALKING,
) -> Partner:
    """Write a partner of a store down. Refuses `absent`, `input.bad`, `commerce.partner_exists`."""
    _working_at(viewer, store)
    if not name.strip():
        raise Refused("input.bad", field="name", reason="?")
    today = business_day_of(store, clock.now())
    with transaction.atomic():
        made = Partner(
            store=store,
            kind=kind,
            name=name.strip()[:80],
            brings=brings.strip()[:200],
            contact=contact.strip(),
            state=state,
            since=today,
            ended_on=today if state is PartnerState.ENDED else None,
        )
        _save_once(made, "partner_once_per_store", "commerce.partner_exists")
        write_down(
            viewer,
            "partner",
            made.public_id,
            act="commerce.partner_noted",
            store=store.code,
            state=str(state),
        )
    return made


def change_partner(
    *,
    viewer: Viewer,
    partner_id: UUID | str,
    version: int,
    name: str | None = None,
    brings: str | None = None,
    contact: str | None = None,
    state: PartnerState | None = None,
) -> Partner:
    """Bring what is known of a partner up to date; what is None stays. A contact goes when the partnership has ended.

    Refuses `absent`, `edit.stale` when somebody changed it meanwhile, `commerce.partner_exists`.
    """
    with transaction.atomic():
        found = access_partner(viewer, partner_id, SPENDERS)
        partner = (
            Partner.objects.select_for_update(no_key=True, of=("self",))
            .select_related("store")
            .get(pk=found.pk)
        )
        if partner.version != version:
            raise Refused("edit.stale", version=partner.version)
        before = str(partner.state)
        given = {"name": name, "brings": brings, "contact": contact}
        for field, text in given.items():
            if text is not None:
                setattr(partner, field, text.strip())
        if state is not None:
            partner.state = state
            partner.ended_on = (
                business_day_of(partner.store, clock.now()) if state is PartnerState.ENDED else None
            )
        if partner.state == PartnerState.ENDED:
            partner.contact = ""
        partner.version += 1
        _save_once(partner, "partner_once_per_store", "commerce.partner_exists")
        write_down(
            viewer, "partner", partner.public_id, act="commerce.partner_changed",
            fields=sorted(field for field, text in given.items() if text is not None),
            before=before, state=str(partner.state),
        )  # fmt: skip
    return partner


def plan_sponsorship(
    *,
    viewer: Viewer,
    store: Store,
    title: str,
    starts_on: date,
    ends_on: date,
    key: str,
    partner_id: UUID | str | None = None,
    we_give: str = "",
    we_hope: Mapping[str, int] | None = None,
    envelope_id: UUID | str | None = None,
    cost_fen: int = 0,
    ask: bool = False,
) -> Sponsored:
    """Plan to support a local event, with what is hoped for, and set its cost aside in an envelope. `key` makes it happen once.

    Refuses `absent`, `input.bad`, and what `commit` refuses.
    """
    _working_at(viewer, store)
    hopes = rules.check_hopes(we_hope or {})
    if ends_on < starts_on or not title.strip() or not key:
        raise Refused(
            "input.bad", field="title" if not title.strip() else "ends_on" if key else "key", reason="?"
        )
    name = f"{store.pk}:{key}"[:120]
    with advisory(f"commerce.sponsored:{name}"):
        partner = None if partner_id is None else access_partner(viewer, partner_id, SPENDERS)
        made = Sponsored(
            store=store,
            partner=partner,
            title=title.strip()[:120],
            we_give=we_give.strip()[:200],
            we_hope=hopes,
            starts_on=starts_on,
            ends_on=ends_on,
            key=name,
            by=viewer.name,
            at=clock.now(),
        )
        before = Sponsored.objects.filter(key=made.key).first()
        if before is not None:
            return before
        if envelope_id is not None and cost_fen:
            made.commitment = commit(
                viewer=viewer,
                envelope_id=envelope_id,
                amount_fen=cost_fen,
                subject=("commerce", f"sponsored:{made.public_id}"),
                note=made.title,
                ask=ask,
            )
        made.save(force_insert=True)
        write_down(
            viewer,
            "sponsored",
            made.public_id,
            act="commerce.sponsorship_planned",
            store=store.code,
            fen=cost_fen,
        )
    return made


def move_sponsorship(*, viewer: Viewer, sponsored_id: UUID | str, to: SponsorState) -> Sponsored:
    """Say that it took place, or that it is off. Repeating changes nothing. Refuses `absent`, `input.bad`."""
    with transaction.atomic():
        found = access_sponsored(viewer, sponsored_id, SPENDERS)
        held = Sponsored.objects.select_for_update(no_key=True).get(pk=found.pk)
        at = SponsorState(held.state)
        if at is to:
            return held
        if not rules.may_move(at, to):
            raise Refused("input.bad", field="state", reason=f"{at} → {to}")
        held.state = to
        held.version += 1
        held.save(update_fields=["state", "version"])
        write_down(
            viewer,
            "sponsored",
            held.public_id,
            act="commerce.sponsorship_moved",
            before=str(at),
            state=str(to),
        )
    return held


def note_outcome(
    *,
    viewer: Viewer,
    sponsored_id: UUID | str,
    measure: Measure,
    value: int,
    subject: tuple[str, str],
    key: str,
    corrects: int | None = None,
) -> Outcome:
    """Say what came of it: a count, and the thing of the book (room, key) in which it can be looked up. `key` makes it happen once.

    What was wrong is corrected by another row. Refuses `absent`, `input.bad`, `commerce.outcome_needs_subject`.
    """
    if value < 0 or not key:
        raise Refused("input.bad", field="value" if key else "key", reason="≥ 0")
    with transaction.atomic():
        seen = access_sponsored(viewer, sponsored_id, SPENDERS)
        held = Sponsored.objects.select_for_update(no_key=True).get(pk=seen.pk)
        cited = known([subject]).get(subject)
        if cited is None:
            raise Refused("commerce.outcome_needs_subject")
        before = Outcome.objects.filter(key=f"{held.pk}:{key}"[:120]).first()
        if before is not None:
            return before
        wrong = None
        if corrects is not None:
            wrong = Outcome.objects.filter(pk=corrects, sponsored=held, measure=measure).first()
            if wrong is None:
                raise Refused("absent")
        made = Outcome(
            sponsored=held,
            measure=measure,
            value=value,
            subject=cited,
            corrects=wrong,
            key=f"{held.pk}:{key}"[:120],
            by=viewer.name,
            at=clock.now(),
        )
        _save_once(made, "corrects", "edit.stale")
        write_down(
            viewer, "sponsored", held.public_id, act="commerce.outcome_noted",
            measure=str(measure), value=value, subject=list(subject), corrects=corrects,
        )  # fmt: skip
    return made


def _working_at(viewer: Viewer, store: Store) -> None:
    if not viewer.reaches(store.pk, SPENDERS):
        raise Refused("absent")


def _save_once(row: Partner | Outcome, constraint: str, code: str) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as fault:
        if constraint in str(fault):
            raise Refused(code) from None
        raise
