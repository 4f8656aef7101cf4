"""A form that is sent twice makes one thing: the second sending answers what the first one made."""

import time
from collections.abc import Callable
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.http import QueryDict

from tongxin.faces.asking import Asked
from tongxin.faces.forms import once_in
from tongxin.foundation.errors import Refused
from tongxin.foundation.idempotency.actions import once

UNASKED = frozenset({"csrfmiddlewaretoken", "key"})
PATIENCE, PAUSE = (
    20,
    0.1,
)  # looks, and seconds between them: so long the second of two quick clicks waits for the first


def made_once(request: Asked, make: Callable[[], UUID]) -> UUID:
    """What `make` makes, at most once for the form's `key`. A refusal keeps nothing: the same form may be mended and sent again.

    Refuses what `make` and `once` refuse: `input.bad` without a key, `idempotency.other_body` for a key that made something else.
    """
    key = once_in(request.POST)
    for looks in range(PATIENCE, -1, -1):
        try:
            _, body, _ = once(
                viewer=request.viewer,
                route=f"{request.method} {request.path}",
                key=key,
                body=_typed(request.POST),
                act=lambda: (201, {"id": str(make())}),
            )
        except Refused as refused:
            if refused.code != "idempotency.in_flight" or not looks:
                raise
            time.sleep(PAUSE)
        else:
            return UUID(body["id"])
    raise AssertionError("the last look either answers or raises")  # pragma: no cover


def key_for(request: Asked, refused: Refused | None = None) -> str:
    """The key that a form carries: the one it was sent with, a new one for a new form and where the old one made something else."""
    sent = str(request.POST.get("key", ""))
    if not sent or (refused is not None and refused.code == "idempotency.other_body"):
        return uuid4().hex
    return sent


def _typed(form: QueryDict) -> bytes:
    return urlencode(
        sorted((name, value) for name, values in form.lists() if name not in UNASKED for value in values)
    ).encode()
