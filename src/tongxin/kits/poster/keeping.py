"""Drawn things are kept under the hash of what they say: the same facts are drawn once, other facts get another name."""

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from tongxin.kits.poster.drawing import REVISION
from tongxin.kits.poster.words import Facts

MOST = 400  # files; the oldest go first. A phone's poster is about half a megabyte


def kept(folder: Path, facts: Facts, what: str, draw: Callable[[], bytes]) -> bytes:
    """The bytes of `what` for these facts: read if kept, otherwise drawn and kept. A full disk costs time, not the poster."""
    path = folder / name(facts, what)
    try:
        return path.read_bytes()
    except OSError:
        made = draw()
    _keep(path, made)
    return made


def name(facts: Facts, what: str) -> str:
    """A file's name: the hash of everything that is drawn, and of the drawing."""
    return hashlib.sha256(f"{REVISION}\n{what}\n{facts!r}".encode()).hexdigest()


def _keep(path: Path, made: bytes) -> None:
    """Whole or not at all: written beside and moved into place."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as beside:
            beside.write(made)
        Path(beside.name).replace(path)
        _sweep(path.parent)
    except OSError:
        return


def _sweep(folder: Path) -> None:
    files = sorted((one for one in folder.iterdir() if one.is_file()), key=lambda one: one.stat().st_mtime)
    for old in files[: max(0, len(files) - MOST)]:
        old.unlink(missing_ok=True)
