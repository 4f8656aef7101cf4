"""What became of things: letters that were carried, tasks nobody did, plans that are over, old words."""

from collections import defaultdict
from collections.abc import Mapping

from django.db import connection, transaction
from django.db.models import Q

from tongxin.foundation import clock
from tongxin.outreach.actions.draining import wired
from tongxin.outreach.models import InboxItem, Send, Task
from tongxin.outreach.ports import Channel
from tongxin.outreach.terms import BODY_KEPT, DONE, INBOX_KEPT, Cap, Reason, SendState

CHUNK = 1000


def settle(*, channels: Mapping[str, Channel] | None = None) -> int:
    """Ask the channels about what is on its way; answers how many sends came to an end (or turned out unknown)."""
    plugged = {
        name: channel
        for name, channel in (wired() if channels is None else channels).items()
        if Cap.DELIVERY_RESULT in channel.caps
    }
    settled, last = 0, 0
    while True:
        rows = list(
            Send.objects.filter(
                state__in=[SendState.QUEUED, SendState.UNKNOWN],
                handed_at__isnull=False,
                channel__in=list(plugged),
                id__gt=last,
            )
            .defer("body")
            .order_by("id")[:CHUNK]
        )
        if not rows:
            return settled
        settled, last = settled + _settle(rows, plugged), rows[-1].pk


def _settle(rows: list[Send], channels: Mapping[str, Channel]) -> int:
    keys: dict[str, dict[str, Send]] = defaultdict(dict)
    for row in rows:
        keys[row.channel][f"outreach:{row.public_id}:{row.turn}"] = row
    shown = set(InboxItem.objects.filter(send__in=[row.pk for row in rows]).values_list("send", flat=True))
    settled, now = 0, clock.now()
    for name, mine in keys.items():
        ends: dict[tuple[SendState, str], list[Send]] = defaultdict(list)
        for key, state in channels[name].poll(mine).items():
            send = mine[key]
            bad = state in {SendState.FAILED, SendState.EXPIRED}
            end = SendState.PARTLY_SENT if bad and send.pk in shown else state
            if end != send.state:
                ends[end, Reason.CHANNEL_FAILED if bad else ""].append(send)
        for (end, reason), sends in ends.items():
            # By turn too: meanwhile the gate may have put it back for another one.
            same = Q(pk__in=[])
            for turn in {send.turn for send in sends}:
                same |= Q(turn=turn, pk__in=[send.pk for send in sends if send.turn == turn])
            settled += Send.objects.filter(
                same, state__in=[SendState.QUEUED, SendState.UNKNOWN], handed_at__isnull=False
            ).update(state=end, reason=reason, done_at=None if end == SendState.UNKNOWN else now)
    return settled


def expire_tasks() -> int:
    """Tasks whose time is over: nobody sent it, and it is not sent late; answers how many."""
    now = clock.now()
    with transaction.atomic():
        over = list(
            Task.objects.filter(state=SendState.AWAITING_STAFF, expires_at__lte=now).values_list(
                "id", flat=True
            )
        )
        Send.objects.filter(task__in=over, state=SendState.AWAITING_STAFF).update(
            state=SendState.EXPIRED, reason=Reason.NOT_DONE, done_at=now
        )
        return Task.objects.filter(id__in=over, state=SendState.AWAITING_STAFF).update(
            state=SendState.EXPIRED, reason=Reason.NOT_DONE, done_at=now
        )


_PLANS = """
WITH counted AS (
    SELECT m.id,
        count(*) FILTER (WHERE s.state = 'queued') AS queued,
        count(*) FILTER (WHERE s.state = 'awaiting_staff') AS waiting,
        count(*) FILTER (WHERE s.state = 'unknown') AS unknown,
        count(*) FILTER (WHERE s.state IN ('sent', 'partly_sent')) AS sent,
        count(*) FILTER (WHERE s.state IN ('failed', 'partly_sent')
            OR (s.state = 'expired' AND s.reason = 'not_done')) AS missed,
        count(*) FILTER (WHERE s.state = 'expired') AS expired
    FROM outreach_message m LEFT JOIN (
        SELECT message_id, state, reason FROM outreach_send
        UNION ALL SELECT message_id, state, reason FROM outreach_task WHERE group_key <> ''
    ) s ON s.message_id = m.id
    WHERE m.state IN ('queued', 'awaiting_staff') AND m.sequence_id IS NULL GROUP BY m.id
), ended AS (
    SELECT id, CASE
        WHEN queued > 0 THEN 'queued'
        WHEN waiting > 0 THEN 'awaiting_staff'
        WHEN unknown > 0 THEN 'unknown'
        WHEN sent > 0 AND missed > 0 THEN 'partly_sent'
        WHEN sent > 0 THEN 'sent'
        WHEN expired > 0 THEN 'expired'
        ELSE 'failed' END AS state
    FROM counted
)
UPDATE outreach_message m SET state = e.state,
    reason = CASE WHEN e.state = 'failed' THEN 'nobody_left' ELSE m.reason END,
    done_at = CASE WHEN e.state IN ('queued', 'awaiting_staff') THEN NULL ELSE %s END
FROM ended e WHERE e.id = m.id AND m.state IN ('queued', 'awaiting_staff') AND m.state <> e.state
"""


def settle_plans() -> int:
    """Bring the state of open plans up to date from their sends; answers how many changed."""
    with connection.cursor() as cursor:
        cursor.execute(_PLANS, [clock.now()])
        return int(cursor.rowcount)


def forget() -> int:
    """Empty the words of what was done long ago, and take old items out of inboxes; answers how many."""
    now = clock.now()
    old = Send.objects.filter(state__in=[*DONE], done_at__lt=now - BODY_KEPT)
    words = old.extra(where=["body <> ''"]).update(body="")
    return words + InboxItem.objects.filter(at__lt=now - INBOX_KEPT).delete()[0]
