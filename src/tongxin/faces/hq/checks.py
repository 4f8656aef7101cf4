"""体检: the list that stores answer each day, what they could not do and said so, how many days were answered."""

from datetime import date, timedelta
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.champions import actions, queries
from tongxin.champions.queries import Gaps
from tongxin.champions.terms import EDITORS, ITEMS_MOST, SETTLERS
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.stores import queries as stores

PAGE = 30
ROWS = 40
VERSIONS = 24
GAP_WORDS = {
    Gaps.ALL: ("全部", "all"),
    Gaps.NONE: ("一天没做", "not once"),
    Gaps.SOME: ("缺几天", "some days missing"),
    Gaps.FULL: ("天天做了", "every day"),
}


def checks(request: Asked) -> HttpResponse:
    """The list, open noes, and the stores with the most gaps first."""
    fault, status = "", 200
    if request.method == "POST":
        try:
            _publish(request)
        except Refused as refused:
            fault, status = say(refused, request.viewer.language), status_of(refused)
        else:
            flash(request, _("新清单发布了，到日子自动换上。"))
            return redirect("hq.checks")
    viewer = request.viewer
    brand = stores.the_brand()
    today = clock.business_day(clock.now(), brand.zone)
    lists = queries.lists_for(brand)
    held = queries.list_for(brand, today)
    region = request.GET.get("region", "")
    wanted = request.GET.get("gaps", "")
    gaps = Gaps(wanted) if wanted in set(Gaps) else Gaps.ALL
    everything = queries.execution(viewer, region=region)
    rows = [row for row in everything if gaps in {Gaps.ALL, row.state}]
    begin = _begin(request)
    rates = queries.rates(viewer)
    found = queries.concerns_for(viewer, limit=PAGE, cursor=request.GET.get("cursor") or None)
    newest = lists[-1] if lists else held
    typed = request.POST.getlist("zh"), request.POST.getlist("en")
    filled = [(item.zh, item.en) for item in newest.items]
    lines = list(zip(*typed, strict=False)) if fault else filled
    context = {
        "held": held,
        "coming": newest if newest.number != held.number else None,
        "newest": newest.number,
        "fields": [*lines, *[("", "")] * ITEMS_MOST][:ITEMS_MOST],
        "soonest": today + timedelta(days=1),
        "concerns": found.items,
        "cursor": found.cursor,
        "rows": rows[begin : begin + ROWS],
        "begin": begin,
        "following": begin + ROWS if begin + ROWS < len(rows) else None,
        "stores": len(rows),
        "answered": sum(row.answered for row in everything),
        "due": sum(row.due for row in everything),
        "gaps": gaps,
        "tabs": [
            (
                one,
                GAP_WORDS[one],
                len(everything) if one is Gaps.ALL else sum(row.state is one for row in everything),
            )
            for one in Gaps
        ],
        "region": region,
        "regions": stores.regions_for(viewer),
        "rates": rates,
        "versions": rates.versions[:VERSIONS],
        "edits": bool(viewer.roles & EDITORS),
        "settles": bool(viewer.roles & SETTLERS),
        "fault": fault,
    }
    return render(request, "hq/checks.html", context, status=status)


def _begin(request: Asked) -> int:
    text = request.GET.get("from", "")
    return int(text) if text.isdecimal() and len(text) < 7 else 0


def _publish(request: Asked) -> None:
    form = request.POST
    words = zip(form.getlist("zh"), form.getlist("en"), strict=False)
    try:
        since = date.fromisoformat(form.get("since", ""))
    except ValueError:
        raise Refused("input.bad", field=_("从哪天起"), reason=_("请选一天。")) from None
    expected = form.get("expected", "")
    actions.publish_list(
        viewer=request.viewer,
        items=[(zh, en) for zh, en in words if zh.strip()],
        since=since,
        expected=int(expected) if expected.isdecimal() else None,
    )


def reply(request: Asked, answer_id: UUID) -> HttpResponse:
    """What headquarters says to a no."""
    try:
        actions.settle_concern(
            viewer=request.viewer, answer_id=answer_id, reply=request.POST.get("reply", "")
        )
    except Refused as refused:
        if refused.code == "absent":
            raise
        flash(request, say(refused, request.viewer.language))
    else:
        flash(request, _("答复记下了，门店会看到。"))
    return redirect("hq.checks")
