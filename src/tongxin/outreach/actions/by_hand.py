"""Tasks that colleagues do: opened (the gate is asked for each person there and then) and confirmed with “我已发送”."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.outreach import rules
from tongxin.outreach.actions.draining import Round, last_said, lock_people, wired, write
from tongxin.outreach.actions.posting import drop, verdict_now
from tongxin.outreach.channels import MANUAL
from tongxin.outreach.evidence import Evidence, look, people_behind, roots_of
from tongxin.outreach.models import DecisionRow, Send, Task
from tongxin.outreach.queries import access_task
from tongxin.outreach.terms import STATE_LABELS, Decision, Reason, SendState

TAKEN = frozenset({SendState.SENT, SendState.PARTLY_SENT})


def open_task(*, viewer: Viewer, public_id: UUID | str) -> int:
    """A colleague is about to send: answers to how many people it may go now.

    Whom the gate refuses leaves the task; who must wait longer than the night comes back in a later one. Refuses `absent`,
    `outreach.wrong_state`, `outreach.quiet_now`.
    """
    with transaction.atomic():
        task, sends = locked(viewer, public_id)
        if task.group_key:
            return _open_group(_by_hand(task))
        return len(_ask(task, sends))


def confirm_sent(
    *, viewer: Viewer, public_id: UUID | str, counted: int | None = None, proof: UUID | None = None
) -> Task:
    """“我已发送”: to all who may have it or, with `counted`, to so many of them. Said again it changes nothing.

    Opens the task if nobody has. With fewer than all, who had it is not known: each is `unknown` and counted by the cap.
    Refuses `absent`, `outreach.wrong_state`, `outreach.quiet_now`, `outreach.count`.
    """
    with transaction.atomic():
        task, sends = locked(viewer, public_id, again=True)
        if task.state in TAKEN:
            return task
        if task.group_key:
            return _posted(viewer, _by_hand(task), proof)
        opened = [send for send in sends if send.begun_at is not None]
        opened = _still(task, opened) if opened else _ask(task, sends)
        n = len(opened) if counted is None else counted
        if not 0 <= n <= len(opened):
            raise Refused("outreach.count", most=len(opened))
        _confirm(task, opened, n, viewer, proof)
        trail(
            viewer=viewer,
            act="outreach.task_confirmed",
            subject=("outreach", "task", str(task.public_id)),
            after={"people": len(opened), "counted": n, "state": task.state},
        )
    return task


def _by_hand(task: Task) -> Task:
    """One that waits in the platform is confirmed there. Refuses `wecom.confirm_there`."""
    if task.channel != MANUAL:
        raise Refused("wecom.confirm_there")
    return task


def _open_group(task: Task) -> int:
    """The gate's word on a group in the moment of posting: 1, or 0 when the task has left the desk. Refuses `outreach.quiet_now`."""
    verdict = verdict_now(task)
    if verdict.why is Reason.QUIET_HOURS and verdict.until is not None:
        raise Refused("outreach.quiet_now", until=verdict.until.isoformat())
    if verdict.outcome is not Decision.SENT:
        drop(task, verdict)
        return 0
    if task.opened_at is None:
        task.opened_at = clock.now()
        task.save(update_fields=["opened_at"])
    return 1


def _posted(viewer: Viewer, task: Task, proof: UUID | None) -> Task:
    """“我已发送” for a group. One that may not be posted into any more is not called sent."""
    if task.opened_at is None:
        if not _open_group(task):
            return task
    elif (verdict := verdict_now(task)).outcome is Decision.DROPPED:
        drop(task, verdict)
        return task
    task.state, task.counted, task.proof = SendState.SENT, 1, proof
    task.done_at, task.done_by = clock.now(), viewer.name
    task.save(update_fields=["state", "counted", "proof", "done_at", "done_by"])
    trail(
        viewer=viewer,
        act="outreach.task_confirmed",
        subject=("outreach", "task", str(task.public_id)),
        after={"groups": 1, "state": task.state},
    )
    return task


def _confirm(task: Task, opened: list[Send], n: int, viewer: Viewer, proof: UUID | None) -> None:
    now = clock.now()
    all_of_them, none = n == len(opened), n == 0
    for send in opened:
        send.state = SendState.SENT if all_of_them else SendState.FAILED if none else SendState.UNKNOWN
        send.reason = Reason.NOT_DONE if none and opened else ""
        # The gate let it through when the task was opened: from then on it counts.
        send.handed_at, send.told_at, send.done_at = send.begun_at, send.begun_at, now
    write(Round(changed=opened))
    # Who joined the task after it was opened comes in a later one.
    Send.objects.filter(task=task, state=SendState.AWAITING_STAFF).update(
        state=SendState.QUEUED, handed_at=None, told_at=None, task=None, next_at=now
    )
    task.state = (
        SendState.SENT if all_of_them and opened else SendState.FAILED if none else SendState.PARTLY_SENT
    )
    task.counted, task.proof, task.done_at, task.done_by = n, proof, now, viewer.name
    task.save(update_fields=["state", "counted", "proof", "done_at", "done_by"])


def locked(viewer: Viewer, public_id: UUID | str, *, again: bool = False) -> tuple[Task, list[Send]]:
    """The task and its waiting sends, locked in the drain's order: people, sends, task."""
    found = access_task(viewer, public_id)
    waiting = Send.objects.filter(task=found, state=SendState.AWAITING_STAFF)
    free = lock_people(roots_of(waiting.values_list("person", flat=True)).values(), wait=True)
    sends = list(
        waiting.select_for_update(of=("self",))
        .select_related("message__sequence")
        .defer("body")
        .order_by("id")
    )
    task = (
        Task.objects.select_for_update(of=("self",))
        .select_related("message__sequence", "store")
        .get(pk=found.pk)
    )
    if task.state != SendState.AWAITING_STAFF and not (again and task.state in TAKEN):
        zh, en = STATE_LABELS[SendState(task.state)]
        raise Refused("outreach.wrong_state", state=zh, state_en=en)
    known = people_behind(free).roots
    return task, [send for send in sends if send.person_id in known]


def _ask(task: Task, sends: list[Send]) -> list[Send]:
    """Ask the gate for each; answers who may have it now. Refuses `outreach.quiet_now` when night alone forbids it."""
    now = clock.now()
    evidence = _look(sends, now)
    told, todo, opened = last_said(sends), Round(), []
    for send in sends:
        verdict = rules.may_message(evidence.facts(send), evidence.policy, now)
        if verdict.why is Reason.QUIET_HOURS and verdict.until is not None:
            raise Refused("outreach.quiet_now", until=verdict.until.isoformat())
        _said(todo, send, verdict, now, new=told.get(send.pk) != verdict)
        if verdict.outcome is Decision.SENT:
            send.begun_at = now
            opened.append(send)
        elif verdict.outcome is Decision.HELD:
            send.state, send.task_id, send.handed_at, send.told_at = SendState.QUEUED, None, None, None
            send.next_at = verdict.until or now
        else:
            _drop(send, verdict, now)
    write(todo)
    if task.opened_at is None and opened:
        task.opened_at = now
        task.save(update_fields=["opened_at"])
    return opened


def _still(task: Task, opened: list[Send]) -> list[Send]:
    """Who said no since the task was opened is not counted as told."""
    now = task.opened_at or clock.now()
    evidence = _look(opened, clock.now())
    told, todo, kept = last_said(opened), Round(), []
    for send in opened:
        verdict = rules.may_message(evidence.facts(send), evidence.policy, now)
        if verdict.outcome is not Decision.DROPPED:
            kept.append(send)
            continue
        _said(todo, send, verdict, clock.now(), new=told.get(send.pk) != verdict)
        _drop(send, verdict, clock.now())
    write(todo)
    return kept


def _look(sends: list[Send], now: datetime) -> Evidence:
    people = people_behind(set(roots_of(send.person_id for send in sends).values()))
    return look(sends, now, channels=wired(), people=people)


def _said(todo: Round, send: Send, verdict: rules.Verdict, now: datetime, *, new: bool) -> None:
    todo.changed.append(send)
    if new:
        todo.decisions.append(
            DecisionRow(
                send=send,
                outcome=verdict.outcome,
                why=verdict.why,
                until=verdict.until,
                channel=send.channel,
                at=now,
            )
        )


def _drop(send: Send, verdict: rules.Verdict, now: datetime) -> None:
    gone = verdict.why in {Reason.EXPIRED, Reason.EXPIRES_FIRST}
    send.state = SendState.EXPIRED if gone else SendState.CANCELLED
    send.reason, send.done_at = verdict.why, now
