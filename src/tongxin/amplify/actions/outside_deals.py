"""Deals with other people's communities: priced under the ceiling by one, agreed by another, watched each week, paid for what was kept.

The money is the commerce room's: the whole sum is set aside in an envelope when the deal is agreed, the base is spent then, joins as they
are kept, and what is left goes back when it is over.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from tongxin.amplify.actions import trails
from tongxin.amplify.actions.outside import locked, may
from tongxin.amplify.actions.words import text
from tongxin.amplify.evidence_outside import joined_by, kept_by
from tongxin.amplify.models import OutsideCommunity, OutsideDeal, OutsidePlacement, OutsideWeek
from tongxin.amplify.queries.outside import access_deal, ceiling_of, verdict_of
from tongxin.amplify.rules import outside as rules
from tongxin.amplify.terms_outside import (
    COUNT_MOST,
    FEN_MOST,
    KEPT_AFTER,
    PROOF_MOST,
    VETO_LABELS,
    WEEKS_LEAST,
    WEEKS_MOST,
    WHAT_MOST,
    DealKind,
    DealState,
    Nearness,
)
from tongxin.commerce import actions as commerce
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.money import show
from tongxin.stores.queries import the_brand


@dataclass(frozen=True)
class Offer:
    """What is offered: a base, so much for each kept join to a cap, for how long, from which envelope; `code` is the deal's own."""

    kind: DealKind
    base_fen: int
    per_join_fen: int
    most_joins: int
    value_fen: int
    value_from: str
    run_fen: int
    code: str
    weeks: int
    starts_on: date
    envelope: UUID


def price_deal(*, viewer: Viewer, community_id: UUID, offer: Offer) -> OutsideDeal:
    """Set a price: within the ceiling, the base within its part of it, and never with a community that is vetoed.

    Refuses `absent`, `amplify.deal_form`, `amplify.outside_veto`, `amplify.deal_ceiling`, `amplify.deal_base`, `amplify.deal_state`
    while there is another deal, `amplify.outside_over`.
    """
    may(viewer)
    _check(offer)
    with transaction.atomic():
        community = locked(viewer, community_id)
        verdict = verdict_of(community)
        if verdict is None:
            raise Refused("amplify.outside_counts")
        if verdict.vetoes:
            zh, en = VETO_LABELS[verdict.vetoes[0]]
            raise Refused("amplify.outside_veto", why=zh, why_en=en)
        most = ceiling_of(community, value_fen=offer.value_fen, run_fen=offer.run_fen)
        _within(offer, most)
        try:
            with transaction.atomic():
                row = OutsideDeal.objects.create(
                    community=community,
                    kind=offer.kind,
                    base_fen=offer.base_fen,
                    per_join_fen=offer.per_join_fen,
                    most_joins=offer.most_joins,
                    value_fen=offer.value_fen,
                    value_from=text(offer.value_from, WHAT_MOST),
                    run_fen=offer.run_fen,
                    ceiling_fen=most.most_fen,
                    code=offer.code.strip(),
                    weeks=offer.weeks,
                    starts_on=offer.starts_on,
                    envelope=offer.envelope,
                    priced_by=viewer.name,
                    priced_at=clock.now(),
                )
        except IntegrityError:
            raise Refused("amplify.deal_state") from None
        _near(community, Nearness.TALKING)
        trails.note(
            viewer, "amplify.deal_priced", "deal", row.public_id,
            after={"fen": _price(row), "base": row.base_fen, "ceiling": row.ceiling_fen},
        )  # fmt: skip
    return row


def agree_deal(*, viewer: Viewer, deal_id: UUID) -> OutsideDeal:
    """Another person agrees: the whole sum is set aside, the base is paid, the deal runs.

    Refuses `absent`, `amplify.deal_own`, `amplify.deal_state`, and what the commerce room refuses (`commerce.over_envelope`, …).
    """
    may(viewer)
    with transaction.atomic():
        row = _deal(viewer, deal_id, DealState.PRICED)
        if row.priced_by == viewer.name:
            raise Refused("amplify.deal_own")
        part = commerce.commit(
            viewer=viewer,
            envelope_id=row.envelope,
            amount_fen=_price(row),
            subject=(trails.ROOM, f"deal:{row.public_id}"),
            note=row.community.name,
        )
        row.state, row.agreed_by, row.agreed_at = DealState.RUNNING, viewer.name, clock.now()
        row.commitment = part.public_id
        row.save(update_fields=["state", "agreed_by", "agreed_at", "commitment"])
        if row.base_fen:
            commerce.spend(viewer=viewer, commitment_id=part.public_id, amount_fen=row.base_fen, key="base")
        _near(row.community, Nearness.PARTNER)
        trails.note(viewer, "amplify.deal_agreed", "deal", row.public_id, after={"fen": _price(row)})
    return row


def note_placement(
    *, viewer: Viewer, deal_id: UUID, what: str, shown_on: date, proof: str = ""
) -> OutsidePlacement:
    """Something of ours was shown there. Refuses `absent`, `amplify.deal_state`, `amplify.words`, `amplify.deal_week` outside the term."""
    may(viewer)
    with transaction.atomic():
        row = _deal(viewer, deal_id, DealState.RUNNING)
        if not row.starts_on <= shown_on <= clock.business_day(clock.now()):
            raise Refused("amplify.deal_week")
        made = OutsidePlacement.objects.create(
            deal=row,
            what=text(what, WHAT_MOST),
            shown_on=shown_on,
            proof=proof.strip()[:PROOF_MOST],
            by=viewer.name,
        )
        trails.note(
            viewer, "amplify.placement_noted", "deal", row.public_id, after={"on": shown_on.isoformat()}
        )
    return made


def note_week(*, viewer: Viewer, deal_id: UUID, number: int, reached: int, complaints: int) -> OutsideWeek:
    """A week of the term that is over: people reached and complaints as counted there; the joins we count ourselves, by the deal's code.

    Refuses `absent`, `amplify.deal_state`, `amplify.deal_week` for one to come or left out before, `amplify.outside_counts`.
    """
    may(viewer)
    with transaction.atomic():
        row = _deal(viewer, deal_id, DealState.RUNNING)
        starts = row.starts_on + timedelta(weeks=number - 1)
        ends = starts + timedelta(weeks=1)
        before = OutsideWeek.objects.filter(deal=row, number__lt=number).count()
        if not 1 <= number <= row.weeks or before != number - 1 or ends > clock.business_day(clock.now()):
            raise Refused("amplify.deal_week")
        if not 0 <= complaints <= reached <= COUNT_MOST:
            raise Refused("amplify.outside_counts")
        joined = joined_by(row.code, since=clock.day_start(starts), until=clock.day_start(ends))
        made, _ = OutsideWeek.objects.update_or_create(
            deal=row,
            number=number,
            defaults={
                "reached": reached,
                "joined": joined,
                "complaints": complaints,
                "by": viewer.name,
                "at": clock.now(),
            },
        )
        trails.note(
            viewer, "amplify.deal_week_noted", "deal", row.public_id,
            after={"week": number, "reached": reached, "joined": joined, "complaints": complaints},
        )  # fmt: skip
    return made


def pay_joins(*, viewer: Viewer, deal_id: UUID) -> int:
    """Pay for the joins that were kept and are not paid yet; answers how many fen. Again, it pays nothing twice.

    Refuses `absent`, `amplify.deal_state` before it runs, and what the commerce room refuses.
    """
    may(viewer)
    with transaction.atomic():
        row = _deal(viewer, deal_id, *DealState)
        if row.commitment is None or row.state == DealState.DONE:
            raise Refused("amplify.deal_state")
        return _pay(viewer, row)


def stop_deal(*, viewer: Viewer, deal_id: UUID, reason: str) -> OutsideDeal:
    """Somebody stops it before its end, and says why; what was kept is paid, the rest goes back. Refuses `absent`, `amplify.words`,
    `amplify.deal_state`.
    """
    may(viewer)
    why = text(reason, PROOF_MOST)
    with transaction.atomic():
        row = _deal(viewer, deal_id, DealState.PRICED, DealState.RUNNING)
        return _close(viewer, row, DealState.STOPPED, why)


def finish_deal(*, viewer: Viewer, deal_id: UUID) -> OutsideDeal:
    """The term is over and the last joins had their time: pay what was kept, give the rest back. Refuses `absent`, `amplify.deal_state`."""
    may(viewer)
    with transaction.atomic():
        row = _deal(viewer, deal_id, DealState.RUNNING)
        if clock.now() < clock.day_start(row.starts_on) + timedelta(weeks=row.weeks) + KEPT_AFTER:
            raise Refused("amplify.deal_state")
        return _close(viewer, row, DealState.DONE, "")


def _close(viewer: Viewer, row: OutsideDeal, state: DealState, why: str) -> OutsideDeal:
    if row.commitment is not None:
        _pay(viewer, row)
        commerce.release(viewer=viewer, commitment_id=row.commitment, reason=why or "到期结束")
    row.state, row.ended_by, row.ended_at, row.reason = state, viewer.name, clock.now(), why
    row.save(update_fields=["state", "ended_by", "ended_at", "reason"])
    _near(row.community, Nearness.TALKING)
    act = "amplify.deal_stopped" if state is DealState.STOPPED else "amplify.deal_done"
    trails.note(viewer, act, "deal", row.public_id, after={"paid_joins": row.paid_joins}, reason=why)
    return row


def _pay(viewer: Viewer, row: OutsideDeal) -> int:
    starts = clock.day_start(row.starts_on)
    kept = kept_by(row.code, since=starts, until=starts + timedelta(weeks=row.weeks), now=clock.now())
    fen = rules.due_joins_fen(
        kept=kept, paid=row.paid_joins, most_joins=row.most_joins, per_join_fen=row.per_join_fen
    )
    if not fen or row.commitment is None:
        return 0
    upto = min(kept, row.most_joins)
    commerce.spend(viewer=viewer, commitment_id=row.commitment, amount_fen=fen, key=f"joins:{upto}")
    trails.note(
        viewer, "amplify.deal_paid", "deal", row.public_id, before={"joins": row.paid_joins},
        after={"joins": upto, "fen": fen},
    )  # fmt: skip
    row.paid_joins = upto
    row.save(update_fields=["paid_joins"])
    return fen


def _check(offer: Offer) -> None:
    sums = (offer.per_join_fen, offer.most_joins, offer.value_fen)
    fits = (
        all(0 < one <= FEN_MOST for one in sums)
        and 0 <= offer.base_fen <= FEN_MOST
        and 0 <= offer.run_fen <= FEN_MOST
        and WEEKS_LEAST <= offer.weeks <= WEEKS_MOST
        and 0 < len(offer.code.strip()) <= 32
    )
    if not fits:
        raise Refused("amplify.deal_form")


def _within(offer: Offer, most: rules.Ceiling) -> None:
    currency = the_brand().currency
    fen = rules.price_fen(
        base_fen=offer.base_fen, per_join_fen=offer.per_join_fen, most_joins=offer.most_joins
    )
    if fen > most.most_fen:
        raise Refused(
            "amplify.deal_ceiling",
            most=most.most_fen,
            fen=fen,
            most_shown=show(most.most_fen, currency),
            fen_shown=show(fen, currency),
        )
    if offer.base_fen > most.base_most_fen:
        raise Refused(
            "amplify.deal_base", most=most.base_most_fen, most_shown=show(most.base_most_fen, currency)
        )


def _price(row: OutsideDeal) -> int:
    return rules.price_fen(base_fen=row.base_fen, per_join_fen=row.per_join_fen, most_joins=row.most_joins)


def _deal(viewer: Viewer, deal_id: UUID, *states: DealState) -> OutsideDeal:
    """A deal under its lock. Refuses `absent`, `amplify.deal_state`."""
    found = access_deal(viewer, deal_id)
    row = (
        OutsideDeal.objects.select_for_update(no_key=True, of=("self",))
        .select_related("community")
        .get(pk=found.pk)
    )
    if row.state not in states:
        raise Refused("amplify.deal_state")
    return row


def _near(row: OutsideCommunity, state: Nearness) -> None:
    OutsideCommunity.objects.filter(pk=row.pk).exclude(state=Nearness.OVER).update(state=state)
