"""之星: nominations, who is asked, who is shown with what, and what must be taken down elsewhere."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.amplify import actions, queries
from tongxin.amplify.terms import (
    DECIDERS,
    PLACE_MOST,
    SCOPE_LABELS,
    STAR_LABELS,
    WHY_MOST,
    WORK_LABELS,
    Scope,
)
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say, status_of
from tongxin.foundation.errors import Refused


def stars(request: Asked) -> HttpResponse:
    """The page; each form does one thing."""
    viewer = request.viewer
    fault, status = "", 200
    if request.method == "POST":
        try:
            said = _act(request)
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault, status = say(refused, viewer.language), status_of(refused)
        else:
            flash(request, said)
            return redirect("hq.stars")
    found = queries.star_list(viewer, limit=30, cursor=request.GET.get("cursor") or None)
    context = {
        "rows": [(one, STAR_LABELS[one.state]) for one in found.items],
        "cursor": found.cursor,
        "nominations": queries.nominations(viewer, limit=20),
        "uses": [(one, WORK_LABELS[one.kind], SCOPE_LABELS[one.scope]) for one in queries.uses(viewer)],
        "work_labels": WORK_LABELS,
        "scopes": [(scope, label) for scope, label in SCOPE_LABELS.items() if scope != Scope.GROUP],
        "may": bool(viewer.roles & DECIDERS),
        "why_most": WHY_MOST,
        "place_most": PLACE_MOST,
        "asked": request.GET.get("member", "")[:36],
        "typed": request.POST,
        "fault": fault,
    }
    reply = render(request, "hq/stars.html", context, status=status)
    reply["Cache-Control"] = "private, no-store"  # a work that is taken back is gone with the next look
    return reply


def _act(request: Asked) -> str:
    viewer, form = request.viewer, request.POST
    do = form.get("do", "")
    if do == "invite":
        actions.invite_star(viewer=viewer, customer=uuid_of(form.get("member", "")), why=form.get("why", ""))
        return _("已请 TA 答复。")
    if do == "take_up":
        actions.take_up(viewer=viewer, event=uuid_of(form.get("event", "")))
        return _("已请 TA 答复。")
    if do == "show":
        actions.show_star(viewer=viewer, star_id=uuid_of(form.get("star", "")))
        return _("上墙了，作者会收到消息。")
    if do == "use":
        scope = form.get("scope", "")
        if scope not in set(Scope):
            raise Refused("absent")
        actions.use_work(
            viewer=viewer,
            work_id=uuid_of(form.get("work", "")),
            scope=Scope(scope),
            place=form.get("place", ""),
        )
        return _("记下了。作者收回时，这里会提醒取下。")
    if do == "down":
        actions.end_use(viewer=viewer, use_id=uuid_of(form.get("use", "")))
        return _("已取下。")
    actions.end_star(viewer=viewer, star_id=uuid_of(form.get("star", "")))
    return _("已从墙上取下。")


def uuid_of(text: str) -> UUID:
    """A thing named in a form. Refuses `absent` for what is no id."""
    try:
        return UUID(text.strip())
    except ValueError:
        raise Refused("absent") from None
