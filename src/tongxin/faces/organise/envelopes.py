"""预算: opening an envelope, one of them with what was set aside, spent and worked, and asking above what is left."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.commerce import actions, queries
from tongxin.commerce.actions.spending import log_hours, release, spend
from tongxin.commerce.queries.hours import envelope_of, hours_of
from tongxin.commerce.terms import COMMITMENT_LABELS
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.forms import Field, Form, once_in
from tongxin.faces.organise.frame import MONEY, framed, on_phone, shops
from tongxin.foundation import clock, money
from tongxin.foundation.errors import Refused
from tongxin.rings.terms import Ring
from tongxin.stores import queries as stores

PAGE = 40
NOTE_MOST, KIT_MOST, TITLE_MOST = 120, 60, 60
ROOM = "commerce"
WHERE = {
    "commerce.envelope_exists": "title",
    "commerce.over_envelope": "amount",
    "commerce.commitment_differs": "note",
    "commerce.reason_missing": "reason",
}


def listing(request: Asked) -> HttpResponse:
    """The envelopes that a champion works with."""
    found = queries.envelopes_for(request.viewer, limit=PAGE, cursor=request.GET.get("cursor") or None)
    context = {
        "rows": [
            (one, one.committed_fen + one.spent_fen, one.amount_fen + one.approved_fen) for one in found.items
        ],
        "cursor": found.cursor,
    }
    return framed(
        request,
        "organise/envelopes.html",
        context,
        heading=_("预算"),
        under=MONEY,
    )


def new(request: Asked) -> HttpResponse:
    """An amount for a ring, a store or a kit, or several of them at once, for some time."""
    form, status = _form(request), 200
    if request.method == "POST":
        form.typed = request.POST
        try:
            made = _opened(request, form.read())
        except Refused as refused:
            status = form.refuse(refused, request.viewer.language, WHERE)
        else:
            flash(request, _("信封开好了。"))
            return redirect("organise.envelope", made)
    context = {"form": form}
    back = reverse("hq.envelopes")
    return framed(
        request,
        "organise/envelope_new.html",
        context,
        heading=_("开一个信封"),
        under=MONEY,
        back=back,
        status=status,
    )


def _form(request: Asked) -> Form:
    today = clock.business_day(clock.now())
    places = (("", _("不限门店")), *((str(one.public_id), one.name) for one in shops(request)))
    rings = (("", _("不限圈层")), *((str(ring), (ring.zh, ring.en)) for ring in Ring))
    return Form(
        (
            Field("title", _("叫什么"), needed=True, most=TITLE_MOST),
            Field("amount", _("给多少"), "money", needed=True, least=1),
            (
                Field("opens_on", _("从哪天起"), "day", needed=True, start=today.isoformat()),
                Field(
                    "closes_on",
                    _("到哪天为止"),
                    "day",
                    needed=True,
                    start=(today + timedelta(days=90)).isoformat(),
                ),
            ),
            Field(
                "store", _("给哪家店"), "choice", options=places, hint=_("门店、圈层、工具包，至少选一样。")
            ),
            Field("ring", _("用在哪一圈"), "choice", options=rings),
            Field("kit", _("用在哪个工具包"), most=KIT_MOST),
            Field(
                "hour", _("一小时人工算多少"), "money", hint=_("记工时的时候按这个折成钱；不填就只记时间。")
            ),
        )
    )


def _opened(request: Asked, given: dict[str, Any]) -> UUID:
    made = actions.open_envelope(
        viewer=request.viewer,
        title=given["title"],
        amount_fen=given["amount"],
        opens_on=given["opens_on"],
        closes_on=given["closes_on"],
        store=stores.access_store(request.viewer, given["store"]) if given["store"] else None,
        ring=given["ring"],
        kit=given["kit"],
        hour_fen=given["hour"],
    )
    return made.public_id


def one(request: Asked, envelope_id: UUID) -> HttpResponse:
    """Given, set aside, spent, left; every part of it; and the form that sets something aside or asks for more."""
    form, status = _commit_form(), 200
    if request.method == "POST":
        form.typed = request.POST
        try:
            made = _committed(request, envelope_id, form.read())
        except Refused as refused:
            status = form.refuse(refused, request.viewer.language, WHERE)
        else:
            flash(request, _("留出来了。") if made.state == "held" else _("超出的部分报上去了，批了才算数。"))
            return redirect("organise.envelope", envelope_id)
    return _page(request, envelope_id, {"form": form}, status)


def _page(request: Asked, envelope_id: UUID | str, more: dict[str, Any], status: int) -> HttpResponse:
    viewer = request.viewer
    card = queries.envelope_card(viewer, envelope_id)
    parts = queries.commitments_of(viewer, envelope_id, limit=PAGE, cursor=request.GET.get("cursor") or None)
    hours = hours_of(viewer, envelope_id)
    context = {
        "card": card,
        "given": card.amount_fen + card.approved_fen,
        "used": card.committed_fen + card.spent_fen,
        "held_fen": card.committed_fen,
        "parts": [
            (part, COMMITMENT_LABELS[part.state], max(0, part.amount_fen - part.spent_fen))
            for part in parts.items
        ],
        "cursor": parts.cursor,
        "hours": hours,
        "open": card.opens_on <= clock.business_day(clock.now()) <= card.closes_on,
        "key": uuid4().hex[:24],
        "today": clock.business_day(clock.now()),
        **more,
    }
    back = reverse("organise.envelopes" if on_phone(request) else "hq.envelopes")
    return framed(
        request, "organise/envelope.html", context, heading=card.title, under=MONEY, back=back, status=status
    )


def _commit_form() -> Form:
    return Form(
        (
            Field("note", _("做什么用"), needed=True, most=NOTE_MOST),
            Field("amount", _("留多少"), "money", needed=True, least=1),
            Field(
                "ask",
                _("不够就报上去等批"),
                "yes",
                hint=_("超出信封的部分，由区域或总部批；自己报的不能自己批。"),
            ),
        )
    )


def _committed(request: Asked, envelope_id: UUID, given: dict[str, Any]) -> Any:
    return actions.commit(
        viewer=request.viewer,
        envelope_id=envelope_id,
        amount_fen=given["amount"],
        subject=(ROOM, f"by-hand:{once_in(request.POST)}"),
        note=given["note"],
        ask=given["ask"],
    )


def part(request: Asked, commitment_id: UUID) -> HttpResponse:
    """Something was paid, somebody worked, or it is over: what is left of it goes back."""
    found = envelope_of(request.viewer, commitment_id)
    step, form = request.POST.get("step", ""), request.POST
    try:
        said = STEPS.get(step, _no_step)(request, commitment_id)
    except Refused as refused:
        if refused.code == "absent":
            raise
        asked = Form(())
        status = asked.refuse(refused, request.viewer.language)
        more = {
            "form": _commit_form(),
            "at": str(commitment_id),
            "step": step,
            "fault": asked.fault,
            "given_form": form,
        }
        return _page(request, found, more, status)
    flash(request, said)
    return redirect("organise.envelope", found)


def _spent(request: Asked, commitment_id: UUID) -> str:
    field = Field("amount", _("花了多少"), "money", needed=True, least=1)
    fen = Form((field,), request.POST).read()["amount"]
    receipt = request.POST.get("receipt", "").strip()
    spend(
        viewer=request.viewer,
        commitment_id=commitment_id,
        amount_fen=fen,
        key=once_in(request.POST),
        receipt=receipt[:64],
    )
    return _("记下了，花了 {v}。").format(v=money.show(fen, stores.the_brand().currency))


def _worked(request: Asked, commitment_id: UUID) -> str:
    fields = (
        Field("minutes", _("多久（分钟）"), "number", needed=True, least=1, most=24 * 60),
        Field("worked_on", _("哪天"), "day", needed=True),
    )
    given = Form(fields, request.POST).read()
    card = stores.my_card(request.viewer)
    log_hours(
        viewer=request.viewer,
        commitment_id=commitment_id,
        minutes=given["minutes"],
        worked_on=given["worked_on"],
        key=once_in(request.POST),
        staff=stores.access_staff(request.viewer, card.public_id) if card else None,
    )
    return _("记下了 {n} 分钟工时。").format(n=given["minutes"])


def _released(request: Asked, commitment_id: UUID) -> str:
    release(viewer=request.viewer, commitment_id=commitment_id, reason=request.POST.get("reason", ""))
    return _("结清了，没花完的回到信封里。")


def _no_step(request: Asked, commitment_id: UUID) -> str:
    raise Refused("input.bad", field="step", reason="/".join(STEPS))


STEPS: dict[str, Any] = {"spend": _spent, "hours": _worked, "release": _released}
