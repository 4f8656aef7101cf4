"""整个系列的报名: who takes all dates of a series, how much of it is used; one granted by hand, one given back."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.events.actions import give_back_pass, take_pass
from tongxin.events.queries import pass_uses, passes
from tongxin.events.queries.series import access_series
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.organise.frame import framed
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import money
from tongxin.foundation.access import Verb
from tongxin.foundation.errors import Refused
from tongxin.people import queries as people

FOUND = 8


def listing(request: Asked, series_id: UUID) -> HttpResponse:
    """Who holds a pass; finding somebody, and taking one for them. What is looked for travels in the form, never in an address."""
    viewer = request.viewer
    series = access_series(viewer, series_id, Verb.CHANGE)
    step, text = request.POST.get("step", ""), request.POST.get("q", "").strip()
    found: tuple[Any, ...] = ()
    fault, status = "", 200
    if step == "take":
        try:
            person = people.access_customer(viewer, request.POST.get("member", ""), Verb.CHANGE)
            take_pass(viewer=viewer, series_id=series_id, person=person.pk, channel="manual")
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault, status = say(refused, viewer.language), status_of(refused)
        else:
            flash(request, _("报好了，前面的每一场都有位子。"))
            return redirect("organise.passes", series_id)
    if text:
        found = tuple(people.search_customers(viewer, text, limit=FOUND).items)
    offer = passes.pass_offer(viewer, series_id)
    context = {
        "series": series,
        "uses": pass_uses.pass_uses(viewer, series_id),
        "offer": offer,
        "fee_said": money.show(offer.fee_fen, series.store.brand.currency),
        "scarce": min((line.left for line in offer.dates), default=0),
        "found": found,
        "text": text,
        "looked": step == "find",
        "fault": fault,
    }
    back = reverse("organise.one_series", args=[series_id])
    return framed(
        request, "organise/passes.html", context, heading=_("整个系列的报名"), back=back, status=status
    )


def back(request: Asked, pass_id: UUID) -> HttpResponse:
    """Give the dates that are still ahead back for somebody."""
    held = passes.access_pass(request.viewer, pass_id)
    n = give_back_pass(
        viewer=request.viewer, pass_id=pass_id, reason=request.POST.get("reason", "").strip()[:200]
    )
    flash(request, _("退了 {n} 场，位子让给别人。").format(n=n))
    return redirect("organise.passes", held.series.public_id)
