"""Pages that work without network: the small script that keeps them, each within its own few addresses.

The keeper is served from inside the folder it may watch over, so the browser itself bounds it to that folder. It keeps the page,
its script, its style; what is personal on the page goes when `Tongxin-Keep-Until` is over.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from django.http import HttpResponse
from django.templatetags.static import static

from tongxin.foundation import clock

SCRIPT = Path(__file__).with_name("static") / "tongxin" / "keeper.js"
EVERY_PAGE = ("tongxin/tokens.css", "tongxin/tongxin.css", "tongxin/more.css", "tongxin/mark.svg")


def keeper(name: str, files: Sequence[str]) -> HttpResponse:
    """The keeping script of one folder of pages, with the list of what it keeps."""
    keep = {"name": f"tongxin-{name}", "files": [static(file) for file in (*EVERY_PAGE, *files)]}
    text = f"self.KEEP = {json.dumps(keep)};\n{SCRIPT.read_text()}"
    return HttpResponse(text, content_type="text/javascript; charset=utf-8")


def keep_until(reply: HttpResponse, until: datetime) -> HttpResponse:
    """Mark a page with the instant after which no device may show it without the network any more."""
    reply["Tongxin-Keep-Until"] = clock.as_utc(until).isoformat()
    return reply
