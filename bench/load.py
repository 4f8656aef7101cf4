"""The operational side under load (bars R1–R6): a whole installation on loopback, sign-in, rules, audit, book and outbox on.

CPU is that of web, worker and database together, from /proc. Everything is bounded in count and time and stops by itself.
`python bench/load.py [--quick]` prints the table and writes var/bench/load.json.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from load_client import Call, Tally, closed, opened

ROOT = Path(__file__).parents[1]
OUT = ROOT / "var" / "bench"
PYTHON = ROOT / ".venv" / "bin" / "python"
MEMBERS, SEATS, CROWD = 2000, 500, 100_000
TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class House:
    """A running installation: where it is, how to ask its world, whose processor time counts."""

    port: int
    supervisor: int
    postmaster: int
    world: Any

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

    def memory(self) -> dict[str, float]:
        """Megabytes of the application's processes, each by its proportional share; and of the largest web worker."""
        shares = {pid: _pss(pid) for pid in _tree(self.supervisor)}
        webs = [mb for pid, mb in shares.items() if b"granian" in _command(pid) or b"wsgi" in _command(pid)]
        return {"all": sum(shares.values()), "web": max(webs or [0.0])}


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
        found = House(port, server.pid, 0, world)
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


def _as(token: str) -> tuple[tuple[str, str], ...]:
    return (
        ("Authorization", f"Bearer {token}"),
        ("Idempotency-Key", uuid.uuid4().hex),
        ("Accept-Language", "zh-CN"),
    )


def _register(event: str, token: str) -> Call:
    return Call("POST", f"/api/v1/events/{event}/registrations", _as(token), {"channel": "bench"})


def _per_request(at: House, before: dict[str, float], n: int) -> dict[str, float]:
    after = at.cpu()
    return {name: 1000 * (after[name] - before[name]) / n for name in before}


def _row(  # the columns of the table
    what: str,
    measured: str,
    bar: str,
    met: bool | None,  # noqa: FBT001 - a column that may be empty
    note: str = "",
) -> dict[str, Any]:
    return {"what": what, "measured": measured, "bar": bar, "met": met, "note": note}


def figures(*, quick: bool = False) -> list[dict[str, Any]]:
    """One row a bar."""
    members = 400 if quick else MEMBERS
    seats = 100 if quick else SEATS
    with house() as at:
        world = at.do("build", members=members)
        rows = [*_registration(at, world), *_sold_out(at, world, seats), *_steady(at, world, quick=quick)]
        rows += _full(at, world, 5000 if quick else CROWD)
        rows += _memory(at)
    return rows


def _registration(at: House, world: Any) -> list[dict[str, Any]]:
    """R1: processor time of one registration and of one page, one after the other."""
    some = world["members"][:300]
    event = at.do("event", places_=10_000, title="单次")
    closed(at.port, [_register(event["id"], t) for t in some[:50]], 1)
    before = at.cpu()
    tally = closed(at.port, [_register(event["id"], t) for t in some[50:]], 1)
    used = _per_request(at, before, len(some) - 50)
    total = sum(used.values())
    rows = [
        _row(
            "R1 registration, CPU", f"{total:.1f} ms ({used['app']:.1f} application, {used['database']:.1f} database)",
            "≤ 15 ms", total <= 15, f"statuses {dict(tally.statuses)}, median {tally.quantile(0.5):.1f} ms",
        )
    ]  # fmt: skip
    page = Call("GET", f"/m/events/{event['id']}/", (("Accept-Language", "zh-CN"),))
    closed(at.port, [page] * 30, 1)
    before = at.cpu()
    tally = closed(at.port, [page] * 300, 1)
    used = _per_request(at, before, 300)
    total = sum(used.values())
    return [
        *rows,
        _row(
            "R1 event page, CPU", f"{total:.1f} ms ({used['app']:.1f} application, {used['database']:.1f} database)",
            "≤ 6.5 ms", total <= 6.5 and tally.statuses[200] == 300, f"statuses {dict(tally.statuses)}, not signed in",
        ),
    ]  # fmt: skip


def _sold_out(at: House, world: Any, seats: int) -> list[dict[str, Any]]:
    """R2: many for few seats."""
    rows = []
    for connections, most_seconds, most_p99 in ((64, 6.0, 1500.0), (512, None, 8000.0)):
        event = at.do("event", places_=seats, title=f"秒光 {connections}")
        tally = closed(at.port, [_register(event["id"], t) for t in world["members"]], connections, keep=True)
        found = at.do("state", event_pk=event["pk"])
        exact = found["taken"] == found["confirmed"] == seats and found["rows"] == found["persons"] == len(
            world["members"]
        )
        held = exact and found["dense"] and not tally.faults
        sold = _sold_after(tally, seats)
        p99 = tally.quantile(0.99)
        rows.append(
            _row(
                f"R2 {seats} seats, {len(world['members'])} members, {connections} connections",
                f"sold out after {sold:.1f} s, p99 {p99:.0f} ms, {tally.faults} faults, over {max(0, found['confirmed'] - seats)}",
                f"0 over, 0 faults, line dense{f', ≤ {most_seconds:.0f} s' if most_seconds else ''}, p99 ≤ {most_p99:.0f} ms",
                held and p99 <= most_p99 and (most_seconds is None or sold <= most_seconds),
                f"all answered in {tally.seconds:.1f} s; {found}",
            )
        )
    return rows


def _sold_after(tally: Tally, seats: int) -> float:
    """Seconds until the last seat went, by the order of the answers and the pace of the run."""
    seen = 0
    for n, (status, body) in enumerate(tally.answers, 1):
        seen += status == 201 and b'"confirmed"' in body
        if seen == seats:
            return tally.seconds * n / len(tally.answers)
    return tally.seconds


def _steady(at: House, world: Any, *, quick: bool) -> list[dict[str, Any]]:
    """R3: an open loop of registrations; each member for another event."""
    seconds = 10 if quick else 60
    rows = []
    for rate, bar in ((60, 250.0), (100, None)):
        events = [
            at.do("event", places_=100_000, title=f"稳 {rate} {n}")
            for n in range(1 + rate * seconds // len(world["members"]))
        ]
        tally = opened(at.port, _each_another(events, world["members"]), rate, seconds)
        p99 = tally.quantile(0.99)
        rows.append(
            _row(
                f"R3 open loop, {rate} registrations/s for {seconds} s",
                f"p50 {tally.quantile(0.5):.0f}, p99 {p99:.0f} ms, {tally.faults} faults",
                f"p99 ≤ {bar:.0f} ms, 0 faults" if bar else "reported",
                (p99 <= bar and not tally.faults) if bar else None,
                f"statuses {dict(tally.statuses)}",
            )
        )
    return rows


def _each_another(events: list[Any], members: list[str]) -> Callable[[int], Call]:
    """The n-th registration: every member once an event."""
    return lambda n: _register(events[n // len(members)]["id"], members[n % len(members)])


def _full(at: House, world: Any, crowd: int) -> list[dict[str, Any]]:
    """R4 and R5: the database's work per registration in an empty and in a crowded event; the export."""
    members = world["members"][:400]
    empty, full = (at.do("event", places_=crowd * 2, title=title) for title in ("空", "满"))
    at.do("crowd", event_pk=full["pk"], n=crowd)
    used = {}
    for name, event in (("empty", empty), ("full", full)):
        closed(at.port, [_register(event["id"], t) for t in members[:50]], 1)
        before = at.cpu()["database"]
        closed(at.port, [_register(event["id"], t) for t in members[50:]], 1)
        used[name] = 1000 * (at.cpu()["database"] - before) / (len(members) - 50)
    ratio = used["full"] / used["empty"]
    return [
        _row(
            f"R4 database CPU per registration, {crowd:,} registered against none",
            f"{ratio:.2f} × ({used['full']:.2f} against {used['empty']:.2f} ms)", "≤ 1.2 ×", ratio <= 1.2,
        ),
    ]  # fmt: skip


def _memory(at: House) -> list[dict[str, Any]]:
    used = at.memory()
    return [
        _row(
            "R6 memory after all this", f"largest web process {used['web']:.0f} MB, whole product {used['all']:.0f} MB",
            "≤ 130 MB, ≤ 450 MB without PostgreSQL", used["web"] <= 130 and used["all"] <= 450,
            "proportional set size; no Redis, no broker",
        )
    ]  # fmt: skip


if __name__ == "__main__":
    found = figures(quick="--quick" in sys.argv)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "load.json").write_text(json.dumps(found, ensure_ascii=False, indent=1))
    for row in found:
        print(
            f"{'✓' if row['met'] else '·' if row['met'] is None else '✗'} {row['what']}: {row['measured']} (bar {row['bar']}) {row['note']}"
        )
