"""Who registered for an event, list by list, and what a champion answers each."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.events.actions.offers import pick
from tongxin.events.actions.registering import approve, decline
from tongxin.events.queries import access_event, access_registration, guests, listing
from tongxin.events.queries.guests import GUEST_LABELS, Guests
from tongxin.faces.asking import Asked
from tongxin.faces.champion.events import door_of
from tongxin.faces.context import flash
from tongxin.foundation.access import Verb
from tongxin.foundation.errors import Refused

PAGE = 50


def people(request: Asked, event_id: UUID) -> HttpResponse:
    """One list with its tabs and counts."""
    viewer = request.viewer
    found = access_event(viewer, event_id, Verb.CHANGE)
    counted = guests.guest_counts(viewer, found)
    chosen = request.GET.get("tab", "")
    tab = (
        Guests(chosen)
        if chosen in set(Guests)
        else Guests.ASKING
        if counted[Guests.ASKING]
        else Guests.COMING
    )
    page = guests.guests(viewer, found, tab, limit=PAGE, cursor=request.GET.get("cursor") or None)
    context = {
        "found": found,
        "line": listing.one_line(viewer, event_id),
        "tab": tab,
        "tabs": [(kind, GUEST_LABELS[kind], counted[kind]) for kind in Guests],
        "guests": page.items,
        "cursor": page.cursor,
        "checkin": door_of(found.public_id),
    }
    return render(request, "champion/guests.html", context)


def answer(request: Asked, registration_id: UUID) -> HttpResponse:
    """通过, 婉拒, or out of turn from the waiting list."""
    viewer, wanted = request.viewer, request.POST.get("answer", "")
    found = access_registration(viewer, registration_id, deciding=True)
    if wanted == "approve":
        approve(viewer=viewer, registration_id=registration_id)
        said, tab = _("已通过，会告诉本人。"), Guests.ASKING
    elif wanted == "decline":
        decline(viewer=viewer, registration_id=registration_id, reason="champion")
        said, tab = _("已婉拒，会告诉本人。"), Guests.ASKING
    elif wanted == "pick":
        pick(viewer=viewer, registration_id=registration_id, reason=request.POST.get("reason", ""))
        said, tab = _("有空位就先给这一位，双方都看得到原因。"), Guests.WAITING
    else:
        raise Refused("input.bad", field="answer", reason="approve/decline/pick")
    flash(request, said)
    return redirect(f"{reverse('champion.guests', args=[found.occurrence.public_id])}?tab={tab}")
