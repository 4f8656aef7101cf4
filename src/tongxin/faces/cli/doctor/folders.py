"""Can we write where we must, and can nobody else read the secrets?"""

import os
from collections.abc import Iterator
from pathlib import Path

from tongxin.faces.cli.answers import words
from tongxin.faces.cli.doctor.finding import Finding, home


def look() -> Iterator[Finding]:
    """Can we write where we must, and can nobody else read the secrets?"""
    here = home()
    wanted = {"home": here}
    wanted |= {
        n.lower(): Path(os.environ.get(f"TONGXIN_{n}", here / n.lower())).resolve() for n in ("LAKE", "MEDIA")
    }
    for name, folder in wanted.items():
        there = next(p for p in (folder, *folder.parents) if p.exists())
        if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
            yield Finding(name, "ok", str(folder))
        else:
            yield Finding(
                name,
                "bad",
                words(f"{folder} 不可写", f"{folder} cannot be written"),
                f"chown -R $(id -un) {folder}",
            )
    file = here / "secrets.json"
    if file.exists() and file.stat().st_mode & 0o077:
        yield Finding("secrets.json", "bad", words("别人可读", "others can read it"), f"chmod 600 {file}")
