"""The member's own events: the lists, one registration, and what can be done with it in one tap."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.commerce import queries as commerce
from tongxin.events import ical
from tongxin.events.actions.offers import accept as accept_offer
from tongxin.events.actions.offers import leave
from tongxin.events.actions.registering import cancel_registration
from tongxin.events.queries import listing, lottery, member, passes, sales
from tongxin.events.terms import Admission, Seat, State
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.foundation import clock, money

ROOM = "events"
NEAR = 6


def events(request: Asked) -> HttpResponse:
    """What is ahead, what was; and what one can still come to."""
    past = request.GET.get("tab") == "past"
    own = member.my_events(request.viewer, past=past)
    taken = {line.event for line in own}
    near = [] if past else listing.soonest(request.viewer, limit=NEAR + len(taken))
    context = {
        "past": past,
        "mine": own,
        "lines": [line for line in near if line.public_id not in taken][:NEAR],
        "passes": [] if past else [one for one in passes.my_passes(request.viewer) if one.left],
    }
    return render(request, "member/events.html", context)


def calendar(request: Asked, registration_id: UUID) -> HttpResponse:
    """The event of one's own place as a file for the calendar."""
    card = member.my_registration(request.viewer, registration_id)
    return HttpResponse(
        ical.event_calendar(request.viewer, card.line.event), content_type="text/calendar; charset=utf-8"
    )


def registration(request: Asked, registration_id: UUID) -> HttpResponse:
    """Where it stands, and the next step."""
    card = member.my_registration(request.viewer, registration_id)
    line, now = card.line, clock.now()
    live = line.state in {Seat.APPLIED, Seat.ENTERED, Seat.WAITING, Seat.OFFERED, Seat.CONFIRMED}
    promise = commerce.promise_for((ROOM, str(line.public_id))) if line.fee_fen else None
    drawn = card.admission == Admission.LOTTERY
    context = {
        "card": card,
        "line": line,
        "lot": lottery.my_lot(request.viewer, registration_id) if drawn else None,
        "piece": sales.my_piece(request.viewer, registration_id),
        "promise": promise,
        "fee_said": money.show(promise.fee_fen, card.currency) if promise else "",
        "voucher_said": money.show(promise.voucher_fen, card.currency) if promise else "",
        "currency": card.currency,
        "may_cancel": live and line.starts_at > now and line.event_state == State.PUBLISHED,
        "over": line.ends_at <= now,
        "again": line.state == Seat.CANCELLED
        and line.event_state == State.PUBLISHED
        and line.starts_at > now,
        "ticket": reverse("member.ticket", args=[line.public_id]),
        "calendar": reverse("member.calendar", args=[line.public_id]),
        "children": [c for c in member.my_children(request.viewer) if c.public_id in card.companions],
    }
    return render(request, "member/registration.html", context)


def cancel(request: Asked, registration_id: UUID) -> HttpResponse:
    """Give the place back."""
    cancel_registration(viewer=request.viewer, registration_id=registration_id)
    flash(request, _("已取消，位子会让给别人。想来的时候再报。"))
    return redirect("member.registration", registration_id)


def accept(request: Asked, registration_id: UUID) -> HttpResponse:
    """Take the offered seat."""
    accept_offer(viewer=request.viewer, registration_id=registration_id)
    flash(request, _("位子是你的了。"))
    return redirect("member.registration", registration_id)


def decline(request: Asked, registration_id: UUID) -> HttpResponse:
    """Leave the offered seat to the next in the line."""
    leave(viewer=request.viewer, registration_id=registration_id)
    flash(request, _("好的，位子让给下一位了。"))
    return redirect("member.registration", registration_id)
