"""Checking people in: the page that works without network, and what it asks when there is one.

Nothing personal is in an address: codes, words to search by and journals travel in the body of a POST.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.events import actions, queries
from tongxin.events.actions import EntryIn, WalkIn
from tongxin.events.queries.doors import DoorList
from tongxin.events.terms import CONFLICT_LABELS, LIST_KEPT, Conflict, Did, Via, Why
from tongxin.faces import keeping
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.stores.terms import Role

# As everywhere, and one word more: the reader of QR codes is WebAssembly, which a browser compiles only under this word. It
# allows no script from elsewhere, no inline script and no eval of text.
POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
KEPT = (
    "tongxin/checkin/checkin.css",
    "tongxin/checkin/page.js",
    "tongxin/checkin/keep.js",
    "tongxin/checkin/codes.js",
    "tongxin/checkin/verdict.js",
    "tongxin/checkin/camera.js",
    "tongxin/checkin/signals.js",
    "tongxin/checkin/net.js",
    "tongxin/checkin/draw.js",
    "tongxin/zxing/reader/index.js",
    "tongxin/zxing/share.js",
    "tongxin/zxing/zxing_reader.wasm",
)
MAY_ORGANISE = frozenset({Role.CHAMPION, Role.STORE_MANAGER})
ASK_AGAIN = 30  # seconds after which a list is called old

View = Callable[..., HttpResponse]


def for_script(view: View) -> View:
    """A view that answers the page's script: refusals and bad fields come as JSON with their code and sentence."""

    @wraps(view)
    def answered(request: Asked, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, **kwargs)
        except (ValueError, KeyError, TypeError):
            refused = Refused("input.bad", field="", reason="")
        except Refused as fault:
            refused = fault
        language = "en" if request.viewer.language == "en" else "zh"
        body = {"code": refused.code, "said": say(refused, language), "data": refused.data}
        return JsonResponse(body, status=status_of(refused))

    return answered


def doors(request: Asked) -> HttpResponse:
    """Today's doors: where a door account arrives."""
    return render(request, "champion/doors.html", {"events": queries.doors_today(request.viewer)})


def page(request: Asked, event_id: UUID) -> HttpResponse:
    """The page itself. It carries the event's name and hours and nobody's name: the list comes to the script, and goes again."""
    event = queries.access_at_door(request.viewer, event_id)
    until = event.ends_at + LIST_KEPT
    context = {
        "event": event,
        "until": until,
        "now": clock.now(),
        "parties": range(1, max(event.party_most, 1) + 1),
        "organises": bool(request.viewer.roles & MAY_ORGANISE),
    }
    reply = render(request, "champion/checkin.html", context)
    reply["Content-Security-Policy"] = POLICY
    return keeping.keep_until(reply, until)


def worker(request: Asked) -> HttpResponse:
    """The script that keeps this page for the hour without network."""
    del request
    return keeping.keeper("checkin", KEPT)


@for_script
def open_door(request: Asked, event_id: UUID) -> HttpResponse:
    """This phone begins: a door, and the signed list. With a door of its own already, the list as it is now."""
    known = request.POST.get("door", "")
    if known:
        return _list(actions.read_list(viewer=request.viewer, door_id=UUID(known)))
    _door, names = actions.open_door(viewer=request.viewer, event_id=event_id)
    return _list(names)


def _list(names: DoorList) -> HttpResponse:
    return JsonResponse({"list": names.body, "signature": names.signature, "public": names.public})


@for_script
def scan(request: Asked, event_id: UUID) -> HttpResponse:
    """One check-in with the server at hand."""
    given = request.POST
    answer = actions.check_in(
        viewer=request.viewer,
        event_id=event_id,
        nonce=UUID(given["nonce"]),
        ticket=given.get("ticket", "")[:400],
        registration=_maybe(given.get("registration")),
        door_id=_maybe(given.get("door")),
        forced=given.get("forced") == "yes",
    )
    return JsonResponse(asdict(answer))


@for_script
def annul(request: Asked, event_id: UUID) -> HttpResponse:
    """Take a check-in back."""
    given = request.POST
    answer = actions.annul(
        viewer=request.viewer,
        event_id=event_id,
        nonce=UUID(given["nonce"]),
        scan=UUID(given["scan"]),
        door_id=_maybe(given.get("door")),
    )
    return JsonResponse(asdict(answer))


@for_script
def walk_in(request: Asked, event_id: UUID) -> HttpResponse:
    """Somebody without a registration."""
    given = request.POST
    answer = actions.walk_in(
        viewer=request.viewer,
        event_id=event_id,
        nonce=UUID(given["nonce"]),
        who=_walker(given.dict()),
        door_id=_maybe(given.get("door")),
    )
    return JsonResponse(asdict(answer))


@for_script
def find(request: Asked, event_id: UUID) -> HttpResponse:
    """Look somebody up whom the phone's own list does not know."""
    del event_id  # the door says which event
    found = actions.find(
        viewer=request.viewer, door_id=UUID(request.POST["door"]), text=request.POST.get("text", "")[:40]
    )
    return JsonResponse({"found": [asdict(one) for one in found]})


@for_script
def sync(request: Asked, event_id: UUID) -> HttpResponse:
    """The journal comes home."""
    del event_id  # the door says which event
    lines = json.loads(request.POST["journal"])
    taken = actions.sync(
        viewer=request.viewer, door_id=UUID(request.POST["door"]), journal=[_entry(line) for line in lines]
    )
    return JsonResponse({"taken": [asdict(one) for one in taken]})


def _entry(line: dict[str, Any]) -> EntryIn:
    at = datetime.fromisoformat(line["scanned_at"])
    return EntryIn(
        nonce=UUID(line["nonce"]),
        did=Did(line["did"]),
        did_why=Why(line["did_why"]),
        scanned_at=clock.as_utc(at),
        via=Via(line["via"]),
        ticket=str(line.get("ticket") or "")[:400],
        registration=_maybe(line.get("registration")),
        walk_in=_walker(line["walk_in"]) if line.get("walk_in") else None,
        forced=bool(line.get("forced")),
        annuls=_maybe(line.get("annuls")),
    )


def _walker(given: dict[str, Any]) -> WalkIn:
    return WalkIn(
        phone=str(given.get("phone") or "").strip()[:20],
        nickname=str(given.get("nickname") or "").strip()[:20],
        party=int(given.get("party") or 1),
    )


def _maybe(text: str | None) -> UUID | None:
    return UUID(text) if text else None


@for_script
def roster(request: Asked, event_id: UUID) -> HttpResponse:
    """The children who come, with what they must not eat: shown, never kept."""
    children = actions.open_roster(viewer=request.viewer, event_id=event_id)
    return JsonResponse({"children": [asdict(child) for child in children]})


def conflicts(request: Asked, event_id: UUID) -> HttpResponse:
    """What the doors disagree about, the phones that check in, and the last scans."""
    viewer = request.viewer
    lines = queries.conflicts_of(viewer, event_id)
    context = {
        "event": queries.access_at_door(viewer, event_id),
        "open": [(line, CONFLICT_LABELS[Conflict(line.kind)]) for line in lines if line.resolved_at is None],
        "closed": [(line, CONFLICT_LABELS[Conflict(line.kind)]) for line in lines if line.resolved_at],
        "doors": queries.doors_of(viewer, event_id),
        "scans": queries.scans_of(viewer, event_id, limit=30),
    }
    return render(request, "champion/conflicts.html", context)


def resolve(request: Asked, conflict_id: UUID) -> HttpResponse:
    """The champion says what was right."""
    came = request.POST.get("came") == "yes"
    words = request.POST.get("verdict", "").strip() or (_("人在现场") if came else _("不算到场"))
    row = actions.resolve(viewer=request.viewer, conflict_id=conflict_id, verdict=words, came=came)
    flash(request, _("记下了。"))
    return redirect("champion.checkin.conflicts", event_id=row.occurrence.public_id)


def revoke(request: Asked, door_id: UUID) -> HttpResponse:
    """A phone checks nobody in any more."""
    door = actions.revoke_door(viewer=request.viewer, door_id=door_id)
    flash(request, _("这台设备已停用。"))
    return redirect("champion.checkin.conflicts", event_id=door.occurrence.public_id)
