"""The limited process: bytes of a stranger in, a newly painted picture out.

Run as `python -I -c "…painting.main()"`: no settings, no database, no environment, bounded memory and time. The answer on
standard output is one line of JSON and, if it went well, the bytes of the picture.
"""

import io
import json
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import BinaryIO

from PIL import Image, ImageCms, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MOST_PIXELS = 40_000_000
LONGEST_SIDE = 2560
MEMORY = 1024 * 1024 * 1024
SECONDS = 20


@dataclass(frozen=True)
class Painted:
    """A picture on a canvas of ours."""

    content_type: str
    width: int
    height: int
    data: bytes


class NoPicture(Exception):
    """Refused; the message is the refusal's code."""


def limit(setter: Callable[[int, tuple[int, int]], None] = resource.setrlimit) -> None:
    """Bound this process before it looks at anything: memory, processor time, files, children."""
    setter(resource.RLIMIT_AS, (MEMORY, MEMORY))
    setter(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    setter(resource.RLIMIT_NOFILE, (32, 32))
    setter(resource.RLIMIT_FSIZE, (0, 0))
    setter(resource.RLIMIT_CORE, (0, 0))


def paint(data: bytes) -> Painted:
    """Paint `data` on a new canvas. Raises NoPicture (`media.not_an_image`, `media.too_many_pixels`, `media.unreadable`)."""
    Image.MAX_IMAGE_PIXELS = None  # our own bound, below, is asked before anything is decoded
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except Exception:  # noqa: BLE001 (whatever a decoder raises over a stranger's bytes)
        raise NoPicture("media.not_an_image") from None
    if picture.width * picture.height > MOST_PIXELS:
        raise NoPicture("media.too_many_pixels")
    try:
        return _painted(picture)
    except Exception:  # noqa: BLE001 (as above)
        raise NoPicture("media.unreadable") from None


def _painted(picture: Image.Image) -> Painted:
    picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # JPEG decodes straight to a smaller size
    upright = ImageOps.exif_transpose(picture)
    clear = upright.has_transparency_data
    plain = _standard_colours(upright, "RGBA" if clear else "RGB")
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    canvas = Image.new(plain.mode, plain.size)
    canvas.paste(plain)
    out = io.BytesIO()
    if clear:
        canvas.save(out, "PNG")
    else:
        canvas.save(out, "JPEG", quality=85)
    return Painted("image/png" if clear else "image/jpeg", *canvas.size, out.getvalue())


def _standard_colours(picture: Image.Image, mode: str) -> Image.Image:
    """In sRGB: a profile is dropped with all other metadata, so its colours must be brought home first."""
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in {"RGB", "CMYK"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError):
            return picture.convert(mode)  # a broken profile: as if there were none
        return (converted or picture).convert(mode)
    return picture.convert(mode)


def answer(data: bytes, out: BinaryIO) -> None:
    """Paint and write the answer."""
    try:
        painted = paint(data)
    except NoPicture as refused:
        out.write(json.dumps({"refused": str(refused)}).encode() + b"\n")
        return
    told = asdict(painted)
    picture = told.pop("data")
    out.write(json.dumps(told).encode() + b"\n" + picture)


def main() -> None:
    """What the child runs."""
    limit()
    answer(sys.stdin.buffer.read(), sys.stdout.buffer)
