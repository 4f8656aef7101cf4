"""The settings that hold, as `doctor` prints them."""

import os
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tongxin.faces.cli.answers import words
from tongxin.faces.cli.doctor.finding import home


def effective() -> dict[str, str]:
    """The settings that hold, secrets and passwords masked."""
    here = home()
    url = os.environ.get("DATABASE_URL", "")
    told = {
        "TONGXIN_HOME": str(here),
        "DATABASE_URL": masked(url)
        if url
        else words("内置 PostgreSQL", "embedded PostgreSQL") + f" ({here / 'pg'})",
        "TONGXIN_LAKE": str(Path(os.environ.get("TONGXIN_LAKE", here / "lake")).resolve()),
        "TONGXIN_MEDIA": str(Path(os.environ.get("TONGXIN_MEDIA", here / "media")).resolve()),
        "TONGXIN_ENGINE": os.environ.get("TONGXIN_ENGINE", "duckdb"),
        "TONGXIN_BASE_URL": os.environ.get("TONGXIN_BASE_URL", "http://127.0.0.1:8000"),
        "TONGXIN_HOSTS": os.environ.get("TONGXIN_HOSTS", "127.0.0.1,localhost,[::1]"),
        "TONGXIN_TIME_ZONE": os.environ.get("TONGXIN_TIME_ZONE", "Asia/Shanghai"),
        "TONGXIN_DEMO": os.environ.get("TONGXIN_DEMO", "0"),
    }
    for secret in ("TONGXIN_SECRET_KEY", "TONGXIN_PII_KEYS", "TONGXIN_AUDIT_KEY"):
        told[secret] = "••••" if os.environ.get(secret) else words("在", "in") + f" {here / 'secrets.json'}"
    others = sorted(k for k in os.environ if k.startswith("TONGXIN_") and k not in told)
    hints = ("KEY", "SECRET", "PASS", "TOKEN", "URL")
    return told | {k: "••••" if any(h in k for h in hints) else os.environ[k] for k in others}


def masked(url: str) -> str:
    """An address without its password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":••••@")))
