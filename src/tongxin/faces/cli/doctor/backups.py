"""Is there a fresh one?"""

import time
from collections.abc import Iterator

from tongxin.faces.cli.answers import words
from tongxin.faces.cli.doctor.finding import Finding, has, home

STALE_BACKUP = 26  # hours


def look() -> Iterator[Finding]:
    """Is there a fresh one?"""
    if not has("cryptography"):
        return
    from tongxin.foundation import backup

    here = home()
    newest = backup.newest(here / "backups")
    if newest is None:
        yield Finding(
            "backup", "warn", words("还没有", "none yet"), f"tongxin backup --to {here / 'backups'}"
        )
        return
    hours = (time.time() - newest.stat().st_mtime) / 3600
    late = hours > STALE_BACKUP
    yield Finding(
        "backup",
        "warn" if late else "ok",
        words(f"{hours:.0f} 小时前", f"{hours:.0f} hours ago"),
        f"tongxin backup --to {here / 'backups'}" if late else "",
    )
