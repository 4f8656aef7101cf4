"""声音: what members tell us, by kind; what waits to be sorted, who answers until when, and what is suddenly talked about."""

from datetime import date as day_of
from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.voices.actions import feedback
from tongxin.voices.queries import feedback as inbox
from tongxin.voices.terms_feedback import GRIPE_DUE, ITEM_LABELS, LABEL_MEANS, LABEL_WORDS, ItemState, Label


def voices(request: Asked) -> HttpResponse:
    """The inbox: by state and label, with what is hot on top."""
    viewer = request.viewer
    asked, kind = request.GET.get("state", ""), request.GET.get("label", "")
    state = ItemState(asked) if asked in set(ItemState) else None
    label = Label(kind) if kind in set(Label) else None
    counts = inbox.inbox_counts(viewer)
    context = {
        "rows": [
            (
                one,
                ITEM_LABELS[ItemState(one.state)],
                LABEL_WORDS[Label(one.label or one.guess)] if one.label or one.guess else None,
            )
            for one in inbox.inbox(viewer, state=state, label=label)
        ],
        "under": "hq.desk",
        "state": state,
        "label": label,
        "states": [(one, ITEM_LABELS[one], counts.states.get(one, 0)) for one in ItemState],
        "labels": [(one, LABEL_WORDS[one], LABEL_MEANS[one], counts.labels.get(one, 0)) for one in Label],
        "late": counts.late,
        "hot": inbox.hot_subjects(viewer),
        "owners": inbox.owners(viewer),
        "due": clock.business_day(clock.now() + GRIPE_DUE),
    }
    return render(request, "hq/voices.html", context)


def voice(request: Asked, item_id: UUID) -> HttpResponse:
    """Say what it is, give it to somebody until a day, or tell the author what we did."""
    viewer, posted = request.viewer, request.POST
    step = posted.get("step", "")
    try:
        if step == "label" and posted.get("label", "") in set(Label):
            feedback.sort_item(viewer=viewer, item_id=item_id, label=Label(posted["label"]))
            flash(request, _("记下了，下次自动分类会更准。"))
        elif step == "take":
            feedback.take_item(
                viewer=viewer,
                item_id=item_id,
                owner=_id(posted.get("owner", "")),
                due_at=_due(posted.get("due", "")),
            )
            flash(request, _("已交给负责人。"))
        elif step == "answer":
            feedback.answer_item(viewer=viewer, item_id=item_id, outcome=posted.get("outcome", ""))
            flash(request, _("已告诉作者。"))
        else:
            flash(request, _("请选一个。"))
    except Refused as refused:
        if refused.code == "absent":
            raise
        flash(request, say(refused, viewer.language))
    return redirect("hq.voices")


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("voices.item_owner") from None


def _due(text: str) -> datetime:
    try:
        return datetime.combine(day_of.fromisoformat(text), time(21), tzinfo=ZoneInfo(clock.SHANGHAI))
    except ValueError:
        raise Refused("voices.item_due") from None
