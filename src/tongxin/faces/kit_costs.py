"""实际花费: what the materials of an event came to beside the plan, written down by the store or by headquarters."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.events.queries import listing
from tongxin.faces.asking import Asked
from tongxin.faces.context import DECIDES, WORKS_WITH_PEOPLE, flash
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import money
from tongxin.foundation.errors import Refused
from tongxin.kits import actions, queries
from tongxin.kits.actions import Spent

ROOM = "events"
MOST = 1_000_000  # of a material, in its unit


def at_headquarters(request: Asked, event_id: UUID) -> HttpResponse:
    """The bill of an event on a wide page."""
    return _page(request, event_id, "hq/event_costs.html", "hq.event.costs", DECIDES)


def at_the_store(request: Asked, event_id: UUID) -> HttpResponse:
    """The same on the champion's phone."""
    return _page(request, event_id, "champion/event_costs.html", "champion.event.costs", WORKS_WITH_PEOPLE)


def _page(request: Asked, event_id: UUID, template: str, route: str, writers: frozenset[Any]) -> HttpResponse:
    viewer, fault, status = request.viewer, "", 200
    if request.method == "POST":
        try:
            actions.record_costs(viewer=viewer, room=ROOM, key=str(event_id), spent=_spent(request))
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault, status = say(refused, viewer.language), status_of(refused)
        else:
            flash(request, _("花费记好了。"))
            return redirect(route, event_id)
    bill = queries.bill_of(viewer, ROOM, str(event_id))
    context = {
        "line": listing.one_line(viewer, event_id),
        "bill": bill,
        "rows": [
            (
                one,
                request.POST.get(f"{one.key}.quantity", "" if one.used is None else str(one.used)),
                request.POST.get(
                    f"{one.key}.yuan", "" if one.actual_fen is None else money.plain(one.actual_fen)
                ),
            )
            for one in bill.lines
        ],
        "writes": bool(viewer.roles & writers),
        "fault": fault,
        "under": "hq.events",
        "route": route,
    }
    return render(request, template, context, status=status)


def _spent(request: Asked) -> list[Spent]:
    """What was typed; a material with both fields empty is left as it is."""
    found = []
    for name in request.POST:
        key, dot, what = name.rpartition(".")
        if not dot or what != "quantity":
            continue
        quantity, yuan = request.POST[name].strip(), request.POST.get(f"{key}.yuan", "").strip()
        if quantity or yuan:
            found.append(Spent(key, _number(quantity or "0"), _money(yuan or "0")))
    return found


def _money(said: str) -> int:
    try:
        return money.parse(said)
    except ValueError:
        raise Refused("input.bad", field=_("花了多少钱"), reason=_("要填数字")) from None


def _number(said: str) -> int:
    if not (said.isascii() and said.isdecimal()) or int(said) > MOST:
        raise Refused("input.bad", field=_("用量"), reason=_("要填数字"))
    return int(said)
