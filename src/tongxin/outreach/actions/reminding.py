"""Nudging colleagues who have not sent yet, a few times a day at most; and putting a task off until tomorrow."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.outreach.actions import trails
from tongxin.outreach.actions.by_hand import locked
from tongxin.outreach.actions.draining import wired
from tongxin.outreach.models import Message, Reminder, Send, Task
from tongxin.outreach.queries import access_message
from tongxin.outreach.rules import QUIET_UNTIL
from tongxin.outreach.terms import SendState
from tongxin.outreach.terms_plans import REMINDER_WINDOW, REMINDERS
from tongxin.stores.queries import the_brand


def remind(*, viewer: Viewer, public_id: UUID | str) -> int:
    """Remind the stores whose tasks of a plan are open; answers how many tasks. At most three times in 24 hours.

    Refuses `absent`, `outreach.nobody_to_remind`, `outreach.reminded_enough`.
    """
    with transaction.atomic():
        found = access_message(viewer, public_id)
        message = Message.objects.select_for_update(no_key=True).get(pk=found.pk)
        now = clock.now()
        if Reminder.objects.filter(message=message, at__gt=now - REMINDER_WINDOW).count() >= REMINDERS:
            raise Refused("outreach.reminded_enough", most=REMINDERS)
        channel = wired().get(message.channel)
        nudge = getattr(channel, "remind", None)
        tasks = Task.objects.filter(message=message, state=SendState.AWAITING_STAFF).count()
        tasks += nudge(message=message.pk) if nudge is not None else 0
        if not tasks:
            raise Refused("outreach.nobody_to_remind")
        Reminder.objects.create(message=message, tasks=tasks, at=now, by=viewer.name)
        trails.of_plan(viewer, message, "outreach.reminded", tasks=tasks)
    return tasks


def put_off(*, viewer: Viewer, public_id: UUID | str) -> Task:
    """今天不发: the task waits until tomorrow morning. Nobody has been told, so nothing counts until then.

    Its people go back to the gate, which opens another task for them in the morning. Refuses `absent`, `outreach.wrong_state`,
    `outreach.not_today` (it would be over before the morning).
    """
    with transaction.atomic():
        task, sends = locked(viewer, public_id)
        morning = _morning(clock.now(), task.store.zone if task.store else the_brand().zone)
        if morning >= task.expires_at:
            raise Refused("outreach.not_today")
        task.put_off, task.opened_at = task.put_off + 1, None
        if task.group_key:
            task.state, task.told_at, task.next_at = SendState.QUEUED, None, morning
        else:
            Send.objects.filter(pk__in=[send.pk for send in sends]).update(
                state=SendState.QUEUED,
                handed_at=None,
                told_at=None,
                begun_at=None,
                task=None,
                next_at=morning,
            )
            task.state, task.done_at = SendState.CANCELLED, clock.now()
        task.save(update_fields=["put_off", "next_at", "state", "told_at", "opened_at", "done_at"])
        trail(viewer=viewer, act="outreach.task_put_off", subject=("outreach", "task", str(task.public_id)))
    return task


def _morning(now: datetime, zone: str) -> datetime:
    wall = ZoneInfo(zone)
    day = now.astimezone(wall).date() + timedelta(days=1)
    return datetime.combine(day, QUIET_UNTIL, tzinfo=wall)
