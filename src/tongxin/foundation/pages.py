"""Keyset paging: stable while rows come and go, and as fast on the last page as on the first."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Q, QuerySet

from tongxin.foundation.errors import Refused

T = TypeVar("T")
LARGEST = 200  # contract.md §4


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows and where to go on; `cursor` None is the end."""

    items: tuple[T, ...]
    cursor: str | None = None


def encode(key: Sequence[str | int]) -> str:
    """A cursor: the sort key of the last row shown. Opaque to callers, not secret."""
    return (
        base64.urlsafe_b64encode(json.dumps(list(key), separators=(",", ":")).encode()).decode().rstrip("=")
    )


def decode(cursor: str, width: int) -> list[str | int]:
    """The sort key in a cursor. Refuses `input.bad` for anything we did not make."""
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        key = None
    plain = isinstance(key, list) and len(key) == width
    if not plain or not all(isinstance(k, (str, int)) and not isinstance(k, bool) for k in key):
        raise Refused("input.bad", field="cursor", reason="?")
    return key


def page(rows: QuerySet[Any], *, by: Sequence[str], limit: int = 50, cursor: str | None = None) -> Page[Any]:
    """One page of `rows` sorted `by` fields (`-at`, `-id`; the last one unique and all in one direction).

    Refuses `input.bad` for a foreign cursor or a limit outside 1…200.
    """
    if not 1 <= limit <= LARGEST:
        raise Refused("input.bad", field="limit", reason=f"1–{LARGEST}")
    names = [name.removeprefix("-") for name in by]
    if cursor is not None:
        rows = rows.filter(_after(names, decode(cursor, len(names)), falling=by[0].startswith("-")))
    found = list(rows.order_by(*by)[: limit + 1])
    shown = tuple(found[:limit])
    more = len(found) > limit
    return Page(shown, encode([_plain(getattr(shown[-1], name)) for name in names]) if more else None)


def _after(names: list[str], key: Sequence[str | int], *, falling: bool) -> Q:
    step = "lt" if falling else "gt"
    condition = Q()
    for i, name in enumerate(names):
        same = Q(**dict(zip(names[:i], key[:i], strict=True)))
        condition |= same & Q(**{f"{name}__{step}": key[i]})
    return condition


def _plain(value: Any) -> str | int:
    return (
        value if isinstance(value, int) else value.isoformat() if hasattr(value, "isoformat") else str(value)
    )
