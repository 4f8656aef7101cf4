"""提议: rituals that members would like to host, waiting for a yes or a no in a sentence."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.events.actions import rituals
from tongxin.events.formats import FORMATS
from tongxin.events.queries import rituals as queries
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.event_form import PLACE_MOST
from tongxin.faces.forms import Field, Form, at
from tongxin.faces.organise.frame import event_page, framed
from tongxin.foundation.errors import Refused
from tongxin.people import queries as people

PAGE = 30
WHERE = {"events.past_start": "day", "events.clash": "time", "events.format": "place"}


def listing(request: Asked) -> HttpResponse:
    """What waits for an answer, oldest first."""
    found = queries.proposals_to_answer(request.viewer, limit=PAGE, cursor=request.GET.get("cursor") or None)
    context = {"lines": [_line(one) for one in found.items], "cursor": found.cursor}
    return framed(request, "organise/proposals.html", context, heading=_("提议"))


def _line(one: Any) -> tuple[Any, tuple[str, str], str]:
    known = FORMATS.get(one.format)
    return one, (known.zh, known.en) if known else (one.format, one.format), one.person.nickname


def one(request: Asked, proposal_id: UUID) -> HttpResponse:
    """One proposal: yes with a day and a place, or no with a sentence. The member reads either."""
    viewer = request.viewer
    found = queries.access_proposal(viewer, proposal_id, deciding=True)
    form, no, status = _yes(found), _no(), 200
    if request.method == "POST":
        yes = request.POST.get("answer") == "yes"
        asked = form if yes else no
        asked.typed = request.POST
        try:
            done = _approve(request, found, form) if yes else _decline(request, found, no)
        except Refused as refused:
            status = asked.refuse(refused, viewer.language, WHERE)
        else:
            return redirect(done)
    context = {
        "found": found,
        "form": form,
        "no": no,
        "label": _line(found)[1],
        "name": found.person.nickname,
        "member": people.person_card(viewer, found.person.public_id),
        "event": event_page(request, found.occurrence.public_id) if found.occurrence else "",
    }
    back = reverse("organise.proposals")
    return framed(request, "organise/proposal.html", context, heading=found.title, back=back, status=status)


def _yes(found: Any) -> Form:
    local = found.wished_at.astimezone(
        at(found.wished_at.date(), found.wished_at.time(), found.store.zone).tzinfo
    )
    return Form(
        (
            (
                Field("day", _("日期"), "day", needed=True, start=local.date().isoformat()),
                Field("time", _("几点"), "time", needed=True, start=f"{local:%H:%M}"),
            ),
            (
                Field("places", _("名额"), "number", needed=True, least=1, most=100, start=found.places),
                Field("place", _("店里哪儿"), most=PLACE_MOST),
            ),
            Field("words", _("跟 TA 说一句"), most=rituals.ANSWER_MOST, hint=_("会和好消息一起发给 TA。")),
        )
    )


def _no() -> Form:
    reason = Field(
        "why", _("为什么这次不办"), needed=True, most=rituals.ANSWER_MOST, hint=_("一句话就好，TA 会看到。")
    )
    return Form((reason,))


def _approve(request: Asked, found: Any, form: Form) -> str:
    given = form.read()
    made = rituals.approve_ritual(
        viewer=request.viewer,
        proposal_id=found.public_id,
        starts_at=at(given["day"], given["time"], found.store.zone),
        places=given["places"],
        place=given["place"],
        answer=given["words"],
    )
    flash(request, _("说定了，草稿排好了。看一眼再发布。"))
    return event_page(request, made.public_id)


def _decline(request: Asked, found: Any, form: Form) -> str:
    rituals.decline_ritual(viewer=request.viewer, proposal_id=found.public_id, answer=form.read()["why"])
    flash(request, _("答复了，TA 会看到你的话。"))
    return reverse("organise.proposals")
