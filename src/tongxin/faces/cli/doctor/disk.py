"""Room for data and for temporary files."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tongxin.faces.cli import installation
from tongxin.faces.cli.answers import words
from tongxin.faces.cli.doctor.finding import Finding, home

LITTLE_DISK, LEAST_DISK = 10 * 10**9, 2 * 10**9  # bytes: warn, refuse


def look() -> Iterator[Finding]:
    """Room for data and for temporary files."""
    here = home()
    places = {
        "disk": next(p for p in (here, *here.parents) if p.exists()),
        "temp": Path(os.environ.get("TONGXIN_TEMP") or tempfile.gettempdir()),
    }
    for name, place in places.items():
        if not place.exists():
            continue
        free = shutil.disk_usage(place).free
        state = "ok" if free > LITTLE_DISK else "warn" if free > LEAST_DISK else "bad"
        told = words(f"剩余 {installation.size(free)}", f"{installation.size(free)} free") + f" ({place})"
        yield Finding(
            name, state, told, "" if state == "ok" else words("清理或扩容", "make room, or a larger disk")
        )
