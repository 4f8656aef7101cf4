"""The champion's events: what is ahead, one of them, a new one; publishing, moving, calling off, telling."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from tongxin.events import actions
from tongxin.events.actions.telling import tell_guests
from tongxin.events.queries import access_event, guests, listing
from tongxin.events.queries.listing import TAB_LABELS, Tab
from tongxin.events.terms import State
from tongxin.faces import event_form, pictures
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.once import key_for, made_once
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock
from tongxin.foundation.access import Verb
from tongxin.foundation.errors import Refused
from tongxin.stores import queries as stores
from tongxin.stores.terms import Role

PAGE = 20
PAPER_LABELS: tuple[tuple[str, tuple[str, str]], ...] = (
    ("sign-in", ("签到表", "Sign-in sheet")),
    ("table-cards", ("桌牌", "Table cards")),
    ("name-stickers", ("名贴", "Name stickers")),
    ("one-page", ("主理人一页卡", "The champion's page")),
)
LEADS = frozenset({Role.CHAMPION, Role.STORE_MANAGER})


def listing_page(request: Asked) -> HttpResponse:
    """Tabs with counts, and the lines of one."""
    chosen = request.GET.get("tab", "")
    tab = Tab(chosen) if chosen in set(Tab) else Tab.COMING
    found = listing.organised(request.viewer, tab, limit=PAGE, cursor=request.GET.get("cursor") or None)
    counted = listing.tab_counts(request.viewer)
    context = {
        "tab": tab,
        "tabs": [(one, TAB_LABELS[one], counted[one]) for one in Tab],
        "lines": found.items,
        "cursor": found.cursor,
    }
    return render(request, "champion/events.html", context)


def event(
    request: Asked, event_id: UUID, more: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """Seats, who waits, and the next step."""
    viewer = request.viewer
    found = access_event(viewer, event_id)
    line = listing.one_line(viewer, event_id)
    now = clock.now()
    counted = guests.guest_counts(viewer, found)
    ahead = found.starts_at > now and found.state in {State.DRAFT, State.PUBLISHED}
    local = found.starts_at.astimezone(ZoneInfo(found.store.zone))
    context = {
        "found": found,
        "line": line,
        "now": now,
        "counts": [(kind, guests.GUEST_LABELS[kind], counted[kind]) for kind in guests.Guests],
        "seats": line.taken + line.held,
        "ringed": 0 < line.size <= pictures.MOST_SEATS,
        "ahead": ahead,
        "may_cancel": found.state in {State.DRAFT, State.PUBLISHED},
        "day": local.date(),
        "time": f"{local:%H:%M}",
        "minutes": int((found.ends_at - found.starts_at).total_seconds() // 60),
        "soonest": clock.business_day(now),
        "poster_png": reverse("champion.poster.png", args=[event_id]),
        "poster_pdf": reverse("champion.poster.pdf", args=[event_id]),
        "papers": PAPER_LABELS,
        "checkin": door_of(found.public_id) if found.state == State.PUBLISHED else "",
        **(more or {}),
    }
    return render(request, "champion/event.html", context, status=status)


def door_of(event_id: UUID) -> str:
    """The address of the check-in page; "" where this installation has none."""
    try:
        return reverse("champion.checkin", args=[event_id])
    except NoReverseMatch:
        return ""


def new(request: Asked) -> HttpResponse:
    """A plain form, one draft however often it is sent; it is looked at before it is published."""
    shops = [shop for shop in stores.stores_for(request.viewer) if not shop.unsorted]
    fault, status, key = "", 200, key_for(request)
    if request.method == "POST":
        try:
            wanted = request.POST.get("store", "")
            store = stores.access_store(request.viewer, wanted, roles=LEADS) if wanted else shops[0]
            event = event_form.event_in(request.POST, store.zone)
            made = made_once(
                request, lambda: actions.draft(viewer=request.viewer, store=store, event=event).public_id
            )
        except Refused as refused:
            fault, status = say(refused, request.viewer.language), status_of(refused)
            key = key_for(request, refused)
        else:
            flash(request, _("草稿写好了，看一眼再发布。"))
            return redirect("champion.event", made)
    context = {
        "shops": shops,
        "offer": event_form.offer(),
        "typed": request.POST,
        "fault": fault,
        "key": key,
    }
    return render(request, "champion/event_new.html", context, status=status)


def publish(request: Asked, event_id: UUID) -> HttpResponse:
    """Members see it from now on."""
    actions.publish(viewer=request.viewer, event_id=event_id)
    flash(request, _("发布了，会员可以报名了。"))
    return redirect("champion.event", event_id)


def move(request: Asked, event_id: UUID) -> HttpResponse:
    """Another time or place; everybody who holds a place is told."""
    found = access_event(request.viewer, event_id, Verb.CHANGE)
    try:
        starts = event_form.moment(request.POST, found.store.zone)
        actions.move(
            viewer=request.viewer,
            event_id=event_id,
            version=event_form.number(request.POST, "version", _("版本"), 1, 10**6),
            starts_at=starts,
            ends_at=starts + (found.ends_at - found.starts_at),
            place=request.POST.get("place", found.place).strip()[: event_form.PLACE_MOST],
        )
    except Refused as refused:
        return _refused(request, event_id, refused, "move")
    flash(request, _("改好了，报了名的人会收到通知。"))
    return redirect("champion.event", event_id)


def resize(request: Asked, event_id: UUID) -> HttpResponse:
    """More or fewer places for everyone; new ones go to the waiting list first."""
    try:
        actions.resize(
            viewer=request.viewer,
            event_id=event_id,
            version=event_form.number(request.POST, "version", _("版本"), 1, 10**6),
            audience="",
            size=event_form.number(request.POST, "size", _("名额"), 1, 100_000),
        )
    except Refused as refused:
        return _refused(request, event_id, refused, "resize")
    flash(request, _("名额改好了，多出来的先给候补的人。"))
    return redirect("champion.event", event_id)


def cancel(request: Asked, event_id: UUID) -> HttpResponse:
    """Call it off with a reason that everybody reads."""
    reason = request.POST.get("reason", "").strip()
    if not reason:
        refused = Refused("input.bad", field=_("原因"), reason=_("写一句，报了名的人会看到。"))
        return _refused(request, event_id, refused, "cancel")
    actions.cancel(viewer=request.viewer, event_id=event_id, reason=reason[:200])
    flash(request, _("已取消，报了名的人会收到通知。"))
    return redirect("champion.event", event_id)


def tell(request: Asked, event_id: UUID) -> HttpResponse:
    """The same words to everybody who registered."""
    try:
        told = tell_guests(viewer=request.viewer, event_id=event_id, text=request.POST.get("text", ""))
    except Refused as refused:
        return _refused(request, event_id, refused, "tell")
    flash(request, _("已通知 {n} 位。").format(n=told))
    return redirect("champion.event", event_id)


def _refused(request: Asked, event_id: UUID, refused: Refused, where: str) -> HttpResponse:
    if refused.code == "absent":
        raise refused
    more = {"fault": say(refused, request.viewer.language), "where": where, "typed": request.POST}
    return event(request, event_id, more, status_of(refused))
