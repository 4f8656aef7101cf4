"""A machine is lost with everything on it: the log followed in another folder brings the last look back (promise P41)."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from project import template_database
from tongxin.faces.cli import care, installation
from tongxin.foundation import backup, embedded, restoring
from tongxin.project import tasks

SETUP = "import django; django.setup()\n"
COUNT = (
    SETUP
    + "from tongxin.people.models import Customer\nprint(sorted(Customer.objects.values_list('nickname', flat=True)))"
)
# One process lives through it: two looks, a member and a picture before the last one, a member after it.
LIFE = (
    SETUP
    + """
from django.conf import settings
from pathlib import Path
from tongxin.foundation.access import system
from tongxin.people import actions
from tongxin.project.tasks import follow_log, rebase_log

def look():
    print(rebase_log(0), follow_log(0), sep="; ")

def join(nickname, phone):
    actions.register_member(viewer=system("test"), nickname=nickname, phone=phone)

look()
join("前一分钟", "13812345670")
media = Path(settings.TONGXIN_MEDIA)
media.mkdir(exist_ok=True)
(media / "a.webp").write_bytes(b"picture")
look()
join("这一分钟", "13812345671")
"""
)


@pytest.fixture
def folder():
    """A folder that an ordinary user may pass through, unlike pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="tongxin-test-"))
    made.chmod(0o755)
    yield made
    for home in ("home", "new"):
        if (made / home).exists():
            embedded.stop(made / home)
    shutil.rmtree(made, ignore_errors=True)


def migrated(home):
    """A server in `home` with the tables of the tests' template in it: migrating them once more would prove nothing here."""
    source = restoring.address(installation.here().url, template_database.name())
    for program, url, given in (
        ("pg_dump", source, ["-Fc", "-f", home / "tables.dump"]),
        ("pg_restore", embedded.ensure(home).url(), ["-d", "tongxin", "--no-owner", home / "tables.dump"]),
    ):
        subprocess.run(
            [embedded.binaries() / program, *given], env=backup.connection_environment(url), check=True
        )
    (home / "tables.dump").unlink()


@pytest.mark.nightly
@pytest.mark.timeout(600)  # five programs started one after the other
def test_the_members_of_the_last_minute_are_there_after_everything_was_lost(folder, django_db_setup):
    """The same without programs: `foundation/test_following.py`; the programs with a backup: `TestDrill` in `test_care.py`."""

    def run(home, *command):
        env = os.environ | {
            "TONGXIN_HOME": str(folder / home), "DATABASE_URL": "", "TONGXIN_BACKUPS": str(folder / "elsewhere"),
            "DJANGO_SETTINGS_MODULE": "tongxin.project.settings", "TONGXIN_LAKE": str(folder / home / "lake"),
            "TONGXIN_MEDIA": str(folder / home / "media"),
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, *command], env=env, capture_output=True, text=True, timeout=500, check=False
        )
        return done.returncode, done.stdout.strip(), done.stderr

    cli = ("-m", "tongxin.faces.cli.main")
    migrated(folder / "home")
    code, out, err = run("home", *cli, "init", "--brand", "甲", "--admin", "a", "--json")
    assert (code, json.loads(out)["tables"]) == (0, "there"), err
    code, out, err = run("home", "-c", LIFE)
    assert code == 0, err
    assert [line.endswith("segments") for line in out.splitlines()] == [True, True]

    data = embedded.ensure(folder / "home").data
    os.kill(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    (folder / "new").mkdir()
    shutil.copy(
        folder / "home" / "secrets.json", folder / "new" / "secrets.json"
    )  # kept elsewhere, as the docs say
    embedded.stop(folder / "home")
    shutil.rmtree(folder / "home")

    code, out, err = run("new", *cli, "restore", str(folder / "elsewhere"), "--latest", "--yes", "--json")
    assert (code, json.loads(out)["audit"]["ok"]) == (0, True), err
    assert run("new", "-c", COUNT)[1] == "['前一分钟']"
    assert (folder / "new" / "media" / "a.webp").read_bytes() == b"picture"

    # under other keys nothing is touched
    secrets = json.loads((folder / "new" / "secrets.json").read_text())
    secrets["personal"] = ["k1:" + "ab" * 32]
    (folder / "new" / "secrets.json").write_text(json.dumps(secrets))
    code, _, err = run("new", *cli, "restore", str(folder / "elsewhere"), "--latest", "--yes")
    assert code == 1
    assert "secrets.json" in err


def test_somebody_elses_database_is_not_followed(monkeypatch, tmp_path):
    monkeypatch.setenv("TONGXIN_BACKUPS", str(tmp_path))
    assert os.environ["DATABASE_URL"]
    assert tasks.follow_log(0) == "not the embedded database"
    assert tasks.rebase_log(0) == "not due"
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_followed_when_backups_are_off(monkeypatch):
    monkeypatch.setenv("TONGXIN_BACKUPS", "off")
    for name in ("follow_log", "rebase_log"):
        monkeypatch.setattr(care, name, lambda **_: 1 / 0)
        assert getattr(tasks, name)(0) == "off"
