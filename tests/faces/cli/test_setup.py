"""`init` and `serve`: what is there stays, what is missing is made, and a wrong version is refused before anything starts."""

import json
import os

import pytest

from tongxin.faces.cli import answers, main, serving, setup
from tongxin.faces.cli.answers import BAD, DONE, OURS
from tongxin.foundation.accounts.models import Account
from tongxin.stores.models import Brand, Grant


@pytest.fixture(autouse=True)
def speech(monkeypatch):
    monkeypatch.setenv("TONGXIN_LANG", "zh")
    before = answers.style()
    yield
    answers.speak(**vars(before))


@pytest.fixture
def behind(monkeypatch):
    """Pretend that migrations are outstanding, on a filled or an empty database."""

    def pretend(*, empty):
        for module in (serving, setup):
            monkeypatch.setattr(module, "steps", lambda: (["people.0009_next"], empty))

    return pretend


@pytest.mark.django_db
class TestInit:
    def test_brand_administrator_and_secrets_are_made_once(self, capsys):
        assert main.run(["init", "--brand", "小森林", "--json"]) == DONE
        first = json.loads(capsys.readouterr().out)
        assert first["brand"] == {
            "state": "made",
            "name": "小森林",
            "currency": "CNY",
            "zone": "Asia/Shanghai",
        }
        assert first["admin"]["state"] == "made"
        assert Account.objects.get(handle="admin").check_password(first["admin"]["password"])
        assert Grant.objects.get().role == "admin"
        assert main.run(["init", "--brand", "别的", "--json"]) == DONE
        again = json.loads(capsys.readouterr().out)
        assert again["brand"]["name"] == "小森林"
        assert again["admin"] == {"state": "there", "handle": "admin", "password": ""}
        assert (Brand.objects.count(), Account.objects.count(), Grant.objects.count()) == (1, 1, 1)

    def test_a_password_from_the_environment_is_not_printed(self, capsys, monkeypatch):
        monkeypatch.setenv("TONGXIN_ADMIN_PASSWORD", "correct horse battery staple")
        assert main.run(["init", "--brand", "x", "--admin", "boss"]) == DONE
        assert "correct horse" not in "".join(capsys.readouterr())
        assert Account.objects.get(handle="boss").check_password("correct horse battery staple")

    def test_the_password_is_shown_once_on_screen(self, capsys):
        assert main.run(["init", "--brand", "x"]) == DONE
        assert "只显示这一次" in capsys.readouterr().out
        assert main.run(["init"]) == DONE
        assert "只显示这一次" not in capsys.readouterr().out

    def test_without_a_name_and_a_terminal_nothing_is_made(self, capsys):
        assert main.run(["init"]) == BAD
        assert "--brand" in capsys.readouterr().err
        assert not Brand.objects.exists()
        assert not Account.objects.exists()

    def test_on_a_terminal_it_asks(self, monkeypatch):
        monkeypatch.setattr(answers, "on_terminal", lambda: True)
        monkeypatch.setattr(setup.typer, "prompt", lambda label: "问来的")
        assert main.run(["init"]) == DONE
        assert Brand.objects.get().name == "问来的"

    def test_an_older_database_is_left_alone(self, behind, capsys):
        behind(empty=False)
        assert main.run(["init", "--brand", "x"]) == BAD
        assert "tongxin upgrade" in capsys.readouterr().err
        assert not Brand.objects.exists()

    def test_an_empty_database_gets_its_tables(self, behind, monkeypatch, capsys):
        behind(empty=True)
        called = record_commands(monkeypatch)
        assert main.run(["init", "--brand", "x"]) == DONE
        assert called == ["migrate"]


@pytest.mark.django_db
class TestPreparing:
    def test_the_test_database_is_up_to_date(self):
        assert serving.steps() == ([], False)

    def test_a_database_that_is_behind_is_refused(self, behind, capsys):
        behind(empty=False)
        assert main.run(["serve"]) == BAD
        assert capsys.readouterr().err == "数据库还有 1 步升级没有做，请先运行 tongxin upgrade\n"

    def test_an_empty_one_gets_its_tables(self, behind, monkeypatch):
        behind(empty=True)
        called = record_commands(monkeypatch)
        serving.prepare()
        assert called == ["migrate"]

    def test_a_program_that_cannot_load_says_so_before_anything_starts(self, monkeypatch, capsys):
        import django.core.wsgi

        record_commands(monkeypatch)
        monkeypatch.setattr(
            django.core.wsgi,
            "get_wsgi_application",
            lambda: (_ for _ in ()).throw(ImportError("no such room")),
        )
        monkeypatch.setattr(serving, "_become", lambda *a: pytest.fail("must not start"))
        assert main.run(["serve"]) == OURS
        assert "no such room" in capsys.readouterr().err


class TestBecoming:
    @pytest.fixture
    def become(self, monkeypatch):
        became = []
        monkeypatch.setattr(serving, "prepare", lambda **how: became.append(how))
        monkeypatch.setattr(serving.os, "execv", lambda program, arguments: became.append(arguments[1:]))
        monkeypatch.delenv("TONGXIN_BASE_URL", raising=False)
        return became

    def test_serve_becomes_the_supervisor(self, become, monkeypatch):
        monkeypatch.setenv("TONGXIN_BASE_URL", "")  # so that what is set here is taken back afterwards
        monkeypatch.delenv("TONGXIN_BASE_URL")
        assert main.run(["serve", "--port", "8123"]) == DONE
        assert become == [
            {"static": True},
            ["-m", "tongxin.project.supervisor", "--host", "127.0.0.1", "--port", "8123", "--workers", "2", "--threads", "4",
             "--notice", "同心已就绪：http://127.0.0.1:8123　（Ctrl-C 停止）"],
        ]  # fmt: skip
        assert os.environ["TONGXIN_BASE_URL"] == "http://127.0.0.1:8123"
        os.environ.pop("TONGXIN_BASE_URL")

    def test_addresses_of_version_six_wear_brackets(self, become):
        answers.speak(language="zh")
        serving.run(host="::1", port=8000)
        assert os.environ.pop("TONGXIN_BASE_URL") == "http://[::1]:8000"
        assert become[-1][-1].startswith("同心已就绪：http://[::1]:8000")

    def test_worker_becomes_the_worker(self, become):
        assert main.run(["worker"]) == DONE
        assert become == [{}, ["-m", "tongxin.project.worker"]]

    def test_ports_are_ports(self):
        assert main.run(["serve", "--port", "70000"]) == BAD


def record_commands(monkeypatch):
    """Let no management command run; answers the list of those that were asked for."""
    import django.core.management

    called = []
    monkeypatch.setattr(django.core.management, "call_command", lambda name, **how: called.append(name))
    return called
