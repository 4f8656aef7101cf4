"""Storing and removing pictures."""

import contextlib
import errno
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.foundation.media.models import Picture
from tongxin.foundation.media.painting import MOST_PIXELS, Painted
from tongxin.foundation.media.queries import place

LARGEST = 15 * 1024 * 1024
PATIENCE = 30.0
CHILD = "from tongxin.foundation.media.painting import main; main()"
ENDINGS = {"image/jpeg": "jpg", "image/png": "png"}
ORPHANED = 24 * 3600.0  # seconds


def store_image(*, viewer: Viewer, data: bytes, purpose: str, person: int | None = None) -> Picture:
    """Keep a newly painted copy of the picture in `data`; the original is never written anywhere.

    Refuses `media.too_large` (over 15 MB), `media.too_many_pixels` (over 40 million, before decoding),
    `media.not_an_image` (SVG too), `media.unreadable`, `no_space`.
    """
    if len(data) > LARGEST:
        raise Refused("media.too_large", most=LARGEST // 2**20)
    painted = paint_apart(data)
    name = f"{secrets.token_hex(16)}.{ENDINGS[painted.content_type]}"
    _write(place(name), painted.data)
    with transaction.atomic():
        picture = Picture.objects.create(
            name=name,
            purpose=purpose,
            person=person,
            content_type=painted.content_type,
            width=painted.width,
            height=painted.height,
            size=len(painted.data),
            created_at=clock.now(),
        )
        trail(viewer=viewer, act="media.stored", subject=_subject(picture), after={"purpose": purpose})
    return picture


def paint_apart(data: bytes, *, child: str = CHILD, patience: float = PATIENCE) -> Painted:
    """Paint in a process of its own. Refuses as `store_image`; a child that dies or hangs is `media.unreadable`."""
    try:
        run = subprocess.run(  # noqa: S603 (our own interpreter and our own text)
            [sys.executable, "-I", "-c", child],
            input=data,
            capture_output=True,
            timeout=patience,
            check=True,
            env={},
            cwd="/",
        )
        head, _, picture = run.stdout.partition(b"\n")
        told = json.loads(head)
    except (subprocess.SubprocessError, ValueError):
        raise Refused("media.unreadable") from None
    if "refused" in told:
        raise Refused(told["refused"], most=MOST_PIXELS // 10_000)
    return Painted(**told, data=picture)


def _write(target: Path, data: bytes) -> None:
    """All or nothing: a full disk or a kill leaves no half picture under a real name."""
    partial = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(target)
    except OSError as fault:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        if fault.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise Refused("no_space") from None
        raise


def remove(*, viewer: Viewer, public_id: UUID, reason: str = "") -> None:
    """Delete a picture, row and file. Refuses `absent`."""
    with transaction.atomic():
        found = Picture.objects.select_for_update().filter(public_id=public_id).first()
        if found is None:
            raise Refused("absent")
        _remove(viewer, found, reason)


def erase_person(*, viewer: Viewer, person: int) -> int:
    """Delete all pictures of a person; answers how many."""
    with transaction.atomic():
        found = list(Picture.objects.select_for_update().filter(person=person).order_by("id"))
        for picture in found:
            _remove(viewer, picture, "erased")
    return len(found)


def _remove(viewer: Viewer, picture: Picture, reason: str) -> None:
    file = place(picture.name)
    trail(viewer=viewer, act="media.removed", subject=_subject(picture), reason=reason)
    picture.delete()
    transaction.on_commit(lambda: file.unlink(missing_ok=True))


def sweep() -> int:
    """Delete files that no row names (a kill between file and row leaves one); answers how many. Run nightly."""
    root, swept = Path(settings.TONGXIN_MEDIA), 0
    before = clock.now().timestamp() - ORPHANED
    for file in root.glob("??/*"):
        if file.stat().st_mtime < before and not Picture.objects.filter(name=file.name).exists():
            file.unlink()
            swept += 1
    return swept


def _subject(picture: Picture) -> tuple[str, str, str]:
    return ("media", "picture", str(picture.public_id))
