"""The frame of a page: the rail of headquarters, or a phone for who is a champion and nothing wider."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from tongxin.faces.asking import Asked
from tongxin.faces.context import DESK, WORKS_WITH_PEOPLE
from tongxin.foundation.errors import Refused
from tongxin.stores import queries as stores

EVENTS, MONEY = "hq.events", "hq.envelopes"  # the door of the rail that a page stands behind


def on_phone(request: Asked) -> bool:
    """Does the looking person work on a phone?"""
    return not request.viewer.roles & DESK


def framed(
    request: Asked,
    template: str,
    context: dict[str, Any],
    *,
    heading: str,
    under: str = EVENTS,
    back: str = "",
    status: int = 200,
) -> HttpResponse:
    """A page in the frame of who looks. `back` is an address."""
    phone = on_phone(request)
    frame = {
        "base": "phone.html" if phone else "hq/base.html",
        "on_phone": phone,
        "heading": heading,
        "under": under,
        "back": back,
        "makes": bool(request.viewer.roles & WORKS_WITH_PEOPLE),
    }
    return render(request, template, frame | context, status=status)


def event_page(request: Asked, event_id: Any) -> str:
    """Where the looking person finds an event."""
    return reverse("champion.event" if on_phone(request) else "hq.event", args=[event_id])


def shops(request: Asked) -> list[Any]:
    """The stores in reach, without the one for what is unsorted."""
    return [shop for shop in stores.stores_for(request.viewer) if not shop.unsorted]


def shop_of(request: Asked, found: list[Any]) -> Any:
    """The store that is looked at: the asked one, or the first in reach. Refuses `absent` for one out of reach."""
    wanted = request.GET.get("store") or request.POST.get("store")
    if wanted:
        return stores.access_store(request.viewer, wanted)
    return found[0] if found else None


def shop_typed(request: Asked, found: list[Any]) -> Any:
    """The store of a form: the chosen one, or the only one. Refuses `absent`."""
    shop = shop_of(request, found)
    if shop is None:
        raise Refused("absent")
    return shop
