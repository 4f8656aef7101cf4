"""The three faces that posters and printables are set in."""

from collections.abc import Iterator
from pathlib import Path

from tongxin.faces.cli.answers import words
from tongxin.faces.cli.doctor.finding import Finding, has


def look() -> Iterator[Finding]:
    """The three faces that posters and printables are set in."""
    if not has("PIL"):
        return  # the engine alone draws no posters
    from tongxin.foundation.errors import Refused
    from tongxin.kits.poster import fonts as faces

    try:
        found = sorted({Path(faces.found(face)[0]).name for face in faces.ASKED})
    except Refused:
        yield Finding(
            "posters",
            "bad",
            words("画海报的中文字体不全", "the Chinese faces for posters are missing"),
            faces.MEND,
        )
    else:
        yield Finding("posters", "ok", ", ".join(found))
