"""Why was this person told, or not: every send with what the gate said about it; and from what a person is held out."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.outreach import rules
from tongxin.outreach.models import DecisionRow, Enrolment, Holdout, Send
from tongxin.outreach.queries.caps import caps
from tongxin.outreach.terms import EXPLAINERS, Decision, MessageClass, Reason, SendState
from tongxin.outreach.terms_plans import Arm
from tongxin.people.models import Customer
from tongxin.people.queries import access_customer, cluster


@dataclass(frozen=True)
class Said:
    """One answer of the gate."""

    outcome: Decision
    why: Reason
    until: datetime | None
    channel: str
    at: datetime


@dataclass(frozen=True)
class ToldLine:
    """One send and all that the gate said about it, oldest first. The words are not shown: they are the member's."""

    public_id: UUID
    kind: str
    message_class: MessageClass
    subject: tuple[str, str]
    title: str
    state: SendState
    reason: str
    channel: str
    due_at: datetime
    handed_at: datetime | None
    said: tuple[Said, ...]


@dataclass(frozen=True)
class HeldOut:
    """From what a person is held out, and until when."""

    label: str
    message: UUID | None
    since: datetime
    until: datetime


def told(
    viewer: Viewer, public_id: UUID | str, *, limit: int = 50, cursor: str | None = None
) -> Page[ToldLine]:
    """What a person in reach was told or not, newest first, and why. Refuses `absent`, `forbidden` (a role that needs no names)."""
    person = access_customer(viewer, public_id)
    if viewer.person != person.pk and not viewer.roles & EXPLAINERS:
        raise Refused("forbidden")
    rows = Send.objects.filter(person__in=cluster(person)).select_related("message").defer("body")
    found = page(rows, by=["-id"], limit=limit, cursor=cursor)
    said: dict[int, list[Said]] = defaultdict(list)
    for row in DecisionRow.objects.filter(send__in=[one.pk for one in found.items]).order_by("id"):
        said[row.send_id or 0].append(
            Said(Decision(row.outcome), Reason(row.why), row.until, row.channel, row.at)
        )
    return Page(tuple(_line(one, tuple(said[one.pk])) for one in found.items), found.cursor)


def _line(one: Send, said: tuple[Said, ...]) -> ToldLine:
    return ToldLine(
        public_id=one.public_id,
        kind=one.kind,
        message_class=MessageClass(one.message_class),
        subject=(one.subject_room, one.subject_key),
        title=one.message.title if one.message else "",
        state=SendState(one.state),
        reason=one.reason,
        channel=one.channel,
        due_at=one.due_at,
        handed_at=one.handed_at,
        said=said,
    )


def held_out_of(viewer: Viewer, public_id: UUID | str, *, at: datetime | None = None) -> list[HeldOut]:
    """From what a person in reach is held out now or as of an instant. Refuses `absent`."""
    person = access_customer(viewer, public_id)
    now = at or clock.now()
    names = [
        str(name)
        for name in Customer.objects.filter(id__in=cluster(person)).values_list("public_id", flat=True)
    ]
    rows = (
        Holdout.objects.filter(since__lte=now, until__gt=now)
        .select_related("message")
        .order_by("since", "id")
    )
    by_plan = [
        HeldOut(row.label, row.message.public_id if row.message else None, row.since, row.until)
        for row in rows
        if rules.held_out(row.seed, names, row.share_permille)
    ]
    drawn = Enrolment.objects.filter(
        person__in=cluster(person), arm=Arm.HELD, entered_at__lte=now, sequence__until__gt=now
    )
    by_sequence = [
        HeldOut(row.sequence.title, None, row.entered_at, row.sequence.until)
        for row in drawn.select_related("sequence").order_by("entered_at", "id")
        if row.sequence.ended_at is None or row.sequence.ended_at > now
    ]
    return by_plan + by_sequence


@dataclass(frozen=True)
class CapLine:
    """A line of the policy that holds: of a class (None: all but service)."""

    message_class: MessageClass | None
    hours: int
    most: int
    clause: str


def caps_now(viewer: Viewer) -> list[CapLine]:
    """The caps that hold now, with the ground of each. Refuses `forbidden`."""
    if not viewer.roles & EXPLAINERS:
        raise Refused("forbidden")
    return [CapLine(one.message_class, one.hours, one.most, one.clause) for one in caps(clock.now()).lines]
