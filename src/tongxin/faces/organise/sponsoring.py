"""支持本地活动: what a store gives to an event nearby, out of which envelope, and what came of it beside the cost."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.commerce import actions, queries
from tongxin.commerce.terms import MEASURE_LABELS, SPONSOR_LABELS, Measure, PartnerState, SponsorState
from tongxin.events.queries import listing as events
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.forms import Field, Fold, Form, bad, once_in
from tongxin.faces.organise.frame import MONEY, framed, shop_typed, shops
from tongxin.faces.organise.partners import PAGE, WORDS_MOST, stores_field, worded
from tongxin.faces.templatetags.tongxin import english
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.stores import queries as stores

TITLE_MOST = 120
EVENTS_ROOM = "events"
WHERE = {
    "commerce.over_envelope": "cost",
    "commerce.envelope_shut": "envelope",
    "commerce.outcome_needs_subject": "subject",
}


def sponsor(request: Asked) -> HttpResponse:
    """Supporting a local event: with whom, what we give, what we hope for, out of which envelope."""
    found = shops(request)
    form, status = _sponsor_form(request.viewer, found, request.GET.get("partner", "")), 200
    if request.method == "POST":
        form.typed = request.POST
        try:
            made = _planned(request, found, form.read())
        except Refused as refused:
            status = form.refuse(refused, request.viewer.language, WHERE)
        else:
            flash(request, _("计划写好了。办完回来记一笔成效。"))
            return redirect("organise.sponsored", made)
    context = {"form": form, "key": request.POST.get("key") or uuid4().hex}
    back = reverse("organise.partners")
    return framed(
        request,
        "organise/sponsor_new.html",
        context,
        heading=_("支持一场本地活动"),
        under=MONEY,
        back=back,
        status=status,
    )


def _sponsor_form(viewer: Viewer, found: list[Any], partner: str) -> Form:
    today = clock.business_day(clock.now())
    partners = [
        one for one in queries.partners_for(viewer, limit=PAGE).items if one.state != PartnerState.ENDED
    ]
    purses = [
        one for one in queries.envelopes_for(viewer, on=today, limit=PAGE).items if one.store is not None
    ]
    with_store = len(found) > 1
    names = tuple(
        (str(p.public_id), f"{p.name} · {p.store_name}" if with_store else p.name) for p in partners
    )
    titles = tuple(
        (str(e.public_id), f"{e.title} · {e.store_name}" if with_store else e.title) for e in purses
    )
    return Form(
        (
            *stores_field(found),
            Field("title", _("什么活动"), needed=True, most=TITLE_MOST),
            Field("partner", _("和谁一起"), "choice", options=(("", _("不写")), *names), start=partner),
            (
                Field(
                    "starts_on",
                    _("从哪天起"),
                    "day",
                    needed=True,
                    start=(today + timedelta(days=7)).isoformat(),
                ),
                Field(
                    "ends_on",
                    _("到哪天为止"),
                    "day",
                    needed=True,
                    start=(today + timedelta(days=7)).isoformat(),
                ),
            ),
            Field("we_give", _("我们出什么"), most=WORDS_MOST),
            (
                Field("cost", _("要花多少"), "money"),
                Field("envelope", _("从哪个信封出"), "choice", options=(("", _("不花钱")), *titles)),
            ),
            Field(
                "ask",
                _("不够就报上去等批"),
                "yes",
                hint=_("超出信封的部分，由区域或总部批；自己报的不能自己批。"),
            ),
            Fold(
                _("盼着带来什么"),
                tuple(
                    Field(
                        f"hope-{m}",
                        MEASURE_LABELS[m][english()],
                        "money" if m is Measure.SALES_FEN else "number",
                    )
                    for m in Measure
                ),
            ),
        )
    )


def _planned(request: Asked, found: list[Any], given: dict[str, Any]) -> UUID:
    starts, ends = given["starts_on"], given["ends_on"]
    if ends < starts:
        raise bad("ends_on", _("到哪天为止"), _("不能早于开始的那天。"))
    if given["cost"] and not given["envelope"]:
        raise bad("envelope", _("从哪个信封出"), _("要花钱就选一个信封。"))
    made = actions.plan_sponsorship(
        viewer=request.viewer,
        store=shop_typed(request, found),
        title=given["title"],
        starts_on=starts,
        ends_on=ends,
        key=once_in(request.POST),
        partner_id=given["partner"] or None,
        we_give=given["we_give"],
        we_hope={str(m): given[f"hope-{m}"] for m in Measure if given[f"hope-{m}"]},
        envelope_id=given["envelope"] or None,
        cost_fen=given["cost"],
        ask=given["ask"],
    )
    return made.public_id


def sponsored(request: Asked, sponsored_id: UUID) -> HttpResponse:
    """One of them: the cost beside what came of it; saying that it took place; an observation with the thing it cites."""
    viewer = request.viewer
    card = queries.sponsored_card(viewer, sponsored_id)
    citable = _citable(viewer, card)
    form, status = _outcome_form(citable), 200
    step = request.POST.get("step", "")
    if request.method == "POST":
        form.typed = request.POST if step == "outcome" else None
        try:
            said = (
                _moved(request, sponsored_id, step)
                if step in MOVES
                else _observed(request, sponsored_id, form.read())
            )
        except Refused as refused:
            status = form.refuse(refused, viewer.language, WHERE)
        else:
            flash(request, said)
            return redirect("organise.sponsored", sponsored_id)
    context = {
        "card": card,
        "form": form,
        "state": SPONSOR_LABELS[card.state],
        "results": [
            (one, MEASURE_LABELS[one.measure], one.measure is Measure.SALES_FEN) for one in card.results
        ],
        "outcomes": [
            (one, MEASURE_LABELS[one.measure], one.measure is Measure.SALES_FEN) for one in card.outcomes
        ],
        "key": request.POST.get("key") or uuid4().hex,
        "can_cite": bool(citable),
    }
    back = reverse("organise.partners")
    return framed(
        request, "organise/sponsored.html", context, heading=card.title, under=MONEY, back=back, status=status
    )


MOVES = {"held": SponsorState.HELD, "cancelled": SponsorState.CANCELLED}


def _moved(request: Asked, sponsored_id: UUID, step: str) -> str:
    actions.move_sponsorship(viewer=request.viewer, sponsored_id=sponsored_id, to=MOVES[step])
    return _("记下了，已经办过。") if step == "held" else _("记下了，不办了。")


def _citable(viewer: Viewer, card: Any) -> list[tuple[str, str]]:
    """Events of the store about which something can be looked up in the book: what was, and what is ahead, near its day."""
    store = next((s for s in stores.stores_for(viewer) if s.code == card.store_code), None)
    if store is None:
        return []
    begin, end = card.starts_on - timedelta(days=60), card.ends_on + timedelta(days=120)
    found = events.between(viewer, clock.day_start(begin), clock.day_start(end), store=store)
    return [
        (str(line.public_id), f"{_short(clock.business_day(line.starts_at))} {line.title}")
        for line in found
        if line.state in {"published", "ended"}
    ][:40]


def _short(day: date) -> str:
    return f"{day.month}/{day.day}"


def _outcome_form(citable: list[tuple[str, str]]) -> Form:
    measures = worded(MEASURE_LABELS)
    return Form(
        (
            (
                Field("measure", _("看到了什么"), "choice", needed=True, options=measures),
                Field("value", _("多少"), needed=True, most=12, hint=_("人数填整数，销售填金额")),
            ),
            Field(
                "subject",
                _("在哪一场里查得到"),
                "choice",
                needed=True,
                options=tuple(citable),
                hint=_("成效要对得上一场有记录的活动，别人才核得了。"),
            ),
        )
    )


def _observed(request: Asked, sponsored_id: UUID, given: dict[str, Any]) -> str:
    measure = Measure(given["measure"])
    sort = "money" if measure is Measure.SALES_FEN else "number"
    field = Field("value", _("多少"), sort, needed=True, most=0 if sort == "money" else 10**6)
    value = Form((field,), request.POST).read()["value"]
    actions.note_outcome(
        viewer=request.viewer,
        sponsored_id=sponsored_id,
        measure=measure,
        value=value,
        subject=(EVENTS_ROOM, given["subject"]),
        key=once_in(request.POST),
    )
    return _("记下了。")
