"""成员: finding people, and one person with everything that explains their ring."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.commerce import queries as commerce
from tongxin.faces import pictures, till
from tongxin.faces.asking import Asked
from tongxin.faces.context import READS_PEOPLE, WORKS_WITH_PEOPLE, flash
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach.queries import life, wecom
from tongxin.outreach.terms_wecom import SOURCE_LABELS, TOUCH_LABELS
from tongxin.people import actions as people_actions
from tongxin.people import queries as people
from tongxin.people.terms import CHANNEL_LABELS, IDENTITY_LABELS, CustomerKind
from tongxin.rings import actions as rings
from tongxin.rings import queries as ring_queries
from tongxin.rings.queries import lists
from tongxin.rings.terms import (
    GATES,
    ORDER,
    OVERRIDE_REASONS,
    THANKS_KINDS,
    THANKS_STATES,
    UNITS,
    Gate,
    OverrideReason,
    Ring,
    ThanksKind,
)
from tongxin.stores import queries as stores

PAGE, TIMELINE, LOOKED = 30, 12, 200
HALF_YEAR = timedelta(days=182)
YES_OR_NO = frozenset({Gate.KNOWN, Gate.CONSENT, Gate.VIOLATIONS})


def listing(request: Asked) -> HttpResponse:
    """Search by name, pinyin, tail of a phone or member code; one store or all; page by page."""
    viewer = request.viewer
    text, shop, kind, chosen = (request.GET.get(name, "").strip() for name in ("q", "store", "kind", "ring"))
    store = stores.access_store(viewer, shop) if shop else None
    ring = Ring(chosen) if chosen in set(Ring) and not text else None
    cursor = request.GET.get("cursor") or None
    if ring is None:
        wanted = CustomerKind(kind) if kind in set(CustomerKind) else None
        found = people.search_customers(viewer, text, store=store, kind=wanted, limit=PAGE, cursor=cursor)
    else:
        found = lists.people_in(viewer, ring, limit=PAGE, cursor=cursor)
    placed = lists.rings_of(viewer, [line.id for line in found.items])
    ring_counts = ring_queries.counts(viewer)
    context = {
        "lines": [(line, placed.get(line.id)) for line in found.items],
        "ring": ring,
        "rings": [(r, ring_counts[r]) for r in reversed(ORDER)],
        "cursor": found.cursor,
        "first": not request.GET.get("cursor"),
        "text": text,
        "kind": kind,
        "store": store,
        "stores": stores.stores_for(viewer)[:200],
        "everybody": sum(ring_counts.values()),
    }
    return render(request, "hq/people.html", context)


def person(request: Asked, member_id: UUID) -> HttpResponse:
    """One person: ring, gates with evidence, nearest step, history, life with us, what we know."""
    context = portrait(request.viewer, member_id, cursor=request.GET.get("cursor") or None)
    return render(request, "hq/person.html", context | _deciding())


def thank(request: Asked, member_id: UUID) -> HttpResponse:
    """Thank somebody: praise that waits for their yes, or a gift out of a budget."""
    form = request.POST
    try:
        kind, cost = ThanksKind(form.get("kind", "")), round(float(form.get("yuan", "") or 0) * 100)
    except ValueError:
        raise Refused("input.bad", field="thanks", reason=_("请选一种方式")) from None
    rings.thank(
        viewer=request.viewer,
        customer=member_id,
        kind=kind,
        words=form.get("words", ""),
        envelope=form.get("envelope") or None,
        cost_fen=cost,
    )
    flash(request, _("谢意已记下。公开表扬要等本人点头。"))
    return _back(request, member_id)


def _deciding() -> dict[str, Any]:
    """What the form of an override offers."""
    today = clock.business_day(clock.now())
    return {
        "reasons": [(r.value, OVERRIDE_REASONS[r]) for r in OverrideReason],
        "rings": ORDER,
        "soonest": today + timedelta(days=1),
        "until": today + timedelta(days=91),
        "latest": today + timedelta(days=181),
    }


def phone(request: Asked, member_id: UUID) -> HttpResponse:
    """The whole phone, for a reason: on this answer only, never in an address, never after a redirect."""
    viewer, reason = request.viewer, request.POST.get("reason", "")
    number, fault, status = "", "", 200
    customer = people.access_customer(viewer, member_id)
    try:
        number = people_actions.reveal_phone(viewer=viewer, customer=customer, reason=reason)
    except Refused as refused:
        if not refused.code.startswith("people."):
            raise
        fault, status = say(refused, viewer.language), status_of(refused)
    desk = bool(viewer.roles & READS_PEOPLE)
    route = "hq.person" if desk else "champion.person"
    context = portrait(viewer, member_id) | {
        "number": number,
        "phone_fault": fault,
        "asked_why": reason if fault else "",
        "here": reverse(route, args=[member_id]),  # switching the language leads back to the masked page
    }
    if desk:
        return render(request, "hq/person.html", context | _deciding(), status=status)
    return render(request, "champion/person.html", context, status=status)


def portrait(viewer: Viewer, member_id: UUID, cursor: str | None = None) -> dict[str, Any]:
    """What both desks show of a person. Refuses `absent`."""
    card = people.person_card(viewer, member_id)
    bought = till.rows(viewer, card.public_id)
    beside: dict[str, Any] = {"till_rows": bought, "others": life.lines_of(viewer, card.public_id)}
    recent = people.timeline(viewer, card.public_id, limit=LOOKED, **beside)
    shown = people.timeline(viewer, card.public_id, limit=TIMELINE, cursor=cursor, **beside)
    today = clock.business_day(clock.now())
    half = [row for row in bought if row.at >= clock.now() - HALF_YEAR]
    return {
        "card": card,
        "told": (told := _told(viewer, card.public_id)),
        **_gates(told, viewer),
        "lanes": pictures.lanes([(str(i.channel), clock.business_day(i.at)) for i in recent.items], today),
        "timeline": [(item, CHANNEL_LABELS[item.channel]) for item in shown.items],
        "cursor": shown.cursor,
        "spent": sum(row.net_fen for row in half),
        "visits": sum(row.orders for row in half),
        "path": [
            (step, SOURCE_LABELS[step.source], TOUCH_LABELS[step.kind])
            for step in wecom.path_of(viewer, card.public_id)
        ],
        "identities": [(IDENTITY_LABELS[i.kind], i) for i in card.identities if i.shown],
        "phone": next((i.shown for i in card.identities if i.kind == "phone"), ""),
        "memberships": commerce.memberships_of(viewer, people.access_customer(viewer, card.public_id)),
        "thanked": [
            (one, THANKS_KINDS[one.kind], THANKS_STATES[one.state])
            for one in ring_queries.thanks_of(viewer, card.id)
        ],
        "thanks_kinds": [(kind.value, THANKS_KINDS[kind]) for kind in ThanksKind],
        "envelopes": commerce.envelopes_for(viewer, limit=20).items
        if viewer.roles & WORKS_WITH_PEOPLE
        else [],
    }


def _told(viewer: Viewer, public_id: UUID) -> Any:
    try:
        return ring_queries.explain(viewer, public_id)
    except Refused as refused:
        if refused.code == "absent":
            raise
        return say(refused, viewer.language)


def _gates(told: Any, viewer: Viewer) -> dict[str, Any]:
    if isinstance(told, str):
        return {"told": None, "why_not": told}
    lines = told.gates or told.held
    target = told.placed.ring if not told.gates else ORDER[told.placed.ring.step + 1]
    path = [str(p.ring) for p in reversed(told.history)][-5:] or [str(told.placed.ring)]
    return {
        "target": target,
        "inwards": bool(told.gates),
        "gates": [_gate(line) for line in lines],
        "met": sum(line.met for line in lines),
        "placed": pictures.placed_picture(str(told.placed.ring), path, missing=told.nearest is not None),
        "ways": any(line.way for line in lines),
        "may_invite": told.candidate and told.invitation is None,
        "may_confirm": told.invitation is not None and told.invitation.state == "accepted",
    }


def _gate(line: Any) -> dict[str, Any]:
    """One row of the table: its words, the bar to draw (None for a yes or no), the value."""
    return {
        "said": GATES[line.gate],
        "unit": UNITS.get(line.gate, ("", "")),
        "value": line.value,
        "bar": line.bar,
        "met": line.met,
        "way": line.way,
        "yes": line.gate in YES_OR_NO,
        "violations": line.gate is Gate.VIOLATIONS,
        "drawn": None
        if line.gate in YES_OR_NO
        else pictures.gate_bar(line.value, line.bar, line.low, met=line.met),
        "evidence": len(line.ids),
        "days_left": line.days_left,
    }


# ---- decisions


def _back(request: Asked, member_id: UUID) -> HttpResponse:
    desk = request.viewer.roles & READS_PEOPLE
    return redirect("hq.person" if desk else "champion.person", member_id=member_id)


def invite(request: Asked, member_id: UUID) -> HttpResponse:
    """A named person's word for a candidate, with the reason that she reads, and perhaps a seat among the advisers."""
    rings.invite(
        viewer=request.viewer,
        customer=member_id,
        reason=request.POST.get("reason", ""),
        seat=request.POST.get("seat") == "yes",
    )
    flash(request, _("邀请已发出，等本人答复。"))
    return _back(request, member_id)


def confirm(request: Asked, member_id: UUID) -> HttpResponse:
    """A second look at an accepted invitation that could not be finished at once."""
    open_one = ring_queries.explain(request.viewer, member_id).invitation
    if open_one is None:
        raise Refused("absent")
    rings.confirm(viewer=request.viewer, invitation=open_one.public_id)
    flash(request, _("已确认，现在是内环的一员。"))
    return _back(request, member_id)


def override(request: Asked, member_id: UUID) -> HttpResponse:
    """Set a ring by hand, with a reason and until a day."""
    form = request.POST
    try:
        ring, reason = Ring(form.get("ring", "")), OverrideReason(form.get("reason", ""))
        until = date.fromisoformat(form.get("until", ""))
    except ValueError:
        raise Refused("input.bad", field="override", reason=_("请选圈层、理由和到期日")) from None
    rings.override(
        viewer=request.viewer,
        customer=member_id,
        ring=ring,
        reason=reason,
        until=clock.day_end(until),
        note=form.get("note", ""),
    )
    flash(request, _("已调整，到期自动恢复；自动判定继续在后台算。"))
    return _back(request, member_id)


def release(request: Asked, member_id: UUID) -> HttpResponse:
    """End the override in force."""
    rings.end_override(viewer=request.viewer, customer=member_id)
    flash(request, _("已恢复自动判定。"))
    return _back(request, member_id)


def tag(request: Asked, member_id: UUID) -> HttpResponse:
    """Keep a word about somebody; they see it and may delete it."""
    label = request.POST.get("label", "").strip()[:20]
    if not label:
        raise Refused("input.bad", field="label", reason=_("标签不能为空"))
    customer = people.access_customer(request.viewer, member_id)
    people_actions.tag(viewer=request.viewer, customer=customer, label=label)
    flash(request, _("标签已加上，本人也看得到。"))
    return _back(request, member_id)
