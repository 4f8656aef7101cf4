"""Finding pictures."""

import re
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from tongxin.foundation.errors import Refused
from tongxin.foundation.media.models import Picture

_NAME = re.compile(r"[0-9a-f]{32}\.(jpg|png)")


@dataclass(frozen=True)
class Served:
    """A file to be served, always with `nosniff` and its own type."""

    path: Path
    content_type: str
    purpose: str
    person: int | None


def place(name: str) -> Path:
    """Where a picture of that name lies. A name that we did not make is refused, so no path can be asked for."""
    if not _NAME.fullmatch(name):
        raise Refused("absent")
    return Path(settings.TONGXIN_MEDIA) / name[:2] / name


def picture(name: str) -> Served:
    """The picture of an address. Whether the asking person may see it is for the room of its purpose to say.

    Refuses `absent`.
    """
    path = place(name)
    found = Picture.objects.filter(name=name).first()
    if found is None or not path.exists():
        raise Refused("absent")
    return Served(path, found.content_type, found.purpose, found.person)
