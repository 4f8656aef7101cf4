"""Writes happen once: every one asks for an `Idempotency-Key` and answers the same for the same key and body."""

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, JsonResponse
from pydantic import BaseModel

from tongxin.faces.asking import Asked
from tongxin.faces.sentences import status_of
from tongxin.foundation.errors import Refused
from tongxin.foundation.idempotency.actions import fresh, once

KEY = "Idempotency-Key"
REPEATED = "Idempotency-Replayed"
MATCH = "If-Match"
ASKS = "tongxin_asks"  # the headers that a view asks for; the OpenAPI document reads it

View = Callable[..., BaseModel]


def write(status: int = 200, *, matching: bool = False) -> Callable[[View], Callable[..., HttpResponse]]:
    """Run a view at most once a key. The view answers a shape; effect and answer are kept in one transaction.

    `matching` also asks for `If-Match`, where two people may edit the same thing.
    Refuses `idempotency.key_needed`, `match.needed`, and what `once` refuses.
    """

    def around(view: View) -> Callable[..., HttpResponse]:
        @functools.wraps(view)
        def door(request: Asked, **given: Any) -> HttpResponse:
            key = request.headers.get(KEY, "")
            if not key:
                raise Refused("idempotency.key_needed")
            match = request.headers.get(MATCH, "")
            if matching and not match:
                raise Refused("match.needed")
            code, body, again = once(
                viewer=request.viewer,
                route=f"{request.method} {request.path}",
                key=key,
                body=request.body + match.encode(),
                act=lambda: (status, view(request, **given).model_dump(mode="json")),
                status_of=status_of,
            )
            reply = JsonResponse(body, status=code, json_dumps_params={"ensure_ascii": False})
            if again:
                reply[REPEATED] = "true"
            return reply

        setattr(door, ASKS, frozenset({KEY, MATCH} if matching else {KEY}))
        return door

    return around


def new(request: Asked) -> bool:
    """Is this a write that will be done now, and not one that was answered before or has no key?"""
    route = f"{request.method} {request.path}"
    return fresh(viewer=request.viewer, route=route, key=request.headers.get(KEY, ""))


def matched(request: Asked) -> int:
    """The version that `If-Match` names. Refuses `edit.stale` for what is no version of ours."""
    named = request.headers.get(MATCH, "").strip().removeprefix("W/").strip('"')
    if not (named.isascii() and named.isdecimal() and len(named) < 10):
        raise Refused("edit.stale")
    return int(named)


def asks_key(view: Callable[..., Any]) -> Callable[..., Any]:
    """For a write whose action is done once by its own key: the header is asked for, and the answer follows from what is kept."""
    setattr(view, ASKS, frozenset({KEY}))
    return view
