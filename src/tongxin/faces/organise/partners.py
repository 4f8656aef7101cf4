"""本地伙伴: neighbours that a store does things with, and local events that it supports, with cost and what came of them."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.commerce import actions, queries
from tongxin.commerce.terms import (
    PARTNER_LABELS,
    PARTNER_STATES,
    SPONSOR_LABELS,
    PartnerKind,
    PartnerState,
)
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.forms import Field, Form, Part, version_in
from tongxin.faces.organise.frame import MONEY, framed, shop_of, shop_typed, shops
from tongxin.foundation.errors import Refused

PAGE, LAST = 60, 12
NAME_MOST, WORDS_MOST, CONTACT_MOST = 80, 200, 80
WHERE = {"commerce.partner_exists": "name"}


def listing(request: Asked) -> HttpResponse:
    """The partners of a store and what it supports; a form for the next neighbour."""
    found = shops(request)
    form, status = _new_form(found), 200
    if request.method == "POST":
        form.typed = request.POST
        try:
            made = _noted(request, found, form.read())
        except Refused as refused:
            status = form.refuse(refused, request.viewer.language, WHERE)
        else:
            flash(request, _("记下了。"))
            return redirect("organise.partner", made)
    shop = shop_of(request, found) if request.GET.get("store") else None
    key = shop.pk if shop else None
    lines = queries.partners_for(request.viewer, store=key, limit=PAGE)
    sponsored = queries.sponsored_for(request.viewer, store=key, limit=LAST)
    context = {
        "shops": found,
        "shop": shop,
        "lines": [(one, PARTNER_LABELS[one.kind], PARTNER_STATES[one.state]) for one in lines.items],
        "sponsored": [(one, SPONSOR_LABELS[one.state]) for one in sponsored.items],
        "form": form,
        "many": len(found) > 1,
    }
    return framed(
        request,
        "organise/partners.html",
        context,
        heading=_("本地伙伴"),
        under=MONEY,
        status=status,
    )


def worded(labels: Any) -> tuple[tuple[str, Any], ...]:
    """Labels of an enum as the options of a choice."""
    return tuple((str(one), words) for one, words in labels.items())


def stores_field(found: list[Any]) -> list[Part]:
    """Which store; nothing to choose for who works in one."""
    if len(found) < 2:
        return []
    return [
        Field(
            "store",
            _("门店"),
            "choice",
            options=tuple((str(s.public_id), s.name) for s in found),
        )
    ]


def _new_form(found: list[Any]) -> Form:
    return Form(
        (
            *stores_field(found),
            Field("name", _("伙伴的名字"), needed=True, most=NAME_MOST),
            (
                Field("kind", _("是哪一种"), "choice", needed=True, options=worded(PARTNER_LABELS)),
                Field("state", _("走到哪一步"), "choice", needed=True, options=worded(PARTNER_STATES)),
            ),
            Field("brings", _("能一起做什么"), most=WORDS_MOST),
            Field("contact", _("找谁联系"), most=CONTACT_MOST, hint=_("只给这家店的人看；合作结束就删掉。")),
        )
    )


def _noted(request: Asked, found: list[Any], given: dict[str, Any]) -> UUID:
    made = actions.note_partner(
        viewer=request.viewer,
        store=shop_typed(request, found),
        kind=PartnerKind(given["kind"]),
        name=given["name"],
        brings=given["brings"],
        contact=given["contact"],
        state=PartnerState(given["state"]),
    )
    return made.public_id


def one(request: Asked, partner_id: UUID) -> HttpResponse:
    """One partner, and changing what is known of them."""
    viewer = request.viewer
    card = queries.partner_card(viewer, partner_id)
    form, status = _form(card), 200
    if request.method == "POST":
        form.typed = request.POST
        try:
            given = form.read()
            actions.change_partner(
                viewer=viewer,
                partner_id=partner_id,
                version=version_in(request.POST),
                name=given["name"],
                brings=given["brings"],
                contact=given["contact"],
                state=PartnerState(given["state"]),
            )
        except Refused as refused:
            status = form.refuse(refused, viewer.language, WHERE)
            if refused.code == "edit.stale":
                form.meanwhile = {field.name: str(field.start) for field in form}
        else:
            flash(request, _("改好了。"))
            return redirect("organise.partner", partner_id)
    context = {
        "card": card,
        "form": form,
        "kind": PARTNER_LABELS[card.kind],
        "state": PARTNER_STATES[card.state],
    }
    back = reverse("organise.partners")
    return framed(
        request, "organise/partner.html", context, heading=card.name, under=MONEY, back=back, status=status
    )


def _form(card: Any) -> Form:
    return Form(
        (
            Field("name", _("伙伴的名字"), needed=True, most=NAME_MOST, start=card.name),
            Field(
                "state",
                _("走到哪一步"),
                "choice",
                needed=True,
                options=worded(PARTNER_STATES),
                start=card.state,
            ),
            Field("brings", _("能一起做什么"), most=WORDS_MOST, start=card.brings),
            Field(
                "contact",
                _("找谁联系"),
                most=CONTACT_MOST,
                start=card.contact,
                hint=_("只给这家店的人看；合作结束就删掉。"),
            ),
        )
    )
