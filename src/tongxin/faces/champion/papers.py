"""What a champion prints: the notice board with its sheet, and the one page for the wall."""

from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from tongxin.champions import queries
from tongxin.champions.papers import sheets
from tongxin.champions.papers.sheets import Language, OnBoard
from tongxin.champions.queries import Board
from tongxin.events.queries.listing import EventLine
from tongxin.faces.asking import Asked
from tongxin.faces.posters import BRANDS, MARKS
from tongxin.faces.templatetags.tongxin import day, hour, weekday
from tongxin.foundation.access import Viewer

PDF = "application/pdf"


def board(request: Asked, store_id: UUID) -> HttpResponse:
    """社区告示板: what hangs on the wall this week, and since when."""
    store = queries.access_check_store(request.viewer, store_id)
    found = queries.board_of(request.viewer, store)
    return render(request, "champion/board.html", {"board": found, "store": store, "link": _link(found)})


def board_sheet(request: Asked, store_id: UUID) -> HttpResponse:
    """The same on A4, with the code of the store's page."""
    store = queries.access_check_store(request.viewer, store_id)
    found, language = queries.board_of(request.viewer, store), language_of(request.viewer)
    data = sheets.board(
        store=store.name,
        brand=BRANDS[language],
        week=f"{day(found.today)}～{day(found.until)}"
        if language == "zh"
        else f"{day(found.today)} – {day(found.until)}",
        hung=day(found.today),
        events=[_on_board(line) for line in found.events],
        ritual=_on_board(found.ritual) if found.ritual else None,
        star=bool(found.stars),
        link=_link(found),
        mark=MARKS[language] if any(line.simulated for line in found.events) else "",
        language=language,
    )
    return as_file(data, f"board-{found.today}.pdf")


def card(request: Asked) -> HttpResponse:
    """主理人一页纸."""
    language = language_of(request.viewer)
    return as_file(sheets.card(brand=BRANDS[language], mark="", language=language), "champion.pdf")


def language_of(viewer: Viewer) -> Language:
    """The language a reader prints in."""
    return "en" if viewer.language == "en" else "zh"


def as_file(data: bytes, name: str) -> HttpResponse:
    """A PDF to keep."""
    reply = HttpResponse(data, content_type=PDF)
    reply["Content-Disposition"] = f'attachment; filename="{name}"'
    return reply


def _on_board(line: EventLine) -> OnBoard:
    title = f"{line.title}：{line.theme}" if line.theme else line.title
    when = f"{day(line.starts_at)} {weekday(line.starts_at)} {hour(line.starts_at)}"
    return OnBoard(when, title, line.place, max(0, line.left))


def _link(found: Board) -> str:
    address = reverse("member.store", args=[found.store.public_id])
    return f"{settings.TONGXIN_BASE_URL.rstrip('/')}{address}?from=board"
