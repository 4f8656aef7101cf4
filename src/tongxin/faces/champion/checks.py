"""每日体验健康检查 and 今天请谁: the posts of the first page, and the photo of an answer."""

from uuid import UUID

from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.champions import actions, queries
from tongxin.champions.actions import AnswerIn
from tongxin.champions.terms import CheckWord, Outcome
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say
from tongxin.foundation.errors import Refused
from tongxin.foundation.media import queries as media
from tongxin.foundation.media.actions import LARGEST


def check(request: Asked, store_id: UUID) -> HttpResponse:
    """What was chosen for today's items, with a sentence and a photo where there is one."""
    store = queries.access_check_store(request.viewer, store_id)
    try:
        actions.answer_check(viewer=request.viewer, store=store, answers=_answers(request))
    except Refused as refused:
        if refused.code == "absent":
            raise
        flash(request, say(refused, request.viewer.language))
    else:
        found = queries.day_of(request.viewer, store)
        left = len(found.lines) - found.answered
        flash(
            request, _("记下了，还剩 {n} 项。").format(n=left) if left else _("今天的体检做完了，开门大吉。")
        )
    return _back(store.public_id)


def _answers(request: Asked) -> dict[str, AnswerIn]:
    found = {}
    for name, value in request.POST.items():
        if name.startswith("answer.") and value in set(CheckWord):
            key = name.removeprefix("answer.")
            photo = request.FILES.get(f"photo.{key}")
            found[key] = AnswerIn(
                CheckWord(value),
                request.POST.get(f"sentence.{key}", ""),
                photo.read(LARGEST + 1) if photo is not None else None,
            )
    return found


def photo(request: Asked, answer_id: UUID) -> FileResponse:
    """The photo of an answer of a store in reach."""
    served = media.picture(queries.photo_of(request.viewer, answer_id))
    return FileResponse(served.path.open("rb"), content_type=served.content_type)


def invites(request: Asked, store_id: UUID) -> HttpResponse:
    """今天可以请谁."""
    store = queries.access_check_store(request.viewer, store_id)
    if not actions.pick_invites(viewer=request.viewer, store=store):
        flash(request, _("今天没有合适的人选：近四周都打扰过，或没同意收消息。"))
    return _back(store.public_id)


def invited(request: Asked, invite_id: UUID) -> HttpResponse:
    """邀请了, or 先不打扰."""
    outcome = Outcome.NOT_NOW if request.POST.get("outcome") == Outcome.NOT_NOW else Outcome.INVITED
    try:
        found = actions.invited(viewer=request.viewer, invite_id=invite_id, outcome=outcome)
    except Refused as refused:
        if refused.code == "absent":
            raise
        flash(request, say(refused, request.viewer.language))
        return redirect("champion.today")
    return _back(found.store.public_id)


def _back(store_id: UUID) -> HttpResponse:
    return redirect(f"{reverse('champion.today')}?store={store_id}")
