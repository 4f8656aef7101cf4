"""The holder's ticket: a code that changes every thirty seconds, drawn on the phone, also without network."""

from uuid import UUID

import segno
from django.http import HttpResponse
from django.shortcuts import render

from tongxin.commerce import queries as commerce
from tongxin.events import queries
from tongxin.events.terms import TOKEN_STEP
from tongxin.faces import keeping
from tongxin.faces.asking import Asked
from tongxin.stores import queries as stores

ROOM = "events"
BORDER = 2  # squares of white around the code, within the white card
KEPT = ("tongxin/ticket/ticket.js", "tongxin/uqr/index.js", "tongxin/checkin/checkin.css")


def ticket(request: Asked, registration_id: UUID) -> HttpResponse:
    """One's own ticket. Without script the server draws the code and the page comes again every thirty seconds."""
    found = queries.ticket_of(request.viewer, registration_id)
    seat = found.registration
    context = {
        "ticket": found,
        "event": found.event,
        "seat": seat,
        "name": seat.person.nickname,
        "picture": _drawn(found.code),
        "promise": commerce.promise_for((ROOM, str(seat.public_id))) if found.event.fee_fen else None,
        "currency": stores.the_brand().currency,
        "step": TOKEN_STEP,
    }
    return keeping.keep_until(render(request, "member/ticket.html", context), found.keep_until)


def worker(request: Asked) -> HttpResponse:
    """The script that keeps tickets for the hour without network."""
    del request
    return keeping.keeper("tickets", KEPT)


def _drawn(code: str) -> dict[str, object]:
    """The code as a path of dark squares and the length of a side, for the template to draw."""
    rows = [list(row) for row in segno.make(code, error="m", micro=False).matrix_iter(border=BORDER)]
    dark = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, bit in enumerate(row) if bit)
    return {"side": len(rows), "path": dark}
