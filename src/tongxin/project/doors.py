"""What every request passes: headers on the way out, refusals turned into words, and the permission table.

The order of the middlewares matters: `ReplyHeaders` is outside, so even a failure carries the headers; `Permissions` is inside,
next to the view, because it needs the resolved route. A route without a row in the table is refused.
"""

import errno
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from psycopg.errors import DiskFull
from psycopg_pool import PoolTimeout

from tongxin.faces import entrance
from tongxin.faces.asking import Asked
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import access
from tongxin.foundation.access import ANONYMOUS, Grant, Row, Viewer
from tongxin.foundation.accounts import actions as accounts
from tongxin.foundation.accounts.queries import Entry, entry_of_secret, entry_of_session
from tongxin.foundation.accounts.terms import AccountKind
from tongxin.foundation.errors import Refused
from tongxin.people import queries as people
from tongxin.project.permissions import row_for
from tongxin.stores import queries as stores
from tongxin.stores.terms import HQ_ROLES

log = logging.getLogger("tongxin.doors")

Answer = Callable[[HttpRequest], HttpResponse]

API = "/api/"
RETRY_SECONDS = 5

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self';"
    " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
UNUSED_POWERS = "geolocation=(), microphone=(), payment=(), usb=(), camera=(self), interest-cohort=()"
PRIVATE = "private, no-store"


class ReplyHeaders:
    """No script but ours, no guessing of types, no frames, and nothing personal in anybody's cache (promise P17)."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reply = self.answer(request)
        reply.setdefault("Content-Security-Policy", POLICY)
        reply.setdefault("Permissions-Policy", UNUSED_POWERS)
        reply.setdefault("X-Content-Type-Options", "nosniff")
        reply.setdefault("X-Frame-Options", "DENY")
        reply.setdefault("Referrer-Policy", "same-origin")
        viewer: Viewer = getattr(request, "viewer", ANONYMOUS)
        if (
            not viewer.anonymous
            or getattr(request, "entry", None)
            or reply.status_code >= 400
            or reply.cookies
        ):
            reply["Cache-Control"] = PRIVATE
        else:
            reply.setdefault("Cache-Control", PRIVATE)
        return reply


class Refusals:
    """Turns a refusal, a busy database and a full disk into the words of the face that was asked."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request)

    def process_exception(self, request: HttpRequest, fault: Exception) -> HttpResponse | None:
        """None for anything that is not a refusal: then it is a fault of ours and goes to `fault`."""
        refused = as_refusal(fault)
        return None if refused is None else reply_to(request, refused)


class Permissions:
    """Finds out who asks, and whether the table lets them ask this."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: Asked) -> HttpResponse:
        request.viewer, request.entry, request.origin = ANONYMOUS, None, origin_of(request)
        return self.answer(request)

    def process_view(self, request: Asked, *_: Any) -> HttpResponse | None:
        """None lets the request through to its view."""
        try:
            return self._at_the_door(request)
        except Exception as fault:
            refused = as_refusal(fault)
            if refused is None:
                raise
            return reply_to(request, refused)

    def _at_the_door(self, request: Asked) -> HttpResponse | None:
        match = request.resolver_match
        if match is None:  # pragma: no cover: Django calls this only with a resolved route
            raise Refused("absent")
        identify(request)
        rows = row_for(match.view_name)
        row = rows.get("GET" if request.method == "HEAD" else str(request.method))
        if not rows:
            log.error("route without a row in the permission table: %s", match.view_name)
            raise Refused("route.unlisted")
        if row is None:
            return not_allowed(request, rows)
        return self._judge(request, row)

    def _judge(self, request: Asked, row: Row) -> HttpResponse | None:
        entry: Entry | None = request.entry
        try:
            access.check(row, request.viewer)
        except Refused:
            owed = entry is not None and entrance.owes_factor(entry)
            if for_api(request):
                if owed:
                    raise Refused("second_factor_needed") from None
                raise
            if entry is None:
                return HttpResponseRedirect(
                    f"{reverse(entrance.DOOR)}?{urlencode({'next': request.get_full_path()})}"
                )
            if owed:
                return HttpResponseRedirect(reverse(entrance.FACTOR))
            raise
        return None


def identify(request: Asked) -> None:
    """Set `request.viewer` and `request.entry`. Programs show a bearer secret and never a cookie; browsers the reverse.

    Refuses `token.unknown` for a secret that is wrong, revoked or over.
    """
    if for_api(request):
        entry = _bearer(request)
    else:
        shown = request.session.get(entrance.KEY)
        entry = entry_of_session(shown) if shown else None
    if entry is None:
        return
    viewer = viewer_of(entry, language_of(request))
    request.entry, request.viewer = entry, viewer
    if entry.sign_in is not None:
        accounts.note_seen(sign_in=entry.sign_in)
        entrance.renew_on_new_roles(request, viewer)


def _bearer(request: HttpRequest) -> Entry | None:
    given = request.headers.get("Authorization", "")
    if not given:
        return None
    scheme, _, secret = given.partition(" ")
    entry = entry_of_secret(secret.strip()) if scheme.lower() == "bearer" else None
    if entry is None:
        raise Refused("token.unknown")
    return entry


def viewer_of(entry: Entry, language: str) -> Viewer:
    """The reach of somebody who has proved who they are. Who still owes a second factor reaches nothing yet."""
    # Only a member's account has a member behind it, and only other accounts hold grants: one question each.
    member = people.member_of(entry.account) if entry.account.kind == AccountKind.MEMBER else None
    person, brand = member or (None, None)
    viewer = stores.viewer_for(
        entry.account,
        person=person,
        brand=brand,
        scopes=entry.scopes,
        second_factor=entry.second_factor,
        device=entry.device,
        language=language,
    )
    return replace(
        viewer, grants=reached(entry, viewer.grants), person=viewer.person if entry.complete else None
    )


def reached(entry: Entry, grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
    """What of the grants counts so far: nothing while a second factor is owed, no HQ role without one (promise P25)."""
    if not entry.complete:
        return ()
    return tuple(g for g in grants if entry.second_factor or g.role not in HQ_ROLES)


def language_of(request: HttpRequest) -> str:
    """`zh` or `en`, as the language middleware decided."""
    return "en" if str(getattr(request, "LANGUAGE_CODE", "zh")).startswith("en") else "zh"


def origin_of(request: HttpRequest) -> str:
    """The address that tries are counted by. A forwarded header counts only when a proxy of ours wrote it."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    ours = frozenset(getattr(settings, "TONGXIN_PROXIES", ()))
    for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        if address not in ours or not hop.strip():
            break
        address = hop.strip()
    return address


def for_api(request: HttpRequest) -> bool:
    """Is a program asking?"""
    return request.path_info.startswith(API)


def as_refusal(fault: BaseException) -> Refused | None:
    """The refusal in a fault: itself, `busy` for a database that does not answer, `no_space` for a full disk."""
    if isinstance(fault, Refused):
        return fault
    if isinstance(fault, OperationalError):
        # Its text names hosts and relations, never values of rows; without it a busy database is a riddle.
        log.warning("the database refused: %s", str(fault).strip().splitlines()[:1])
        return Refused("no_space" if isinstance(fault.__cause__, DiskFull) else "busy")
    if isinstance(fault, PoolTimeout):
        return Refused("busy")
    if isinstance(fault, OSError) and fault.errno in (errno.ENOSPC, errno.EDQUOT):
        return Refused("no_space")
    return None


def reply_to(request: HttpRequest, refused: Refused) -> HttpResponse:
    """A refusal as a page or as problem+json (RFC 9457)."""
    status = status_of(refused)
    language = language_of(request)
    sentence = say(refused, language)
    if for_api(request):
        reply: HttpResponse = problem(refused, status=status, title=sentence)
    else:
        reply = refusal_page(request, sentence=sentence, code=refused.code, status=status, data=refused.data)
    if status in (429, 503, 507):
        reply["Retry-After"] = str(refused.data.get("minutes", 0) * 60 or RETRY_SECONDS)
    if status == 401 and for_api(request):
        reply["WWW-Authenticate"] = "Bearer"
    return reply


def problem(refused: Refused, *, status: int, title: str) -> JsonResponse:
    """RFC 9457 with our `code` and the refusal's data."""
    body = {
        "type": f"urn:tongxin:{refused.code}",
        "title": title,
        "status": status,
        "code": refused.code,
        "data": refused.data,
    }
    return JsonResponse(
        body,
        status=status,
        content_type="application/problem+json",
        json_dumps_params={"ensure_ascii": False},
    )


def refusal_page(
    request: HttpRequest, *, sentence: str, code: str, status: int, data: Mapping[str, Any]
) -> HttpResponse:
    """The refusal as a page of its own; in plain letters when even that cannot be drawn (the database may be away)."""
    context = {"sentence": sentence, "code": code, "status": status, "data": data}
    try:
        page = render_to_string("refused.html", context, request=request)
    except Exception:
        log.exception("the page of a refusal could not be drawn: %s", code)
        page = format_html("<!doctype html><title>{0}</title><p>{0}</p>", sentence)
    return HttpResponse(page, status=status)


def not_allowed(request: HttpRequest, rows: Mapping[str, Row]) -> HttpResponse:
    """405 with what is allowed."""
    reply = reply_to(request, Refused("route.method"))
    reply["Allow"] = ", ".join(sorted(rows))
    return reply


# ---- Django's own last words: handler400, 403, 404, 500 in urls.py


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """A request that is not one: a wrong host, a broken encoding."""
    return reply_to(request, Refused("request.bad"))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Django's PermissionDenied."""
    return reply_to(request, Refused("forbidden"))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """An address that is none."""
    return reply_to(request, Refused("absent"))


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """A form without its token (settings.CSRF_FAILURE_VIEW)."""
    return reply_to(request, Refused("form.stale"))


def fault(request: HttpRequest) -> HttpResponse:
    """A fault of ours; a busy database or a full disk that failed outside a view still answers as such."""
    return reply_to(request, as_refusal(sys.exception() or RuntimeError()) or Refused("fault"))
