"""Money that goes to members: the dated margin, payouts drawn up by one person, approved by another where it is much, paid outside."""

from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction

from tongxin.amplify.actions import trails
from tongxin.amplify.actions.words import text
from tongxin.amplify.models import MarginRule, Payout, PayoutLine
from tongxin.amplify.queries.sharing import owed_now, payout_in_reach
from tongxin.amplify.terms import EDITORS
from tongxin.amplify.terms_sharing import LEAST_FEN, PERMILLE_MOST, REFERENCE_MOST, PayoutState
from tongxin.commerce.actions import ask_second
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.models import Customer


def set_margin(*, viewer: Viewer, since: date, high_permille: int, other_permille: int) -> MarginRule:
    """Say what of a sale is margin from a day on; the past stays as it was. Refuses `absent`, `amplify.margin_form`."""
    if not viewer.reaches(None, EDITORS):
        raise Refused("absent")
    now = clock.now()
    right = 1 <= other_permille <= high_permille <= PERMILLE_MOST and since >= clock.business_day(now)
    if not right or MarginRule.objects.filter(since=since).exists():
        raise Refused("amplify.margin_form", most=PERMILLE_MOST // 10)
    with transaction.atomic():
        row = MarginRule.objects.create(
            since=since, high_permille=high_permille, other_permille=other_permille, by=viewer.name, at=now
        )
        trails.note(
            viewer,
            "amplify.margin_set",
            "margin",
            since.isoformat(),
            after={"high": high_permille, "other": other_permille},
        )
    return row


def draw_up_payout(*, viewer: Viewer, least: int = LEAST_FEN) -> Payout:
    """List who is owed at least `least` fen at this moment. One at a time: the table refuses a second one until this is decided.

    Refuses `absent`, `amplify.payout_open`, `amplify.payout_nothing`.
    """
    if not viewer.reaches(None, EDITORS):
        raise Refused("absent")
    with transaction.atomic():
        try:
            with transaction.atomic():
                row = Payout.objects.create(
                    state=PayoutState.DRAWN_UP, drawn_by=viewer.name, drawn_at=clock.now()
                )
        except IntegrityError:
            raise Refused("amplify.payout_open") from None
        # from here on nobody else draws one up: what was paid before is all there is
        lines = owed_now(max(1, least))
        if not lines:
            raise Refused("amplify.payout_nothing")
        PayoutLine.objects.bulk_create(
            [
                PayoutLine(
                    payout=row,
                    person_id=one.person,
                    thanks_fen=one.thanks_fen,
                    shares_fen=one.shares_fen,
                    before_fen=one.before_fen,
                    fen=one.fen,
                )
                for one in lines
            ]
        )
        row.fen, row.people = sum(one.fen for one in lines), len(lines)
        row.save(update_fields=["fen", "people"])
        trails.note(
            viewer,
            "amplify.payout_drawn_up",
            "payout",
            row.public_id,
            after={"fen": row.fen, "people": row.people},
        )
    return row


def approve_payout(*, viewer: Viewer, payout_id: UUID) -> Payout:
    """A second person has looked at it. Refuses `absent`, `amplify.payout_state`, `commerce.second_person_needed`."""
    with transaction.atomic():
        row = payout_in_reach(viewer, payout_id, lock=True)
        if row.state != PayoutState.DRAWN_UP:
            raise Refused("amplify.payout_state")
        ask_second(viewer=viewer, first=row.drawn_by, fen=row.fen)
        row.approved_by, row.approved_at = viewer.name, clock.now()
        _move(viewer, row, PayoutState.APPROVED, "amplify.payout_approved")
    return row


def pay_payout(*, viewer: Viewer, payout_id: UUID, reference: str) -> Payout:
    """It has been paid outside, under a number of the bank's or the till's; everybody on it is told.

    Refuses `absent`, `amplify.payout_state`, `amplify.words`.
    """
    said = text(reference, REFERENCE_MOST)
    with transaction.atomic():
        row = payout_in_reach(viewer, payout_id, lock=True)
        if row.state != PayoutState.APPROVED:
            raise Refused("amplify.payout_state")
        row.paid_by, row.paid_at, row.reference = viewer.name, clock.now(), said
        _move(viewer, row, PayoutState.PAID, "amplify.payout_paid")
        live = Customer.objects.filter(state="live").values("pk")
        lines = PayoutLine.objects.filter(payout=row, person__in=live).order_by("id")
        for person, fen in lines.values_list("person", "fen"):
            trails.tell(
                viewer=viewer,
                person=person,
                kind="amplify.payout_paid",
                subject=row.public_id,
                body={"sum": f"{fen // 100}.{fen % 100:02d}", "path": "/m/ambassador/"},
            )
    return row


def cancel_payout(*, viewer: Viewer, payout_id: UUID) -> Payout:
    """It is not paid: the sums are owed as before. Refuses `absent`, `amplify.payout_state`."""
    with transaction.atomic():
        row = payout_in_reach(viewer, payout_id, lock=True)
        if row.state not in {PayoutState.DRAWN_UP, PayoutState.APPROVED}:
            raise Refused("amplify.payout_state")
        row.cancelled_by, row.cancelled_at = viewer.name, clock.now()
        _move(viewer, row, PayoutState.CANCELLED, "amplify.payout_cancelled")
    return row


def _move(viewer: Viewer, row: Payout, state: PayoutState, act: str) -> None:
    before, row.state = row.state, state
    row.save()
    trails.note(
        viewer,
        act,
        "payout",
        row.public_id,
        before={"state": str(before)},
        after={"state": str(state), "fen": row.fen},
    )
