"""我的群: the communities a champion keeps, who asks to come in, who is in."""

from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.communities import actions, queries
from tongxin.communities.rules.waking import QUIET, Quiet
from tongxin.communities.terms import PARTS, SCENE_LABELS, STAGE_LABELS, WARNED_LABELS, Applied, Scene
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach.queries import wecom

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
        "wecom": wecom.groups_for(viewer),
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
        "quiet": queries.dormant_members(viewer, community_id),
        "quiet_words": [(state.value, QUIET[state]) for state in Quiet],
        "pairs": [(one.id, one.name) for one in found.items],
    }
    return render(request, "champion/community.html", context)


def tend(request: Asked, community_id: UUID) -> HttpResponse:
    """What keeps a community warm: a plan for the quiet, an introduction, a buddy for somebody new."""
    viewer, form = request.viewer, request.POST
    try:
        said = _tended(viewer, community_id, form)
    except Refused as refused:
        if refused.code == "absent":
            raise
        said = say(refused, viewer.language)
    flash(request, said)
    return redirect("champion.community", community_id)


def _tended(viewer: Viewer, community_id: UUID, form: QueryDict) -> str:
    step = form.get("step", "")
    if step == "wake":
        state = form.get("state", "")
        actions.plan_waking(
            viewer=viewer,
            community_id=community_id,
            state=Quiet(state) if state in set(Quiet) else Quiet.DORMANT,
            text=form.get("text", ""),
        )
        return _("唤醒计划起草好了，到触达里批准；随机留出的人不会收到。")
    one, other = _uuid(form.get("one", "")), _uuid(form.get("other", ""))
    if step == "buddy":
        actions.give_buddy(viewer=viewer, newcomer_id=one, buddy_id=other)
        return _("安排好了，带新人的伙伴已收到消息。")
    actions.introduce(viewer=viewer, one_id=one, other_id=other, about=form.get("about", ""))
    return _("两位都收到了介绍。")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("absent") from None


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
