"""A letter of ours is about to leave, and has left: the relay's two moments with a send."""

from uuid import UUID

from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.outbox.ports import Outcome
from tongxin.outreach import rules
from tongxin.outreach.actions.draining import Round, last_said, lock_people, wired, write
from tongxin.outreach.evidence import look, people_behind, roots_of
from tongxin.outreach.models import DecisionRow, InboxItem, Send
from tongxin.outreach.terms import Decision, Reason, SendState

BUSY = "busy"


def begin(*, send: UUID, key: str, channel: str) -> str | None:
    """May this letter leave now? None is yes, and written down; otherwise the reason, and the send says what became of it.

    What only has to wait goes back into the queue for a later turn.
    """
    with transaction.atomic():
        person = Send.objects.filter(public_id=send).values_list("person", flat=True).first()
        if person is None:
            return "gone"
        free = lock_people(roots_of([person]).values(), wait=True)
        now = clock.now()  # behind the lock: a withdrawal that came before it says an earlier time
        row = (
            Send.objects.select_for_update(of=("self",))
            .select_related("message__sequence")
            .get(public_id=send)
        )
        people = people_behind(free)
        if row.person_id not in people.roots:  # merged in this very moment: the relay comes again
            return BUSY
        if row.state != SendState.QUEUED or row.handed_at is None or _key(row) != key:
            return str(row.reason or "stopped")
        evidence = look([row], now, channels=wired(), people=people)
        verdict = rules.may_message(evidence.facts(row), evidence.policy, now)
        if verdict.outcome is Decision.SENT and channel not in evidence.ways(row):
            verdict = rules.Verdict(Decision.DROPPED, Reason.OPTED_OUT)
        todo = Round(changed=[row])
        if last_said([row]).get(row.pk) != verdict:
            said = DecisionRow(
                send=row,
                outcome=verdict.outcome,
                why=verdict.why,
                until=verdict.until,
                channel=channel,
                at=now,
            )
            todo.decisions.append(said)
        if verdict.outcome is Decision.SENT:
            row.begun_at = now
        elif verdict.outcome is Decision.HELD:
            row.handed_at, row.next_at = None, verdict.until or now
            if not InboxItem.objects.filter(send=row).exists():
                row.told_at = None
        else:
            row.state, row.reason, row.done_at = _ended(row, verdict.why), verdict.why, now
        write(todo)
    return None if verdict.outcome is Decision.SENT else str(verdict.why)


def _key(row: Send) -> str:
    return f"outreach:{row.public_id}:{row.turn}"


def _ended(row: Send, why: Reason) -> SendState:
    if InboxItem.objects.filter(send=row).exists():
        return SendState.PARTLY_SENT
    return SendState.EXPIRED if why in {Reason.EXPIRED, Reason.EXPIRES_FIRST} else SendState.CANCELLED


def end(*, send: UUID, key: str, outcome: Outcome) -> None:
    """What the carrier said. Only what is certain is written; the rest is asked of the outbox later (`settling.settle`)."""
    row = Send.objects.select_for_update().filter(public_id=send).first()
    if row is None or _key(row) != key:
        return
    if outcome.state == "sent":
        row.state, row.done_at, row.reason = SendState.SENT, clock.now(), ""
    elif outcome.state == "failed":
        row.begun_at = None  # it can be cancelled again until the next try
    row.save(update_fields=["state", "done_at", "reason", "begun_at"])
