"""我的社群: what one is in, what is open, the page of one, the way in and out. No word about stages, rings or figures of growth."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.communities import actions, queries
from tongxin.communities.terms import FIRST_WEEK, FirstStep, Scene
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.voices import queries as voices

SAID = 3  # posts on the page of a community
SHARED_LABELS = {
    "values": ("我们看重", "what we care about"),
    "goals": ("一起想做到", "what we aim for"),
    "needs": ("常聊的难处", "what we struggle with"),
    "interests": ("爱聊的", "what we like to talk about"),
}


def communities(request: Asked) -> HttpResponse:
    """One's own first, then what can be joined."""
    viewer = request.viewer
    mine = queries.my_communities(viewer)
    inside = {one.id for one in mine}
    context = {
        "mine": mine,
        "others": [one for one in queries.open_communities(viewer) if one.id not in inside],
    }
    return render(request, "member/communities.html", context)


def community(request: Asked, community_id: UUID, *, fault: str = "", status: int = 200) -> HttpResponse:
    """The page of one community: what it helps with, who is there, the rules, and the next step."""
    page = queries.community_page(request.viewer, community_id)
    mine = page.mine
    inside = mine.membership is not None and not mine.paused
    context = {
        "posts": _posts(request, community_id, inside=inside),
        "inside": inside,
        "page": page,
        "mine": mine,
        "shared": [(label, page.shared.get(key, ())) for key, label in SHARED_LABELS.items()],
        "week": [(one, FIRST_WEEK[one.step][:2]) for one in mine.week],
        "gathered": all(one.done for one in mine.week),
        "yours": [one for one in mine.steps if one.standing == "yours" and one.gate != "rules"],
        "ask_solved": mine.membership is not None
        and not mine.paused
        and bool(page.purpose.get("wants"))
        and queries.solved_open(request.viewer, community_id),
        "asks": any(one.asks for one in mine.steps if one.standing == "yours"),
        "shown_at": clock.now().isoformat(),
        "enter": f"{reverse('enter.door')}?{urlencode({'next': request.path})}",
        "joins": request.viewer.person is not None and page.state == "open",
        "came_from": request.POST.get("from") or request.GET.get("from", ""),
        "fault": fault,
        "typed": request.POST,
    }
    return render(request, "member/community.html", context, status=status)


def _posts(request: Asked, community_id: UUID, *, inside: bool) -> tuple[Any, ...]:
    """The newest of what is said inside; to others what its authors show outside."""
    if inside:
        return voices.feed(request.viewer, community_id, limit=SAID).items
    return voices.public_feed(request.viewer, community_id, limit=SAID).items


def emblem(request: Asked, community_id: UUID) -> FileResponse:
    """The picture of a community, for whoever may see its page. Refuses `absent` where there is none."""
    found = queries.emblem_file(request.viewer, community_id)
    return FileResponse(found.path.open("rb"), content_type=found.content_type)


def join(request: Asked, community_id: UUID) -> HttpResponse:
    """One form for the whole way in: the answers, the rules; or look again, or take it back."""
    viewer = request.viewer
    do = request.POST.get("do", "")
    page = queries.community_page(viewer, community_id)
    try:
        if do == "withdraw" and page.mine.application is not None:
            actions.withdraw(viewer=viewer, application_id=page.mine.application)
            flash(request, _("已撤回，说过的都删了。"))
        else:
            actions.apply(
                viewer=viewer,
                community_id=community_id,
                answers=_answers(request),
                invitation=_code(request),
                scene=_scene(request),
                accepts=_accepts(request),
            )
            done = queries.community_page(viewer, community_id).mine.membership is not None
            flash(request, _("欢迎加入。") if done else _("收到了，下面看得见走到哪一步。"))
    except Refused as refused:
        if refused.code == "absent":
            raise
        return community(
            request, community_id, fault=say(refused, viewer.language), status=status_of(refused)
        )
    return redirect("member.community", community_id)


def _answers(request: Asked) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for key in request.POST:
        value = request.POST.get(key, "")
        kind, _dot, rest = key.partition(".")
        gate, _dot, name = rest.partition(".")
        if kind == "a" and name and gate != "invitation" and value.strip():
            found.setdefault(gate, {})[name] = value.strip()
    return found


def _code(request: Asked) -> UUID | None:
    text = request.POST.get("a.invitation.code", "").strip()
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise Refused("communities.invitation_gone") from None


def _scene(request: Asked) -> Scene:
    wanted = request.POST.get("from", "")
    return Scene(wanted) if wanted in {Scene.EVENT, Scene.POSTER} else Scene.PAGE


def _accepts(request: Asked) -> tuple[int, datetime] | None:
    """The version that was ticked and when the page showed it."""
    number, shown = request.POST.get("accept", ""), request.POST.get("shown_at", "")
    if not (number.isdecimal() and len(number) < 6):
        return None
    try:
        at = datetime.fromisoformat(shown)
    except ValueError:
        raise Refused("communities.rules_unseen") from None
    if at.tzinfo is None:
        raise Refused("communities.rules_unseen")
    return int(number), at


def act(request: Asked, community_id: UUID) -> HttpResponse:
    """What members do here: accept the newest rules, say hello, tick a step, invite, answer an introduction, go."""
    viewer = request.viewer
    step = request.POST.get("step", "")
    try:
        said = _act(request, viewer, community_id, step)
    except Refused as refused:
        if refused.code == "absent":
            raise
        return community(
            request, community_id, fault=say(refused, viewer.language), status=status_of(refused)
        )
    flash(request, said)
    return redirect(
        "member.communities" if step == "leave" else "member.community", *_where(step, community_id)
    )


def _where(step: str, community_id: UUID) -> tuple[Any, ...]:
    return () if step == "leave" else (community_id,)


def _act(request: Asked, viewer: Any, community_id: UUID, step: str) -> str:
    if step == "leave":
        actions.leave(viewer=viewer, community_id=community_id)
        return _("已离开，随时可以再来。")
    if step == "accept":
        accepted = _accepts(request)
        if accepted is None:
            raise Refused("communities.rules_unseen")
        actions.accept_rules(
            viewer=viewer, community_id=community_id, number=accepted[0], shown_at=accepted[1]
        )
        return _("谢谢，一切照旧。")
    if step == "solved":
        actions.say_solved(
            viewer=viewer, community_id=community_id, solved=request.POST.get("solved") == "yes"
        )
        return _("谢谢，下个月再问你。")
    if step == "invite":
        made = actions.invite(viewer=viewer, community_id=community_id)
        return _("邀请码：{code}，30 天内一位朋友可用。").format(code=made.public_id)
    if step == "met":
        actions.answer_introduction(
            viewer=viewer,
            introduction_id=_uuid(request.POST.get("introduction", "")),
            met=request.POST.get("met") == "yes",
        )
        return _("记下了。")
    if step in set(FirstStep):
        actions.do_step(viewer=viewer, community_id=community_id, step=FirstStep(step))
        return _("记下了。")
    actions.say_hello(
        viewer=viewer,
        community_id=community_id,
        hello=request.POST.get("hello", ""),
        interests=request.POST.getlist("interest"),
    )
    return _("大家看得到了。")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("absent") from None
