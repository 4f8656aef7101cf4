"""拼团 from the member's side: the sale, a group's page to send to a neighbour, opening one, joining one."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from tongxin.events.actions import group_buys as actions
from tongxin.events.formats import FORMATS
from tongxin.events.queries import group_buys, sales
from tongxin.events.queries.event_page import event_page
from tongxin.events.rules.channel_policy import Answer, may_enter
from tongxin.faces.asking import Asked
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused

SHOWN = 6


def sale(request: Asked, card: Any, more: dict[str, Any], status: int = 200) -> HttpResponse:
    """The page of a sale; `card` is the event as its page knows it."""
    found = sales.sale_card(request.viewer, card.public_id)
    groups = group_buys.groups_of(request.viewer, card.public_id, limit=SHOWN) if found.together else []
    context = {
        "card": card,
        "sale": found,
        "groups": groups,
        "mine": next((one for one in groups if one.mine), None),
        "percent": _percent(found),
        **_standing(request, card, found),
        **more,
    }
    return render(request, "member/sale.html", context, status=status)


def _standing(request: Asked, card: Any, found: Any) -> dict[str, Any]:
    now = clock.now()
    came_from = (request.POST.get("came_from") or request.GET.get("from") or "")[:24]
    verdict = may_enter(FORMATS[found.format].mechanic, came_from, clock.business_day(now))
    shut = card.shut(now)
    return {
        "now": now,
        "shut": shut,
        "joins": not card.mine and not shut and request.viewer.person is not None,
        "came_from": came_from,
        "barred": verdict.clause if verdict.answer is Answer.FORBIDDEN else "",
        "enter": f"{reverse('enter.door')}?{urlencode({'next': request.path})}",
        "currency": card.currency,
    }


def _percent(found: Any) -> int:
    """How much less than usual, in whole per cents; 0 when that is not said."""
    if found.price_fen is None or found.usual_fen <= found.price_fen:
        return 0
    return round(100 * (found.usual_fen - found.price_fen) / found.usual_fen)


def begin(request: Asked, event_id: UUID) -> HttpResponse:
    """Open a group with a piece of one's own."""
    came_from = request.POST.get("came_from", "")[:24]
    try:
        made = actions.open_group(viewer=request.viewer, event_id=event_id, came_from=came_from)
    except Refused as refused:
        if refused.code in {"absent", "forbidden"}:
            raise
        more = {"fault": say(refused, request.viewer.language)}
        return sale(request, event_page(request.viewer, event_id), more, status_of(refused))
    return redirect("member.group", made.public_id)


def group(request: Asked, group_id: UUID) -> HttpResponse:
    """One group: how many are in, how many it misses, until when. Open to look at; numbers only."""
    return _page(request, group_id, {})


def join(request: Asked, group_id: UUID) -> HttpResponse:
    """Take a piece in it; what was refused is said on the same page."""
    came_from = request.POST.get("came_from", "")[:24]
    try:
        actions.join_group(viewer=request.viewer, group_id=group_id, came_from=came_from)
    except Refused as refused:
        if refused.code in {"absent", "forbidden"}:
            raise
        return _page(request, group_id, {"fault": say(refused, request.viewer.language)}, status_of(refused))
    return redirect("member.group", group_id)


def _page(request: Asked, group_id: UUID, more: dict[str, Any], status: int = 200) -> HttpResponse:
    found = group_buys.group_card(request.viewer, group_id)
    card = event_page(request.viewer, found.event)
    what = sales.sale_card(request.viewer, found.event)
    context = {"group": found, "card": card, "sale": what, **_standing(request, card, what), **more}
    return render(request, "member/group.html", context, status=status)
