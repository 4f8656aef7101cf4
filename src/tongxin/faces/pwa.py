"""The pages as an app on a phone's first screen: a manifest, icons, and a page for when there is no network. Never a need.

The keeper holds one page that says nothing about anybody, and the style it needs; what is personal is not kept here. Doors and
tickets have keepers of their own, within their folders.
"""

import io
import json
from functools import lru_cache
from pathlib import Path

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from PIL import Image

from tongxin.faces.asking import Asked
from tongxin.faces.keeping import EVERY_PAGE
from tongxin.foundation.errors import Refused
from tongxin.kits.poster.drawing import ACROSS, Sheet, stamp

SCRIPT = Path(__file__).with_name("static") / "tongxin" / "away.js"
SIDES = (180, 192, 512)
PAPER, INK, FIRE = "#ffffff", "#1b1d2c", "#be3d0a"
INSIDE = 0.6  # of the side: a round mask takes a fifth at every edge
STARTS = {"champion": ("champion.today", "/champion/"), "member": ("member.home", "/")}
ALWAYS = "public, max-age=86400"


def manifest(request: Asked, face: str) -> HttpResponse:
    """What a phone puts on its first screen: for champions or for members. Refuses `absent` for another face."""
    if face not in STARTS:
        raise Refused("absent")
    start, scope = STARTS[face]
    name = _("同心 · 主理人") if face == "champion" else _("同心")
    return JsonResponse(
        {
            "name": name,
            "short_name": name,
            "lang": "en" if request.viewer.language == "en" else "zh-CN",
            "start_url": reverse(start),
            "id": reverse(start),
            "scope": scope,
            "display": "standalone",
            "background_color": PAPER,
            "theme_color": PAPER,
            "icons": [
                {
                    "src": reverse("app.icon", args=[side]),
                    "sizes": f"{side}x{side}",
                    "type": "image/png",
                    "purpose": "any maskable",
                }
                for side in SIDES[1:]
            ],
        },
        content_type="application/manifest+json",
        json_dumps_params={"ensure_ascii": False},
    )


def icon(request: Asked, side: int) -> HttpResponse:
    """The brand mark on a square. Refuses `absent` for a side that no manifest names."""
    del request
    if side not in SIDES:
        raise Refused("absent")
    reply = HttpResponse(_drawn(side), content_type="image/png")
    reply["Cache-Control"] = ALWAYS
    return reply


@lru_cache(maxsize=len(SIDES))
def _drawn(side: int) -> bytes:
    sheet = Sheet(Image.new("RGB", (side, side), PAPER))
    edge = ACROSS * (1 - INSIDE) / 2
    stamp(sheet, (edge, edge), side=ACROSS * INSIDE, ink=INK, fire=FIRE)
    out = io.BytesIO()
    sheet.picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def away(request: Asked) -> HttpResponse:
    """What stands there without network."""
    return render(request, "away.html")


def worker(request: Asked) -> HttpResponse:
    """The keeper of that page, bound by the browser to the folder it is served from."""
    del request
    keep = {"name": "tongxin-away", "page": reverse("app.away"), "files": [static(one) for one in EVERY_PAGE]}
    text = f"self.KEEP = {json.dumps(keep)};\n{SCRIPT.read_text()}"
    return HttpResponse(text, content_type="text/javascript; charset=utf-8")
