"""The log is followed: a server killed with -9 comes back to the last look, from another folder than its own."""

import os
import shutil
import signal
import tempfile
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from tongxin.foundation import backup, embedded, following
from tongxin.foundation.backup import Broken, Tree

NOW = datetime(2026, 3, 5, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KEYS = {"k1": "0123456789abcdef"}


@pytest.fixture(scope="module")
def folder():
    """A folder that an ordinary user may pass through, unlike pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="tongxin-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def server(folder):
    yield embedded.ensure(folder / "home")
    embedded.stop(folder / "home")


@pytest.fixture
def to(folder):
    place = folder / "elsewhere" / following.FOLDER
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def url(server, folder):
    address = embedded.ensure(folder / "home").url()
    following.stop(address)
    with psycopg.connect(address) as connection:
        connection.execute("DROP TABLE IF EXISTS kept")
        connection.execute("CREATE TABLE kept (n int)")
    return address


def put(url, *numbers):
    with psycopg.connect(url) as connection:
        for number in numbers:
            connection.execute("INSERT INTO kept VALUES (%s)", [number])


def kept(url):
    with psycopg.connect(url) as connection:
        return [n for (n,) in connection.execute("SELECT n FROM kept ORDER BY n")]


def look(url, to, at=NOW, trees=None):
    """What the job worker does at an instant; answers whether there was a new base, and how many files came."""
    due = following.due(to, at)
    if due:
        following.rebase(url=url, to=to, at=at, keys=KEYS)
    return SimpleNamespace(based=due, files=following.follow(url=url, to=to, trees=trees or {}).files)


def brought_back(to, server):
    with following.recovered(to, beside=server.data) as (address, base):
        return kept(address), base


def test_what_was_committed_before_the_last_look_survives_the_server_and_its_folder(url, to, server, folder):
    put(url, 1)
    assert look(url, to).based is True
    put(url, 2)
    assert look(url, to, NOW + MINUTE).based is False
    put(url, 3)
    look(url, to, NOW + 2 * MINUTE)
    put(url, 4)  # after the last look: the minute that may be lost
    os.kill(int((server.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    found, base = brought_back(to, server)
    assert found == [1, 2, 3]
    assert (base.made_at, base.keys) == (NOW, KEYS)
    assert not server.data.with_name("pg.recovered").exists()
    # what was brought back is an ordinary server: an ordinary backup is made of it
    with following.recovered(to, beside=server.data) as (address, _):
        with psycopg.connect(address) as connection:
            connection.execute("CREATE TABLE django_migrations (app text, name text)")
        made, manifest = backup.write(
            url=address, to=folder / "backups", trees={}, version="1", at=NOW, keys=["k1:" + "00" * 32]
        )
    assert (backup.check(made).tables["kept"], manifest.tables["kept"]) == (3, 3)
    # and the killed one goes on where it was; the next look joins on
    assert kept(embedded.ensure(folder / "home").url()) == [1, 2, 3, 4]
    look(url, to, NOW + 3 * MINUTE)
    assert brought_back(to, server)[0] == [1, 2, 3, 4]


def test_control_without_the_log_only_the_base_comes_back(url, to, server):
    put(url, 1)
    look(url, to)
    first = following.bases(to)[0].first
    whole = {p.name for p in following._segments(to)}
    put(url, 2)
    look(url, to, NOW + MINUTE)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_switch_wal()")
    put(url, 3)
    look(url, to, NOW + 2 * MINUTE)
    for segment in following._segments(to):
        if segment.name.removesuffix(".partial") > max(first, *(n.removesuffix(".partial") for n in whole)):
            segment.unlink()
    assert 3 not in brought_back(to, server)[0]


def test_a_new_base_each_day_and_the_log_of_the_old_ones_goes(url, to, server):
    for day in range(4):
        put(url, day)
        assert look(url, to, NOW + timedelta(days=day)).based is True
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SELECT pg_switch_wal()")
    found = following.bases(to)
    assert [base.made_at for base in found] == [NOW + timedelta(days=day) for day in (2, 3)]
    assert all(p.name.removesuffix(".partial") >= found[0].first for p in following._segments(to))
    assert brought_back(to, server)[0] == [0, 1, 2, 3]


def test_a_long_log_brings_a_base_early(url, to, monkeypatch):
    look(url, to)
    monkeypatch.setattr(following, "LONGEST", 0)
    put(url, 1)
    assert look(url, to, NOW + MINUTE).based is True


def test_a_log_with_a_gap_is_not_believed(url, to, server):
    put(url, 1)
    look(url, to)
    following.stop(url)  # somebody dropped the slot: what came since may be gone
    put(url, 2)
    look(url, to, NOW + MINUTE)
    assert following.bases(to) == []
    assert look(url, to, NOW + 2 * MINUTE).based is True
    assert [base.made_at for base in following.bases(to)] == [NOW + 2 * MINUTE]
    assert brought_back(to, server)[0] == [1, 2]


def test_half_a_base_is_none(url, to, monkeypatch, server):
    def broken(*_):
        raise Broken("pg_receivewal: away")

    monkeypatch.setattr(following, "_fetch", broken)
    with pytest.raises(Broken):
        look(url, to)
    assert following.bases(to) == []
    with pytest.raises(Broken, match="nothing was followed"), following.recovered(to, beside=server.data):
        pass
    monkeypatch.undo()
    assert look(url, to).based is True
    assert not list(to.glob(".partial-*"))


def test_a_damaged_base_says_so(url, to, server):
    look(url, to)
    (following.bases(to)[0].folder / "base.tar.gz").write_bytes(b"x")
    with pytest.raises(Broken, match="base-"), following.recovered(to, beside=server.data):
        pass
    assert not server.data.with_name("pg.recovered").exists()


def test_a_base_without_its_log_says_so(url, to, server):
    look(url, to)
    for segment in following._segments(to):
        segment.unlink()
    with pytest.raises(Broken, match="cannot be replayed"), following.recovered(to, beside=server.data):
        pass


def test_programs_that_fail_say_why(to):
    with pytest.raises(psycopg.OperationalError):
        look("postgresql://tongxin@/nowhere?host=/nonexistent", to)
    with pytest.raises(Broken, match="pg_receivewal"):
        following._program(
            "postgresql://tongxin@/nowhere?host=/nonexistent", "pg_receivewal", "--directory", str(to)
        )


def test_the_log_is_followed_while_a_base_is_copied(url, to, server, monkeypatch):
    look(url, to)
    real = following._program

    def meanwhile(address, name, *arguments):
        real(address, name, *arguments)
        if name == "pg_basebackup":
            put(url, 1)
            monkeypatch.setattr(following, "_program", real)
            following.follow(url=url, to=to, trees={})
            assert brought_back(to, server)[0] == [1]  # by the old base
            put(url, 2)

    monkeypatch.setattr(following, "_program", meanwhile)
    following.rebase(url=url, to=to, at=NOW + MINUTE, keys=KEYS)
    found, base = brought_back(to, server)
    assert (found, base.made_at) == ([1, 2], NOW + MINUTE)


def test_a_log_that_the_server_let_go_of_is_begun_anew(url, to, server):
    put(url, 1)
    look(url, to)
    real = psycopg.Connection.execute

    def lost(connection, query, *rest):
        if "wal_status" in query:
            query = query.replace("wal_status", "'lost'")
        return real(connection, query, *rest)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(psycopg.Connection, "execute", lost)
        following.follow(url=url, to=to, trees={})
    assert (following.bases(to), following.due(to, NOW)) == ([], True)
    put(url, 2)
    look(url, to, NOW + MINUTE)
    assert brought_back(to, server)[0] == [1, 2]


def test_a_base_begun_before_a_gap_never_becomes_whole(url, to, monkeypatch):
    real = following._copy_base

    def gap(*arguments):
        half = real(*arguments)
        following.stop(url)
        following.follow(url=url, to=to, trees={})
        return half

    monkeypatch.setattr(following, "_copy_base", gap)
    with pytest.raises(FileNotFoundError):
        following.rebase(url=url, to=to, at=NOW, keys=KEYS)
    assert following.bases(to) == []


def test_the_files_are_as_they_were_at_the_last_look(url, to, tmp_path):
    held = []

    @contextmanager
    def hold(folder):
        held.append(folder)
        yield

    lake = tmp_path / "lake"
    (lake / "month").mkdir(parents=True)
    (lake / "month" / "a.parquet").write_text("1")
    (lake / ".half").write_text("x")
    (lake / "b.tmp").write_text("x")
    (lake / "link").symlink_to(lake / "month" / "a.parquet")
    trees = {"lake": Tree(lake, hold), "media": Tree(tmp_path / "none")}
    assert look(url, to, trees=trees).files == 1
    assert held == [lake]
    copy = to / following.MIRRORED / "lake"
    assert [p.relative_to(copy).as_posix() for p in copy.rglob("*") if p.is_file()] == ["month/a.parquet"]
    assert look(url, to, NOW + MINUTE, trees).files == 0  # nothing new
    (lake / "month" / "a.parquet").write_text("longer")
    (lake / "month" / "c.parquet").write_text("3")
    assert look(url, to, NOW + 2 * MINUTE, trees).files == 2
    (lake / "month" / "c.parquet").unlink()
    assert look(url, to, NOW + 3 * MINUTE, trees).files == 0
    assert (copy / "month" / "a.parquet").read_text() == "longer"
    assert not (copy / "month" / "c.parquet").exists()


def test_a_file_that_goes_while_it_is_copied_is_left_out(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "gone").write_text("x")
    real = following._plain

    def first_seen(folder):
        found = real(folder)
        for path in found:
            if folder == tmp_path / "a":
                path.unlink()
        return found

    monkeypatch.setattr(following, "_plain", first_seen)
    assert following._mirror(Tree(tmp_path / "a", lambda _: nullcontext()), tmp_path / "b") == 0
    assert list((tmp_path / "b").iterdir()) == []
