"""The member's pages: the fire, oneself, the notice. No word about rings, bars or ladders."""

import json
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongxin.amplify import queries as amplify
from tongxin.events.queries import listing, member
from tongxin.faces import entrance, pictures, till
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.member import talk
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.people import actions, queries
from tongxin.people.terms import CHANNEL_LABELS, Purpose
from tongxin.rings import actions as rings
from tongxin.rings import queries as ring_queries
from tongxin.rings.terms import Ring
from tongxin.voices import queries as voices
from tongxin.voices.queries import challenges

NOTICE = "2026-01"
LATELY = 8
AHEAD = 2
NAME_MOST = 20
TOGETHER = 2  # challenges on the home page
SAID = 6  # posts on the home page
# What each purpose means for the person, in their words.
PLAIN: dict[Purpose, Any] = {
    Purpose.RUN_EVENT: gettext_lazy("报名、签到、通知变更要用到。"),
    Purpose.GROUP_MESSAGE: gettext_lazy("只发你参加的社群和活动，随时可以停。"),
    Purpose.PERSONALISATION: gettext_lazy("按你参与的活动，推荐合适的下一场。"),
    Purpose.MEASUREMENT: gettext_lazy("你的数据只进总数，不会单独看。关掉后两边都不算你。"),
    Purpose.PHOTO: gettext_lazy("活动照片里有你时，可以放在社群里。"),
    Purpose.PARTNER: gettext_lazy("只在你点头时，给合作方必要的信息。"),
}
# What a ring gives, said as what one enjoys.
ENJOY: dict[Ring, tuple[Any, ...]] = {
    Ring.OUTER: (gettext_lazy("门店的公开活动，随时来"), gettext_lazy("社群里的问答，随便看")),
    Ring.MIDDLE: (gettext_lazy("会员课和主题社群，优先留位"), gettext_lazy("新品试吃，先来先得")),
    Ring.INNER: (gettext_lazy("和我们一起定新品、带活动"), gettext_lazy("每季一次的见面，听你怎么说")),
}


def _mine(request: Asked) -> Any:
    return queries.access_customer(request.viewer, queries.me(request.viewer).public_id)


def home(request: Asked) -> HttpResponse:
    """The fire, the next thing to do, what was done so far."""
    viewer = request.viewer
    card = queries.me(viewer)
    lately = queries.timeline(
        viewer, card.public_id, limit=LATELY, till_rows=till.rows(viewer, card.public_id)
    )
    ahead = member.my_events(viewer)[:AHEAD]
    kind = request.GET.get("kind", "")
    kind = kind if kind in talk.CHIPS else ""
    said = voices.my_feed(viewer, kind=kind, limit=SAID, cursor=request.GET.get("cursor") or None)
    star = amplify.newest_star(viewer)
    context = {
        "card": card,
        "ahead": ahead,
        "near": [] if ahead else listing.soonest(viewer, limit=AHEAD),
        "step": _step(request),
        "challenges": challenges.my_challenges(viewer)[:TOGETHER],
        "invitation": ring_queries.my_invitation(viewer),
        "lately": [(item, CHANNEL_LABELS[item.channel]) for item in lately.items],
        "star": star,
        "work": next((one for one in star.works if one.photo), star.works[0]) if star else None,
        "posts": said.items,
        "cursor": said.cursor,
        "kind": kind,
        "chips": list(talk.CHIPS.items()),
        "seats": list(zip(pictures.fire_seats(len(lately.items)), lately.items, strict=False)),
        "enjoy": ENJOY[_ring(request, card)],
    }
    return render(request, "member/home.html", context)


def _step(request: Asked) -> str:
    try:
        return ring_queries.member_step(request.viewer)
    except Refused:
        return ""


def _ring(request: Asked, card: Any) -> Ring:
    placed = ring_queries.ring_of(request.viewer, card.public_id)
    return Ring.OUTER if placed is None else placed.ring


def me(request: Asked) -> HttpResponse:
    """What one enjoys, what we know, why, and the switches; a post corrects the name."""
    fault = ""
    if request.method == "POST":
        name = request.POST.get("name", "").strip()
        if 1 <= len(name) <= NAME_MOST:
            actions.change_profile(viewer=request.viewer, customer=_mine(request), nickname=name)
            flash(request, _("改好了。"))
            return redirect("member.me")
        fault = _("名字要有 1 到 {n} 个字。").format(n=NAME_MOST)
    card = queries.me(request.viewer)
    context = {
        "card": card,
        "step": _step(request),
        "enjoy": ENJOY[_ring(request, card)],
        "consents": [
            (line.purpose, line.state, PLAIN[line.purpose])
            for line in card.consents
            if line.purpose is not Purpose.PERSONALISATION
        ],
        "why": PLAIN[Purpose.PERSONALISATION],
        "shown": [i for i in card.identities if i.shown],
        "sessions": entrance.sessions(request),
        "notice": NOTICE,
        "pools": [(one, *(one.mine or (one.so_far, 0))) for one in amplify.pools(request.viewer, limit=2)],
        "name_most": NAME_MOST,
        "fault": fault,
    }
    return render(request, "member/me.html", context, status=422 if fault else 200)


def consent(request: Asked, purpose: str) -> HttpResponse:
    """Agree or refuse, one as easily as the other; it holds at once."""
    if purpose not in set(Purpose):
        raise Refused("absent")
    granted = request.POST.get("granted") == "yes"
    actions.set_consent(
        viewer=request.viewer,
        customer=_mine(request),
        purpose=Purpose(purpose),
        granted=granted,
        notice_version=NOTICE,
        channel="member_page",
    )
    flash(request, _("已打开，随时可以关。") if granted else _("已关闭，马上生效。"))
    return redirect("member.me")


def personalise(request: Asked) -> HttpResponse:
    """The switch 个性化; off treats one as a blank profile, at once."""
    on = request.POST.get("on") == "yes"
    actions.switch_personalisation(viewer=request.viewer, customer=_mine(request), on=on)
    flash(request, _("个性化已打开。") if on else _("个性化已关闭，从现在起按空白档案对待你。"))
    return redirect("member.me")


def untag(request: Asked, tag_id: UUID) -> HttpResponse:
    """Delete a word that staff keep about oneself."""
    actions.untag(viewer=request.viewer, customer=_mine(request), tag_id=tag_id)
    flash(request, _("标签已删除。"))
    return redirect("member.me")


def invitation(request: Asked) -> HttpResponse:
    """Say yes or no to the open invitation."""
    open_one = ring_queries.my_invitation(request.viewer)
    if open_one is None:
        raise Refused("absent")
    yes = request.POST.get("answer") == "accept"
    if yes:
        seat = request.POST.get("seat") == "yes"
        rings.accept(viewer=request.viewer, invitation=open_one.public_id, seat=seat)
    else:
        rings.decline(viewer=request.viewer, invitation=open_one.public_id)
    flash(request, _("太好了，我们会尽快和你联系。") if yes else _("没关系，想来的时候随时说。"))
    return redirect("member.home")


def export(request: Asked) -> HttpResponse:
    """Everything we hold about oneself, as a file."""
    document = actions.export(viewer=request.viewer, customer=_mine(request))
    reply = HttpResponse(
        json.dumps(document, ensure_ascii=False, indent=1, default=str),
        content_type="application/json; charset=utf-8",
    )
    reply["Content-Disposition"] = (
        f'attachment; filename="tongxin-{clock.business_day(clock.now()):%Y%m%d}.json"'
    )
    return reply


def erase(request: Asked) -> HttpResponse:
    """Close the account and be forgotten: first what that means, then the act."""
    fault = ""
    if request.method == "POST":
        if request.POST.get("sure") == "yes":
            actions.erase(viewer=request.viewer, customer=_mine(request), reason="member page")
            request.session.flush()
            return render(request, "member/erased.html")
        fault = _("请先勾选，确认你知道会发生什么。")
    return render(request, "member/erase.html", {"fault": fault}, status=422 if fault else 200)


def notice(request: Asked) -> HttpResponse:
    """What we do with data, in plain words."""
    return render(
        request, "member/notice.html", {"purposes": [(p, PLAIN[p]) for p in Purpose], "version": NOTICE}
    )
