"""Is what is open to the world closed enough?"""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

from tongxin.faces.cli.answers import words
from tongxin.faces.cli.doctor.finding import Finding


def look() -> Iterator[Finding]:
    """Is what is open to the world closed enough?"""
    base = os.environ.get("TONGXIN_BASE_URL", "http://127.0.0.1:8000")
    host = urlsplit(base).hostname or ""
    local = host in {"127.0.0.1", "localhost", "::1"}
    if not local and not base.startswith("https://"):
        yield Finding(
            "https",
            "bad",
            base,
            words(
                "对外必须用 https：前面放反向代理，并把 TONGXIN_BASE_URL 写成 https://",
                "put a proxy with https in front and set TONGXIN_BASE_URL to it",
            ),
        )
    elif not local and host not in os.environ.get("TONGXIN_HOSTS", ""):
        yield Finding(
            "hosts",
            "bad",
            words(f"{host} 不在 TONGXIN_HOSTS 里", f"{host} is not in TONGXIN_HOSTS"),
            f"TONGXIN_HOSTS={host}",
        )
    else:
        yield Finding("address", "ok", base)
