"""主理人: who they are, whose training is signed, and handing over when one leaves."""

from datetime import date
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.champions import actions, queries
from tongxin.champions.rules import leaving as rules
from tongxin.champions.terms import HANDED_LABELS, HANDERS, TRAINED_LABELS, TRAINERS, Trained
from tongxin.faces.asking import Asked
from tongxin.faces.champion.learning import groups
from tongxin.faces.context import flash
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.stores import queries as stores

PAGE = 40


def champions(request: Asked) -> HttpResponse:
    """Everybody who is champion of a store in reach; those without a signature first."""
    viewer = request.viewer
    region = request.GET.get("region", "")
    wanted = request.GET.get("state", "")
    state = Trained(wanted) if wanted in set(Trained) else None
    everybody = queries.champions_for(viewer, region=region)
    rows = [row for row in everybody if state is None or row.standing.state is state]
    begin = max(0, _number(request.GET.get("from", "")))
    context = {
        "rows": [(row, TRAINED_LABELS[row.standing.state]) for row in rows[begin : begin + PAGE]],
        "following": begin + PAGE if begin + PAGE < len(rows) else None,
        "begin": begin,
        "total": len(everybody),
        "unsigned": sum(row.standing.state is not Trained.SIGNED for row in everybody),
        "tabs": [
            (one, TRAINED_LABELS[one], sum(row.standing.state is one for row in everybody)) for one in Trained
        ],
        "state": state,
        "region": region,
        "regions": stores.regions_for(viewer),
        "handovers": queries.handovers_for(viewer, limit=5).items,
        "signs": bool(viewer.roles & TRAINERS),
        "hands": bool(viewer.roles & HANDERS),
    }
    return render(request, "hq/champions.html", context)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 7 else 0


def sign(request: Asked, account_id: UUID) -> HttpResponse:
    """带教签字."""
    try:
        actions.sign_training(viewer=request.viewer, account_id=account_id)
    except Refused as refused:
        if refused.code == "absent":
            raise
        flash(request, say(refused, request.viewer.language))
    else:
        flash(request, _("签好了。"))
    return redirect("hq.champions")


def leave(request: Asked, grant_id: UUID) -> HttpResponse:
    """What is open, who takes it, which day is the last; a post hands over."""
    fault, status = "", 200
    viewer = request.viewer
    grant = queries.access_leaving(viewer, grant_id)
    if request.method == "POST":
        try:
            made = actions.hand_over(
                viewer=viewer,
                grant_id=grant_id,
                successor_id=request.POST.get("successor") or None,
                last_day=_day(request.POST.get("last_day", "")),
            )
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault, status = say(refused, viewer.language), status_of(refused)
        else:
            flash(request, _("交接好了。清单打印出来，双方签字。"))
            return redirect("hq.handover", made.public_id)
    store = grant.store
    if store is None:
        raise Refused("absent")
    today = queries.today_in(store)
    things = queries.open_things(store, grant.account_id, clock.now())
    context = {
        "grant": grant,
        "store": store,
        "name": queries.name_of(grant.account),
        "counts": [(HANDED_LABELS[kind], n) for kind, n in rules.counted(things).items()],
        "waiting": sum(thing.kind in rules.WAITS for thing in things),
        "heirs": queries.successors_for(viewer, grant),
        "chosen": request.POST.get("successor", ""),
        "last_day": request.POST.get("last_day") or today.isoformat(),
        "soonest": today,
        "fault": fault,
    }
    return render(request, "hq/champion_leave.html", context, status=status)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("input.bad", field=_("最后一天"), reason=_("请选一天。")) from None


def handover(request: Asked, handover_id: UUID) -> HttpResponse:
    """The list of what was handed over."""
    found = queries.access_handover(request.viewer, handover_id)
    line = queries.handover_line(request.viewer, found)
    return render(request, "hq/handover.html", {"line": line, "groups": groups(line)})
