"""外部社群: other people's communities, what we saw of them, what they are worth, deals and how they stand."""

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.amplify.actions import outside as actions
from tongxin.amplify.actions import outside_deals as deals
from tongxin.amplify.queries import outside as queries
from tongxin.amplify.rules.outside import Seen
from tongxin.amplify.terms import EDITORS
from tongxin.amplify.terms_outside import (
    COUNTS,
    DEAL_LABELS,
    DEAL_STATES,
    INSIDE_LABELS,
    NEARNESS_LABELS,
    PART_LABELS,
    PLATFORM_LABELS,
    STOP_LABELS,
    THIN_LABELS,
    VETO_LABELS,
    DealKind,
    Inside,
    Nearness,
    Platform,
)
from tongxin.commerce import queries as commerce
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.hq.panels import fen_of, whole_of
from tongxin.faces.hq.stars import uuid_of
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.stores.queries import access_staff

COUNT_LABELS: dict[str, tuple[str, str]] = {
    "active": ("发言、提问、回答或到场的人", "People who wrote, asked, answered or came"),
    "posts": ("消息条数", "Posts"),
    "repeated": ("其中重复的", "of these repeated"),
    "on_topic": ("其中和我们话题有关的", "of these on our topic"),
    "unsafe": ("其中有害的（骗、骂、违法）", "of these harmful"),
    "joined": ("新进来的人", "People who joined"),
    "burst": ("其中最集中一小时内的", "of these within the fullest hour"),
    "questions": ("提问", "Questions"),
    "answered": ("其中有群友回答的", "of these answered by a member"),
    "sampled": ("看过的公开资料", "Public profiles looked at"),
    "in_target": ("其中是我们想服务的人", "of these people we want to serve"),
    "ours": ("其中已是我们的会员或在别的合作社群", "of these ours already"),
    "first": ("第一次清点的人", "People in a first look"),
    "second": ("第二次清点的人", "People in a second look"),
    "both": ("两次都看到的人", "People seen in both"),
}


def outside(request: Asked) -> HttpResponse:
    """The list with one of them in full; each form does one thing."""
    viewer = request.viewer
    fault, status = "", 200
    if request.method == "POST":
        try:
            said, chosen = _act(request)
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault, status = say(refused, viewer.language), status_of(refused)
        else:
            flash(request, said)
            return redirect(f"{reverse('hq.outside')}?one={chosen}" if chosen else reverse("hq.outside"))
    listed = queries.outsides(viewer, cursor=request.GET.get("cursor") or None)
    may = viewer.reaches(None, EDITORS)
    chosen = request.GET.get("one") or request.POST.get("community") or ""
    one = queries.outside_card(viewer, uuid_of(chosen)) if chosen else next(iter(listed.items), None)
    context = {
        "rows": [_row(card) for card in listed.items],
        "cursor": listed.cursor,
        "one": None if one is None else _full(one),
        "platforms": list(PLATFORM_LABELS.items()),
        "roles": list(INSIDE_LABELS.items()),
        "kinds": list(DEAL_LABELS.items()),
        "counts": [(name, COUNT_LABELS[name]) for name in COUNTS],
        "envelopes": commerce.envelopes_for(viewer, on=clock.business_day(clock.now())).items if may else (),
        "may": may,
        "today": clock.business_day(clock.now()).isoformat(),
        "typed": request.POST,
        "fault": fault,
    }
    return render(request, "hq/outside.html", context, status=status)


def _row(card: queries.OutsideCard) -> dict[str, Any]:
    running = next(iter(card.deals), None)
    return {
        "card": card,
        "state": NEARNESS_LABELS[card.state],
        "platform": PLATFORM_LABELS[card.platform],
        "deal": None if running is None else DEAL_STATES[running.state],
        "stop": running is not None and running.watch is not None and bool(running.watch.stop),
    }


def _full(card: queries.OutsideCard) -> dict[str, Any]:
    verdict = card.verdict
    return _row(card) | {
        "parts": [] if verdict is None else [(PART_LABELS[part], span) for part, span in verdict.parts],
        "vetoes": [] if verdict is None else [VETO_LABELS[why] for why in verdict.vetoes],
        "thin": [] if verdict is None else [THIN_LABELS[why] for why in verdict.thin],
        "inside": [(line, INSIDE_LABELS[line.role]) for line in card.inside],
        "deals": [
            {
                "deal": deal,
                "kind": DEAL_LABELS[deal.kind],
                "state": DEAL_STATES[deal.state],
                "stop": None if deal.watch is None else STOP_LABELS[deal.watch.stop],
                "next": len(deal.weekly) + 1,
                "weekly": list(enumerate(deal.weekly, start=1)),
            }
            for deal in card.deals
        ],
    }


def _act(request: Asked) -> tuple[str, str]:
    """What was done, and which community to show next."""
    viewer, form = request.viewer, request.POST
    do, here = form.get("do", ""), form.get("community", "")
    if do == "list":
        made = actions.list_outside(
            viewer=viewer,
            name=form.get("name", ""),
            platform=_of(Platform, form.get("platform", ""), Platform.OTHER),
            about=form.get("about", ""),
            claimed=whole_of(form.get("claimed", "")),
            host=form.get("host", ""),
        )
        return _("已登记，先围观学习。"), str(made.public_id)
    return (_community(request, do, uuid_of(here)) if do in _COMMUNITY else _deal(request, do)), here


_COMMUNITY = frozenset({"enter", "leave", "observe", "move", "price", "talent"})


def _community(request: Asked, do: str, key: UUID) -> str:
    viewer, form = request.viewer, request.POST
    if do == "enter":
        actions.enter(
            viewer=viewer,
            community_id=key,
            staff=access_staff(viewer, form.get("staff", "")),
            role=_of(Inside, form.get("role", ""), Inside.OBSERVER),
            told_on=_day(form.get("told_on", "")),
            told_how=form.get("told_how", ""),
        )
        return _("记下了：群主知道谁在里面。")
    if do == "leave":
        actions.come_out(viewer=viewer, community_id=key)
        return _("我们的人都退出来了。")
    if do == "observe":
        seen = Seen(**{name: whole_of(form.get(name, "") or "0") for name in COUNTS})
        actions.observe(viewer=viewer, community_id=key, week=_day(form.get("week", "")), seen=seen)
        return _("这一周记下了。")
    if do == "move":
        state = _of(Nearness, form.get("state", ""), Nearness.WATCHED)
        actions.move_outside(viewer=viewer, community_id=key, state=state, reason=form.get("reason", ""))
        return _("已变更。")
    if do == "talent":
        actions.note_talent(
            viewer=viewer,
            community_id=key,
            customer=uuid_of(form.get("member", "")),
            what=form.get("what", ""),
            agreed=form.get("agreed") == "yes",
        )
        return _("记下了。TA 随时可以收回。")
    offer = deals.Offer(
        kind=_of(DealKind, form.get("kind", ""), DealKind.NAMING),
        base_fen=fen_of(form.get("base", "0") or "0", "amplify.deal_form"),
        per_join_fen=fen_of(form.get("per_join", ""), "amplify.deal_form"),
        most_joins=whole_of(form.get("most_joins", "")),
        value_fen=fen_of(form.get("value", ""), "amplify.deal_form"),
        value_from=form.get("value_from", ""),
        run_fen=fen_of(form.get("run", "0") or "0", "amplify.deal_form"),
        code=form.get("code", ""),
        weeks=whole_of(form.get("weeks", "")),
        starts_on=_day(form.get("starts_on", "")),
        envelope=uuid_of(form.get("envelope", "")),
    )
    deals.price_deal(viewer=viewer, community_id=key, offer=offer)
    return _("定好价了，等另一位同事同意。")


def _deal(request: Asked, do: str) -> str:
    viewer, form = request.viewer, request.POST
    key = uuid_of(form.get("deal", ""))
    if do == "agree":
        deals.agree_deal(viewer=viewer, deal_id=key)
        return _("合作开始，款项已从预算里留出。")
    if do == "week":
        deals.note_week(
            viewer=viewer,
            deal_id=key,
            number=whole_of(form.get("number", "")),
            reached=whole_of(form.get("reached", "")),
            complaints=whole_of(form.get("complaints", "") or "0"),
        )
        return _("这一周记下了。")
    if do == "place":
        deals.note_placement(
            viewer=viewer,
            deal_id=key,
            what=form.get("what", ""),
            shown_on=_day(form.get("shown_on", "")),
            proof=form.get("proof", ""),
        )
        return _("投放记下了。")
    if do == "pay":
        fen = deals.pay_joins(viewer=viewer, deal_id=key)
        return _("已按留下来的人付款。") if fen else _("现在没有要付的。")
    if do == "stop":
        deals.stop_deal(viewer=viewer, deal_id=key, reason=form.get("reason", ""))
        return _("已停止，没用完的预算放回去了。")
    deals.finish_deal(viewer=viewer, deal_id=key)
    return _("合作结清了。")


def _of(kinds: Any, typed: str, otherwise: Any) -> Any:
    return kinds(typed) if typed in set(kinds) else otherwise


def _day(typed: str) -> date:
    """A day as it is typed; what is none is far ahead, and no act takes it."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return date.max.replace(year=9000)
