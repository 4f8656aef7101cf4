"""`doctor`: each check has its control arm, the same check on something broken, and nothing makes it fail by itself."""

import json
import os
import shutil
import socket
import subprocess
import sys
from importlib import metadata
from types import SimpleNamespace

import pytest
from django.db import connection

from tongxin.faces.cli import answers, main
from tongxin.faces.cli.answers import DONE, NO
from tongxin.faces.cli.doctor import (
    backups,
    channels,
    command,
    database,
    dependencies,
    disk,
    finding,
    folders,
    fonts,
    jobs,
    migrations,
    pg_dump,
    posters,
    public,
    python,
    secrets,
    zone,
)
from tongxin.faces.cli.doctor.effective import effective, masked
from tongxin.foundation import backup


@pytest.fixture(autouse=True)
def quiet(monkeypatch, tmp_path):
    """A home of its own and no settings from outside."""
    monkeypatch.setenv("TONGXIN_LANG", "en")
    monkeypatch.setenv("TONGXIN_HOME", str(tmp_path))
    for name in (
        "TONGXIN_LAKE",
        "TONGXIN_MEDIA",
        "TONGXIN_BASE_URL",
        "TONGXIN_HOSTS",
        "TONGXIN_TIME_ZONE",
        "TONGXIN_SECRET_KEY",
    ):
        monkeypatch.delenv(name, raising=False)
    before = answers.style()
    answers.speak(language="en")
    yield
    answers.speak(**vars(before))


def states(check):
    return {f.what: f.state for f in check()}


@pytest.mark.django_db
def test_the_whole_list_on_a_sound_installation(capsys, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=10**12))
    code = main.run(["doctor", "--json"])
    document = json.loads(capsys.readouterr().out)
    wrong = [f for f in document["findings"] if f["state"] == "bad"]
    assert wrong == []
    assert code == DONE
    assert {f["what"] for f in document["findings"]} >= {
        "python",
        "django",
        "database",
        "clock",
        "disk",
        "fonts",
        "posters",
        "zone",
        "pg_dump",
        "migrations",
        "channels",
    }
    assert main.run(["doctor"]) == DONE
    assert "All is well" in capsys.readouterr().out


@pytest.mark.django_db
def test_one_thing_wrong_is_exit_1_and_says_how_to_mend_it(capsys, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=10**9))
    assert main.run(["doctor"]) == NO
    told = capsys.readouterr().out
    assert "make room, or a larger disk" in told
    assert "2 things are wrong" in told


def test_a_check_that_breaks_is_a_finding(monkeypatch):
    def broken():
        raise OSError("gone\nand more")
        yield

    def silent():
        raise RuntimeError
        yield

    def stopped():
        raise answers.Stop(2, "install it")
        yield

    monkeypatch.setattr(command, "CHECKS", (("a", broken), ("b", stopped), ("c", silent)))
    assert [(f.what, f.state, f.found) for f in command.examine()] == [
        ("a", "bad", "OSError: gone"), ("b", "bad", "install it"), ("c", "bad", "RuntimeError"),
    ]  # fmt: skip


class TestSettings:
    def test_secrets_are_masked(self, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", "postgresql://u:geheim@h/x")
        monkeypatch.setenv("TONGXIN_SECRET_KEY", "geheim")
        monkeypatch.setenv("TONGXIN_SMS_SECRET", "geheim")
        monkeypatch.setenv("TONGXIN_BACKUPS", "off")
        told = effective()
        assert "geheim" not in json.dumps(told)
        assert told["DATABASE_URL"] == "postgresql://u:••••@h/x"
        assert told["TONGXIN_SECRET_KEY"] == told["TONGXIN_SMS_SECRET"] == "••••"
        assert told["TONGXIN_BACKUPS"] == "off"

    def test_the_embedded_database_is_named(self, monkeypatch, tmp_path):
        monkeypatch.setenv("DATABASE_URL", "")
        assert effective()["DATABASE_URL"] == f"embedded PostgreSQL ({tmp_path / 'pg'})"
        assert masked("postgresql://u@h/x") == "postgresql://u@h/x"


class TestMachine:
    def test_an_old_python(self, monkeypatch):
        assert states(python.look) == {"python": "ok"}
        monkeypatch.setattr(sys, "version_info", (3, 10, 1))
        assert states(python.look) == {"python": "bad"}

    def test_missing_and_wrong_libraries(self, monkeypatch):
        found = {"duckdb": "2.0.1", "ibis-framework": "12.1", "django": "5.2.9"}

        def version(name):
            if name == "numpy":
                raise metadata.PackageNotFoundError(name)
            return found.get(name, "1.0")

        monkeypatch.setattr(metadata, "version", version)
        by_name = {f.what: f for f in dependencies.look()}
        assert (by_name["numpy"].state, by_name["numpy"].mend) == ("bad", "pip install 'tongxin'")
        assert (by_name["duckdb"].state, by_name["duckdb"].mend) == ("bad", "pip install 'duckdb>=1.5,<2'")
        assert by_name["ibis-framework"].state == by_name["django"].state == by_name["scipy"].state == "ok"

    def test_the_base_install_checks_what_it_has(self, monkeypatch):
        monkeypatch.setattr(finding, "find_spec", lambda name: None)
        assert states(dependencies.look)["web"] == "warn"
        for check in (
            secrets.look,
            database.look,
            migrations.look,
            pg_dump.look,
            backups.look,
            jobs.look,
            channels.look,
        ):
            assert list(check()) == []

    def test_folders_that_cannot_be_written(self, monkeypatch, tmp_path):
        assert states(folders.look) == {"home": "ok", "lake": "ok", "media": "ok"}
        monkeypatch.setenv("TONGXIN_LAKE", "/proc/none/lake")
        monkeypatch.setattr(os, "access", lambda path, mode: not str(path).startswith("/proc"))
        assert states(folders.look)["lake"] == "bad"

    def test_secrets_that_others_can_read(self, tmp_path):
        file = tmp_path / "secrets.json"
        file.write_text("{}")
        file.chmod(0o644)
        assert states(folders.look)["secrets.json"] == "bad"
        file.chmod(0o600)
        assert "secrets.json" not in states(folders.look)

    @pytest.mark.parametrize(("free", "state"), [(10**12, "ok"), (5 * 10**9, "warn"), (10**9, "bad")])
    def test_disk(self, monkeypatch, tmp_path, free, state):
        monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=free))
        monkeypatch.setenv("TONGXIN_TEMP", str(tmp_path / "nowhere"))
        assert states(disk.look) == {"disk": state}

    def test_posters(self, monkeypatch):
        from tongxin.kits.poster import fonts

        assert states(posters.look) == {"posters": "ok"}
        monkeypatch.setattr(fonts, "FOLDERS", ())
        monkeypatch.setattr(fonts, "_asked", lambda pattern: None)
        fonts.found.cache_clear()
        (finding,) = posters.look()
        assert (finding.state, finding.mend) == ("bad", "apt-get install fonts-noto-cjk")
        fonts.found.cache_clear()

    def test_fonts(self, monkeypatch):
        assert states(fonts.look) == {"fonts": "ok"}
        monkeypatch.setattr(subprocess, "run", lambda *a, **k: subprocess.CompletedProcess(a, 0, ""))
        assert states(fonts.look) == {"fonts": "bad"}
        monkeypatch.setattr(shutil, "which", lambda name: None)
        assert states(fonts.look) == {"fonts": "warn"}

    def test_zones(self, monkeypatch):
        assert states(zone.look) == {"zone": "ok"}
        monkeypatch.setenv("TONGXIN_TIME_ZONE", "Mars/Olympus")
        assert states(zone.look) == {"zone": "bad"}
        monkeypatch.setenv("TONGXIN_TIME_ZONE", "Europe/Paris")
        assert states(zone.look) == {"zone": "ok"}

    @pytest.mark.parametrize(
        ("base", "hosts", "found"),
        [
            ("http://127.0.0.1:8000", "", {"address": "ok"}),
            ("http://club.example", "club.example", {"https": "bad"}),
            ("https://club.example", "127.0.0.1", {"hosts": "bad"}),
            ("https://club.example", "127.0.0.1,club.example", {"address": "ok"}),
        ],
    )
    def test_what_is_open_to_the_world(self, monkeypatch, base, hosts, found):
        monkeypatch.setenv("TONGXIN_BASE_URL", base)
        monkeypatch.setenv("TONGXIN_HOSTS", hosts)
        assert states(public.look) == found


@pytest.mark.django_db
class TestPlatform:
    def test_database_and_clock(self, monkeypatch):
        found = states(database.look)
        assert found == {"database": "ok", "clock": "ok", "fsync": "warn"}, (
            "the tests' own server runs without fsync"
        )
        monkeypatch.setattr(database, "SKEW", -1.0)
        assert states(database.look)["clock"] == "bad"

    def test_an_old_server_that_syncs(self, monkeypatch):
        monkeypatch.setattr(database, "OLDEST_SERVER", 99)

        def syncing(execute, sql, params, many, context):
            return execute(sql.replace("current_setting('fsync')", "'on'"), params, many, context)

        with connection.execute_wrapper(syncing):
            assert states(database.look) == {"database": "bad", "clock": "ok"}

    def test_secrets(self, monkeypatch, settings, tmp_path):
        from types import SimpleNamespace

        assert states(secrets.look) == {"secrets": "warn"}, "none made yet"
        (tmp_path / "secrets.json").touch()
        settings.SECRETS = SimpleNamespace(demo=False)
        assert states(secrets.look) == {"secrets": "ok"}
        settings.SECRETS, settings.DEMO = SimpleNamespace(demo=True), False
        assert states(secrets.look) == {"secrets": "bad"}
        settings.DEMO = True
        assert states(secrets.look) == {"secrets": "ok"}

    @pytest.mark.parametrize(
        ("steps", "state"), [(([], False), "ok"), ((["a"], False), "bad"), ((["a"], True), "bad")]
    )
    def test_migrations(self, monkeypatch, steps, state):
        from tongxin.faces.cli import serving

        monkeypatch.setattr(serving, "steps", lambda: steps)
        assert states(migrations.look) == {"migrations": state}

    def test_pg_dump(self, monkeypatch):
        assert states(pg_dump.look) == {"pg_dump": "ok"}
        monkeypatch.setattr(backup, "tools", lambda major: (_ for _ in ()).throw(backup.Broken("none")))
        assert states(pg_dump.look) == {"pg_dump": "bad"}

    def test_backups(self, tmp_path):
        assert states(backups.look) == {"backup": "warn"}
        folder = tmp_path / "backups" / "tongxin-20260305T040000.000000Z"
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text("{}")
        assert states(backups.look) == {"backup": "ok"}
        os.utime(folder, (0, 0))
        assert states(backups.look) == {"backup": "warn"}

    def test_jobs(self):
        assert states(jobs.look) == {"jobs": "warn"}
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
            assert states(jobs.look) == {"jobs": "ok"}
            cursor.execute(
                "INSERT INTO procrastinate_jobs (task_name, queue_name, status) VALUES ('x', 'default', 'failed')"
            )
            assert states(jobs.look) == {"jobs": "ok", "queue": "warn"}

    def test_channels(self, settings):
        settings.DEMO = False
        settings.TONGXIN_SMS_GATEWAY = ""
        assert states(channels.look) == {"channels": "ok", "gateway": "warn"}
        settings.DEMO = True
        assert states(channels.look) == {"channels": "ok", "gateway": "ok"}

    def test_a_gateway_that_answers_and_one_that_does_not(self, settings):
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            settings.TONGXIN_SMS_GATEWAY = f"http://127.0.0.1:{listening.getsockname()[1]}/send"
            settings.TONGXIN_SMS_SECRET = "whsec_x"
            assert states(channels.look) == {"channels": "ok", "gateway": "ok"}
        assert states(channels.look) == {"channels": "ok", "gateway": "bad"}
        settings.TONGXIN_SMS_SECRET = ""
        assert [f.state for f in channels.look()] == ["ok", "bad", "bad"]
