"""pretix, installed beside us: its own environment, its own database server, its own web process. Everything under var/peers/pretix.

What is measured goes through its documented REST API and its public event page, with its defaults; no Redis and no broker, so its
background tasks run inside its web process, as its documentation says they then do.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
import psycopg
from load_client import Call
from load_house import _cpu, _pss, _tree

from tongxin.foundation import embedded
from tongxin.foundation.embedded import Server

ROOT = Path(__file__).parents[2]
HOME = ROOT / "var" / "peers" / "pretix"
PYTHON = HOME / "venv" / "bin" / "python"
VERSION = "2026.8.0"
ORGANISER, EVENT = "bench", "tea"
FRESH, MIGRATING, RUNNING = "pretix_fresh", "pretix_migrating", "pretix_running"
WEB = 2  # processes, as ours

# An organiser, a team that may do everything, and its token: what its pages would make; the rest goes through its API.
_BOOTSTRAP = """
import sys
from pretix.base.models import Organizer, Team, TeamAPIToken, User
from django_scopes import scopes_disabled
with scopes_disabled():
    made, _ = Organizer.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    team, _ = Team.objects.get_or_create(organizer=made, name="all")
    for field in Team._meta.get_fields():
        if field.name == "all_events" or field.name.startswith(("can_", "all_")):
            setattr(team, field.name, True)
    team.save()
    token, _ = TeamAPIToken.objects.get_or_create(team=team, name="bench")
    print("TOKEN", token.token)
"""


def installed() -> bool:
    """Is it there?"""
    return (HOME / "venv" / "bin" / "gunicorn").exists()


def install() -> None:
    """Put it into an environment of its own, from the package index."""
    HOME.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", HOME / "venv"], check=True)
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--requirement", Path(__file__).parent / "pretix.txt"]
    subprocess.run(pip, check=True)


@dataclass
class Pretix:
    """A running one: where it is, whose processor time counts, how to ask it."""

    port: int
    web: int
    postmaster: int
    server: Server
    token: str
    item: int = 0
    door: int = 0

    def cpu(self) -> dict[str, float]:
        """Processor seconds so far of application and database."""
        return {"app": _cpu(self.web), "database": _cpu(self.postmaster)}

    def memory(self) -> float:
        """Megabytes of its processes without the database."""
        return sum(_pss(pid) for pid in _tree(self.web))

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """One request to its API; the answer as it was said. Ends the run when it is refused."""
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1/organizers/{ORGANISER}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers=dict(self.headers),
        )
        asked.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(asked, timeout=120) as reply:  # noqa: S310 - loopback
                data = reply.read()
                return (
                    json.loads(data)
                    if "json" in reply.headers.get("Content-Type", "")
                    else (reply.status, data)
                )
        except urllib.error.HTTPError as fault:
            sys.exit(f"{method} {path}: {fault.code} {fault.read()[:600]!r}")

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Who asks."""
        return (("Authorization", f"Token {self.token}"), ("Host", "127.0.0.1"))

    def call(self, method: str, path: str, body: Any = None) -> Call:
        """The same request for the load generator."""
        return Call(method, f"/api/v1/organizers/{ORGANISER}/{path}", self.headers[:1], body)


@contextmanager
def pretix() -> Iterator[Pretix]:
    """A running one with one event in a database fresh from its migrations; stopped afterwards.

    Its migrations take minutes: the database that they leave is kept, each run begins with a copy of it.
    """
    data = HOME / "run"
    data.mkdir(parents=True, exist_ok=True)
    server = embedded.ensure(data)
    port = _free_port()
    web = None
    try:
        if not _database(server, FRESH):
            _sql(server, f"CREATE DATABASE {MIGRATING}" if not _database(server, MIGRATING) else "SELECT 1")
            _manage(data, server, MIGRATING, "migrate", "--verbosity", "0")
            _sql(server, f"ALTER DATABASE {MIGRATING} RENAME TO {FRESH}")
        _sql(server, f"DROP DATABASE IF EXISTS {RUNNING}")
        _sql(server, f"CREATE DATABASE {RUNNING} TEMPLATE {FRESH}")
        said = _manage(data, server, RUNNING, "shell", "-c", _BOOTSTRAP)
        token = re.search(r"TOKEN (\w+)", said).group(1)  # type: ignore[union-attr]  # printed above
        web = subprocess.Popen(
            [HOME / "venv" / "bin" / "gunicorn", "pretix.wsgi", "--workers", str(WEB), "--bind", f"127.0.0.1:{port}"],
            env=_env(data, server, RUNNING), cwd=data, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        _wait(port)
        postmaster = int((server.data / "postmaster.pid").read_text().split()[0])
        found = Pretix(port, web.pid, postmaster, server, token)
        _fill(found)
        yield found
    finally:
        if web is not None:
            web.terminate()
            web.wait(60)
        embedded.stop(data)


def _sql(server: Server, said: Any) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as owner:
        owner.execute(said)


def _database(server: Server, name: str) -> bool:
    with psycopg.connect(server.url("postgres"), autocommit=True) as owner:
        return owner.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _env(data: Path, server: Server, database: str) -> dict[str, str]:
    """Its settings: defaults, but for where it is."""
    files, config = data / "files", data / f"{database}.cfg"
    files.mkdir(exist_ok=True)
    config.write_text(
        f"[pretix]\ninstance_name=bench\nurl=http://127.0.0.1\ndatadir={files}\n"
        f"[database]\nbackend=postgresql\nname={database}\nuser=tongxin\nhost={server.socket}\n"
    )
    env = os.environ | {"PRETIX_CONFIG_FILE": str(config), "DJANGO_SETTINGS_MODULE": "pretix.settings"}
    return {name: value for name, value in env.items() if name != "PYTHONPATH"}


def _manage(data: Path, server: Server, database: str, *order: str) -> str:
    done = subprocess.run(
        [PYTHON, "-m", "pretix", *order],
        env=_env(data, server, database), cwd=data, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"pretix {order[0]} ended with {done.returncode}: {done.stderr[-1500:]}")
    return done.stdout


def _fill(at: Pretix) -> None:
    """One event with a free ticket, places for everybody, and a list of its door."""
    starts = datetime.now(UTC) + timedelta(days=7)
    at.api(
        "POST",
        "events/",
        {
            "name": {"en": "Tea"},
            "slug": EVENT,
            "currency": "CNY",
            "date_from": starts.isoformat(),
            "is_public": True,
        },
    )
    item = at.api(
        "POST",
        f"events/{EVENT}/items/",
        {"name": {"en": "Seat"}, "default_price": "0.00", "admission": True, "active": True},
    )
    at.item = item["id"]
    at.api(
        "POST",
        f"events/{EVENT}/quotas/",
        {"name": "all", "size": 100_000, "items": [at.item], "variations": []},
    )
    at.door = at.api("POST", f"events/{EVENT}/checkinlists/", {"name": "door", "all_products": True})["id"]
    at.api("PATCH", f"events/{EVENT}/", {"live": True})


def order(at: Pretix, n: int) -> Call:
    """A free registration of one person."""
    position = {
        "item": at.item,
        "variation": None,
        "price": "0.00",
        "attendee_name_parts": {"full_name": f"Neighbour {n}"},
        "answers": [],
    }
    return at.call(
        "POST", f"events/{EVENT}/orders/",
        {"email": f"n{n}@example.org", "locale": "en", "positions": [position]},
    )  # fmt: skip


def redeem(at: Pretix, secret: str) -> Call:
    """A ticket is scanned at the door."""
    return at.call(
        "POST", "checkinrpc/redeem/", {"secret": secret, "source_type": "barcode", "lists": [at.door]}
    )


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    sys.exit("pretix did not come up")
