"""Backups and their way back, on real databases: consistent, complete or absent, and what was changed is found."""

import json
import os
import resource
import shutil
import subprocess
import sys
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tongxin.foundation import backup, embedded, restoring
from tongxin.foundation.backup import Broken, Tree

AT = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
KEYS = ("k2:" + "22" * 32, "k1:" + "11" * 32)
SERVER = os.environ["DATABASE_URL"]


@pytest.fixture
def database():
    """A database of a few rows that looks like ours; gone afterwards, with all that was made beside it."""
    name = f"ops_{uuid.uuid4().hex[:10]}"
    with psycopg.connect(restoring.address(SERVER, "postgres"), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        url = restoring.address(SERVER, name)
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE django_migrations (app text, name text)")
            connection.execute(
                "INSERT INTO django_migrations VALUES ('people', '0001_initial'), ('audit', '0001_initial')"
            )
            connection.execute("CREATE TABLE people_customer (id int, nickname text)")
            connection.execute(
                "INSERT INTO people_customer SELECT n, '客人' || n FROM generate_series(1, 100) AS n"
            )
            connection.execute("CREATE TABLE procrastinate_jobs (id int)")
        yield url
        for (left,) in admin.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{name}%"]
        ).fetchall():
            admin.execute(f'DROP DATABASE "{left}" WITH (FORCE)')


@pytest.fixture
def trees(tmp_path):
    """A lake and a media folder, with things in them that do not belong into a backup."""
    lake, media = tmp_path / "lake", tmp_path / "media"
    (lake / "orders" / "month=2026-03").mkdir(parents=True)
    (lake / "orders" / "month=2026-03" / "part.parquet").write_bytes(b"PAR1" * 300_000)
    (lake / ".staging" / "x").mkdir(parents=True)
    (lake / ".staging" / "x" / "half.parquet").write_bytes(b"half")
    (lake / ".writer.lock").touch()
    media.mkdir()
    (media / "a.webp").write_bytes(b"picture")
    (media / "b.tmp").write_bytes(b"half a picture")
    (media / "link").symlink_to("/etc/hostname")
    return {"lake": Tree(lake), "media": Tree(media)}


@pytest.fixture
def make(database, trees, tmp_path):
    def build(**changes):
        told = {
            "url": database,
            "to": tmp_path / "backups",
            "trees": trees,
            "version": "0.1.0",
            "at": AT,
            "keys": KEYS,
        }
        return backup.write(**(told | changes))

    return build


def folders(trees):
    return {name: tree.folder for name, tree in trees.items()}


class TestWriting:
    def test_everything_is_inside_and_named(self, make):
        told = []
        folder, manifest = make(advance=told.append)
        assert folder.name == "tongxin-20260305T040000.000000Z"
        assert [f.path for f in manifest.files] == [
            "database.dump",
            "lake/orders/month=2026-03/part.parquet",
            "media/a.webp",
        ]
        assert manifest.tables == {"django_migrations": 2, "people_customer": 100}
        assert manifest.rows == 102
        assert manifest.migrations == ("audit.0001_initial", "people.0001_initial")
        assert manifest.size == sum(
            f.stat().st_size for f in folder.rglob("*") if f.is_file() and f.name != "manifest.json"
        )
        assert sum(told) == 4 * 300_000 + 7
        assert backup.check(folder) == manifest
        assert folder.stat().st_mode & 0o077 == 0

    def test_counts_and_dump_are_of_one_moment_while_rows_come(
        self, make, database, trees, tmp_path, monkeypatch
    ):
        """Rows written while pg_dump runs are in neither, so the drill finds the same numbers."""
        dump = backup._dump

        def meanwhile(*args):
            with psycopg.connect(database) as connection:
                connection.execute("INSERT INTO people_customer VALUES (101, 'late')")
            dump(*args)
            with psycopg.connect(database) as connection:
                connection.execute("INSERT INTO people_customer VALUES (102, 'later')")

        monkeypatch.setattr(backup, "_dump", meanwhile)
        folder, manifest = make()
        assert manifest.tables["people_customer"] == 100
        beside = restoring.bring_back(folder=folder, manifest=manifest, url=database, mark="drill", trees={})
        with psycopg.connect(beside.url) as connection:
            assert connection.execute("SELECT count(*) FROM people_customer").fetchone() == (100,)
        restoring.clear_away(database, beside)

    def test_control_without_the_snapshot_they_differ(self, make, database, monkeypatch):
        dump = backup._dump

        def meanwhile(url, major, snapshot, to):
            with psycopg.connect(database) as connection:
                connection.execute("INSERT INTO people_customer VALUES (101, 'late')")
            with psycopg.connect(database) as other:
                other.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                dump(url, major, other.execute("SELECT pg_export_snapshot()").fetchone()[0], to)

        monkeypatch.setattr(backup, "_dump", meanwhile)
        folder, manifest = make()
        with pytest.raises(Broken, match="people_customer: 101 rows, the manifest says 100"):
            restoring.bring_back(folder=folder, manifest=manifest, url=database, mark="drill", trees={})

    def test_files_exchanged_while_copying_are_copied_as_they_stood(self, make, trees):
        part = trees["lake"].folder / "orders" / "month=2026-03" / "part.parquet"
        held = []

        @contextmanager
        def hold(folder):
            held.append(folder)
            yield
            fresh = part.with_suffix(".new")
            fresh.write_bytes(b"NEW1")
            fresh.replace(part)  # the import goes on as soon as it may

        folder, _ = make(trees={"lake": Tree(part.parents[2], hold)})
        assert held == [part.parents[2]]
        assert (folder / "lake/orders/month=2026-03/part.parquet").read_bytes() == b"PAR1" * 300_000
        assert part.read_bytes() == b"NEW1"

    def test_a_file_that_goes_away_is_not_missed(self, make, trees, monkeypatch):
        media = trees["media"].folder
        wanted, asked = backup._wanted, []

        def unsteady(folder):
            found = wanted(folder)
            if folder == media and not asked:
                asked.append(1)
                found.append(media / "gone.webp")
                (media / "came.webp").write_bytes(b"came")
            return found

        monkeypatch.setattr(backup, "_wanted", unsteady)
        folder, _ = make()
        assert {p.name for p in (folder / "media").iterdir()} == {"a.webp", "came.webp"}

    def test_a_tree_that_never_rests_is_left_after_a_few_looks(self, make, trees, monkeypatch):
        media, wanted, looks = trees["media"].folder, backup._wanted, []

        def restless(folder):
            looks.append(folder)
            return [*wanted(folder), folder / "always-gone"]

        monkeypatch.setattr(backup, "_wanted", restless)
        folder, _ = make(trees={"media": trees["media"]})
        assert looks == [media] * backup.PASSES
        assert (folder / "media" / "a.webp").exists()

    def test_missing_trees_are_empty(self, make, tmp_path):
        _, manifest = make(trees={"lake": Tree(tmp_path / "nowhere")})
        assert [f.path for f in manifest.files] == ["database.dump"]

    def test_no_password_on_a_command_line(self):
        environment = backup.connection_environment("postgresql://u:geheim@db.example:5433/x?sslmode=require")
        wanted = {
            "PGHOST": "db.example",
            "PGPORT": "5433",
            "PGUSER": "u",
            "PGPASSWORD": "geheim",
            "PGDATABASE": "x",
            "PGSSLMODE": "require",
        }
        assert {k: v for k, v in environment.items() if k.startswith("PG")} == wanted

    def test_many_files_raise_the_limit_of_open_ones(self):
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (300, before[1]))
            backup._allow_open_files(400)
            assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 656
            backup._allow_open_files(1)
            assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 656
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)


class TestFailing:
    def test_a_full_disk_leaves_no_half_backup(self, database, trees, tmp_path):
        """The file size limit of the process plays the full disk (promise P7)."""
        code = (
            "import resource, signal, sys, json; from pathlib import Path; from datetime import datetime, UTC\n"
            "from tongxin.foundation import backup\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))\n"
            "try:\n"
            "  backup.write(url=sys.argv[1], to=Path(sys.argv[2]), trees={'lake': backup.Tree(Path(sys.argv[3]))}, version='0', at=datetime.now(UTC), keys=())\n"
            "except OSError as fault:\n  print(fault.errno)\n"
        )
        to = tmp_path / "backups"
        lake = tmp_path / "lake"
        done = subprocess.run(
            [sys.executable, "-c", code, database, str(to), str(lake)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == "27\n"  # EFBIG, as ENOSPC would be
        assert list(to.iterdir()) == []

    def test_a_dump_that_fails_leaves_nothing_and_says_why(self, make, tmp_path, monkeypatch):
        monkeypatch.setattr(
            backup, "connection_environment", lambda url: {"PGHOST": "/nowhere", "PGDATABASE": "x"}
        )
        with pytest.raises(Broken, match="pg_dump: "):
            make()
        assert list((tmp_path / "backups").iterdir()) == []

    def test_kill_9_leaves_something_that_does_not_verify(self, make, tmp_path):
        folder, _ = make()
        half = folder.rename(folder.with_name(backup.PARTIAL + folder.name))
        assert backup.newest(tmp_path / "backups") is None
        with pytest.raises(Broken, match="unfinished"):
            backup.check(half)
        make(at=AT + timedelta(days=1))
        assert backup.prune(tmp_path / "backups", keep=5) == 1
        assert not half.exists()


class TestChecking:
    @pytest.mark.parametrize(
        ("damage", "fault"),
        [
            (lambda f: (f / "media/a.webp").write_bytes(b"pictura"), "media/a.webp: changed"),
            (lambda f: (f / "media/a.webp").write_bytes(b"pict"), "media/a.webp: changed"),
            (lambda f: (f / "media/a.webp").unlink(), "media/a.webp: missing"),
            (lambda f: (f / "media/c.webp").write_bytes(b"x"), "media/c.webp: not in the manifest"),
            (lambda f: (f / "manifest.json").unlink(), "no readable manifest.json"),
            (lambda f: (f / "manifest.json").write_text("{}"), "no readable manifest.json"),
            (lambda f: retell(f, schema="tongxin.backup/9"), "schema tongxin.backup/9"),
            (lambda f: retell(f, files=[{"path": "../x", "size": 0, "sha256": ""}]), "outside"),
            (lambda f: retell(f, files=[{"path": "/etc/passwd", "size": 0, "sha256": ""}]), "outside"),
        ],
    )
    def test_what_was_changed_is_found(self, make, damage, fault):
        folder, _ = make()
        damage(folder)
        with pytest.raises(Broken) as broken:
            backup.check(folder)
        assert any(fault in line for line in broken.value.faults)

    def test_the_newest_complete_one_is_found(self, make, tmp_path):
        place = tmp_path / "backups"
        assert backup.newest(place) is None
        older, _ = make()
        newer, _ = make(at=AT + timedelta(hours=1))
        assert backup.newest(place) == newer
        assert backup.newest(older) == older
        assert backup.prune(place, keep=1) == 1
        assert backup.newest(place) == newer
        assert backup.prune(place, keep=0) == 1


def retell(folder, **changes):
    file = folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


class TestKeys:
    def test_sealed_keys_open_with_their_passphrase_only(self, make):
        sealed = backup.seal(b"the keys", "correct horse battery")
        folder, manifest = make(sealed_keys=sealed)
        assert manifest.with_keys
        assert b"the keys" not in (folder / "keys.sealed").read_bytes()
        assert backup.unseal((folder / "keys.sealed").read_bytes(), "correct horse battery") == b"the keys"
        for sealed_, phrase in (
            (sealed, "wrong"),
            (sealed[:-1] + bytes([sealed[-1] ^ 1]), "correct horse battery"),
        ):
            with pytest.raises(Broken, match="wrong passphrase"):
                backup.unseal(sealed_, phrase)

    def test_fingerprints_tell_keys_apart_and_tell_nothing_else(self, make):
        _, manifest = make()
        assert set(manifest.keys) == {"k1", "k2"}
        assert manifest.keys == backup.fingerprints(KEYS)
        assert manifest.keys["k1"] != backup.fingerprints(["k1:" + "12" * 32])["k1"]
        assert "1111" not in json.dumps(manifest.keys)


class TestTools:
    def test_the_nearest_pg_dump_that_is_not_older(self, monkeypatch, tmp_path):
        for major in (14, 15, 18):
            place = tmp_path / str(major)
            place.mkdir()
            (place / "pg_dump").write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {major}.4'\n")
            (place / "pg_dump").chmod(0o755)
        monkeypatch.setattr(backup.embedded, "binaries", lambda: tmp_path / "18")
        monkeypatch.setattr(backup.shutil, "which", lambda name: str(tmp_path / "15" / name))
        monkeypatch.setattr(backup.Path, "glob", lambda self, pattern: [tmp_path / "14", tmp_path / "none"])
        assert backup.tools(14) == tmp_path / "14"
        assert backup.tools(15) == tmp_path / "15"
        assert backup.tools(16) == tmp_path / "18"
        with pytest.raises(Broken, match="postgresql-client-19"):
            backup.tools(19)

    def test_a_machine_without_the_embedded_one(self, monkeypatch):
        monkeypatch.setattr(
            backup.embedded, "binaries", lambda: (_ for _ in ()).throw(embedded.NotReady("none"))
        )
        monkeypatch.setattr(backup.shutil, "which", lambda name: None)
        monkeypatch.setattr(backup.Path, "glob", lambda self, pattern: [])
        with pytest.raises(Broken, match="no pg_dump"):
            backup.tools(15)


class TestRestoring:
    def test_there_and_back(self, make, database, trees):
        folder, manifest = make()
        with psycopg.connect(database) as connection:
            connection.execute("DELETE FROM people_customer WHERE id > 10")
        shutil.rmtree(trees["media"].folder)
        beside = restoring.bring_back(
            folder=folder, manifest=manifest, url=database, mark="new", trees=folders(trees)
        )
        assert count(database) == 10, "nothing of the living data was touched yet"
        assert count(beside.url) == 100
        kept = restoring.exchange(url=database, beside=beside, trees=folders(trees), mark="now")
        assert count(database) == 100
        assert (trees["media"].folder / "a.webp").read_bytes() == b"picture"
        assert not (trees["lake"].folder / ".staging").exists()
        assert count(restoring.address(database, kept[0])) == 10
        assert (Path(kept[1]) / ".staging").exists()
        assert len(kept) == 2, "there was no media folder to keep"

    def test_a_tree_that_the_backup_lacks_comes_back_empty(self, make, database, trees):
        folder, manifest = make(trees={"media": trees["media"]})
        beside = restoring.bring_back(
            folder=folder, manifest=manifest, url=database, mark="new", trees=folders(trees)
        )
        assert list(beside.trees["lake"].iterdir()) == []
        restoring.clear_away(database, beside)

    def test_a_connected_program_stops_the_exchange(self, make, database):
        folder, manifest = make()
        beside = restoring.bring_back(folder=folder, manifest=manifest, url=database, mark="new", trees={})
        with psycopg.connect(database), pytest.raises(Broken, match="1 programs are connected"):
            restoring.exchange(url=database, beside=beside, trees={}, mark="now")
        assert count(database) == 100

    def test_an_exchange_that_fails_half_way_is_taken_back(self, make, database, trees):
        folder, manifest = make()
        places = folders(trees)
        beside = restoring.bring_back(
            folder=folder, manifest=manifest, url=database, mark="new", trees=places
        )
        shutil.rmtree(beside.trees["media"])
        with psycopg.connect(database) as connection:
            connection.execute("DELETE FROM people_customer WHERE id > 10")
        with pytest.raises(OSError, match="media"):
            restoring.exchange(url=database, beside=beside, trees=places, mark="now")
        assert count(database) == 10
        assert (places["lake"] / ".staging").exists()
        assert (places["media"] / "a.webp").exists()

    def test_a_restore_that_fails_leaves_nothing(self, make, database, trees):
        folder, manifest = make()
        (folder / "database.dump").write_bytes(b"no dump at all")
        with pytest.raises(Broken, match="pg_restore: "):
            restoring.bring_back(
                folder=folder, manifest=manifest, url=database, mark="new", trees=folders(trees)
            )
        with psycopg.connect(restoring.address(database, "postgres")) as admin:
            name = database.rpartition("/")[2].partition("?")[0]
            assert admin.execute(
                "SELECT count(*) FROM pg_database WHERE datname LIKE %s", [f"{name}_new"]
            ).fetchone() == (0,)
        assert not trees["lake"].folder.with_name("lake.new").exists()

    def test_a_backup_of_a_newer_server_is_refused(self, make, database):
        folder, manifest = make()
        with pytest.raises(Broken, match="PostgreSQL 99"):
            restoring.bring_back(
                folder=folder,
                manifest=backup.Manifest(**(vars(manifest) | {"server": "99"})),
                url=database,
                mark="new",
                trees={},
            )

    @pytest.mark.parametrize(
        ("url", "there"),
        [
            ("postgresql://u@/x?host=%2Frun%2Fpg%20sql", "postgresql://u@/y%2Fz?host=%2Frun%2Fpg%20sql"),
            ("postgresql://u:p%40s@h:1/x?sslmode=require", "postgresql://u:p%40s@h:1/y%2Fz?sslmode=require"),
            ("host=h user=u dbname=x", "postgresql://u@h:5432/y%2Fz"),
        ],
    )
    def test_addresses(self, url, there):
        assert restoring.address(url, "y/z") == there


def count(url):
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT count(*) FROM people_customer").fetchone()[0]
