"""样张: how a kit's poster looks in each template, with the words of the kit and a store of the viewer, before any event is there."""

from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse

from tongxin.events.formats import FORMATS
from tongxin.faces.asking import Asked
from tongxin.faces.posters import BRANDS, PLAIN
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.kits import queries
from tongxin.kits.poster import drawing, keeping
from tongxin.kits.poster.templates import templates
from tongxin.kits.poster.words import Facts, Language
from tongxin.kits.rules.content import Content
from tongxin.kits.terms import OVERSEERS
from tongxin.stores import queries as stores

MARKS = {"zh": "样张", "en": "sample"}
AHEAD = timedelta(days=7)


def template_names() -> list[tuple[str, tuple[str, str]]]:
    """Every template by its key, with its name in both languages."""
    return [(key, (one.zh, one.en)) for key, one in templates().items()]


def sample(request: Asked, kit_id: UUID, template: str) -> HttpResponse:
    """The poster of a kit in one template, marked as a sample. Refuses `absent` for a kit out of reach or no such template."""
    if template not in templates():
        raise Refused("absent")
    viewer = request.viewer
    if viewer.reaches(None, OVERSEERS):
        content: Content = queries.draft_of(viewer, kit_id).content
    else:
        content = queries.version_to_take(viewer, kit_id, None).content
    facts = _facts(request, content, template)
    data = keeping.kept(
        settings.HOME / "posters", facts, f"sample-{template}.png", lambda: drawing.png(facts)
    )
    return HttpResponse(data, content_type="image/png")


def _facts(request: Asked, content: Content, template: str) -> Facts:
    viewer = request.viewer
    language: Language = "en" if viewer.language == "en" else "zh"
    shop = next((one for one in stores.stores_for(viewer) if not one.unsorted), None)
    zone = ZoneInfo(shop.zone if shop else clock.SHANGHAI)
    day = clock.business_day(clock.now(), str(zone)) + AHEAD
    starts = datetime.combine(day, time.fromisoformat(content["start_time"]))
    look = content["poster"][0] if content["poster"] else {}
    known = FORMATS.get(content["format"])
    return Facts(
        title=look.get("title") or content["title"],
        line=look.get("line") or PLAIN[language],
        store=shop.name if shop else BRANDS[language],
        starts=starts,
        ends=starts + timedelta(minutes=content["minutes"]),
        place="",
        seats=content["places"],
        fee_fen=content["fee_fen"],
        back_fen=content["voucher_fen"],
        link=settings.TONGXIN_BASE_URL.rstrip("/"),
        tag=(known.en if language == "en" else known.zh) if known else "",
        mark=MARKS[language],
        brand=BRANDS[language],
        template=template,
        language=language,
    )
