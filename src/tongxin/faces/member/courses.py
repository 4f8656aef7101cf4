"""A whole series in one act: its dates, what they cost together, all of them or the ones somebody picks."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.events.actions import give_back_pass, take_pass
from tongxin.events.queries import pass_uses, passes
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say, status_of
from tongxin.foundation.errors import Refused

MOST = 60


def course(request: Asked, series_id: UUID) -> HttpResponse:
    """The dates that can still be joined. Open to look at; to take them one signs in."""
    return _page(request, series_id, {})


def take(request: Asked, series_id: UUID) -> HttpResponse:
    """All the picked dates, or none: what was refused is said on the same page, with what was picked."""
    picked = request.POST.getlist("event")[:MOST]
    try:
        take_pass(viewer=request.viewer, series_id=series_id, events=_events(picked))
    except Refused as refused:
        if refused.code in {"absent", "forbidden"}:
            raise
        more = {
            "fault": say(refused, request.viewer.language),
            "picked": set(picked),
            "full": set(refused.data.get("events", ())),
        }
        return _page(request, series_id, more, status_of(refused))
    flash(request, _("报好了，每一场都给你留着位子。"))
    return redirect("member.events")


def _page(request: Asked, series_id: UUID, more: dict[str, Any], status: int = 200) -> HttpResponse:
    viewer = request.viewer
    offer = passes.pass_offer(viewer, series_id)
    held = pass_uses.dates_held(viewer, [line.occurrence.pk for line in offer.dates])
    free = [line for line in offer.dates if line.occurrence.pk not in held]
    context = {
        "offer": offer,
        "held": held,
        "free": free,
        "free_fen": sum(line.occurrence.fee_fen for line in free),
        "fees": offer.fee_fen > 0,
        "joins": viewer.person is not None and bool(free),
        "first": offer.dates[0].occurrence if offer.dates else None,
        "enter": f"{reverse('enter.door')}?{urlencode({'next': request.path})}",
        "picked": {str(line.occurrence.public_id) for line in free if line.left > 0},
        **more,
    }
    return render(request, "member/course.html", context, status=status)


def back(request: Asked, pass_id: UUID) -> HttpResponse:
    """Give the dates that are still ahead back."""
    n = give_back_pass(viewer=request.viewer, pass_id=pass_id)
    flash(request, _("退了 {n} 场，位子会让给别人。").format(n=n))
    return redirect("member.events")


def _events(picked: list[str]) -> list[UUID]:
    if not picked:
        raise Refused("input.bad", field=_("场次"), reason=_("至少选一场。"))
    try:
        return [UUID(one) for one in picked]
    except ValueError:
        raise Refused("absent") from None
