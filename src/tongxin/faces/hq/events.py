"""活动 at headquarters: the list and the month, one event with its registrations, a new one, the file, the draw."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.events import actions
from tongxin.events.actions import lottery
from tongxin.events.queries import access_event, guests, listing
from tongxin.events.queries.guests import GUEST_LABELS, Guests
from tongxin.events.queries.listing import TAB_LABELS, Tab
from tongxin.events.queries.lottery import published_draw
from tongxin.events.terms import ADMISSION_LABELS, Admission, State
from tongxin.faces import event_form
from tongxin.faces.asking import Asked
from tongxin.faces.context import DECIDES, flash
from tongxin.faces.hq.month import month_page
from tongxin.faces.once import key_for, made_once
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock, money
from tongxin.foundation.errors import Refused
from tongxin.stores import queries as stores

PAGE, GUESTS = 40, 50


def listing_page(request: Asked) -> HttpResponse:
    """The list with tabs and counts, or the month; both by store and region."""
    viewer = request.viewer
    store, region = _where(request)
    context: dict[str, Any] = {
        "stores": stores.stores_for(viewer)[:200],
        "regions": stores.regions_for(viewer),
        "store": store,
        "region": region,
        "may_make": bool(viewer.roles & DECIDES),
        "where": "".join(
            f"&{name}={one.public_id}"
            for name, one in (("store", store), ("region", region))
            if one is not None
        ),
    }
    if request.GET.get("view") == "month":
        return render(request, "hq/events_month.html", context | month_page(request, store, region))
    chosen = request.GET.get("tab", "")
    tab = Tab(chosen) if chosen in set(Tab) else Tab.COMING
    cursor = request.GET.get("cursor") or None
    found = listing.organised(viewer, tab, store=store, region=region, limit=PAGE, cursor=cursor)
    counted = listing.tab_counts(viewer, store=store, region=region)
    context |= {
        "tab": tab,
        "tabs": [(one, TAB_LABELS[one], counted[one]) for one in Tab],
        "lines": found.items,
        "cursor": found.cursor,
    }
    return render(request, "hq/events.html", context)


def _where(request: Asked) -> tuple[Any, Any]:
    shop, area = request.GET.get("store", ""), request.GET.get("region", "")
    store = stores.access_store(request.viewer, shop) if shop else None
    region = next((one for one in stores.regions_for(request.viewer) if str(one.public_id) == area), None)
    return store, region


def event(request: Asked, event_id: UUID) -> HttpResponse:
    """One event: figures, registrations by list, and what can be done."""
    viewer = request.viewer
    found = access_event(viewer, event_id)
    makes = bool(viewer.roles & DECIDES)
    tab, cursor = Guests.COMING, None
    context: dict[str, Any] = {
        "found": found,
        "line": listing.one_line(viewer, event_id),
        "now": clock.now(),
        "voucher_said": money.show(found.voucher_fen, found.store.brand.currency)
        if found.voucher_fen
        else "",
        "admission": ADMISSION_LABELS[Admission(found.admission)],
        "makes": makes,
        "poster_png": reverse("hq.poster.png", args=[event_id]),
        "poster_pdf": reverse("hq.poster.pdf", args=[event_id]),
        "may_cancel": makes and found.state in {State.DRAFT, State.PUBLISHED},
        "may_draw": makes and _to_draw(request, found),
    }
    if makes:
        counted = guests.guest_counts(viewer, found)
        chosen = request.GET.get("tab", "")
        tab = Guests(chosen) if chosen in set(Guests) else Guests.COMING
        page = guests.guests(viewer, found, tab, limit=GUESTS, cursor=request.GET.get("cursor") or None)
        cursor = page.cursor
        context |= {
            "guests": page.items,
            "tabs": [(kind, GUEST_LABELS[kind], counted[kind]) for kind in Guests],
        }
    return render(request, "hq/event.html", context | {"tab": tab, "cursor": cursor})


def _to_draw(request: Asked, found: Any) -> bool:
    """Is there a draw still to be made?"""
    if found.admission != Admission.LOTTERY or found.state != State.PUBLISHED:
        return False
    document = published_draw(request.viewer, found.public_id).document if found.draw else None
    return document is None or document["revealed_at"] is None


def new(request: Asked) -> HttpResponse:
    """The same plain form, for any store in reach; one draft however often it is sent."""
    shops = [shop for shop in stores.stores_for(request.viewer) if not shop.unsorted]
    fault, status, key = "", 200, key_for(request)
    if request.method == "POST":
        try:
            store = stores.access_store(request.viewer, request.POST.get("store") or "?", roles=DECIDES)
            event = event_form.event_in(request.POST, store.zone)
            made = made_once(
                request, lambda: actions.draft(viewer=request.viewer, store=store, event=event).public_id
            )
        except Refused as refused:
            fault, status = say(refused, request.viewer.language), status_of(refused)
            key = key_for(request, refused)
        else:
            flash(request, _("草稿写好了，看一眼再发布。"))
            return redirect("hq.event", made)
    context = {
        "shops": shops,
        "many": True,
        "offer": event_form.offer(),
        "typed": request.POST,
        "fault": fault,
        "key": key,
    }
    return render(request, "hq/event_new.html", context, status=status)


def publish(request: Asked, event_id: UUID) -> HttpResponse:
    """Members see it from now on."""
    actions.publish(viewer=request.viewer, event_id=event_id)
    flash(request, _("发布了，会员可以报名了。"))
    return redirect("hq.event", event_id)


def cancel(request: Asked, event_id: UUID) -> HttpResponse:
    """Call it off, with a reason that everybody reads."""
    reason = request.POST.get("reason", "").strip()
    if not reason:
        raise Refused("input.bad", field=_("原因"), reason=_("写一句，报了名的人会看到。"))
    actions.cancel(viewer=request.viewer, event_id=event_id, reason=reason[:200])
    flash(request, _("已取消，报了名的人会收到通知。"))
    return redirect("hq.event", event_id)


def draw(request: Asked, event_id: UUID) -> HttpResponse:
    """Publish the list of who takes part, or draw."""
    if request.POST.get("step") == "draw":
        lottery.draw(viewer=request.viewer, event_id=event_id, beacon=request.POST.get("beacon", "").strip())
        flash(request, _("抽好了，结果会告诉每一位。"))
    else:
        lottery.commit(viewer=request.viewer, event_id=event_id)
        flash(request, _("名单和承诺已经公示。"))
    return redirect("hq.event", event_id)


def export(request: Asked, event_id: UUID) -> StreamingHttpResponse:
    """All registrations as CSV, streamed while the database writes it."""
    rows = actions.export_registrations(viewer=request.viewer, event_id=event_id)
    reply = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    reply["Content-Disposition"] = f'attachment; filename="registrations-{event_id}.csv"'
    return reply
