"""Where the data of this installation are, how much of them there is, and whether somebody works on them."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import BAD, NO, Stop, words

PASSPHRASE = "TONGXIN_BACKUP_PASSPHRASE"  # noqa: S105 - the name of a variable
SHORTEST = 12  # signs of a passphrase


@dataclass(frozen=True)
class Installation:
    """The folder of the installation, the address of its database, and its trees of files."""

    home: Path
    url: str
    trees: dict[str, Path]


def here() -> Installation:
    """From the settings; brings the embedded database up."""
    answers.platform()
    # Django and psycopg are not in the base install
    from django.conf import settings
    from django.db import connection
    from psycopg.conninfo import make_conninfo

    given = connection.get_connection_params()
    known = ("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert")
    url = make_conninfo("", **{k: given[k] for k in known if given.get(k)})
    return Installation(
        Path(settings.HOME), url, {"lake": Path(settings.TONGXIN_LAKE), "media": Path(settings.TONGXIN_MEDIA)}
    )


def let_go() -> None:
    """Close this process's own connections: a database in use can be neither renamed nor given to a child process."""
    # Django, as above
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        # Only PostgreSQL's connections have a pool, and in the tests they have none.
        close_pool = getattr(connection, "close_pool", None)
        if close_pool is not None:
            close_pool()


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Keep `tongxin serve` from running meanwhile. Stops when it runs."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Stop(
                NO, words("tongxin serve 正在运行，请先停下它。", "tongxin serve is running: stop it first.")
            ) from None
        yield


def weight(folder: Path) -> int:
    """Bytes of the files below a folder."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else 0


def size(number: float) -> str:
    """`12.3 MB`."""
    for unit in ("B", "KB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def keys() -> bytes:
    """The effective keys, as `secrets.json` holds them."""
    # Django, as above
    from django.conf import settings

    kept: dict[str, Any] = {
        "django": settings.SECRET_KEY,
        "personal": list(settings.TONGXIN_PII_KEYS),
        "audit": settings.TONGXIN_AUDIT_KEY,
        "demo": settings.SECRETS.demo,
    }
    return json.dumps(kept).encode()


def passphrase(*, twice: bool) -> str:
    """From the environment, or asked for on a terminal."""
    given = os.environ.get(PASSPHRASE, "")
    if not given:
        if not answers.on_terminal():
            raise Stop(
                BAD, words(f"请用环境变量 {PASSPHRASE} 给出口令。", f"Give the passphrase in {PASSPHRASE}.")
            )
        given = answers.hidden(words("口令", "Passphrase"), twice=twice)
    if len(given) < SHORTEST:
        raise Stop(
            BAD, words(f"口令至少 {SHORTEST} 个字符。", f"A passphrase has at least {SHORTEST} characters.")
        )
    return given
