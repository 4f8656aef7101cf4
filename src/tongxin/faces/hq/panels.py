"""共创: what waits for an answer, panels with their trials, polls, and lists of members worth talking to."""

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.amplify import actions, queries
from tongxin.amplify.terms import DECIDERS
from tongxin.amplify.terms_demand import LIST_LABELS, POLL_LABELS, PollKind
from tongxin.amplify.terms_panels import SEAT_LABELS, STAGE_LABELS, STEPS, Stage
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.hq.stars import uuid_of
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock, money
from tongxin.foundation.errors import Refused
from tongxin.stores import queries as stores


def panels(request: Asked) -> HttpResponse:
    """The page; each form does one thing."""
    viewer = request.viewer
    fault, status = "", 200
    if request.method == "POST":
        try:
            said = _act(request)
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault, status = say(refused, viewer.language), status_of(refused)
        else:
            flash(request, said)
            return redirect("hq.panels")
    may = bool(viewer.roles & DECIDERS)
    context = {
        "waiting": [_item(one) for one in queries.items(viewer, waiting=True, limit=20).items],
        "moving": [
            _item(one)
            for one in queries.items(viewer, limit=20).items
            if one.stage in {Stage.ANSWERED, Stage.TRIAL}
        ],
        "late": queries.late_items(viewer),
        "panels": [
            (one, [(seat, SEAT_LABELS[seat.state]) for seat in one.seated]) for one in queries.panels(viewer)
        ],
        "advisers": queries.advisers(viewer, limit=12),
        "polls": [
            (one, POLL_LABELS[one.kind], list(zip(one.options, one.tally, strict=False)))
            for one in queries.polls(viewer, limit=12)
        ],
        "lists": [(one, LIST_LABELS[one.state]) for one in queries.shortlists(viewer, limit=3)],
        "stages": STAGE_LABELS,
        "kinds": list(POLL_LABELS.items()),
        "stores": stores.stores_for(viewer)[:200] if may else [],
        "everywhere": viewer.reaches(None, DECIDERS),
        "may": may,
        "asked": request.GET.get("member", "")[:36],
        "typed": request.POST,
        "fault": fault,
    }
    return render(request, "hq/panels.html", context, status=status)


def _item(one: queries.ItemLine) -> Any:
    steps = [stage for stage in Stage if stage in STEPS[one.stage]]
    return one, STAGE_LABELS[one.stage], [(stage, STAGE_LABELS[stage]) for stage in steps]


def _act(request: Asked) -> str:
    viewer, form = request.viewer, request.POST
    do = form.get("do", "")
    if do == "item":
        stage = form.get("stage", "")
        if stage not in set(Stage):
            raise Refused("amplify.item_step")
        actions.move_item(
            viewer=viewer,
            item_id=uuid_of(form.get("item", "")),
            stage=Stage(stage),
            answer=form.get("answer", ""),
            product=form.get("product", ""),
        )
        return _("已答复，作者会看到原话。")
    if do == "seat":
        actions.offer_seat(
            viewer=viewer,
            panel_id=uuid_of(form.get("panel", "")),
            customer=uuid_of(form.get("member", "")),
            why=form.get("why", ""),
        )
        return _("已请 TA 入席。")
    if do == "trial":
        actions.open_trial(
            viewer=viewer,
            panel_id=uuid_of(form.get("panel", "")),
            product=form.get("product", ""),
            questions=form.get("questions", "").splitlines(),
            until=_end_of(form.get("until", "")),
        )
        return _("开始试用，在席的人都收到了。")
    if do == "poll":
        return _poll(request)
    if do == "answer":
        actions.answer_poll(
            viewer=viewer,
            poll_id=uuid_of(form.get("poll", "")),
            made=form.get("made") == "yes",
            answer=form.get("answer", ""),
        )
        return _("已答复，回应过的人都收到了。")
    if do == "list":
        actions.ask_shortlist(
            viewer=viewer,
            size=whole_of(form.get("size", "")),
            per_store=whole_of(form.get("per_store", "")),
            store=_store(request),
        )
        return _("正在列，一两分钟后刷新。")
    if do == "lot":
        actions.open_lot(viewer=viewer, shortlist_id=uuid_of(form.get("list", "")))
        return _("抽签已开，谁都可以复核。")
    if do == "close":
        actions.close_panel(viewer=viewer, panel_id=uuid_of(form.get("panel", "")))
        return _("已结束。")
    actions.open_panel(
        viewer=viewer,
        name=form.get("name", ""),
        about=form.get("about", ""),
        confidential=form.get("confidential", ""),
        seats=whole_of(form.get("seats", "")),
        store=_store(request),
    )
    return _("设好了，可以请人入席。")


def _poll(request: Asked) -> str:
    form = request.POST
    kind = PollKind.PREORDER if form.get("kind") == PollKind.PREORDER else PollKind.WANT
    price, least = form.get("price", "").strip(), form.get("least", "").strip()
    actions.open_poll(
        viewer=request.viewer,
        kind=kind,
        title=form.get("title", ""),
        options=form.get("options", "").splitlines(),
        closes_at=_end_of(form.get("until", "")),
        price_fen=fen_of(price) if price else None,
        least=whole_of(least) if least else None,
        store=_store(request),
    )
    return _("发出去了，截止后两周内要答复。")


def fen_of(text: str, refusal: str = "amplify.poll_form") -> int:
    """Yuan as they are typed, in fen."""
    try:
        return money.parse(text)
    except (ValueError, Refused):
        raise Refused(refusal) from None


def _store(request: Asked) -> Any:
    chosen = request.POST.get("store", "")
    return stores.access_store(request.viewer, chosen, roles=DECIDERS) if chosen else None


def whole_of(text: str) -> int:
    """A whole number as it is typed; what is none is 0."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0


def _end_of(day: str) -> datetime:
    """The end of a day as it was typed; what is no day has passed."""
    try:
        on = datetime.strptime(day, "%Y-%m-%d").date()  # noqa: DTZ007  # a day of the calendar; its zone is said below
    except ValueError:
        return clock.now()
    return datetime.combine(on, time(23, 59), ZoneInfo(clock.SHANGHAI))
