"""The worker's round: claim what is due, ask the gate, write down what it said, hand over. One transaction a batch.

Nothing here talks to the world: the inbox and the staff's tasks are rows, everything else is a letter of the outbox. So a
process that dies anywhere leaves the batch as it was, or done.
"""

import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction

from tongxin.foundation import clock
from tongxin.foundation.plugs import wiring
from tongxin.outreach import rules
from tongxin.outreach.evidence import Evidence, People, look, people_behind, roots_of
from tongxin.outreach.models import DecisionRow, Send
from tongxin.outreach.ports import Channel, Delivery, Receipt
from tongxin.outreach.terms import Decision, MessageClass, Reason, SendState
from tongxin.people.models import Customer
from tongxin.people.terms import CustomerState

BATCH = 500
PRIORITY = {MessageClass.SERVICE: 0, MessageClass.COMMUNITY: 1, MessageClass.PROMOTION: 2}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Drained:
    """What one drain did."""

    sent: int = 0
    held: int = 0
    dropped: int = 0

    def __add__(self, other: "Drained") -> "Drained":
        return Drained(self.sent + other.sent, self.held + other.held, self.dropped + other.dropped)

    @property
    def asked(self) -> int:
        """How often the gate was asked."""
        return self.sent + self.held + self.dropped


@dataclass
class Round:
    """What is written at the end of a batch."""

    changed: list[Send] = field(default_factory=list)
    decisions: list[DecisionRow] = field(default_factory=list)
    handed: dict[str, list[tuple[Send, Delivery]]] = field(default_factory=lambda: defaultdict(list))


def wired() -> dict[str, Channel]:
    """The channels of the wiring by id."""
    return {channel.id: channel for channel in wiring().CHANNELS}


def drain(
    *, channels: Mapping[str, Channel] | None = None, batch: int = BATCH, most: int = 20_000
) -> Drained:
    """Ask the gate for all sends that are due by now, in batches, until none is left or `most` were asked.

    What becomes due meanwhile waits for the next round: in a rush a batch for each newcomer would be twenty statements a send. Any
    number of drains may run; they may be killed anywhere.
    """
    plugged = wired() if channels is None else channels
    total, by = Drained(), clock.now()
    while total.asked < most:
        done = drain_batch(plugged, batch, by=by)
        total += done
        if not done.asked:
            break
    return total


def drain_batch(
    channels: Mapping[str, Channel], batch: int = BATCH, *, by: datetime | None = None
) -> Drained:
    """One batch, one transaction: lock the people, then their sends; look, decide, hand over, write down."""
    with transaction.atomic():
        now = clock.now()
        # A clock that was set back since `by` was taken must not have us ask again and again for what is not due yet.
        sends, people = claim(min(by or now, now), batch)
        if not sends:
            return Drained()
        evidence = look(sends, now, channels=channels, people=people)
        todo, counts = Round(), dict.fromkeys(Decision, 0)
        told = last_said(sends)
        for send in sorted(sends, key=_order):
            verdict = rules.may_message(evidence.facts(send), evidence.policy, now)
            counts[verdict.outcome] += 1
            apply(todo, send, verdict, evidence, told)
        _hand_over(todo, channels, now)
        write(todo)
    return Drained(counts[Decision.SENT], counts[Decision.HELD], counts[Decision.DROPPED])


def _order(send: Send) -> tuple[int, datetime, int]:
    return PRIORITY[MessageClass(send.message_class)], send.due_at, send.pk


def claim(by: datetime, batch: int) -> tuple[list[Send], People]:
    """Up to `batch` sends that are due by then, locked, and the people they are for, locked before them.

    The person's lock is the one a withdrawal, an opt-out, a merge and an erasure take: they come before us or after us. It
    also makes the cap hold when two drains have messages for one person. What somebody else holds waits for the next round.
    """
    due = dict(
        Send.objects.filter(state=SendState.QUEUED, handed_at=None, next_at__lte=by)
        .order_by("next_at", "id")
        .values_list("id", "person")[:batch]
    )
    if not due:
        return [], People()
    roots = roots_of(due.values())
    free = lock_people(roots.values(), wait=False)
    mine = [key for key, person in due.items() if roots[person] in free]
    sends = list(
        Send.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("message__sequence")
        .filter(id__in=mine, state=SendState.QUEUED, handed_at=None, next_at__lte=by)
    )
    people = people_behind(free)
    return [send for send in sends if send.person_id in people.roots], people


def lock_people(roots: Iterable[int], *, wait: bool) -> frozenset[int]:
    """Lock surviving entries in the order of their ids; answers which are ours. Merged meanwhile: not ours."""
    rows = Customer.objects.select_for_update(no_key=True, skip_locked=not wait).filter(id__in=set(roots))
    return frozenset(rows.exclude(state=CustomerState.MERGED).order_by("id").values_list("id", flat=True))


def last_said(sends: Sequence[Send]) -> dict[int, rules.Verdict]:
    """The newest decision about each send, if any."""
    rows = DecisionRow.objects.filter(send__in=[send.pk for send in sends]).order_by("send", "-id")
    return {
        send: rules.Verdict(Decision(outcome), Reason(why), until)
        for send, outcome, why, until in rows.distinct("send").values_list("send", "outcome", "why", "until")
    }


def apply(
    todo: Round, send: Send, verdict: rules.Verdict, evidence: Evidence, told: Mapping[int, rules.Verdict]
) -> None:
    """Note what the gate said about a send, and what that makes of it."""
    now = evidence.now
    ways = evidence.ways(send) if verdict.outcome is Decision.SENT else ()
    if told.get(send.pk) != verdict:
        todo.decisions.append(
            DecisionRow(
                send=send,
                outcome=verdict.outcome,
                why=verdict.why,
                until=verdict.until,
                channel=ways[-1] if ways else "",
                at=now,
            )
        )
    todo.changed.append(send)
    if verdict.outcome is Decision.HELD:
        send.next_at = verdict.until or now
    elif verdict.outcome is Decision.DROPPED:
        gone = verdict.why in {Reason.EXPIRED, Reason.EXPIRES_FIRST}
        send.state = SendState.EXPIRED if gone else SendState.CANCELLED
        if (
            send.told_at is not None
        ):  # the inbox has it: only its letter, which waited for the morning, does not go
            send.state = SendState.PARTLY_SENT
        send.reason, send.done_at = verdict.why, now
    else:
        evidence.note(send)
        send.handed_at, send.turn, send.channel = now, send.turn + 1, ways[-1]
        send.told_at = send.told_at or now
        try:
            delivery = delivered(send, evidence)
        except (KeyError, ValueError) as fault:  # words that the fields do not fit
            log.error("no words for %s: %s", send.kind, type(fault).__name__)  # noqa: TRY400 - a traceback could hold the text
            send.state, send.reason, send.done_at = SendState.FAILED, Reason.CHANNEL_FAILED, now
            return
        for name in ways:
            todo.handed[name].append((send, delivery))


def delivered(send: Send, evidence: Evidence) -> Delivery:
    """A send as channels are given it: rendered in the person's language."""
    person = evidence.root(send)
    language = evidence.people.languages.get(person, send.language)
    text, path = words(send, language)
    return Delivery(
        send=send.pk,
        key=f"outreach:{send.public_id}:{send.turn}",
        public_id=send.public_id,
        person=person,
        kind=send.kind,
        message_class=MessageClass(send.message_class),
        text=text,
        path=path,
        at=evidence.now,
        expires_at=send.expires_at,
        message=send.message_id,
        store=send.store_id or evidence.people.homes[person],
        language=language,
    )


def words(send: Send, language: str) -> tuple[str, str]:
    """The text of a send in a language and where it leads to. Promotion says what it is (广告法 14)."""
    english = language == "en"
    if send.message is not None:
        text = (english and send.message.text_en) or send.message.text
        path = rules.with_code(send.message.path, send.message.code)
    else:
        body = json.loads(send.body)
        path = str(body["fields"].get("path", ""))
        kind = None if body["text"] is not None else wiring().MESSAGE_KINDS[send.kind]
        text = body["text"] if kind is None else rules.render(kind.en if english else kind.zh, body["fields"])
    return rules.marked(text, send.message_class, english=english), path


def _hand_over(todo: Round, channels: Mapping[str, Channel], now: datetime) -> None:
    """Each channel takes its part. The leading one of a send, its last, says what state the send is in."""
    for name in sorted(todo.handed, key=lambda one: one == "inbox", reverse=True):
        pairs = todo.handed[name]
        for (send, _), receipt in zip(pairs, _dispatched(channels[name], pairs), strict=True):
            if send.channel == name:
                _receive(send, receipt, now, alone=name == "inbox")


def _dispatched(channel: Channel, pairs: Sequence[tuple[Send, Delivery]]) -> list[Receipt]:
    try:
        with transaction.atomic():
            return channel.dispatch([delivery for _, delivery in pairs])
    except Exception as fault:  # noqa: BLE001 (a channel's bug must not stop the others' messages)
        log.error("%s raised %s for %d messages", channel.id, type(fault).__name__, len(pairs))  # noqa: TRY400 - as above
        return [Receipt(SendState.FAILED) for _ in pairs]


def _receive(send: Send, receipt: Receipt, now: datetime, *, alone: bool) -> None:
    send.state, send.task_id = receipt.state, receipt.task
    if receipt.state == SendState.FAILED:
        send.state = SendState.FAILED if alone else SendState.PARTLY_SENT
        send.reason = Reason.CHANNEL_FAILED
    if receipt.state in {SendState.SENT, SendState.FAILED}:
        send.done_at = now


_WRITE = """
UPDATE outreach_send s SET state = v.state, reason = v.reason, channel = v.channel, task_id = v.task, turn = v.turn,
    next_at = v.next_at, handed_at = v.handed_at, told_at = v.told_at, begun_at = v.begun_at, done_at = v.done_at
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::int[], %s::timestamptz[],
    %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[])
    AS v(id, state, reason, channel, task, turn, next_at, handed_at, told_at, begun_at, done_at)
WHERE s.id = v.id
"""


def write(todo: Round) -> None:
    """Two statements for the whole batch."""
    if todo.decisions:
        DecisionRow.objects.bulk_create(todo.decisions)
    if not todo.changed:
        return
    columns = [
        [getattr(send, name) for send in todo.changed]
        for name in (
            "id", "state", "reason", "channel", "task_id", "turn", "next_at", "handed_at", "told_at", "begun_at", "done_at",
        )
    ]  # fmt: skip
    columns[1] = [str(state) for state in columns[1]]
    columns[2] = [str(reason) for reason in columns[2]]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, columns)
