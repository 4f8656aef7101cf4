"""社区之星: who is shown now, and what is one's own: the invitation, the works, how far out each may go and until when."""

from datetime import datetime, timedelta
from uuid import UUID

from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.amplify import actions, queries
from tongxin.amplify.terms import NAME_MOST, SCOPE_LABELS, SHUT_LABELS, WORDS_MOST, Scope
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused

MONTHS = {"3": timedelta(days=91), "6": timedelta(days=182), "12": timedelta(days=365)}
LASTS = {"3": ("三个月", "three months"), "6": ("半年", "half a year"), "12": ("一年", "a year")}


def stars(request: Asked) -> HttpResponse:
    """The wall with what may be shown to this reader at this moment, and one's own part of it."""
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
            return redirect("member.stars")
    mine = queries.my_star(viewer)
    live = mine is not None and mine.state in {"accepted", "shown"}
    found = queries.wall(viewer, cursor=request.GET.get("cursor") or None)
    context = {
        "cards": found.items,
        "cursor": found.cursor,
        "mine": mine if mine is not None and mine.state in {"invited", "accepted", "shown"} else None,
        "works": [
            (one, SCOPE_LABELS[one.scope] if one.scope else None, SHUT_LABELS[one.why] if one.why else None)
            for one in mine.works
        ]
        if mine is not None and live
        else [],
        "choices": queries.works_to_choose(viewer) if live else [],
        "scopes": list(SCOPE_LABELS.items()),
        "lasts": list(LASTS.items()),
        "words_most": WORDS_MOST,
        "name_most": NAME_MOST,
        "typed": request.POST,
        "fault": fault,
    }
    reply = render(request, "member/stars.html", context, status=status)
    reply["Cache-Control"] = "private, no-store"  # a work that is taken back is gone with the next look
    return reply


def _act(request: Asked) -> str:
    viewer, form = request.viewer, request.POST
    do = form.get("do", "")
    if do == "accept":
        actions.accept_star(viewer=viewer, shown_as=form.get("shown_as", ""))
        return _("谢谢你答应。放上想展示的作品，再定给谁看。")
    if do == "decline":
        actions.decline_star(viewer=viewer)
        return _("好的，不打扰。")
    if do == "end":
        actions.end_star(viewer=viewer)
        return _("已经从墙上取下，谢谢你。")
    if do == "words":
        actions.add_work(viewer=viewer, words=form.get("words", ""))
        return _("放进来了，还没有给别人看。")
    if do == "choose":
        kind, _dot, key = form.get("work", "").partition(".")
        chosen = _uuid(key)
        if kind == "photo":
            actions.add_work(viewer=viewer, photo=chosen)
        else:
            actions.add_work(viewer=viewer, post=chosen)
        return _("放进来了，还没有给别人看。")
    work = _uuid(form.get("work", ""))
    if do == "license":
        actions.license_work(
            viewer=viewer,
            work_id=work,
            scope=_scope(form.get("scope", "")),
            until=_until(form.get("months", "")),
        )
        return _("记下了，随时可以收回。")
    if do == "withdraw":
        actions.withdraw_licence(viewer=viewer, work_id=work)
        return _("已收回，现在别人看不到了。")
    actions.remove_work(viewer=viewer, work_id=work)
    return _("已拿掉。")


def _scope(text: str) -> Scope:
    if text not in set(Scope):
        raise Refused("amplify.until")
    return Scope(text)


def _until(months: str) -> datetime:
    if months not in MONTHS:
        raise Refused("amplify.until")
    return clock.now() + MONTHS[months]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("absent") from None


def picture(request: Asked, work_id: UUID) -> FileResponse:
    """The photo of a work, for whoever may see it now; nobody keeps a copy of it."""
    found = queries.work_file(request.viewer, work_id)
    reply = FileResponse(found.path.open("rb"), content_type=found.content_type)
    reply["Cache-Control"] = "private, no-store"
    return reply
