"""待发: messages that colleagues send by hand. Copy the words, save the poster, send, then say so."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.faces import posters
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say, status_of
from tongxin.foundation.errors import Refused
from tongxin.outreach import queries
from tongxin.outreach.actions.by_hand import confirm_sent, open_task
from tongxin.outreach.actions.reminding import put_off as not_today
from tongxin.outreach.terms import REASON_LABELS, STATE_LABELS
from tongxin.outreach.terms_plans import ended

PAGE = 20


def tasks(request: Asked) -> HttpResponse:
    """What waits on this desk."""
    found = queries.tasks_for(request.viewer, limit=PAGE, cursor=request.GET.get("cursor") or None)
    done = queries.tasks_for(request.viewer, open_only=False, limit=5).items if not found.items else ()
    return render(
        request, "champion/tasks.html", {"lines": found.items, "done": done, "cursor": found.cursor}
    )


def task(request: Asked, task_id: UUID, fault: str = "", status: int = 200) -> HttpResponse:
    """One of them: the words, whom it is for, and the four steps."""
    line = queries.task_line(request.viewer, task_id)
    people = queries.task_people(request.viewer, task_id, limit=60)
    context = {
        "line": line,
        "state": STATE_LABELS[line.state],
        "why": ended(line.why) if line.why else REASON_LABELS[line.reason] if line.reason else None,
        "there": line.channel == "wecom" and bool(line.group_name),
        "people": people.items,
        "more": people.cursor,
        "fault": fault,
        "poster": posters.poster_path(request.viewer, line.path, "champion.poster.png"),
    }
    return render(request, "champion/task.html", context, status=status)


def begin(request: Asked, task_id: UUID) -> HttpResponse:
    """Begin: who may not be told any more drops out now."""
    try:
        n = open_task(viewer=request.viewer, public_id=task_id)
    except Refused as refused:
        return _refused(request, task_id, refused)
    flash(request, _("可以发给 {n} 位。").format(n=n))
    return redirect("champion.task", task_id)


def sent(request: Asked, task_id: UUID) -> HttpResponse:
    """我已发送."""
    counted = request.POST.get("counted", "").strip()
    try:
        confirm_sent(
            viewer=request.viewer, public_id=task_id, counted=int(counted) if counted.isdecimal() else None
        )
    except Refused as refused:
        return _refused(request, task_id, refused)
    flash(request, _("记下了，辛苦。"))
    return redirect("champion.tasks")


def put_off(request: Asked, task_id: UUID) -> HttpResponse:
    """今天不发: it waits until tomorrow morning."""
    try:
        not_today(viewer=request.viewer, public_id=task_id)
    except Refused as refused:
        return _refused(request, task_id, refused)
    flash(request, _("好，明天早上再提醒你。"))
    return redirect("champion.tasks")


def _refused(request: Asked, task_id: UUID, refused: Refused) -> HttpResponse:
    if refused.code == "absent":
        raise refused
    return task(request, task_id, say(refused, request.viewer.language), status_of(refused))
