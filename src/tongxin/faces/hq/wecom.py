"""企业微信: the groups with their days and what the nights corrected; live codes and the way from public to private, by channel."""

from datetime import timedelta
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.connect.wecom.config import configured
from tongxin.connect.wecom.groups import WeComGroups
from tongxin.events.queries import access_event, listing
from tongxin.faces import pictures
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach.actions import wecom_codes
from tongxin.outreach.audiences import EVERY_STORE
from tongxin.outreach.queries import wecom, wecom_groups
from tongxin.outreach.terms_handover import KEEPERS, SETTERS
from tongxin.outreach.terms_plans import MOOD_LABELS
from tongxin.outreach.terms_wecom import (
    CODE_LABELS,
    CODE_STATE_LABELS,
    SOURCE_LABELS,
    CodeKind,
    CodeState,
    Source,
)
from tongxin.stores import queries as stores

DAYS, WINDOW = 30, timedelta(days=91)
EVENTS_AHEAD, LISTED, CORRECTED = 40, 60, 20
NEARLY_FULL = 180  # of two hundred


def groups(request: Asked) -> HttpResponse:
    """Every group in reach with its week, one of them day by day (`?one=`), and what the nights had to correct."""
    viewer = request.viewer
    rows = wecom_groups.group_cards(viewer)
    moods = {one.key: MOOD_LABELS[one.mood] for one in WeComGroups().groups(EVERY_STORE, at=clock.now())}
    wanted = request.GET.get("one") or (str(rows[0].public_id) if rows else "")
    page = wecom_groups.group_page(viewer, wanted, days=DAYS) if wanted else None
    stocks = [day.stock for day in reversed(page.days)] if page else []
    context = {
        "rows": [
            (one, moods.get(f"wecom:{one.public_id}", ("", "")), one.members >= NEARLY_FULL) for one in rows
        ],
        "page": page,
        "line": pictures.spark(stocks, 320.0, 60.0) if len(stocks) > 1 else None,
        "customers": sum(one.members for one in rows),
        "joins": sum(one.joins for one in rows),
        "leaves": sum(one.leaves for one in rows),
        "corrections": wecom_groups.corrections_for(viewer, most=CORRECTED),
        "ready": configured().ready,
        "keeps": bool(viewer.roles & KEEPERS),
        "sets": bool(viewer.roles & SETTERS),
        "under": "hq.messages",
    }
    return render(request, "hq/wecom.html", context)


def codes(request: Asked) -> HttpResponse:
    """The funnel, the codes, and a form for the next; a POST with `close` ends one."""
    viewer, fault, status = request.viewer, "", 200
    if request.method == "POST":
        try:
            said = _closed(request) if request.POST.get("close") else _ordered(request)
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault, status = say(refused, viewer.language), status_of(refused)
        else:
            flash(request, said)
            return redirect("hq.codes")
    now = clock.now()
    funnel = wecom.funnel(viewer, since=now - WINDOW, until=now)
    context = {
        "funnel": [(one, SOURCE_LABELS[one.source]) for one in funnel],
        "widest": max((one.came for one in funnel), default=1),
        "rows": [
            (
                row,
                CODE_LABELS[CodeKind(row.kind)],
                SOURCE_LABELS[Source(row.source)],
                CODE_STATE_LABELS[CodeState(row.condition)],
            )
            for row in wecom.codes_for(viewer)[:LISTED]
        ],
        "places": _places(viewer),
        "kinds": [(kind, CODE_LABELS[kind]) for kind in (CodeKind.POSTER, CodeKind.GROUP, CodeKind.STORE)],
        "sources": SOURCE_LABELS.items(),
        "typed": request.POST,
        "fault": fault,
        "under": "hq.messages",
    }
    return render(request, "hq/codes.html", context, status=status)


def _places(viewer: Viewer) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a code can be for: an event to come, or a store."""
    ahead = [
        (f"event:{one.public_id}", f"{one.title} · {one.store_name}")
        for one in listing.organised(viewer, listing.Tab.COMING, limit=EVENTS_AHEAD).items
    ]
    shops = [(f"store:{one.public_id}", one.name) for one in stores.stores_for(viewer)[:200]]
    return [(_("活动"), ahead), (_("门店"), shops)]


def _ordered(request: Asked) -> str:
    form, viewer = request.POST, request.viewer
    what, _colon, key = form.get("place", "").partition(":")
    try:
        kind, source = CodeKind(form.get("kind", "")), Source(form.get("source", ""))
        if what not in {"event", "store"} or kind is CodeKind.STAFF:
            raise ValueError(what)  # noqa: TRY301 - one answer to every bad choice
    except ValueError:
        raise Refused("input.bad", field=_("活码"), reason=_("请选一项。")) from None
    if what == "event":
        event = access_event(viewer, _uuid(key))
        store, about, named = event.store, ("events", str(event.public_id)), event.title
    else:
        store, about, named = stores.access_store(viewer, key), ("", ""), ""
    label = form.get("label", "").strip() or named
    wecom_codes.order_code(viewer=viewer, kind=kind, source=source, store=store, label=label, about=about)
    return _("活码排好了，一两分钟就能用。")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("absent") from None


def _closed(request: Asked) -> str:
    wecom_codes.close_code(viewer=request.viewer, public_id=request.POST["close"])
    return _("停用了。之前从这个码来的人还在。")
