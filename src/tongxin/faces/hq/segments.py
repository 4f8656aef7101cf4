"""人群: rules that can be read aloud, counted as they are written, kept under a name."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say, status_of
from tongxin.foundation.errors import Refused
from tongxin.measure import actions, queries
from tongxin.measure.queries.segments import WRITERS
from tongxin.measure.segments.words import FIELDS, WINDOWS
from tongxin.rings.terms import Ring
from tongxin.stores import queries as stores

EXAMPLES = (
    "天数(91) >= 4 且 到场(91) >= 1",
    "没来 > 60 且 到场(365) >= 2",
    "购买(91) >= 6 且 非 到场(182) >= 1",
)


def segments(request: Asked) -> HttpResponse:
    """The list and the desk: `?rule=` counts, a post keeps the rule or puts a segment away."""
    viewer = request.viewer
    fault, status = "", 200
    if request.method == "POST":
        try:
            where = _act(request)
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault, status = say(refused, viewer.language), status_of(refused)
        else:
            return redirect(where)
    rule, chosen = _rule(request)
    found, sample = None, []
    if rule and not fault:
        try:
            found = queries.preview_segment(viewer, rule)
            sample = queries.segment_people(viewer, rule)
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault, status = say(refused, viewer.language), 200
    context = {
        "lines": queries.segments(viewer),
        "rule": rule,
        "chosen": chosen,
        "found": found,
        "said": "" if found is None else found.said_en if viewer.language == "en" else found.said_zh,
        "rings": [] if found is None else [(Ring(name), n) for name, n in found.by_ring.items()],
        "sample": sample,
        "fields": FIELDS,
        "windows": WINDOWS,
        "examples": EXAMPLES,
        "may_write": bool(viewer.roles & WRITERS),
        "everywhere": viewer.reaches(None, WRITERS),
        "stores": stores.stores_for(viewer)[:200] if viewer.roles & WRITERS else [],
        "fault": fault,
        "name": request.POST.get("name", "") or (chosen.name if chosen else ""),
    }
    return render(request, "hq/segments.html", context, status=status)


def _rule(request: Asked) -> tuple[str, Any]:
    """The rule on the desk: typed, or that of a kept segment."""
    if request.method == "POST":
        return request.POST.get("rule", "").strip(), None
    key = request.GET.get("segment", "")
    if key:
        card = queries.segment_card(request.viewer, key)
        return request.GET.get("rule", "").strip() or card.rule, card
    return request.GET.get("rule", "").strip(), None


def _act(request: Asked) -> str:
    form, viewer = request.POST, request.viewer
    if form.get("step") == "archive":
        actions.archive_segment(viewer=viewer, segment=form.get("segment", ""))
        flash(request, _("已停用。"))
        return reverse("hq.segments")
    shop = form.get("store", "")
    made = actions.save_segment(
        viewer=viewer,
        name=form.get("name", ""),
        rule=form.get("rule", ""),
        segment=form.get("segment") or None,
        store=stores.access_store(viewer, shop) if shop else None,
    )
    flash(request, _("「{name}」已保存，可以选作触达的对象。").format(name=made.name))
    return f"{reverse('hq.segments')}?segment={made.public_id}"
