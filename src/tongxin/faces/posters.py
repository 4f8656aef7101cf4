"""Posters and printables of one event, for the champion and for headquarters. Nothing on them is about a person.

Words come from the event, the look from the kit that it was made with, if any. What is drawn is kept by its content.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse
from django.urls import Resolver404, resolve, reverse

from tongxin.events.queries import access_event, listing
from tongxin.events.queries.listing import EventLine
from tongxin.events.terms import State
from tongxin.faces.asking import Asked
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.kits.poster import drawing, keeping, printing
from tongxin.kits.poster.printing import Part
from tongxin.kits.poster.templates import DEFAULT
from tongxin.kits.poster.words import Facts, Language
from tongxin.kits.queries.contents import content_at
from tongxin.outreach.queries.wecom import poster_code
from tongxin.outreach.rules import with_code

SPARE = 3  # lines and stickers for those who come unannounced
A_TABLE = 6  # seats
MARKS = {"zh": "模拟数据", "en": "simulated data"}
BRANDS = {"zh": "邻里同心", "en": "Neighbours Together"}
PLAIN = {"zh": "来坐坐，认识几位邻居", "en": "Come and meet your neighbours"}
TYPES = {"png": "image/png", "pdf": "application/pdf"}
PAPERS = ("sign-in", "table-cards", "name-stickers", "one-page")
# The look of an event without a kit, by its format.
LOOKS = {"market": "market", "swap": "market", "tea": "calm", "online_talk": "calm", "tasting": "tasting"}
OPEN = frozenset({State.PUBLISHED, State.ENDED})


def picture(request: Asked, event_id: UUID) -> HttpResponse:
    """The poster for a phone. Refuses `absent`, and `poster.not_open` before the event can be registered for."""
    facts = public_facts(request, event_id)
    return _file(facts, "poster.png", lambda: drawing.png(facts), event_id)


def sheet(request: Asked, event_id: UUID) -> HttpResponse:
    """The same for a wall, A4."""
    facts = public_facts(request, event_id)
    return _file(facts, "poster.pdf", lambda: drawing.pdf(facts), event_id)


def paper(request: Asked, event_id: UUID, paper: str) -> HttpResponse:
    """What lies on the tables: one of PAPERS; another name is absent."""
    if paper not in PAPERS:
        raise Refused("absent")
    facts, seats = _facts(request, event_id)
    draw: dict[str, Callable[[], bytes]] = {
        "sign-in": lambda: printing.sign_in(facts, seats + SPARE),
        "table-cards": lambda: printing.table_cards(facts, -(-seats // A_TABLE)),
        "name-stickers": lambda: printing.name_stickers(facts, blank=seats + SPARE),
    }
    if paper == "one-page":
        parts = one_page_parts(request.viewer, event_id, facts.language)
        what = f"{paper} {parts!r}"
        return _file(facts, f"{paper}.pdf", lambda: printing.one_page(facts, parts), event_id, what)
    return _file(facts, f"{paper}.pdf", draw[paper], event_id)


def public_facts(request: Asked, event_id: UUID) -> Facts:
    """What the poster says. A draft's code would lead nowhere, a called-off event's to a disappointment."""
    facts, _ = _facts(request, event_id)
    if access_event(request.viewer, event_id).state not in OPEN:
        raise Refused("poster.not_open")
    return facts


def poster_path(viewer: Viewer, path: str, picture_route: str) -> str:
    """Where the poster of the event stands that a letter leads to; "" where it leads elsewhere or out of reach."""
    try:
        found = resolve(path.partition("?")[0])
    except Resolver404:
        return ""
    if found.url_name != "member.event":
        return ""
    try:
        event = access_event(viewer, found.kwargs["event_id"])
    except Refused:
        return ""
    return reverse(picture_route, args=[event.public_id]) if event.state in OPEN else ""


def one_page_parts(viewer: Viewer, event_id: UUID, language: Language) -> tuple[Part, ...]:
    """The parts of the champion's page: what the kit says, or the few things that hold for every event."""
    content = _content(viewer, event_id)
    if content is None:
        return _PLAIN_PARTS[language]
    head = HEADINGS[language]
    safety = [*_texts(content["safety"], "text")]
    if content["allergens"]:
        safety.append(f"{head['allergens']}{content['allergens']}")
    outline = (f"{row['title']} {row['minutes']}′{_after(row['note'])}" for row in content["outline"])
    roles = (f"{row['title']} × {row['count']}：{row['duty']}" for row in content["roles"])
    made = (
        Part(head["safety"], tuple(safety)),
        Part(head["outline"], tuple(outline)),
        Part(
            head["checklist"],
            tuple(f"{_day(row['day'], language)}：{row['title']}" for row in content["checklist"]),
            ticks=True,
        ),
        Part(head["roles"], tuple(roles)),
        Part(
            head["materials"],
            tuple(_material(row, content["places"]) for row in content["materials"]),
            ticks=True,
        ),
    )
    return tuple(part for part in made if part.lines)


HEADINGS: dict[Language, dict[str, str]] = {
    "zh": {
        "safety": "安全与过敏",
        "allergens": "过敏原：",
        "outline": "流程（分钟）",
        "checklist": "要做的",
        "roles": "分工",
        "materials": "物料",
    },
    "en": {
        "safety": "Safety and allergies",
        "allergens": "Allergens: ",
        "outline": "Outline (minutes)",
        "checklist": "To do",
        "roles": "Roles",
        "materials": "Materials",
    },
}
_PLAIN_PARTS: dict[Language, tuple[Part, ...]] = {
    "zh": (
        Part(
            "开始前", ("摆好桌椅和签到码", "问过敏，写在名贴上", "急救箱和出口在哪里，心里有数"), ticks=True
        ),
        Part("开始时", ("记住三位新朋友怎么称呼", "拍照前先问，孩子的照片问大人"), ticks=True),
        Part("结束后", ("谢谢每一位", "记下三句听到的话", "收好签到表，30 天内碎掉"), ticks=True),
    ),
    "en": (
        Part(
            "Before",
            (
                "Tables, chairs and the check-in code are ready",
                "Ask about allergies, write them on the stickers",
                "Know where first aid and exits are",
            ),
            ticks=True,
        ),
        Part(
            "At the start",
            (
                "Learn what three new people like to be called",
                "Ask before taking pictures; for children ask the adult",
            ),
            ticks=True,
        ),
        Part(
            "Afterwards",
            (
                "Thank everybody",
                "Write down three things you heard",
                "Keep the sign-in sheet safe, shred it within 30 days",
            ),
            ticks=True,
        ),
    ),
}


def _facts(request: Asked, event_id: UUID) -> tuple[Facts, int]:
    """(what is drawn, how many seats). Refuses `absent`."""
    viewer = request.viewer
    line = listing.one_line(viewer, event_id)
    store = access_event(viewer, event_id).store
    language: Language = "en" if viewer.language == "en" else "zh"
    home = ZoneInfo(store.zone)
    look = _look(viewer, event_id)
    theme = line.theme if line.theme and line.theme != line.title else ""
    return Facts(
        title=line.theme or look.get("title") or line.title,
        line=look.get("line") or (line.title if theme else PLAIN[language]),
        store=line.store_name,
        starts=line.starts_at.astimezone(home).replace(tzinfo=None),
        ends=line.ends_at.astimezone(home).replace(tzinfo=None),
        place=line.place,
        seats=line.size,
        fee_fen=line.fee_fen,
        back_fen=line.voucher_fen,
        link=_link(event_id),
        tag=_tag(line, language),
        mark=MARKS[language] if line.simulated else "",
        brand=BRANDS[language],
        currency=store.brand.currency,
        template=look.get("template") or LOOKS.get(line.format, DEFAULT),
        language=language,
    ), line.size


def _link(event_id: UUID) -> str:
    """The event's page; with the poster's live code if it has one, so that who comes by it is counted where they came from."""
    page = f"{settings.TONGXIN_BASE_URL.rstrip('/')}{reverse('member.event', args=[event_id])}"
    state = poster_code("events", str(event_id))
    return with_code(page, state) if state else f"{page}?from=poster"


def _tag(line: EventLine, language: Language) -> str:
    return line.form[language == "en"]


def _content(viewer: Viewer, event_id: UUID) -> dict[str, Any] | None:
    """What the kit of this event says, with the store's own values; None for an event without one."""
    try:
        return content_at(viewer, "events", str(event_id))
    except Refused:
        return None


def _look(viewer: Viewer, event_id: UUID) -> dict[str, str]:
    content = _content(viewer, event_id)
    rows = content["poster"] if content else []
    return dict(rows[0]) if rows else {}


def _texts(rows: list[dict[str, Any]], name: str) -> tuple[str, ...]:
    return tuple(str(row[name]) for row in rows)


def _after(note: str) -> str:
    return f"：{note}" if note else ""


def _day(day: int, language: Language) -> str:
    if language == "en":
        return "on the day" if day == 0 else f"day {day:+d}"
    if day == 0:
        return "当天"
    return f"提前 {-day} 天" if day < 0 else f"之后第 {day} 天"


def _material(row: dict[str, Any], places: int) -> str:
    need = row["per_place"] * places + row["fixed"]
    return f"{row['name']} {need} {row['unit']}"


def _file(facts: Facts, name: str, draw: Callable[[], bytes], event_id: UUID, what: str = "") -> HttpResponse:
    data = keeping.kept(settings.HOME / "posters", facts, what or name, draw)
    reply = HttpResponse(data, content_type=TYPES[name[-3:]])
    reply["Content-Disposition"] = f'attachment; filename="{str(event_id)[:8]}-{name}"'
    return reply
