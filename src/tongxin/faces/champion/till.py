"""收款: fees of events taken at the till and noted with the number of the receipt; vouchers spent by their code."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.commerce import actions as commerce
from tongxin.commerce import queries
from tongxin.commerce.terms import TILL_ROLES, PromiseState
from tongxin.events.queries import till as desk
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say, status_of
from tongxin.faces.till import take
from tongxin.foundation import money
from tongxin.foundation.errors import Refused
from tongxin.stores import queries as stores

PAGE = 30
PAID = frozenset({PromiseState.PAID, PromiseState.GRANTED})


def till(request: Asked, more: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    """What is to be collected, what to be handed back, and the field for a voucher's code."""
    viewer, shop = request.viewer, _shop(request)
    found = desk.to_collect(viewer, shop.pk, limit=PAGE, cursor=request.GET.get("cursor") or None)
    context = {
        "shop": shop,
        "shops": _shops(request),
        "lines": found.items,
        "cursor": found.cursor,
        "back": desk.to_hand_back(viewer, shop.pk),
        **(more or {}),
    }
    return render(request, "champion/till.html", context, status=status)


def promise(
    request: Asked, promise_id: UUID, more: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """One fee: noting it as paid, or taking that back."""
    line = desk.one(request.viewer, promise_id)
    context = {
        "line": line,
        "card": line.promise,
        "paid": line.promise.state in PAID,
        "shops": _shops(request),
        **(more or {}),
    }
    return render(request, "champion/promise.html", context, status=status)


def paid(request: Asked, promise_id: UUID) -> HttpResponse:
    """The fee was taken at the till."""
    return _done(
        request,
        promise_id,
        lambda: take(
            request.viewer, promise_id, receipt=request.POST.get("receipt", ""), store=_shop(request)
        ),
        _("记下了，已收款。"),
    )


def unpaid(request: Asked, promise_id: UUID) -> HttpResponse:
    """That was a mistake."""
    return _done(
        request,
        promise_id,
        lambda: commerce.unmark_paid(
            viewer=request.viewer, promise_id=promise_id, reason=request.POST.get("reason", "")
        ),
        _("已撤回，这笔还没收。"),
    )


def handed_back(request: Asked, promise_id: UUID) -> HttpResponse:
    """A fee was handed back."""
    return _done(
        request,
        promise_id,
        lambda: commerce.pay_refund(
            viewer=request.viewer,
            promise_id=promise_id,
            store=_shop(request),
            receipt=request.POST.get("receipt", ""),
        ),
        _("记下了，已退款。"),
    )


def voucher(request: Asked) -> HttpResponse:
    """Look at a voucher, then spend it whole. The code is the secret: it travels in forms only, never in an address."""
    code, shop = request.POST.get("code", "").strip(), _shop(request)
    try:
        with commerce.one_try(viewer=request.viewer, store=shop.public_id):
            card = queries.voucher_by_code(request.viewer, code, store=shop.pk)
            if request.POST.get("do") == "spend":
                receipt = request.POST.get("receipt", "")
                commerce.redeem(viewer=request.viewer, code=code, store=shop, receipt=receipt)
        if request.POST.get("do") != "spend":
            return till(request, {"code": code, "voucher": card})
    except Refused as refused:
        if refused.code == "absent":
            raise
        more = {"code": code, "voucher_fault": say(refused, request.viewer.language)}
        return till(request, more, status_of(refused))
    flash(
        request, _("{value} 已核销。").format(value=money.show(card.value_fen, stores.the_brand().currency))
    )
    return redirect("champion.till")


def _done(request: Asked, promise_id: UUID, act: Any, said: str) -> HttpResponse:
    try:
        act()
    except Refused as refused:
        if refused.code == "absent":
            raise
        return promise(
            request, promise_id, {"fault": say(refused, request.viewer.language)}, status_of(refused)
        )
    flash(request, said)
    return redirect("champion.promise", promise_id)


def _shops(request: Asked) -> list[Any]:
    return [shop for shop in stores.stores_for(request.viewer) if request.viewer.reaches(shop.pk, TILL_ROLES)]


def _shop(request: Asked) -> Any:
    """The till one stands at: the chosen store, or the first in reach."""
    wanted = request.POST.get("store") or request.GET.get("store") or ""
    if wanted:
        return stores.access_store(request.viewer, wanted, roles=TILL_ROLES)
    found = _shops(request)
    if not found:
        raise Refused("absent")
    return found[0]
