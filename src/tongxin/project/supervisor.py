"""`tongxin serve`: keep the database, the web server and the job worker running, whatever happens to them.

A small process without Django. Each child has a process group of its own, because granian's workers outlive their killed
main process and keep answering: before a restart the whole group is killed. A child is started again on *every* exit
(the job worker leaves with code 0 when the database goes), soon at first and then with growing pauses. SIGTERM or
Ctrl-C stops web, worker and, if nobody else uses it, the embedded database, in this order.
"""

import argparse
import ctypes
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import psycopg

from tongxin.foundation import embedded
from tongxin.project import secrets

TICK = 0.1  # seconds between two looks at the children
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 15.0  # seconds before a restart: doubles from the one to the other
SETTLED = 30.0  # seconds of life after which a child's next fall counts as its first
DATABASE_LOOK = 1.0  # seconds between two looks at the embedded database
DYING = 0.3  # seconds: a server killed this instant still looks alive in /proc
PROBE_EVERY, PROBE_FAILS = (
    5.0,
    6,
)  # a web server that is there but has been silent for half a minute is restarted
BUSY_FAILS = 60  # a server that is silent but at work (a rush) is left alone for five minutes: a restart would only lose what it holds
AT_WORK = 0.05  # of a processor between two probes
READY_WITHIN = 90.0  # seconds from start to the first answer
PR_SET_CHILD_SUBREAPER = 36  # Linux: orphans of our children come to us, so their end can be seen
OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
OURS, BAD = 3, 2  # exit codes, as in the command line


@dataclass
class Child:
    """A program to keep running, and how it has fared."""

    name: str
    command: Sequence[str]
    grace: float  # seconds between SIGTERM and SIGKILL
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    falls: int = 0
    due: float = 0.0

    def start(self) -> None:
        """Start it in a session, hence a process group, of its own."""
        self.process = subprocess.Popen(self.command, start_new_session=True, stdin=subprocess.DEVNULL)  # noqa: S603 - our own
        self.started = time.monotonic()

    def fallen(self) -> bool:
        """Has its main process ended?"""
        return self.process is not None and self.process.poll() is not None

    def clear(self, patience: float = 5.0) -> None:
        """Kill what is left of its group and see it gone, so that its port is free."""
        if self.process is None:
            return
        group, until = self.process.pid, time.monotonic() + patience
        while _group_lives(group) and time.monotonic() < until:
            _signal_group(group, signal.SIGKILL)
            self.process.poll()
            time.sleep(0.02)
        self.process = None

    def stop(self) -> None:
        """Ask it to end, then make it."""
        if self.process is None:
            return
        _signal_group(self.process.pid, signal.SIGTERM, whole=False)
        until = time.monotonic() + self.grace
        while not self.fallen() and time.monotonic() < until:
            time.sleep(0.05)
        self.clear()

    def pause(self) -> float:
        """Seconds to wait before the next start: 0.2, 0.4, 0.8 … 15."""
        return min(FIRST_PAUSE * 2 ** max(self.falls - 1, 0), LONGEST_PAUSE)


@dataclass
class Supervisor:
    """The children in the order in which they stop, and the database below them."""

    home: Path
    children: list[Child]
    probe: Callable[[], bool]
    database: str = ""  # the address of the embedded database, "" when it is somebody else's to keep
    stopping: bool = False
    silent: int = 0
    unheard: int = 0
    worked: float = 0.0
    next_probe: float = 0.0
    next_look: float = 0.0
    notes: Callable[[str], None] = field(default=lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201 - a line for the terminal

    def run(self, on_ready: Callable[[], None]) -> int:
        """Start all, say when the web server answers, and watch until asked to stop. Answers an exit code."""
        _adopt_orphans()
        for child in self.children:
            child.start()
        self._remember()
        if not self._ready(on_ready):
            self.stop()
            return 0 if self.stopping else OURS
        while not self.stopping:
            self.watch()
            time.sleep(TICK)
        self.stop()
        return 0

    def watch(self) -> None:
        """One round: the database, then the children, then whether the web server still answers."""
        now = time.monotonic()
        if self.database and now >= self.next_look:
            self._database()
            self.next_look = time.monotonic() + DATABASE_LOOK
        for child in self.children:
            self._look_at(child, now)
        _reap({c.process.pid for c in self.children if c.process is not None})
        if now >= self.next_probe:
            self.next_probe = now + PROBE_EVERY
            self._listen()

    def stop(self) -> None:
        """Stop all in order."""
        for child in self.children:
            child.stop()
        (self.home / "serve.json").unlink(missing_ok=True)
        if self.database and not _in_use(self.database):
            embedded.stop(self.home)

    def halt(self, _number: int, _frame: FrameType | None) -> None:
        """Signal handler: stop at the next round."""
        self.stopping = True

    def _ready(self, on_ready: Callable[[], None]) -> bool:
        until = time.monotonic() + READY_WITHIN
        while not self.stopping and time.monotonic() < until:
            if self.probe():
                on_ready()
                return True
            for child in self.children:
                self._look_at(child, time.monotonic())
            time.sleep(TICK)
        if not self.stopping:
            self.notes("serve: the web server did not answer in time / 网站没有按时应答")
        return False

    def _look_at(self, child: Child, now: float) -> None:
        if child.fallen() and child.process is not None:
            code = child.process.returncode
            child.falls = 1 if now - child.started > SETTLED else child.falls + 1
            child.clear()
            child.due = now + child.pause()
            self.notes(f"serve: {child.name} ended ({code}); again in {child.pause():.1f} s")
        if child.process is None and now >= child.due:
            child.start()
            self._remember()

    def _database(self) -> None:
        """Ask it; start it when it does not answer."""
        try:
            _query(self.database, "SELECT 1")
        except psycopg.Error:
            time.sleep(DYING)
            try:
                embedded.ensure(self.home)
            except (embedded.NotReady, OSError, psycopg.Error) as fault:
                self.notes(f"serve: database: {type(fault).__name__}; trying again")
            else:
                self.notes("serve: database is back")

    def _listen(self) -> None:
        """Restart a web server that is silent and idle; one that is silent because it is busy gets much longer."""
        web = self.children[0]
        worked = 0.0 if web.process is None else _group_worked(web.process.pid)
        busy, self.worked = worked - self.worked > AT_WORK * PROBE_EVERY, worked
        if web.process is None or time.monotonic() - web.started < SETTLED or self.probe():
            self.silent = self.unheard = 0
            return
        self.unheard += 1
        self.silent = 0 if busy else self.silent + 1
        if self.silent >= PROBE_FAILS or self.unheard >= BUSY_FAILS:
            self.notes("serve: web is silent; restarting it")
            _signal_group(web.process.pid, signal.SIGKILL)
            self.silent = self.unheard = 0

    def _remember(self) -> None:
        """Write down our groups, so that the next `serve` can clear what a killed supervisor left behind."""
        groups = [[c.process.pid, _born(c.process.pid)] for c in self.children if c.process is not None]
        (self.home / "serve.json").write_text(json.dumps(groups))


def clear_leftovers(home: Path) -> int:
    """Kill the children of a supervisor that was itself killed; answers how many groups."""
    try:
        groups = json.loads((home / "serve.json").read_text())
    except (OSError, ValueError):
        return 0
    found = 0
    for group, born in groups:
        # The number may belong to somebody else by now: only a process born at the noted instant is ours. When the main
        # process is gone its workers still carry the group, and the kernel gives no such number away while they live.
        if _born(group) == born or (_born(group) is None and _group_lives(group)):
            _signal_group(group, signal.SIGKILL)
            found += 1
    (home / "serve.json").unlink(missing_ok=True)
    return found


def answers(host: str, port: int) -> bool:
    """Does the web server answer at all? 503 is an answer too: then the database is away, and a restart would not help."""
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - a name to look up, nothing is bound
    if ":" in address:
        address = f"[{address}]"
    # the proxies of the environment are for the outside world
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(f"http://{address}:{port}/healthz", timeout=3).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def port_is_free(host: str, port: int) -> bool:
    """Can we bind there? Answers False also when the address is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError:
            return False
    return True


def web(host: str, port: int, workers: int, threads: int) -> Child:
    """granian, WSGI: Django's sync views under ASGI exhausted PostgreSQL in a rush."""
    return Child(
        "web",
        [
            sys.executable, "-m", "tongxin.project.web", "--interface", "wsgi", "--host", host, "--port", str(port), "--no-ws",
            "--workers", str(workers), "--blocking-threads", str(threads), "--backlog", "1024", "--log-level", "warning",
            "--respawn-failed-workers", "--respawn-interval", "1", "--workers-kill-timeout", "10",
            "tongxin.project.wsgi:application",
        ],
        grace=12,
    )  # fmt: skip


def jobs() -> Child:
    """The job worker: it gives running jobs ten seconds to end."""
    return Child("worker", [sys.executable, "-m", "tongxin.project.worker"], grace=15)


def phones(port: int, site: int) -> Child:
    """The demo's two phones: the fake WeCom, which tells the site what was tapped on them."""
    callback = f"http://127.0.0.1:{site}/wecom/callback/"
    module = "tongxin.connect.wecom.sandbox"
    return Child(
        "phones", [sys.executable, "-m", module, "--port", str(port), "--callback", callback], grace=5
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m tongxin.project.supervisor`: what `tongxin serve` becomes."""
    asked = argparse.ArgumentParser(prog="tongxin serve")
    asked.add_argument("--host", default="127.0.0.1")
    asked.add_argument("--port", type=int, default=8000)
    asked.add_argument("--workers", type=int, default=2)
    asked.add_argument("--threads", type=int, default=4)
    asked.add_argument("--notice", default="")
    asked.add_argument("--phones", type=int, default=0)
    options = asked.parse_args(arguments)
    home = Path(os.environ.get("TONGXIN_HOME", "var")).resolve()
    home.mkdir(parents=True, exist_ok=True)

    with (home / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _refuse(f"serve: already running for {home} / 已经在运行")
        if secrets.load(home).demo and os.environ.get("TONGXIN_DEMO") != "1":
            return _refuse(
                f"serve: {home} has demo secrets: use a fresh TONGXIN_HOME, or set TONGXIN_DEMO=1 for a demo / "
                "这是示范密钥，正式使用请换一个 TONGXIN_HOME"
            )
        clear_leftovers(home)
        if not port_is_free(options.host, options.port):
            return _refuse(
                f"serve: {options.host}:{options.port} is taken; choose another --port / 端口被占用，请换 --port"
            )
        if options.phones and not port_is_free(options.host, options.phones):
            return _refuse(
                f"serve: {options.host}:{options.phones} (the two phones) is taken; choose another --port / 端口被占用，请换 --port"
            )
        database = ""
        if not os.environ.get("DATABASE_URL"):
            try:
                database = embedded.ensure(home).url()
            except embedded.NotReady as fault:
                return _refuse(f"serve: {fault}")

        beside = [phones(options.phones, options.port)] if options.phones else []
        supervisor = Supervisor(
            home=home,
            children=[web(options.host, options.port, options.workers, options.threads), jobs(), *beside],
            probe=lambda: answers(options.host, options.port),
            database=database,
        )
        signal.signal(signal.SIGTERM, supervisor.halt)
        signal.signal(signal.SIGINT, supervisor.halt)

        def on_ready() -> None:
            print(options.notice or f"http://{options.host}:{options.port}", flush=True)  # noqa: T201 - the command's answer

        return supervisor.run(on_ready)


def _refuse(line: str) -> int:
    print(line, file=sys.stderr)  # noqa: T201 - the command's answer
    return BAD


def _adopt_orphans() -> None:
    """Ask the kernel to hand us the orphans of our children; without it they are merely seen a little later."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except (OSError, AttributeError):  # pragma: no cover - no prctl outside Linux
        return


def _reap(kept: set[int]) -> None:
    """Let ended orphans go (a killed postmaster was one); our own children are looked after elsewhere."""
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is None or ended.si_pid in kept:
                return
            os.waitpid(ended.si_pid, os.WNOHANG)
        except ChildProcessError:
            return


def _group_lives(group: int) -> bool:
    """Is anybody left in this process group? Reaps what has ended and is ours."""
    try:
        while os.waitpid(-group, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        pass
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False  # the number went to another user: not ours any more
    return True


def _signal_group(group: int, number: int, *, whole: bool = True) -> None:
    try:
        (os.killpg if whole else os.kill)(group, number)
    except (ProcessLookupError, PermissionError):
        return


def _born(pid: int) -> str | None:
    """The start time of a process in ticks since boot, or None when there is none (or only its zombie)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def _group_worked(group: int) -> float:
    """Seconds of processor time that the living processes of a group have used."""
    ticks = 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _in_use(url: str) -> bool:
    """Does any other program hold a connection to the embedded database?"""
    try:
        return _query(url, OTHERS) > 0
    except psycopg.Error:
        return False


def _query(url: str, text: str) -> int:
    with psycopg.connect(url, connect_timeout=3, autocommit=True) as connection:
        row = connection.execute(text.encode()).fetchone()
    return int(row[0]) if row else 0


if __name__ == "__main__":
    sys.exit(main())
