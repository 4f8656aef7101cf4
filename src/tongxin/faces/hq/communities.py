"""社群: what each helps people get done, its gates, rules, parts and containers, and where in its life it is."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.communities import actions, queries
from tongxin.communities.actions import CommunityIn
from tongxin.communities.terms import (
    EDITORS,
    PARTS,
    PURPOSE_FIELDS,
    STAGE_LABELS,
    STATE_LABELS,
    WARNED_LABELS,
)
from tongxin.faces import pictures
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say, status_of
from tongxin.foundation.errors import Refused
from tongxin.stores import queries as stores


def communities(request: Asked) -> HttpResponse:
    """The list, and the beginning of another."""
    viewer = request.viewer
    fault, status = "", 200
    if request.method == "POST":
        try:
            made = _found(request)
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault, status = say(refused, viewer.language), status_of(refused)
        else:
            flash(request, _("筹备好了，写完群规就能开放。"))
            return redirect("hq.community", made.public_id)
    context = {
        "rows": [
            (one, STATE_LABELS[one.state], STAGE_LABELS[one.stage], [WARNED_LABELS[w] for w in one.warnings])
            for one in queries.communities_for(viewer)
        ],
        "may": bool(viewer.roles & EDITORS),
        "everywhere": viewer.reaches(None, EDITORS),
        "stores": stores.stores_for(viewer, unsorted=False) if viewer.roles & EDITORS else [],
        "fields": [(key, label, request.POST.get(key, "")) for key, label in PURPOSE_FIELDS.items()],
        "typed": request.POST,
        "fault": fault,
    }
    return render(request, "hq/communities.html", context, status=status)


def _found(request: Asked) -> Any:
    chosen = request.POST.get("store", "")
    shop = stores.access_store(request.viewer, chosen, roles=EDITORS) if chosen else None
    return actions.found(
        viewer=request.viewer,
        store=shop,
        community=CommunityIn(
            name=request.POST.get("name", ""),
            slogan=request.POST.get("slogan", ""),
            purpose={key: request.POST.get(key, "") for key in PURPOSE_FIELDS},
        ),
    )


def community(request: Asked, community_id: UUID) -> HttpResponse:
    """One community in full; a post publishes rules, opens it or closes it."""
    viewer = request.viewer
    fault, status = "", 200
    if request.method == "POST":
        try:
            flash(request, _act(request, community_id))
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault, status = say(refused, viewer.language), status_of(refused)
        else:
            return redirect("hq.community", community_id)
    card = queries.community_card(viewer, community_id)
    context = {
        "card": card,
        "state": STATE_LABELS[card.state],
        "stage": STAGE_LABELS[card.stage],
        "warnings": [WARNED_LABELS[word] for word in card.warnings],
        "purpose": [(label, card.purpose[key]) for key, label in PURPOSE_FIELDS.items() if key != "wants"],
        "missing": [(PARTS[part].zh, PARTS[part].en) for part in card.mix.missing],
        "life": pictures.spark([day.stock for day in card.days]) if len(card.days) > 1 else None,
        "days": card.days[-14:][::-1],
        "may": viewer.reaches(_place(viewer, card), EDITORS),
        "fault": fault,
    }
    return render(request, "hq/community.html", context, status=status)


def _place(viewer: Any, card: Any) -> int | None:
    return None if card.store is None else stores.access_store(viewer, card.store).pk


def _act(request: Asked, community_id: UUID) -> str:
    step = request.POST.get("step", "")
    if step == "open":
        actions.open_up(viewer=request.viewer, community_id=community_id)
        return _("已开放，会员看得到了。")
    if step == "close":
        actions.close(viewer=request.viewer, community_id=community_id, reason=request.POST.get("reason", ""))
        return _("已关闭，成员都收到了说明。")
    actions.publish_rules(
        viewer=request.viewer,
        community_id=community_id,
        lines=request.POST.get("lines", "").splitlines(),
        mandatory=request.POST.get("mandatory", "yes") == "yes",
        note=request.POST.get("note", ""),
    )
    return _("新群规已发布，成员会收到提醒。")
