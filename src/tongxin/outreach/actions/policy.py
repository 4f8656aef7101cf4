"""The chain's own caps, and holdouts."""

import secrets
from datetime import datetime
from uuid import UUID

from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.outreach import rules
from tongxin.outreach.models import CapPolicy, Holdout, Message
from tongxin.outreach.policy import shipped
from tongxin.outreach.terms import MOST_HOURS, POLICY_EDITORS, MessageClass, SendState


def set_cap(
    *,
    viewer: Viewer,
    message_class: MessageClass | None,
    hours: int,
    most: int,
    clause: str,
    since: datetime | None = None,
) -> CapPolicy:
    """A dated line: at most so many of a class (None: of all but service) within so many hours. Never above the platform's.

    Refuses `forbidden`, `outreach.cap_bad`, `outreach.cap_above_platform`.
    """
    if not viewer.reaches(None, POLICY_EDITORS):
        raise Refused("forbidden")
    if not (1 <= hours <= MOST_HOURS and 0 <= most <= 1000 and clause.strip()):
        raise Refused("outreach.cap_bad", most=MOST_HOURS)
    start = since or clock.now()
    line = rules.Line(message_class, hours, most, clause.strip())
    if message_class is not MessageClass.SERVICE:
        platform = rules.newest_lines(shipped()["platform"], start)
        if broken := rules.above_platform(line, platform):
            raise Refused("outreach.cap_above_platform", clause=broken.clause)
    with transaction.atomic():
        row = CapPolicy.objects.create(
            message_class=message_class or "",
            hours=hours,
            most=most,
            since=start,
            clause=line.clause[:200],
            by=viewer.name,
        )
        trail(
            viewer=viewer,
            act="outreach.cap_set",
            subject=("outreach", "cap", row.pk),
            after={"class": message_class or "", "hours": hours, "most": most, "since": start.isoformat()},
        )
    return row


def open_holdout(
    *,
    viewer: Viewer,
    label: str,
    share_permille: int,
    until: datetime,
    message: Message | None = None,
    seed: str = "",
) -> Holdout:
    """Leave a random share of people alone until a day: by a plan, or by every community and promotion message.

    Refuses `forbidden`, `outreach.share_bad`, `outreach.past_expiry`, `outreach.wrong_state` (a plan that is going already).
    """
    if not viewer.reaches(None, POLICY_EDITORS):
        raise Refused("forbidden")
    if not 1 <= share_permille <= 500:
        raise Refused("outreach.share_bad")
    now = clock.now()
    if until <= now:
        raise Refused("outreach.past_expiry")
    with transaction.atomic():
        if message is not None:
            state = Message.objects.select_for_update(no_key=True).get(pk=message.pk).state
            if state not in {SendState.DRAFT, SendState.APPROVED}:
                raise Refused("outreach.wrong_state", state=state, state_en=state)
        row = Holdout.objects.create(
            label=label.strip()[:80],
            message=message,
            share_permille=share_permille,
            seed=seed or secrets.token_hex(16),
            since=now,
            until=until,
            by=viewer.name,
        )
        after = {"share": share_permille, "until": until.isoformat(), "seed": row.seed}
        trail(
            viewer=viewer,
            act="outreach.holdout_opened",
            subject=("outreach", "holdout", str(row.public_id)),
            after=after,
        )
    return row


def close_holdout(*, viewer: Viewer, public_id: UUID | str) -> Holdout:
    """It ends now. Refuses `forbidden`, `absent`."""
    if not viewer.reaches(None, POLICY_EDITORS):
        raise Refused("forbidden")
    try:
        wanted = UUID(str(public_id))
    except ValueError:
        raise Refused("absent") from None
    with transaction.atomic():
        row = Holdout.objects.select_for_update().filter(public_id=wanted).first()
        if row is None:
            raise Refused("absent")
        now = clock.now()
        if row.until > now:
            row.until = now
            row.save(update_fields=["until"])
            trail(
                viewer=viewer,
                act="outreach.holdout_closed",
                subject=("outreach", "holdout", str(row.public_id)),
            )
    return row
