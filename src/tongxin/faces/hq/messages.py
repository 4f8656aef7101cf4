"""触达: messages to members, planned, looked at, approved; and how far each is."""

from datetime import timedelta
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.outreach import queries
from tongxin.outreach.actions.plans import approve_message, cancel_message, plan_message
from tongxin.outreach.channels import INBOX, LABELS, MANUAL
from tongxin.outreach.terms import CLASS_LABELS, REASON_LABELS, STATE_LABELS, MessageClass, SendState
from tongxin.stores import queries as stores

PAGE = 30
CHANNELS = (MANUAL, INBOX)
CLASSES = (MessageClass.COMMUNITY, MessageClass.PROMOTION)
LASTS = timedelta(days=2)  # what nobody has sent until then is not sent any more


def messages(request: Asked) -> HttpResponse:
    """What was planned, newest first, and a form for the next."""
    fault, status = "", 200
    if request.method == "POST":
        try:
            made = _planned(request)
        except Refused as refused:
            fault, status = say(refused, request.viewer.language), status_of(refused)
        else:
            flash(request, _("写好了，看一眼再批准。"))
            return redirect("hq.message", made)
    found = queries.messages_for(request.viewer, limit=PAGE, cursor=request.GET.get("cursor") or None)
    context = {
        "rows": [
            (row, STATE_LABELS[SendState(row.state)], LABELS.get(row.channel, ("", "")))
            for row in found.items
        ],
        "cursor": found.cursor,
        "stores": [shop for shop in stores.stores_for(request.viewer) if not shop.unsorted][:200],
        "channels": [(name, LABELS[name]) for name in CHANNELS],
        "classes": [(one, CLASS_LABELS[one]) for one in CLASSES],
        "typed": request.POST,
        "fault": fault,
    }
    return render(request, "hq/messages.html", context, status=status)


def _planned(request: Asked) -> UUID:
    form = request.POST
    store = stores.access_store(request.viewer, form.get("store") or "?")
    given = form.get("message_class", "")
    if given not in set(CLASSES) or form.get("channel") not in CHANNELS:
        raise Refused("input.bad", field=_("种类"), reason=_("请选一项。"))
    made = plan_message(
        viewer=request.viewer,
        message_class=MessageClass(given),
        channel=form["channel"],
        audience="store",
        audience_key=str(store.public_id),
        text=form.get("text", ""),
        title=form.get("title", "").strip()[:80],
        expires_at=clock.now() + LASTS,
        store=store,
    )
    return made.public_id


def message(request: Asked, message_id: UUID) -> HttpResponse:
    """One plan: the words, how many, who was not told and why."""
    row = queries.access_message(request.viewer, message_id)
    progress = queries.message_progress(request.viewer, message_id)
    context = {
        "row": row,
        "state": STATE_LABELS[SendState(row.state)],
        "channel": LABELS.get(row.channel, (row.channel, row.channel)),
        "class_said": CLASS_LABELS[MessageClass(row.message_class)],
        "progress": progress,
        "states": [(STATE_LABELS[state], n) for state, n in sorted(progress.states.items())],
        "dropped": [(REASON_LABELS[why], n) for why, n in progress.dropped.items()],
        "held": [(REASON_LABELS[why], n) for why, n in progress.held.items()],
        "tasks": queries.tasks_of(request.viewer, message_id),
        "draft": row.state == SendState.DRAFT,
        "open": row.state
        in {SendState.DRAFT, SendState.APPROVED, SendState.QUEUED, SendState.AWAITING_STAFF},
    }
    return render(request, "hq/message.html", context)


def approve(request: Asked, message_id: UUID) -> HttpResponse:
    """It may go."""
    approve_message(viewer=request.viewer, public_id=message_id)
    flash(request, _("已批准，到时间就发。"))
    return redirect("hq.message", message_id)


def cancel(request: Asked, message_id: UUID) -> HttpResponse:
    """Nothing more of it goes."""
    spared = cancel_message(
        viewer=request.viewer, public_id=message_id, reason=request.POST.get("reason", "")
    )
    flash(request, _("停了，{n} 位不会再收到。").format(n=spared))
    return redirect("hq.message", message_id)
