"""A whole installation on loopback for the load test, and what its processes use, from /proc."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tongxin.foundation.embedded import Server

ROOT = Path(__file__).parents[1]
PYTHON = ROOT / ".venv" / "bin" / "python"
TICK = os.sysconf("SC_CLK_TCK")

# A line of the database's log: whose process, and what it was asked.
_SAID = re.compile(r"\[(\d+)\] (LOG:  (?:statement|execute [^:]*)|DETAIL):\s+(.*(?:\n\t.*)*)")
_FRAME = re.compile(r"(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b", re.IGNORECASE)


@dataclass
class House:
    """A running installation: where it is, how to ask its world, whose processor time counts."""

    port: int
    supervisor: int
    postmaster: int
    world: Any
    home: Path

    def do(self, order: str, **told: Any) -> Any:
        """One order to the world's process."""
        self.world.stdin.write(json.dumps({"do": order, **told}) + "\n")
        self.world.stdin.flush()
        line = self.world.stdout.readline()
        if not line:
            sys.exit(f"the world fell at {order}")
        return json.loads(line)

    def cpu(self) -> dict[str, float]:
        """Processor seconds so far of application and database, the dead children of each included."""
        return {"app": _cpu(self.supervisor), "database": _cpu(self.postmaster)}

    def rest(self, most: float = 120.0) -> None:
        """Wait until what was set up is worked off (its letters, its statistics): under a tenth of a processor for three seconds."""
        until, last = time.monotonic() + most, sum(self.cpu().values())
        while time.monotonic() < until:
            time.sleep(3)
            now = sum(self.cpu().values())
            if now - last < 0.3:
                return
            last = now

    def memory(self) -> dict[str, float]:
        """Megabytes of the application's processes, each by its proportional share; and of the largest web worker."""
        shares = {pid: _pss(pid) for pid in _tree(self.supervisor)}
        webs = [mb for pid, mb in shares.items() if b"granian" in _command(pid) or b"wsgi" in _command(pid)]
        return {"all": sum(shares.values()), "web": max(webs or [0.0])}


@contextmanager
def told(server: Server, about: str = "") -> Iterator[list[str]]:
    """The statements that a database was asked meanwhile, without the frames of transactions; filled when it is over.

    With `about` only those of the connection that was asked about this (an id) first, so that a worker's own are not counted.
    """
    log = server.data / "log"
    with psycopg.connect(server.url("postgres"), autocommit=True) as owner:
        _logs(owner, "ALTER SYSTEM SET log_statement = 'all'")
        before, found = len(_written(log)), list[str]()
        try:
            yield found
        finally:
            time.sleep(1)
            lines = _written(log)[before:]
            _logs(owner, "ALTER SYSTEM RESET log_statement")
    # The first who speaks of it answers the request; a worker that tells people about it comes after.
    plain = about.replace("-", "")  # the driver spells it either way
    first = next((pid for pid, _, said in lines if plain in said.replace("-", "")), "")
    found += [
        said
        for pid, kind, said in lines
        if kind != "DETAIL" and not _FRAME.match(said) and (not about or pid == first)
    ]


def _logs(owner: psycopg.Connection[Any], how: Any) -> None:
    owner.execute(how)
    owner.execute("SELECT pg_reload_conf()")
    time.sleep(1)


def _written(log: Path) -> list[tuple[str, str, str]]:
    text = "".join(file.read_text(errors="replace") for file in sorted(log.glob("*.log")))
    return [
        said
        for said in _SAID.findall(text)
        if "pg_reload_conf" not in said[2] and "ALTER SYSTEM" not in said[2]
    ]


def _tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            children.setdefault(int(stat[1]), []).append(int(entry.name))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def _cpu(root: int) -> float:
    total = 0
    for pid in _tree(root):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        own = int(fields[11]) + int(fields[12])
        total += own + int(fields[13]) + int(fields[14])  # and of children that have been waited for
    return total / TICK


def _pss(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return int(next(line for line in text.splitlines() if line.startswith("Pss:")).split()[1]) / 1024


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@contextmanager
def house(web_workers: int = 2) -> Iterator[House]:
    """A fresh installation with its own database, gone afterwards."""
    (ROOT / "var").mkdir(exist_ok=True)
    home, port = Path(tempfile.mkdtemp(prefix="tongxin-load-", dir=ROOT / "var")), _free_port()
    env = os.environ | {
        "TONGXIN_HOME": str(home), "DATABASE_URL": "", "TONGXIN_DEMO": "0",
        "DJANGO_SETTINGS_MODULE": "tongxin.project.settings", "TONGXIN_BASE_URL": f"http://127.0.0.1:{port}",
    }  # fmt: skip
    subprocess.run(
        [PYTHON.parent / "tongxin", "init", "--brand", "Load", "--admin", "load-admin"],
        env=env, cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    server = subprocess.Popen(
        [PYTHON.parent / "tongxin", "serve", "--port", str(port), "--workers", str(web_workers)],
        env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    world = subprocess.Popen(
        [str(PYTHON), str(Path(__file__).parent / "load_world.py")],
        env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        _wait(port)
        found = House(port, server.pid, 0, world, home)
        found.postmaster = found.do("postmaster")
        yield found
    finally:
        world.stdin.close()  # type: ignore[union-attr]  # it is a pipe
        world.wait(30)
        server.send_signal(signal.SIGTERM)
        server.wait(60)
        code = f"from pathlib import Path; from tongxin.foundation import embedded; embedded.stop(Path({str(home)!r}))"
        subprocess.run([str(PYTHON), "-c", code], check=False, capture_output=True)
        shutil.rmtree(home, ignore_errors=True)


def _wait(port: int) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    sys.exit("the server did not come up")
