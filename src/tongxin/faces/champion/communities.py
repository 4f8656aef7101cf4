"""我的群: the communities a champion keeps, who asks to come in, who is in."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.communities import actions, queries
from tongxin.communities.terms import PARTS, SCENE_LABELS, STAGE_LABELS, WARNED_LABELS, Applied, Scene
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say
from tongxin.foundation.errors import Refused

PAGE = 30


def communities(request: Asked) -> HttpResponse:
    """Each with who came and went this week, and what waits for an answer first."""
    viewer = request.viewer
    context = {
        "rows": [
            (one, STAGE_LABELS[one.stage], [WARNED_LABELS[word] for word in one.warnings])
            for one in queries.communities_for(viewer)
            if one.state == "open"
        ],
        "waiting": queries.applications_for(viewer, limit=PAGE).items,
        "scenes": SCENE_LABELS,
    }
    return render(request, "champion/communities.html", context)


def community(request: Asked, community_id: UUID) -> HttpResponse:
    """Who asks to come in, and who is in, newest first."""
    viewer = request.viewer
    found = queries.members_of(viewer, community_id, limit=PAGE, cursor=request.GET.get("cursor") or None)
    context = {
        "card": queries.community_card(viewer, community_id),
        "waiting": queries.applications_for(viewer, community_id=community_id, limit=PAGE).items,
        "members": [
            (
                one,
                [PARTS[part] for part in (*one.parts, *([one.tenure] if one.tenure else []))],
                SCENE_LABELS[Scene(one.scene)],
            )
            for one in found.items
        ],
        "cursor": found.cursor,
    }
    return render(request, "champion/community.html", context)


def answer(request: Asked, application_id: UUID) -> HttpResponse:
    """Yes, or no with a reason that the applicant reads, at the gate that waits."""
    viewer = request.viewer
    card = queries.application_card(viewer, application_id)
    yes = request.POST.get("answer") == "yes"
    try:
        row = actions.decide(
            viewer=viewer,
            application_id=application_id,
            gate=request.POST.get("gate", ""),
            yes=yes,
            reason=request.POST.get("reason", ""),
        )
    except Refused as refused:
        if refused.code == "absent":
            raise
        flash(request, say(refused, viewer.language))
    else:
        done = row.state == Applied.ADMITTED
        flash(request, _("已加入。") if done else _("答复好了。") if yes else _("已婉拒，对方看得到原因。"))
    return redirect("champion.community", card.community)


def remove(request: Asked, membership_id: UUID) -> HttpResponse:
    """Ask somebody to leave, with a reason that they read."""
    viewer = request.viewer
    try:
        row = actions.remove(
            viewer=viewer, membership_id=membership_id, reason=request.POST.get("reason", "")
        )
    except Refused as refused:
        if refused.code == "absent":
            raise
        flash(request, say(refused, viewer.language))
        return redirect("champion.communities")
    flash(request, _("已请出，对方看得到原因。"))
    return redirect("champion.community", row.community.public_id)
