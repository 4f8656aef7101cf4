"""Bodies larger than those of the other doors: pictures."""

import functools
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from tongxin.foundation.errors import Refused
from tongxin.foundation.media.actions import LARGEST

LONGEST_DATA = LARGEST * 4 // 3 + 4  # letters of base64 for the largest picture
AROUND = 4096  # its caption and names, as JSON

Run = Callable[..., HttpResponseBase]


def large(run: Run) -> Run:
    """Let a door take a body with the largest picture in it, once the permission table has let the viewer in.

    Refuses `media.too_large` before anything of it is read. A body without a length is held to the size of the others.
    """

    @functools.wraps(run)
    def door(request: HttpRequest, *path: Any, **given: Any) -> HttpResponseBase:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length > LONGEST_DATA + AROUND:
            raise Refused("media.too_large", most=LARGEST // 2**20)
        if length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            request._body = request.read(length)  # noqa: SLF001 - where Django keeps a body; its own reader stops at the usual size
        return run(request, *path, **given)

    return door
