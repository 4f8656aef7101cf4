"""`backup`, `restore`, `upgrade`, `erase` on a small world: nothing half done, and who was erased stays erased."""

import fcntl
import json
import os
import resource
import shutil
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest
from django.db import connection, transaction

from people.factories import CustomerFactory
from stores.factories import TESTS
from tongxin.commerce.actions import lake_writer
from tongxin.commerce.lake import open_lake
from tongxin.faces.cli import answers, care, installation, main, restore
from tongxin.faces.cli.answers import BAD, DONE, NO
from tongxin.foundation import backup as backups
from tongxin.foundation import clock, restoring
from tongxin.foundation.outbox.actions import post
from tongxin.foundation.outbox.models import Letter
from tongxin.people import actions as people
from tongxin.people import queries as people_queries
from tongxin.people.models import Customer, Erased

MARK = "马克西玛"
PHRASE = "correct horse battery"


@pytest.fixture(autouse=True)
def speech(monkeypatch):
    monkeypatch.setenv("TONGXIN_LANG", "zh")
    before = answers.style()
    yield
    answers.speak(**vars(before))


@pytest.fixture
def home(tmp_path, settings):
    """A home of its own; the keys are those of the tests."""
    shutil.copy(settings.HOME / "secrets.json", tmp_path / "secrets.json")
    settings.HOME = tmp_path
    os.environ["TONGXIN_HOME"], before = str(tmp_path), os.environ["TONGXIN_HOME"]
    yield tmp_path
    os.environ["TONGXIN_HOME"] = before


@pytest.fixture
def world(db, home, settings):
    """Two members with orders in a lake, a picture, and a letter that waits."""
    settings.TONGXIN_LAKE, settings.TONGXIN_MEDIA = home / "lake", home / "media"
    stays = CustomerFactory(nickname="留下的人", member_code="M1")
    goes = CustomerFactory(nickname=MARK, phone="13812345678", member_code="M2", home_store=stays.home_store)
    at = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
    rows = pa.table(
        {
            "order_no": ["a", "b"], "ordered_at": pa.array([at, at], pa.timestamp("us", "UTC")), "member_code": ["M1", "M2"],
            "store_code": [stays.home_store.code] * 2, "total_paid_fen": [100, 200], "currency": ["CNY"] * 2, "status": ["completed"] * 2,
        }
    )  # fmt: skip
    with lake_writer() as writer:
        writer.merge("orders", rows, source="pos", arrival=1)
    (home / "media").mkdir()
    (home / "media" / "a.webp").write_bytes(b"picture")
    with transaction.atomic():
        post(viewer=TESTS, kind="code", to="13800000000", body={"code": "1"}, carrier="screen", key="k1")
    return stays, goes


def codes(lake):
    con = open_lake(lake)
    return {code for (code,) in con.execute("SELECT member_code FROM orders").fetchall()}


def run(capsys, *words):
    capsys.readouterr()
    code = main.run([*map(str, words), "--json"])
    told = capsys.readouterr()
    return code, json.loads(told.out) if told.out else None, told.err


def databases(like):
    with psycopg.connect(restoring.address(installation.here().url, "postgres")) as admin:
        return [
            name for (name,) in admin.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [like])
        ]


def drop(*names):
    with psycopg.connect(restoring.address(installation.here().url, "postgres"), autocommit=True) as admin:
        for name in names:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


class TestDrill:
    def test_backup_rehearse_erase_restore(self, transactional_db, world, home, capsys):
        """The whole way, as docs/backup.md tells it (promise P41)."""
        stays, goes = world
        code, made, _ = run(capsys, "backup", "--to", home / "kept")
        assert code == DONE
        folder = Path(made["folder"])
        manifest = backups.check(folder)
        assert {"database.dump", "media/a.webp", "lake/lake.json"} <= {f.path for f in manifest.files}
        assert manifest.tables["people_customer"] == 2
        assert b"secrets" not in b"".join(p.name.encode() for p in folder.rglob("*"))

        people.erase(viewer=TESTS, customer=Customer.objects.get(pk=goes.pk), reason="asked")
        care.forget_in_lake()
        assert codes(home / "lake") == {"M1", None}

        code, drill, err = run(capsys, "restore", home / "kept", "--verify")
        assert (code, err) == (DONE, "")
        assert (drill["erased_again"], drill["orders_forgotten"], drill["letters_held"]) == (1, 1, 1)
        assert drill["audit"]["ok"]
        assert drill["kept"] == []
        assert databases("%drill%") == []
        assert not list(home.glob("*.drill*"))
        assert Erased.objects.count() == 2, "the living data are untouched"

        code, done, err = run(capsys, "restore", home / "kept", "--yes")
        try:
            assert (code, err) == (DONE, "")
            assert done["erased_again"] == 1
            assert Customer.objects.get(pk=goes.pk).state == "erased"
            assert Customer.objects.get(pk=goes.pk).nickname == ""
            assert Customer.objects.get(pk=stays.pk).nickname == "留下的人"
            assert codes(home / "lake") == {"M1", None}
            assert Letter.objects.get().state == "held", "it may have left after the backup was made"
            assert (home / "media" / "a.webp").read_bytes() == b"picture"
            assert MARK.encode() not in dumped(), "no trace in the restored database"
        finally:
            drop(*databases("%_before_new_%"))

    def test_control_without_the_marks_the_person_is_back(
        self, transactional_db, world, home, capsys, monkeypatch
    ):
        _, goes = world
        run(capsys, "backup", "--to", home / "kept")
        people.erase(viewer=TESTS, customer=Customer.objects.get(pk=goes.pk), reason="asked")
        monkeypatch.setattr(restore, "_marks", lambda home: [])
        assert main.run(["restore", str(home / "kept"), "--yes"]) == DONE
        try:
            told = capsys.readouterr().out
            assert "重新抹去 0 人" in told
            assert "_before_new_" in told, "where the old data are kept"
            assert Customer.objects.get(pk=goes.pk).nickname == MARK
            assert MARK.encode() in dumped()
        finally:
            drop(*databases("%_before_new_%"))


def test_settling_holds_letters_ends_sessions_and_may_be_repeated(world):
    from django.contrib.sessions.backends.db import SessionStore

    from tongxin.faces.cli import settling

    SessionStore().save()
    _, goes = world
    first = settling.settle([])
    assert (first["erased_again"], first["letters_held"], first["sessions_ended"], first["audit"]["ok"]) == (
        0,
        1,
        1,
        True,
    )
    people.erase(viewer=TESTS, customer=Customer.objects.get(pk=goes.pk), reason="x")
    marks = [(s.what, s.hash, s.at.isoformat()) for s in people_queries.tombstones()]
    again = settling.settle(marks)
    assert (
        again["erased_again"],
        again["orders_forgotten"],
        again["letters_held"],
        again["sessions_ended"],
    ) == (0, 1, 0, 0)


def test_outstanding_steps_are_taken_first(db, monkeypatch):
    import django.core.management

    from tongxin.faces.cli import settling

    called = []
    monkeypatch.setattr(settling, "steps", lambda: (["people.0009_next"], False))
    monkeypatch.setattr(django.core.management, "call_command", lambda name, **how: called.append(name))
    settling.settle([])
    assert called == ["migrate"]


def dumped():
    """Every row of the database, as text."""
    here = installation.here()
    program = (
        backups.tools(connection.connection.info.server_version // 10000 if connection.connection else 18)
        / "pg_dump"
    )
    return subprocess.run(
        [program, "--data-only"],
        env=backups.connection_environment(here.url),
        capture_output=True,
        check=True,
    ).stdout


class TestBackup:
    def test_the_words_say_where_the_keys_are_not(self, world, home, capsys):
        assert main.run(["backup", "--to", str(home / "kept"), "--keep", "1"]) == DONE
        assert main.run(["backup", "--to", str(home / "kept"), "--keep", "1"]) == DONE
        assert "密钥不在备份里" in capsys.readouterr().out
        assert len(list((home / "kept").iterdir())) == 1

    def test_keys_on_request_sealed(self, world, home, capsys, monkeypatch):
        monkeypatch.setenv(installation.PASSPHRASE, PHRASE)
        assert main.run(["backup", "--to", str(home / "kept"), "--with-keys"]) == DONE
        assert "密钥不在备份里" not in capsys.readouterr().out
        folder = backups.newest(home / "kept")
        assert json.loads(backups.unseal((folder / "keys.sealed").read_bytes(), PHRASE))["personal"]
        inside = b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())
        key = json.loads((home / "secrets.json").read_text())["personal"][0].partition(":")[2]
        assert key.encode() not in inside

    @pytest.mark.parametrize("given", ["", "short"])
    def test_a_passphrase_is_wanted_and_a_good_one(self, world, home, monkeypatch, given):
        monkeypatch.setenv(installation.PASSPHRASE, given)
        assert main.run(["backup", "--to", str(home / "kept"), "--with-keys"]) == BAD
        assert not (home / "kept").exists()

    def test_on_a_terminal_it_is_asked_for(self, monkeypatch):
        monkeypatch.delenv(installation.PASSPHRASE, raising=False)
        monkeypatch.setattr(answers, "on_terminal", lambda: True)
        monkeypatch.setattr(answers, "hidden", lambda label, twice: PHRASE if twice else "")
        assert installation.passphrase(twice=True) == PHRASE

    def test_a_full_disk_is_exit_1_and_leaves_nothing(self, world, home, capsys):
        """Promise P7; the limit of the process plays the full disk."""
        (home / "media" / "big.webp").write_bytes(os.urandom(3_000_000))
        before, deaf = (
            resource.getrlimit(resource.RLIMIT_FSIZE),
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
        )
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, before[1]))
            code = main.run(["backup", "--to", str(home / "kept")])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, deaf)
        assert code == NO
        assert "没有留下半份" in capsys.readouterr().err.replace("也没有", "没有")
        assert list((home / "kept").iterdir()) == []
        assert main.run(["restore", str(home / "kept"), "--verify"]) == BAD
        assert main.run(["backup", "--to", str(home / "kept")]) == DONE, "normal again once there is room"

    def test_a_dump_that_fails_says_why(self, world, home, capsys, monkeypatch):
        monkeypatch.setattr(
            backups,
            "tools",
            lambda major: (_ for _ in ()).throw(backups.Broken("no pg_dump for PostgreSQL 18")),
        )
        assert main.run(["backup", "--to", str(home / "kept")]) == NO
        assert "no pg_dump" in capsys.readouterr().err


class TestRefusals:
    """The tests' own connection stays open here, so an exchange is refused by itself: `alone` pretends that it is gone."""

    @pytest.fixture
    def kept(self, world, home, monkeypatch):
        monkeypatch.setattr(installation, "let_go", lambda: None)
        care.back_up(to=home / "kept")
        return home / "kept"

    @pytest.fixture
    def alone(self, monkeypatch):
        monkeypatch.setattr(restoring, "other_clients", lambda url: 0)

    def test_nothing_to_restore(self, world, home, capsys):
        assert main.run(["restore", str(home / "nowhere")]) == BAD
        assert "没有完整的备份" in capsys.readouterr().err

    def test_a_changed_byte(self, kept, capsys):
        folder = backups.newest(kept)
        (folder / "media" / "a.webp").write_bytes(b"pictura")
        assert main.run(["restore", str(kept), "--verify"]) == NO
        assert capsys.readouterr().err.splitlines()[-1] == "media/a.webp: changed"

    def test_while_serving(self, kept, home, capsys):
        with (home / "serve.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            assert main.run(["restore", str(kept), "--yes"]) == NO
        assert "tongxin serve" in capsys.readouterr().err

    def test_while_another_program_is_connected(self, kept, capsys):
        assert main.run(["restore", str(kept), "--yes"]) == NO
        assert "1 个程序" in capsys.readouterr().err

    def test_without_a_yes(self, kept, alone):
        assert main.run(["restore", str(kept)]) == BAD
        assert databases("%_new_%") == []

    @pytest.mark.parametrize("words", [["--verify"], ["--yes"]])
    def test_with_other_keys(self, kept, alone, capsys, settings, words):
        settings.TONGXIN_PII_KEYS = ("k1:" + "00" * 32,)
        assert main.run(["restore", str(kept), *words]) == BAD
        assert "--keys" in capsys.readouterr().err

    @pytest.mark.parametrize("words", [["--verify"], ["--yes"]])
    def test_a_trail_that_does_not_verify(self, kept, alone, monkeypatch, words):
        told = {
            "erased_again": 0,
            "orders_forgotten": 0,
            "letters_held": 0,
            "sessions_ended": 0,
            "audit": {"ok": False, "sealed": 1},
        }
        monkeypatch.setattr(restore, "_settle", lambda beside, marks: told)
        assert main.run(["restore", str(kept), *words]) == NO
        assert databases("%_new_%") == databases("%_drill_%") == databases("%_before_%") == []

    def test_settling_that_breaks_is_our_fault_and_leaves_nothing(self, kept, alone, monkeypatch, capsys):
        monkeypatch.setattr(restore.sys, "executable", "/bin/false")
        assert main.run(["restore", str(kept), "--yes"]) == 3
        assert "settling failed" in capsys.readouterr().err
        assert databases("%_new_%") == []


class TestKeysOnANewMachine:
    def test_they_come_out_of_the_backup(self, world, home, capsys, monkeypatch):
        monkeypatch.setenv(installation.PASSPHRASE, PHRASE)
        folder, _ = care.back_up(to=home / "kept", passphrase=PHRASE)
        (home / "secrets.json").write_text("{}")
        restore._take_keys(folder, home, "now")
        assert json.loads((home / "secrets.json").read_text())["personal"]
        assert (home / "secrets.json").stat().st_mode & 0o077 == 0
        assert (home / "secrets.json.before_now").read_text() == "{}"
        (home / "secrets.json").unlink()
        restore._take_keys(folder, home, "now")
        assert (home / "secrets.json").exists()

    def test_not_when_there_are_none_or_the_environment_gives_them(self, world, home, monkeypatch):
        monkeypatch.setenv(installation.PASSPHRASE, PHRASE)
        folder, _ = care.back_up(to=home / "kept")
        with pytest.raises(answers.Stop) as stopped:
            restore._take_keys(folder, home, "now")
        assert stopped.value.code == BAD
        monkeypatch.setenv("TONGXIN_PII_KEYS", "k1:00")
        with pytest.raises(answers.Stop):
            restore._take_keys(folder, home, "now")

    def test_marks_come_from_the_file_when_the_database_is_lost(self, world, home, monkeypatch, capsys):
        from django.db import OperationalError

        (home / restore.MARKS).write_text(json.dumps([["person", "aa", "2026-03-05T04:00:00+00:00"]]))
        from tongxin.people import queries

        monkeypatch.setattr(queries, "tombstones", lambda: (_ for _ in ()).throw(OperationalError("gone")))
        assert restore._marks(home) == [("person", "aa", "2026-03-05T04:00:00+00:00")]
        assert "erased.json" in capsys.readouterr().out


class TestUpgrade:
    def test_up_to_date_and_backed_up(self, world, home, capsys):
        code, told, _ = run(capsys, "upgrade", "--check")
        assert (code, told["ready"], told["outstanding"]) == (NO, True, False)
        assert {f["what"]: f["state"] for f in told["findings"]} == {
            "migrations": "ok", "version": "ok", "server": "ok", "disk": "ok", "backup": "todo",
        }  # fmt: skip
        care.back_up(to=home / "backups")
        assert main.run(["upgrade", "--check"]) == DONE
        assert main.run(["upgrade"]) == DONE
        assert "已是最新" in capsys.readouterr().out

    def test_an_old_backup_is_told(self, world, home, capsys):
        with clock.held(datetime.now(UTC) - timedelta(days=3)):
            care.back_up(to=home / "backups")
        code, told, _ = run(capsys, "upgrade", "--check", "--backups", home / "backups")
        assert code == NO
        assert told["findings"][-1] == {"what": "backup", "state": "todo", "detail": "72 小时前"}
        backups.newest(home / "backups").joinpath("manifest.json").write_text("{}")
        assert run(capsys, "upgrade", "--check")[1]["findings"][-1]["detail"] == "没有备份"

    def test_a_newer_database_blocks(self, world, home, capsys):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO django_migrations (app, name, applied) VALUES ('people', '0099_future', now())"
            )
        try:
            assert main.run(["upgrade"]) == NO
            assert "people.0099_future" in capsys.readouterr().out
        finally:
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM django_migrations WHERE name = '0099_future'")

    def test_steps_are_taken_after_a_backup(self, world, home, capsys, monkeypatch):
        import django.core.management

        called = []
        monkeypatch.setattr(care, "steps", lambda: (["people.0009_next"], False))
        monkeypatch.setattr(
            django.core.management,
            "call_command",
            lambda name, **how: called.append((name, backups.newest(home / "backups") is not None)),
        )
        assert main.run(["upgrade"]) == DONE
        assert called == [("migrate", True)]
        assert "升级前的备份" in capsys.readouterr().out

    def test_too_little_disk_blocks(self, world, home, monkeypatch, capsys):
        from types import SimpleNamespace

        monkeypatch.setattr(care.shutil, "disk_usage", lambda place: SimpleNamespace(free=1))
        code, told, _ = run(capsys, "upgrade")
        assert (code, told["ready"]) == (NO, False)


class TestErase:
    def test_by_member_code_and_what_was_erased_is_counted(self, world, home, capsys):
        _, goes = world
        code, told, _ = run(capsys, "erase", "M2", "--reason", "本人要求", "--yes")
        assert code == DONE
        assert told["member"] == str(goes.public_id)
        assert told["erased"]["lake"] == 1
        assert Customer.objects.get(pk=goes.pk).state == "erased"
        assert codes(home / "lake") == {"M1", None}
        assert run(capsys, "erase", "M2", "--reason", "again", "--yes")[0] == BAD

    def test_by_public_id_on_screen(self, world, capsys):
        _, goes = world
        assert main.run(["erase", str(goes.public_id), "--reason", "x", "--yes"]) == DONE
        assert "恢复时会再次抹去" in capsys.readouterr().out

    def test_a_nickname_is_no_member_code(self, world, capsys):
        assert main.run(["erase", MARK, "--reason", "x", "--yes"]) == BAD
        assert "absent" in capsys.readouterr().err

    def test_a_code_of_two_members_is_no_answer(self, world, capsys):
        CustomerFactory(member_code=("other", "M2"))
        assert main.run(["erase", "M2", "--reason", "x", "--yes"]) == BAD
        assert len(capsys.readouterr().err.splitlines()) == 3

    def test_without_a_yes_nothing_happens(self, world):
        _, goes = world
        assert main.run(["erase", "M2", "--reason", "x"]) == BAD
        assert Customer.objects.get(pk=goes.pk).state == "live"

    def test_a_busy_lake_is_left_to_the_worker(self, world, monkeypatch, capsys):
        from tongxin.foundation.errors import Refused

        monkeypatch.setattr(care, "forget_in_lake", lambda: (_ for _ in ()).throw(Refused("busy")))
        assert main.run(["erase", "M2", "--reason", "x", "--yes"]) == DONE
        assert "后台任务" in capsys.readouterr().out


def test_nothing_queued_nothing_forgotten(db):
    assert care.forget_in_lake() == 0


@pytest.mark.parametrize(
    ("number", "told"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (5 * 10**9, "5.0 GB"), (2 * 10**12, "2.0 TB")],
)
def test_sizes(number, told):
    assert installation.size(number) == told
