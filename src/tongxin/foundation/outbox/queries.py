"""Reading letters."""

import json
from collections import Counter
from typing import Any

from django.conf import settings
from django.db.models import Count

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.outbox.models import Letter
from tongxin.foundation.outbox.terms import READERS, State
from tongxin.foundation.pages import Page, page
from tongxin.foundation.sealing import blind

ON_SCREEN = "screen"


def address_hash(to: str) -> str:
    """What letters to `to` are found by."""
    return blind("letter-to", to)


def letters(
    viewer: Viewer, *, state: State | None = None, limit: int = 50, cursor: str | None = None
) -> Page[Letter]:
    """Letters, newest first, without address and text, for those who run the installation. Refuses `forbidden`."""
    if not viewer.reaches(None, READERS):
        raise Refused("forbidden")
    rows = Letter.objects.defer("to", "to_hash", "body")
    return page(rows.filter(state=state) if state else rows, by=["-id"], limit=limit, cursor=cursor)


def counts() -> Counter[State]:
    """How many letters are in each state."""
    rows = Letter.objects.order_by().values_list("state").annotate(n=Count("id"))
    return Counter({State(state): n for state, n in rows})


def on_screen(*, kind: str, to: str) -> dict[str, Any] | None:
    """The newest live letter of the `screen` carrier to `to`: what its receiver would be reading. None outside the demo."""
    if not settings.DEMO:
        return None
    at = clock.now()
    letter = (
        Letter.objects.filter(carrier=ON_SCREEN, kind=kind, to_hash=address_hash(to))
        .exclude(state__in=[State.HELD, State.EXPIRED, State.FAILED])
        .order_by("-id")
        .first()
    )
    if letter is None or not letter.body or (letter.expires_at is not None and letter.expires_at <= at):
        return None
    body: dict[str, Any] = json.loads(letter.body)
    return body
