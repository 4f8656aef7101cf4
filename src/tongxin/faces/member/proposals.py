"""提议: a member would like to host something; the store's champion answers."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.events.actions import rituals
from tongxin.events.actions.rituals import ProposalIn
from tongxin.events.formats import FORMATS
from tongxin.events.queries import rituals as queries
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.forms import Field, Form, at
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.people import queries as people

WHERE = {"events.past_start": "day", "events.waiting_for_answer": "title", "events.format": "format"}
MINUTES = (30, 60, 90, 120, 180)


def proposals(request: Asked) -> HttpResponse:
    """One's own proposals with their answers, and the form of the next."""
    viewer = request.viewer
    home = people.me(viewer).home_store
    form, status = _form(), 200
    if request.method == "POST":
        form.typed = request.POST
        try:
            _propose(request, home, form.read())
        except Refused as refused:
            status = form.refuse(refused, viewer.language, WHERE)
        else:
            flash(request, _("收到了，主理人看过就回你。"))
            return redirect("member.proposals")
    mine = queries.my_proposals(viewer)
    context = {
        "lines": [(one, _label(one.format)) for one in mine],
        "waiting": any(one.answered_at is None for one in mine),
        "home": home,
        "form": form,
    }
    return render(request, "member/proposals.html", context, status=status)


def _label(code: str) -> tuple[str, str]:
    known = FORMATS.get(code)
    return (known.zh, known.en) if known else (code, code)


def _form() -> Form:
    day = clock.business_day(clock.now()) + timedelta(days=14)
    hosted = tuple((code, (one.zh, one.en)) for code, one in FORMATS.items() if one.member_hosted)
    lasts = tuple((str(n), _("{n} 分钟").format(n=n)) for n in MINUTES)
    return Form(
        (
            Field("format", _("做什么"), "choice", needed=True, options=hosted),
            Field("title", _("起个名字"), needed=True, most=rituals.TITLE_MOST),
            (
                Field("day", _("想在哪天"), "day", needed=True, start=day.isoformat()),
                Field("time", _("几点"), "time", needed=True, start="15:00"),
            ),
            (
                Field("minutes", _("多久"), "choice", needed=True, options=lasts, start="60"),
                Field(
                    "places",
                    _("几个人合适"),
                    "number",
                    needed=True,
                    least=1,
                    most=rituals.PLACES_MOST,
                    start="8",
                ),
            ),
            Field("words", _("想怎么带（选填）"), "long", most=rituals.WORDS_MOST),
        )
    )


def _propose(request: Asked, home: Any, given: dict[str, Any]) -> None:
    if home is None:
        raise Refused("absent")
    wish = ProposalIn(
        format=given["format"],
        title=given["title"],
        wished_at=at(given["day"], given["time"], home.zone),
        minutes=int(given["minutes"]),
        places=given["places"],
        words=given["words"],
    )
    rituals.propose_ritual(viewer=request.viewer, store=home, proposal=wish)
