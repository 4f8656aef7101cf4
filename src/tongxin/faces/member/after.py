"""After an event, for who came: one score, the photos in which one is seen, and taking them back in one tap."""

import json
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.events import actions, queries
from tongxin.events.terms_after import PHOTO_STATE_LABELS, SCORE_MOST, USES, WORDS_MOST, PhotoState
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused


def survey(request: Asked, invite_id: UUID) -> HttpResponse:
    """A score from 0 to 10, a sentence if one likes; two taps."""
    fault, status = "", 200
    if request.method == "POST":
        score = request.POST.get("score", "")
        try:
            actions.answer_survey(
                viewer=request.viewer,
                invite_id=invite_id,
                score=int(score) if score.isascii() and score.isdecimal() else -1,
                words=request.POST.get("words", ""),
            )
        except Refused as refused:
            if refused.code in {"absent", "forbidden"}:
                raise
            fault, status = say(refused, request.viewer.language), status_of(refused)
        else:
            flash(request, _("收到了，谢谢你。"))
            return redirect("member.survey", invite_id)
    found = queries.my_survey(request.viewer, invite_id)
    context = {
        "found": found,
        "open": found.open_at(clock.now()),
        "scores": range(SCORE_MOST + 1),
        "most": WORDS_MOST,
        "fault": fault,
        "typed": request.POST,
    }
    return render(request, "member/survey.html", context, status=status)


def document(request: Asked, event_id: UUID) -> HttpResponse:
    """The published draw of a survey, as the checker takes it. Refuses `absent` before it is published."""
    found = queries.survey_document(request.viewer, event_id)
    reply = HttpResponse(
        json.dumps(found, ensure_ascii=False, indent=2), content_type="application/json; charset=utf-8"
    )
    reply["Content-Disposition"] = f'attachment; filename="survey-{event_id}.json"'
    return reply


def photos(request: Asked, fault: str = "", status: int = 200) -> HttpResponse:
    """Where one is seen, and what one has agreed to, use by use."""
    context: dict[str, Any] = {
        "photos": queries.my_photos(request.viewer),
        "words": {use: PHOTO_STATE_LABELS[use] for use in USES},
        "states": PHOTO_STATE_LABELS,
        "fault": fault,
    }
    return render(request, "member/photos.html", context, status=status)


def answer(request: Asked, photo_id: UUID) -> HttpResponse:
    """Yes or no to one use of one photo; for a child as its guardian."""
    form = request.POST
    companion = form.get("companion", "")
    try:
        use = PhotoState(form.get("use", ""))
        child = UUID(companion) if companion else None
    except ValueError:
        raise Refused("absent") from None
    granted = form.get("granted") == "yes"
    try:
        actions.answer_photo(
            viewer=request.viewer, photo_id=photo_id, use=use, granted=granted, companion=child
        )
    except Refused as refused:
        if refused.code in {"absent", "forbidden"}:
            raise
        return photos(request, say(refused, request.viewer.language), status_of(refused))
    flash(request, _("记下了。") if granted else _("收回了，马上生效。"))
    return redirect("member.photos")


def withdraw(request: Asked) -> HttpResponse:
    """One tap: none of them any more."""
    n = actions.withdraw_photos(viewer=request.viewer)
    flash(request, _("全部收回了，{n} 张照片已经撤下。").format(n=n))
    return redirect("member.photos")


def before(request: Asked, event_id: UUID) -> dict[str, Any]:
    """What it shows beforehand: photos of other events that somebody put there."""
    return {"wall": queries.wall(request.viewer, event_id), "ahead": True}


def came(request: Asked, event_id: UUID) -> dict[str, Any]:
    """What an event's page shows once it is over: the group for those who came, the question to who was drawn, the wall."""
    viewer = request.viewer
    asked = queries.asked_about(viewer, event_id) if viewer.person is not None else None
    return {
        "group": queries.my_followup(viewer, event_id),
        "asked": asked if asked is not None and asked.open_at(clock.now()) else None,
        "wall": queries.wall(viewer, event_id),
    }
