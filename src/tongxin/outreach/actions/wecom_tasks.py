"""The book-keeping of hand-overs to WeCom: gathered, claimed, begun, handed over or lost sight of, and how they ended.

Nothing here talks to the platform; `connect/wecom/carrying.py` does, between these short transactions. A process may die between
any two of them: what was begun and not written down is `unknown`, and is looked up before anything is done again.
"""

import hashlib
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, Count, F, Q, When

from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.foundation.audit.actions import trail
from tongxin.outreach.channels import MANUAL
from tongxin.outreach.models import Message, Send, Task, WecomTarget, WecomTask
from tongxin.outreach.terms import DONE, Reason, SendState
from tongxin.outreach.terms_wecom import REMINDERS, REMINDERS_WITHIN, Target

CARRIER = system("wecom.carrier")
GATHER = timedelta(seconds=20)  # a plan's people come in batches: one task a colleague, not one a batch
STALE = timedelta(seconds=60)  # a call takes ≤ 35 s with a fresh token; a worker silent for longer has died
OPEN = (SendState.QUEUED, SendState.UNKNOWN, SendState.AWAITING_STAFF)
LIVES = timedelta(days=2)
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Handed:
    """One delivery for a colleague's task: its key, the send, whom it is for at the platform."""

    delivery: str
    send: int | None
    external: str
    post: int | None = None


@dataclass(frozen=True)
class Words:
    """What is said: equal words of one colleague and plan are one task."""

    sender: str
    text: str
    target: Target = Target.CUSTOMERS
    message: int | None = None
    link: str = ""
    poster: uuid.UUID | None = None

    @property
    def key(self) -> str:
        """Which task it may join."""
        return f"{self.message or 0}:{self.target}:{self.sender}:{text_hash(self.text)[:16]}"


def text_hash(text: str) -> str:
    """What a text is found by."""
    return hashlib.sha256(text.encode()).hexdigest()


def target_hash(externals: Iterable[str]) -> str:
    """What a set of customers or groups is found by."""
    return hashlib.sha256("\n".join(sorted(externals)).encode()).hexdigest()


def gather(
    parts: Mapping[Words, Sequence[Handed]], *, at: datetime, expires: Mapping[Words, datetime]
) -> int:
    """Put deliveries into the open tasks of their colleagues, which are made where there is none; answers how many tasks are new.

    Inside the caller's transaction; a second time changes nothing. Six statements, however many deliveries.
    """
    if not parts:
        return 0
    keys = {words: words.key for words in parts}
    waiting = dict(
        WecomTask.objects.select_for_update(no_key=True)
        .filter(key_base(keys.values()), state=SendState.QUEUED, claim=None, begun_at=None)
        .order_by("id")
        .values_list("key", "id")
    )
    taken = Counter(
        key.rpartition("#")[0]
        for key in WecomTask.objects.filter(key_base(keys.values())).values_list("key", flat=True)
    )
    joined = {
        words: next((pk for key, pk in waiting.items() if key.startswith(base + "#")), None)
        for words, base in keys.items()
    }
    fresh = [
        WecomTask(
            key=f"{base}#{taken[base]}",
            target=words.target,
            sender=words.sender,
            message_id=words.message,
            text=words.text,
            text_hash=text_hash(words.text),
            poster=words.poster,
            link=words.link,
            next_at=at + (GATHER if words.message else timedelta(0)),
            created_at=at,
            expires_at=expires[words],
        )
        for words, base in keys.items()
        if joined[words] is None
    ]
    known = set(
        WecomTarget.objects.filter(
            delivery__in=[one.delivery for some in parts.values() for one in some]
        ).values_list("delivery", flat=True)
    )
    needed = {words for words, some in parts.items() if any(one.delivery not in known for one in some)}
    fresh = [row for row in fresh if row.key.rpartition("#")[0] in {keys[words] for words in needed}]
    made = {row.key.rpartition("#")[0]: row.pk for row in WecomTask.objects.bulk_create(fresh)}
    WecomTarget.objects.bulk_create(
        [
            WecomTarget(
                task_id=joined[words] or made[keys[words]],
                send_id=one.send,
                post_id=one.post,
                delivery=one.delivery,
                external=one.external,
            )
            for words, some in parts.items()
            for one in some
            if one.delivery not in known
        ],
        ignore_conflicts=True,
    )
    return len(fresh)


def key_base(bases: Collection[str]) -> Q:
    """Tasks of these keys, whatever their number."""
    found = Q(pk__in=[])
    for base in set(bases):
        found |= Q(key__startswith=f"{base}#")
    return found


def recover() -> int:
    """Tasks of workers that died: untouched ones wait again, begun ones are of unknown outcome; answers how many."""
    now = clock.now()
    dead = WecomTask.objects.filter(claim__isnull=False, claimed_at__lte=now - STALE, state__in=OPEN)
    begun = dead.filter(state=SendState.QUEUED, begun_at__isnull=False)
    n = begun.update(state=SendState.UNKNOWN, looks=0, claim=None, next_at=now)
    return n + dead.update(claim=None)


def claim(most: int) -> list[WecomTask]:
    """Tasks that are due, for this worker alone."""
    now, mine = clock.now(), uuid.uuid4()
    with transaction.atomic():
        due = WecomTask.objects.select_for_update(no_key=True, skip_locked=True).filter(
            state__in=OPEN, next_at__lte=now, claim=None
        )
        # What is to be taken back goes first: an opt-out holds within a minute, however much waits to be handed over. Then what
        # nobody has been asked to send, then asking whether they have: questions must not starve hand-overs.
        asked = Case(
            When(stop_at__isnull=False, then=0), When(state=SendState.AWAITING_STAFF, then=2), default=1
        )
        keys = list(due.order_by(asked, "next_at", "id").values_list("id", flat=True)[:most])
        WecomTask.objects.filter(id__in=keys).update(claim=mine, claimed_at=now)
    return list(WecomTask.objects.filter(id__in=keys, claim=mine).order_by("next_at", "id"))


def _mine(task: WecomTask) -> Q:
    return Q(pk=task.pk, claim=task.claim)


def begin(task: WecomTask, externals: Collection[str]) -> bool:
    """From now on the platform may have it. False: it is not ours any more, or was stopped."""
    free = WecomTask.objects.filter(_mine(task), state=SendState.QUEUED, stop_at=None)
    now = clock.now()
    got = free.update(
        begun_at=now, claimed_at=now, attempts=F("attempts") + 1, target_hash=target_hash(externals)
    )
    return bool(got)


def later(task: WecomTask, wait: timedelta, *, reason: str = "") -> None:
    """Nothing was done: once more after a while."""
    WecomTask.objects.filter(_mine(task)).update(
        claim=None, begun_at=None if task.state == SendState.QUEUED else F("begun_at"), next_at=clock.now() + wait,
        reason=reason[:40],
    )  # fmt: skip


def lost_sight(task: WecomTask, wait: timedelta, *, reason: str) -> None:
    """Nobody knows whether the platform has it."""
    WecomTask.objects.filter(_mine(task)).update(
        state=SendState.UNKNOWN, claim=None, looks=0, next_at=clock.now() + wait, reason=reason[:40]
    )


def not_found(task: WecomTask, *, looks: int, wait: timedelta) -> bool:
    """Looked up and not there. After so many looks it waits to be handed over again; answers whether it does."""
    done = task.looks + 1 >= looks
    values: dict[str, Any] = {
        "claim": None,
        "looks": F("looks") + 1,
        "next_at": clock.now() + (timedelta(0) if done else wait),
    }
    if done:
        values |= {"state": SendState.QUEUED, "begun_at": None}
    WecomTask.objects.filter(_mine(task)).update(**values)
    return done


def handed(task: WecomTask, msgid: str, *, refused: Collection[str] = (), wait: timedelta) -> None:
    """The platform has it, and the colleague is asked. Whom it does not take is no customer of theirs any more."""
    now = clock.now()
    with transaction.atomic():
        found = WecomTask.objects.filter(_mine(task)).update(
            state=SendState.AWAITING_STAFF,
            msgid=msgid,
            handed_at=now,
            claim=None,
            next_at=now + wait,
            reason="",
            looks=0,
        )
        if not found:
            return
        mine = WecomTarget.objects.filter(task=task.pk, state=SendState.QUEUED)
        gone = list(mine.filter(external__in=list(refused)))
        _end(gone, SendState.FAILED, Reason.NOT_FRIEND, now)
        mine.exclude(external__in=list(refused)).update(state=SendState.AWAITING_STAFF)
        waiting = WecomTarget.objects.filter(task=task.pk, state=SendState.AWAITING_STAFF, send__isnull=False)
        Send.objects.filter(id__in=waiting.values("send"), state=SendState.QUEUED).update(
            state=SendState.AWAITING_STAFF, begun_at=None
        )


def _end(targets: Sequence[WecomTarget], state: SendState, reason: Reason | str, now: datetime) -> None:
    WecomTarget.objects.filter(id__in=[one.pk for one in targets]).update(state=state)
    Send.objects.filter(
        id__in=[one.send_id for one in targets if one.send_id],
        state__in=[SendState.QUEUED, SendState.AWAITING_STAFF],
    ).update(state=state, reason=reason, done_at=now)
    posts = [one.post_id for one in targets if one.post_id]
    if posts:
        told = {"counted": 1, "done_by": "wecom"} if state == SendState.SENT else {}
        Task.objects.filter(id__in=posts, state=SendState.AWAITING_STAFF).update(
            state=state, reason=str(reason), done_at=now, **told
        )


def left_out(task: WecomTask, targets: Sequence[WecomTarget]) -> None:
    """The gate stopped these people; what became of their sends is written at the sends."""
    WecomTarget.objects.filter(task=task.pk, id__in=[one.pk for one in targets]).update(
        state=SendState.CANCELLED
    )


def results(task: WecomTask, ends: Mapping[str, tuple[SendState, Reason | str]]) -> int:
    """What became of some of its customers or groups; answers how many ended now."""
    now = clock.now()
    with transaction.atomic():
        open_ = WecomTarget.objects.select_for_update(no_key=True).filter(
            task=task.pk, state=SendState.AWAITING_STAFF
        )
        groups: dict[tuple[SendState, Reason | str], list[WecomTarget]] = defaultdict(list)
        for one in open_.filter(external__in=list(ends)).order_by("id"):
            groups[ends[one.external]].append(one)
        for (state, reason), targets in groups.items():
            _end(targets, state, reason, now)
    return sum(map(len, groups.values()))


def finish(task: WecomTask, *, state: SendState | None = None, reason: str = "") -> SendState:
    """Nothing more follows: what is still open ends as `state`, and the task as its targets say."""
    now = clock.now()
    with transaction.atomic():
        rest = list(WecomTarget.objects.filter(task=task.pk, state__in=OPEN))
        if rest:
            _end(rest, state or SendState.FAILED, reason, now)
        kinds = set(WecomTarget.objects.filter(task=task.pk).values_list("state", flat=True))
        end = _together(kinds, state)
        ended = WecomTask.objects.filter(_mine(task)).update(
            state=end, reason=reason[:40], claim=None, begun_at=None, done_at=now
        )
        if ended:
            _told(task, end)
    return end


def _told(task: WecomTask, end: SendState) -> None:
    """One line for the whole hand-over, once: how it ended, and for how many."""
    counts = WecomTarget.objects.filter(task=task.pk).order_by().values_list("state").annotate(n=Count("id"))
    plans = [] if task.message_id is None else [task.message_id]
    plan = Message.objects.filter(pk__in=plans).values_list("public_id", flat=True).first()
    after = {"state": str(end), "targets": dict(counts), "message": str(plan) if plan else ""}
    subject = ("outreach", "wecom_task", str(task.public_id))
    trail(viewer=CARRIER, act="outreach.wecom_send_done", subject=subject, after=after)


def _together(kinds: Collection[str], state: SendState | None) -> SendState:
    if not kinds:  # a moment has no targets of its own
        return state or SendState.SENT
    if SendState.SENT in kinds:
        return (
            SendState.SENT if set(kinds) <= {SendState.SENT, SendState.CANCELLED} else SendState.PARTLY_SENT
        )
    if state is not None:
        return state
    return SendState.CANCELLED if set(kinds) == {SendState.CANCELLED} else SendState.FAILED


def again_later(task: WecomTask, wait: timedelta) -> None:
    """Asked; not confirmed yet."""
    WecomTask.objects.filter(_mine(task)).update(claim=None, next_at=clock.now() + wait)


def ask_to_remind(*, message: int) -> int:
    """The open tasks of a plan are to be reminded of; answers how many can be (three in a day). In the caller's transaction."""
    now = clock.now()
    open_ = WecomTask.objects.filter(message=message, state=SendState.AWAITING_STAFF, stop_at=None)
    return open_.filter(Q(remind_at=None)).update(remind_at=now, next_at=now)


def reminded(task: WecomTask, *, done: bool) -> None:
    """The platform nudged them, or would not any more today."""
    now = clock.now()
    WecomTask.objects.filter(pk=task.pk).update(remind_at=None, reminded_at=now if done else F("reminded_at"))


def stop_unwanted() -> int:
    """Open tasks with somebody whose send was stopped meanwhile (cancelled, opted out, erased) are to be taken back; answers how many.

    The platform cannot take one customer out of a task: the whole task is taken back, and the rest goes into a new one.
    """
    now = clock.now()
    live = WecomTarget.objects.filter(state=SendState.AWAITING_STAFF, send__isnull=False)
    unwanted = live.exclude(send__state=SendState.AWAITING_STAFF) | live.filter(pk__in=_refusing())
    posts = WecomTarget.objects.filter(state=SendState.AWAITING_STAFF, post__isnull=False)
    unwanted |= posts.exclude(post__state=SendState.AWAITING_STAFF)
    return WecomTask.objects.filter(
        id__in=unwanted.values("task"), state=SendState.AWAITING_STAFF, stop_at=None
    ).update(stop_at=now, next_at=now)


_REFUSING = """
SELECT t.id FROM outreach_wecomtarget t JOIN outreach_send s ON s.id = t.send_id
JOIN people_customer c ON c.id = s.person_id
JOIN people_customer e ON coalesce(e.survivor_id, e.id) = coalesce(c.survivor_id, c.id)
WHERE t.state = 'awaiting_staff' AND s.message_class <> 'service' AND EXISTS (
    SELECT 1 FROM outreach_optout o WHERE o.person_id = e.id AND o.lifted_at IS NULL
        AND o.message_class = s.message_class AND o.channel IN ('', 'wecom'))
"""


def _refusing() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_REFUSING)
        return [row[0] for row in cursor.fetchall()]


def taken_back(task: WecomTask) -> int:
    """The platform has cancelled it: those who still may have it wait for a new task, the others are stopped; answers how many wait.

    Their sends go back to the gate, which decides again; their turn goes up when it hands them over.
    """
    now = clock.now()
    refusing = set(_refusing())
    with transaction.atomic():
        open_ = list(
            WecomTarget.objects.filter(task=task.pk, state=SendState.AWAITING_STAFF).select_related("send")
        )
        over = task.expires_at <= now
        if over:
            _end(open_, SendState.EXPIRED, Reason.NOT_DONE, now)
        else:
            stopped = [one for one in open_ if one.pk in refusing]
            _end(stopped, SendState.CANCELLED, Reason.OPTED_OUT, now)
            rest = [one for one in open_ if one.pk not in refusing]
            WecomTarget.objects.filter(id__in=[one.pk for one in open_]).update(state=SendState.CANCELLED)
            Send.objects.filter(
                id__in=[one.send_id for one in rest if one.send_id], state=SendState.AWAITING_STAFF
            ).update(state=SendState.QUEUED, handed_at=None, told_at=None, begun_at=None, next_at=now)
            Task.objects.filter(
                id__in=[one.post_id for one in rest if one.post_id], state=SendState.AWAITING_STAFF
            ).update(state=SendState.QUEUED, channel=MANUAL, told_at=None, opened_at=None, next_at=now)
        kinds = set(WecomTarget.objects.filter(task=task.pk).values_list("state", flat=True))
        end = _together(kinds, SendState.EXPIRED if over else SendState.CANCELLED)
        if WecomTask.objects.filter(_mine(task)).update(state=end, claim=None, done_at=now, begun_at=None):
            _told(task, end)
    return 0 if over else len([one for one in open_ if one.pk not in refusing])


def may_remind(task: WecomTask) -> bool:
    """Not more often than the platform lets one, spread over the day."""
    return task.reminded_at is None or clock.now() - task.reminded_at >= REMINDERS_WITHIN / REMINDERS


def forget() -> int:
    """Whom a task was for, and its words, thirty days after it is done; answers how many."""
    old = WecomTask.objects.filter(state__in=[*DONE], done_at__lt=clock.now() - KEPT)
    gone = WecomTarget.objects.filter(task__in=old).exclude(external="").update(external="")
    return gone + old.exclude(text_hash="").update(text="", text_hash="", target_hash="", link="")
