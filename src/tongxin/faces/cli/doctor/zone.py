"""The machine's idea of time zones, without which business days are wrong."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

from tongxin.faces.cli.answers import words
from tongxin.faces.cli.doctor.finding import Finding


def look() -> Iterator[Finding]:
    """The machine's idea of time zones, without which business days are wrong."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    name = os.environ.get("TONGXIN_TIME_ZONE", "Asia/Shanghai")
    try:
        # 4 July 1988, 12:00 UTC was 21:00 in Shanghai: daylight saving; a poor zone table says 20:00
        hour = datetime(1988, 7, 4, 12, tzinfo=UTC).astimezone(ZoneInfo(name)).hour
        right = name != "Asia/Shanghai" or hour == 21
    except (ZoneInfoNotFoundError, ValueError):
        yield Finding("zone", "bad", words(f"没有时区 {name}", f"no zone {name}"), "apt-get install tzdata")
        return
    yield Finding(
        "zone", "ok" if right else "bad", name, "" if right else "apt-get install --reinstall tzdata"
    )
