"""What is owed, payouts with their lines, the margin as it was published; one's own statements."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Sum

from tongxin.amplify.models import MarginRule, Payout, PayoutLine, PoolShare, Referral, RewardEntry
from tongxin.amplify.rules.payouts import Owed, owed
from tongxin.amplify.terms import EDITORS
from tongxin.amplify.terms_referrals import ReferralState
from tongxin.amplify.terms_sharing import LEAST_FEN, STANDING, PayoutState
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.models import Customer
from tongxin.people.queries import cluster
from tongxin.stores.terms import Role

MONEY_READERS = EDITORS | {Role.AUDITOR}


def owed_now(least: int = LEAST_FEN) -> tuple[Owed, ...]:
    """Who is owed how much at this moment: entries of one person together.

    Nothing to who is forgotten; nothing yet to somebody one of whose friends waits for a person to look.
    """
    survivor = dict(Customer.objects.filter(survivor__isnull=False).values_list("pk", "survivor"))

    def sums(rows: Iterable[tuple[int, int]]) -> dict[int, int]:
        found: dict[int, int] = defaultdict(int)
        for person, fen in rows:
            found[survivor.get(person) or person] += fen
        return dict(found)

    thanks = sums(RewardEntry.objects.values_list("person").annotate(n=Sum("fen")))
    shares = sums(PoolShare.objects.values_list("person").annotate(n=Sum("fen")))
    standing = PayoutLine.objects.filter(payout__state__in=STANDING)
    before = sums(standing.values_list("person").annotate(n=Sum("fen")))
    doubted = Referral.objects.filter(state=ReferralState.HELD).values_list("referrer", "assist")
    waits = {survivor.get(one) or one for pair in doubted for one in pair if one is not None}
    gone = waits | set(
        Customer.objects.filter(pk__in={*thanks, *shares}, state="erased").values_list("pk", flat=True)
    )
    return tuple(one for one in owed(thanks, shares, before, least) if one.person not in gone)


@dataclass(frozen=True)
class MarginLine:
    """What of a sale is margin from a day on, in thousandths."""

    since: date
    high_permille: int
    other_permille: int
    by: str


def margin_rules(viewer: Viewer) -> list[MarginLine]:
    """All rules, newest first. Refuses `absent`."""
    if not viewer.reaches(None, MONEY_READERS):
        raise Refused("absent")
    return [
        MarginLine(row.since, row.high_permille, row.other_permille, row.by)
        for row in MarginRule.objects.order_by("-since")[:20]
    ]


@dataclass(frozen=True)
class PaidLine:
    """One person's sum on a payout: sums since the beginning, and what is paid with this one."""

    number: int
    member: UUID
    thanks_fen: int
    shares_fen: int
    before_fen: int
    fen: int


@dataclass(frozen=True)
class PayoutCard:
    """A payout: how far, how much, to how many, who did what."""

    id: UUID
    state: PayoutState
    fen: int
    people: int
    drawn_by: str
    drawn_at: datetime
    approved_by: str
    approved_at: datetime | None
    paid_at: datetime | None
    reference: str


def _card(row: Payout) -> PayoutCard:
    return PayoutCard(
        row.public_id,
        PayoutState(row.state),
        row.fen,
        row.people,
        row.drawn_by,
        row.drawn_at,
        row.approved_by,
        row.approved_at,
        row.paid_at,
        row.reference,
    )


def payouts(viewer: Viewer, *, limit: int = 12) -> list[PayoutCard]:
    """The newest ones. Refuses `absent`."""
    if not viewer.reaches(None, MONEY_READERS):
        raise Refused("absent")
    return [_card(row) for row in Payout.objects.order_by("-drawn_at", "-id")[:limit]]


def payout_in_reach(viewer: Viewer, payout_id: UUID, *, lock: bool = False) -> Payout:
    """One of them, for who decides. Refuses `absent`."""
    rows = Payout.objects.filter(public_id=payout_id)
    found = (rows.select_for_update(no_key=True) if lock else rows).first()
    if found is None or not viewer.reaches(None, EDITORS if lock else MONEY_READERS):
        raise Refused("absent")
    return found


def payout_lines(viewer: Viewer, payout_id: UUID) -> tuple[PayoutCard, list[PaidLine]]:
    """A payout with all its lines, in order: what finance pays by, numbers of members and no names. Refuses `absent`."""
    row = payout_in_reach(viewer, payout_id)
    lines = PayoutLine.objects.filter(payout=row).select_related("person").order_by("id")
    return _card(row), [
        PaidLine(n, one.person.public_id, one.thanks_fen, one.shares_fen, one.before_fen, one.fen)
        for n, one in enumerate(lines, start=1)
    ]


@dataclass(frozen=True)
class Statement:
    """One's own line of a payout: everything earned and shared until then, what was paid before, what with this one."""

    drawn_at: datetime
    state: PayoutState
    paid_at: datetime | None
    thanks_fen: int
    shares_fen: int
    before_fen: int
    fen: int


def my_statements(viewer: Viewer, *, limit: int = 12) -> list[Statement]:
    """Approved and paid ones of the member who asks, newest first."""
    if viewer.person is None:
        return []
    rows = PayoutLine.objects.filter(
        person__in=cluster(viewer.person), payout__state__in=[PayoutState.APPROVED, PayoutState.PAID]
    )
    return [
        Statement(
            row.payout.drawn_at,
            PayoutState(row.payout.state),
            row.payout.paid_at,
            row.thanks_fen,
            row.shares_fen,
            row.before_fen,
            row.fen,
        )
        for row in rows.select_related("payout").order_by("-id")[:limit]
    ]
