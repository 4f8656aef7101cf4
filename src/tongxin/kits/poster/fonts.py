"""The system's Chinese fonts. The repository carries none: a face is 20 MB and every Linux has a package of it."""

import shutil
import subprocess
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from PIL import ImageFont

from tongxin.foundation.errors import Refused

Face = Literal["sans", "bold", "song"]

MEND = "apt-get install fonts-noto-cjk"
# What each face is for fontconfig, and where Debian, Fedora and Alpine keep it; the number is the SC face in the collection.
ASKED: dict[Face, str] = {
    "sans": "Noto Sans CJK SC:style=Regular",
    "bold": "Noto Sans CJK SC:style=Bold",
    "song": "Noto Serif CJK SC:style=Bold",
}
FOLDERS = (
    "/usr/share/fonts/opentype/noto",
    "/usr/share/fonts/google-noto-cjk",
    "/usr/share/fonts/noto",
    "/usr/share/fonts/noto-cjk",
)
FILES: dict[Face, str] = {
    "sans": "NotoSansCJK-Regular.ttc",
    "bold": "NotoSansCJK-Bold.ttc",
    "song": "NotoSerifCJK-Bold.ttc",
}
SC = 2
FAMILIES = (
    "Noto Sans CJK SC",
    "Noto Serif CJK SC",
    "Source Han Sans SC",
    "Source Han Serif SC",
    "Noto Sans SC",
    "Noto Serif SC",
)


def font(face: Face, size: int) -> ImageFont.FreeTypeFont:
    """A face at a size in pixels. Refuses `poster.no_fonts` with the way out where the system has no Chinese face."""
    return _opened(face, size)


@lru_cache(maxsize=96)
def _opened(face: Face, size: int) -> ImageFont.FreeTypeFont:
    path, index = found(face)
    # Basic layout: Chinese titles need no shaping, and it is three times as quick.
    return ImageFont.truetype(path, size, index=index, layout_engine=ImageFont.Layout.BASIC)


@cache
def found(face: Face) -> tuple[str, int]:
    """(file, number in the collection) of a face. Refuses `poster.no_fonts`."""
    for folder in FOLDERS:
        path = Path(folder) / FILES[face]
        if path.is_file():
            return str(path), SC
    told = _asked(ASKED[face])
    if told is None:
        raise Refused("poster.no_fonts", mend=MEND)
    return told


def _asked(pattern: str) -> tuple[str, int] | None:
    """What fontconfig would take, if that is a Chinese face at all: it always answers with something."""
    asker = shutil.which("fc-match")
    if asker is None:
        return None
    said = subprocess.run(  # noqa: S603 - fontconfig, found on PATH
        [asker, "-f", "%{file}\t%{index}\t%{family}", pattern],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    ).stdout.split("\t")
    if len(said) != 3 or not any(name in said[2] for name in FAMILIES):
        return None
    return said[0], int(said[1] or 0) & 0xFFFF
