"""抽签公示: what is published of a draw, for anybody, signed in or not; and the file that `tongxin draw verify` takes."""

import json
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from tongxin.events.queries import event_page
from tongxin.events.queries.lottery import published_draw
from tongxin.faces.asking import Asked
from tongxin.foundation.draw.rules import verify
from tongxin.foundation.draw.terms import FAULTS
from tongxin.foundation.errors import Refused

SHOWN = 60  # entrants on the page; all of them stand in the file


def page(request: Asked, event_id: UUID) -> HttpResponse:
    """The frozen rules, then the list and the commitment, then the seed and the winners, and how to recompute them."""
    found = published_draw(request.viewer, event_id)
    document = found.document
    drawn = document is not None and document["revealed_at"] is not None
    verdict = verify(document) if drawn and document is not None else None
    context: dict[str, Any] = {
        "card": event_page.event_page(request.viewer, event_id),
        "found": found,
        "document": document,
        "drawn": drawn,
        "verdict": verdict,
        "faults": [FAULTS[fault] for fault in verdict.faults] if verdict else [],
        "shown": sorted(document["entrants"])[:SHOWN] if document else [],
        "more": max(0, len(document["entrants"]) - SHOWN) if document else 0,
        "step": 3 if drawn else 2 if document else 1,
    }
    return render(request, "member/draw.html", context)


def document(request: Asked, event_id: UUID) -> HttpResponse:
    """The document itself, as the checker takes it. Refuses `absent` before the list is published."""
    found = published_draw(request.viewer, event_id)
    if found.document is None:
        raise Refused("absent")
    text = json.dumps(found.document, ensure_ascii=False, indent=2)
    reply = HttpResponse(text, content_type="application/json; charset=utf-8")
    reply["Content-Disposition"] = f'attachment; filename="draw-{event_id}.json"'
    return reply
