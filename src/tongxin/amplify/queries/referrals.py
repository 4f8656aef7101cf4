"""One's own code, friends and thanks; what waits for a person; the balance, always the sum of the ledger."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q, Sum

from tongxin.amplify.models import Referral, ReferralCode, RewardEntry
from tongxin.amplify.terms import READERS
from tongxin.amplify.terms_referrals import Flag, Part, ReferralState, ThanksSide
from tongxin.events.queries.doors import masked
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.people.queries import cluster


@dataclass(frozen=True)
class FriendLine:
    """A friend whom one brought. The name is masked: they did not agree to more."""

    name: str
    state: ReferralState
    named_at: datetime


@dataclass(frozen=True)
class ThanksLine:
    """A line of one's own ledger."""

    part: Part
    kind: ThanksSide
    fen: int
    at: datetime


@dataclass(frozen=True)
class MyFriends:
    """One's own code ("" before it was asked for), who came by it, the thanks and their sum."""

    code: str
    friends: tuple[FriendLine, ...]
    thanks: tuple[ThanksLine, ...]
    balance_fen: int
    brought_by: str


def my_friends(viewer: Viewer, *, limit: int = 50) -> MyFriends:
    """For the member who asks. Refuses `absent`."""
    if viewer.person is None:
        raise Refused("absent")
    own = cluster(viewer.person)
    code = ReferralCode.objects.filter(person__in=own).order_by("id").first()
    rows = (
        Referral.objects.filter(referrer__in=own).select_related("invitee__survivor").order_by("-id")[:limit]
    )
    thanks = RewardEntry.objects.filter(person__in=own).order_by("-id")
    mine = Referral.objects.filter(invitee__in=own).select_related("referrer__survivor", "teacher").first()
    return MyFriends(
        "" if code is None else code.code,
        tuple(
            FriendLine(masked((row.invitee.survivor or row.invitee).nickname), _kind(row.state), row.named_at)
            for row in rows
        ),
        tuple(ThanksLine(Part(row.part), ThanksSide(row.kind), row.fen, row.at) for row in thanks[:limit]),
        thanks.aggregate(sum=Sum("fen"))["sum"] or 0,
        "" if mine is None else _by(mine),
    )


def _by(row: Referral) -> str:
    """Who brought a friend: a member's name masked, or a teacher's as it stands on the page."""
    if row.teacher is not None:
        return row.teacher.shown_as
    return "" if row.referrer is None else masked((row.referrer.survivor or row.referrer).nickname)


def _kind(state: str) -> ReferralState:
    """What who invited learns: that somebody looks at it is between the friend and the house."""
    found = ReferralState(state)
    return ReferralState.PENDING if found is ReferralState.HELD else found


@dataclass(frozen=True)
class ReferralLine:
    """A friend in the list of who decides."""

    id: UUID
    referrer: UUID | None
    referrer_name: str
    invitee_name: str
    store: str
    state: ReferralState
    flags: tuple[Flag, ...]
    named_at: datetime
    bought_on: date | None
    due_on: date | None
    fen: int
    reason: str


def referrals(
    viewer: Viewer, *, state: ReferralState | None = None, limit: int = 50, cursor: str | None = None
) -> Page[ReferralLine]:
    """Friends brought to the places in reach, newest first."""
    places = viewer.places(READERS)
    rows = Referral.objects.filter(Q() if places is None else Q(store__in=places))
    if state is not None:
        rows = rows.filter(state=state)
    found = page(
        rows.select_related("referrer__survivor", "teacher", "invitee__survivor", "store"),
        by=("-id",),
        limit=limit,
        cursor=cursor,
    )
    paid = dict(
        RewardEntry.objects.filter(referral__in=[one.pk for one in found.items])
        .values_list("referral")
        .annotate(sum=Sum("fen"))
    )
    return Page(tuple(_line(one, paid.get(one.pk, 0)) for one in found.items), found.cursor)


def _line(row: Referral, fen: int) -> ReferralLine:
    referrer = None if row.referrer is None else row.referrer.survivor or row.referrer
    invitee = row.invitee.survivor or row.invitee
    return ReferralLine(
        row.public_id,
        None if referrer is None else referrer.public_id,
        _by(row),
        masked(invitee.nickname),
        "" if row.store is None else row.store.name,
        ReferralState(row.state),
        tuple(Flag(one) for one in row.flags),
        row.named_at,
        row.bought_on,
        row.due_on,
        fen,
        row.reason,
    )


def referral_line(viewer: Viewer, referral_id: UUID) -> ReferralLine:
    """One of them. Refuses `absent`."""
    row = (
        Referral.objects.select_related("referrer__survivor", "teacher", "invitee__survivor", "store")
        .filter(public_id=referral_id)
        .first()
    )
    if row is None or not viewer.reaches(row.store_id, READERS):
        raise Refused("absent")
    fen = RewardEntry.objects.filter(referral=row).aggregate(sum=Sum("fen"))["sum"] or 0
    return _line(row, fen)
