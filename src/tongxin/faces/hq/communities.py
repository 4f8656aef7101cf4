"""社群: what each helps people get done, its gates, rules, parts and containers, and where in its life it is."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongxin.communities import actions, queries
from tongxin.communities.actions import CommunityIn
from tongxin.communities.gates import GATES
from tongxin.communities.terms import (
    EDITORS,
    PARTS,
    PURPOSE_FIELDS,
    STAGE_LABELS,
    STATE_LABELS,
    WARNED_LABELS,
    Part,
)
from tongxin.faces import pictures
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.hq import community_face
from tongxin.faces.hq.rings import points
from tongxin.faces.radar import radar, web
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock, money
from tongxin.foundation.errors import Refused
from tongxin.measure.queries import IndexCard
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
    place = _place(viewer, card)
    context = {
        "card": card,
        "state": STATE_LABELS[card.state],
        "stage": STAGE_LABELS[card.stage],
        "warnings": [WARNED_LABELS[word] for word in card.warnings],
        "purpose": [(label, card.purpose[key]) for key, label in PURPOSE_FIELDS.items() if key != "wants"],
        "missing": [(PARTS[part].zh, PARTS[part].en) for part in card.mix.missing],
        "life": pictures.spark([day.stock for day in card.days]) if len(card.days) > 1 else None,
        "days": card.days[-14:][::-1],
        **_instruments(viewer, community_id),
        **_forms(viewer, card, place),
        "may": viewer.reaches(place, EDITORS),
        "fault": fault,
    }
    return render(request, "hq/community.html", context, status=status)


def _instruments(viewer: Any, community_id: UUID) -> dict[str, Any]:
    """The four indices with their picture, how members hang together, how few carry it, the proof, plans for the quiet."""
    found = queries.instruments(viewer, community_id)
    card = found.indices
    return {
        "kept": card,
        "radar": None if card is None else radar(card),
        "indices": []
        if card is None
        else [(one, spark_of(one), QUESTIONS[one.code]) for one in card.indices],
        "web": found.web,
        "drawn": None if found.web is None else web(found.web),
        "carried": found.carried,
        "proof": found.proof,
        "plans": [(one, points(one.effect)) for one in found.plans],
    }


QUESTIONS = {
    "influence": gettext_lazy("带来新朋友，也让人愿意多付一点"),
    "connection": gettext_lazy("彼此来往，不全靠主理人"),
    "participation": gettext_lazy("多少人动过，动得匀不匀"),
    "output": gettext_lazy("有用的内容和点子"),
}


def spark_of(one: IndexCard) -> tuple[str, float, float] | None:
    """The course of an index as a line, once there are two days of it."""
    values = [point.value for _day, point in one.course if point.value is not None]
    return pictures.spark(values) if len(values) > 1 else None


def _forms(viewer: Any, card: Any, place: int | None) -> dict[str, Any]:
    """What the forms for gates, parts and the host's hand-over offer, to who may change the community."""
    if not viewer.reaches(place, EDITORS) or card.state == "closed":
        return {}
    has = {one.code: one.settings for one in card.gates}
    questions = [str(one.get("zh", "")) for one in has.get("application", {}).get("questions", ())]
    return {
        "all_gates": [(code, gate, code in has) for code, gate in GATES.items()],
        "questions": "\n".join(questions),
        "task": has.get("task", {}).get("zh", ""),
        "fee": _yuan(has.get("paid", {}).get("fee_fen")),
        "fee_back": _yuan(has.get("paid", {}).get("voucher_fen")),
        **community_face.choices(viewer, card),
        "to_give": [
            (part.value, (PARTS[part].zh, PARTS[part].en))
            for part in (Part.SOUL, Part.MODERATOR, Part.EXPERT)
        ],
        "inside": queries.members_of(viewer, card.id, limit=100).items,
        "colleagues": stores.staff_for(viewer, limit=100).items,
        "until": clock.business_day(clock.now()) + timedelta(days=180),
    }


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
    if step in STEPS:
        return STEPS[step](request, community_id)
    actions.publish_rules(
        viewer=request.viewer,
        community_id=community_id,
        lines=request.POST.get("lines", "").splitlines(),
        mandatory=request.POST.get("mandatory", "yes") == "yes",
        note=request.POST.get("note", ""),
    )
    return _("新群规已发布，成员会收到提醒。")


def _gates(request: Asked, community_id: UUID) -> str:
    """Which gates must be passed, in the order of the list."""
    form = request.POST
    wanted: list[tuple[str, dict[str, Any]]] = []
    for code in form.getlist("gate"):
        settings: dict[str, Any] = {}
        if code == "application":
            asked = [line.strip() for line in form.get("questions", "").splitlines() if line.strip()]
            settings = {"questions": [{"name": f"q{n}", "zh": line[:80]} for n, line in enumerate(asked)]}
        elif code == "task":
            settings = {"zh": form.get("task", "").strip()[:80]}
        elif code == "paid" and form.get("fee", "").strip():
            settings = {"fee_fen": _fen(form["fee"]), "voucher_fen": _fen(form.get("fee_back", ""))}
        wanted.append((code, settings))
    actions.set_gates(viewer=request.viewer, community_id=community_id, gates=wanted)
    return _("门槛已更新，正在申请的人也按新的走。")


def _fen(text: str) -> int:
    try:
        return money.parse(text) if text.strip() else 0
    except ValueError:
        raise Refused("input.bad", field="fee", reason=_("金额写成 9.90 这样")) from None


def _yuan(fen: int | None) -> str:
    return money.plain(fen) if fen else ""


def _part(request: Asked, community_id: UUID) -> str:
    """Give a member or a colleague a part with a term."""
    form = request.POST
    who = form.get("who", "")
    try:
        part, until = Part(form.get("part", "")), clock.day_end(date.fromisoformat(form.get("until", "")))
        key = UUID(who[2:])
    except ValueError:
        raise Refused("input.bad", field="part", reason=_("请选角色、人和日期")) from None
    actions.give_part(
        viewer=request.viewer,
        community_id=community_id,
        part=part,
        until=until,
        membership=key if who.startswith("m:") else None,
        staff=key if who.startswith("s:") else None,
        specialty=form.get("specialty", ""),
    )
    return _("已任命，到期自动结束。")


def _host(request: Asked, community_id: UUID) -> str:
    """Hand the host's part over to a colleague at one instant."""
    form = request.POST
    try:
        to, until = UUID(form.get("to", "")), clock.day_end(date.fromisoformat(form.get("until", "")))
    except ValueError:
        raise Refused("input.bad", field="host", reason=_("请选人和日期")) from None
    actions.hand_over(
        viewer=request.viewer, community_id=community_id, to=to, until=until, reason=form.get("reason", "")
    )
    return _("已交接，从现在起由新主理人负责。")


STEPS: dict[str, Callable[[Asked, UUID], str]] = {
    "gates": _gates,
    "part": _part,
    "host": _host,
    "emblem": community_face.emblem,
    "share": community_face.share,
    "container": community_face.container,
    "after": community_face.after,
}
