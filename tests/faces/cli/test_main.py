"""The command line's frame: the list of commands, what is loaded when, languages, JSON and exit codes."""

import ast
import json
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer

from tongxin.compass.errors import BadInput, Fault
from tongxin.faces.cli import answers, main
from tongxin.faces.cli.answers import BAD, DONE, NO, OURS, Stop
from tongxin.foundation.errors import Refused

HEAVY = ("django", "duckdb", "ibis", "scipy", "altair", "pyarrow", "numpy", "psycopg")
BASE = (
    "numpy",
    "scipy",
    "pyarrow",
    "duckdb",
    "ibis",
    "altair",
    "vl_convert",
    "typer",
    "rich",
    "calamine",
    "xlsxwriter",
)


@pytest.fixture(autouse=True)
def speech(monkeypatch):
    """Each test speaks Chinese and leaves no style behind."""
    monkeypatch.setenv("TONGXIN_LANG", "zh")
    before = answers.style()
    yield
    answers.speak(**vars(before))


@pytest.fixture
def command(monkeypatch):
    """A command whose body the test gives."""

    def install(body, name="probe", **more):
        module = type(sys)(f"tongxin.faces.cli.{name}")
        module.command = body
        monkeypatch.setitem(sys.modules, f"tongxin.faces.cli.{name}", module)
        listed = main.Command(name, name, "command", "试一下", "try it", platform=False, **more)
        monkeypatch.setattr(main, "COMMANDS", (listed,))
        monkeypatch.setattr(main, "standing", lambda: (listed,))

    return install


def python(code, **environment):
    """Run code in a fresh process; answers the finished process."""
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | environment,
        check=False,
    )


class TestList:
    @pytest.mark.parametrize("listed", main.COMMANDS, ids=lambda c: c.name)
    def test_every_listed_command_is_there(self, listed):
        assert listed in main.standing()
        source = ast.parse(Path(find_spec(f"tongxin.faces.cli.{listed.module}").origin).read_text())
        named = {node.name for node in source.body if isinstance(node, ast.FunctionDef)}
        named |= {
            t.id
            for node in source.body
            if isinstance(node, ast.Assign)
            for t in node.targets
            if isinstance(t, ast.Name)
        }
        assert listed.attribute in named

    def test_every_promised_command_is_listed(self):
        promised = (
            "demo init serve worker doctor user import export kits rings roi ltv ees indices concentration attribution koc"
            " segments dormancy simulate audit incident backup restore upgrade erase openapi sandbox draw ledger wecom"
        )
        assert {c.name for c in main.COMMANDS} == set(promised.split())

    def test_help_is_quick_and_loads_nothing_heavy(self):
        begun = time.perf_counter()
        done = python(
            f"import sys; from tongxin.faces.cli import main; code = main.run(['--help']);"
            f"print([m for m in {HEAVY!r} if m in sys.modules], code)"
        )
        took = time.perf_counter() - begun
        assert done.stdout.splitlines()[-1] == "[] 0"
        assert "simulate" in done.stdout
        assert took < 1 * (1 + os.getloadavg()[0] / 2), "a second on a quiet machine"

    def test_commands_of_the_base_install_do_without_django(self):
        done = python(
            "import sys\n"
            "class Bar:\n"
            "  def find_spec(self, name, path=None, target=None):\n"
            "    if name.split('.')[0] in {'django', 'psycopg', 'ninja', 'procrastinate'}: raise ModuleNotFoundError(name, name=name)\n"
            "sys.meta_path.insert(0, Bar())\n"
            "from tongxin.faces.cli import main\n"
            "sys.exit(max(main.run([*words.split(), '--help']) for words in ('roi run', 'ltv fit', 'ees compute', 'koc shortlist', 'simulate', 'draw verify')))"
        )
        assert done.returncode == 0, done.stderr

    def test_without_the_extra_the_platform_says_what_to_install(self, monkeypatch, capsys):
        real = answers.find_spec
        monkeypatch.setattr(answers, "find_spec", lambda name: None if name == "django" else real(name))
        assert main.run(["audit", "verify"]) == BAD
        assert capsys.readouterr().err == "这条命令需要平台部分：pip install 'tongxin[web]'\n"

    def test_a_missing_library_of_the_extra_is_the_same_fault(self, monkeypatch, command, capsys):
        def body() -> None:
            raise ModuleNotFoundError("x", name="psycopg")

        command(body)
        monkeypatch.setattr(main, "find_spec", lambda name: None)
        assert main.run(["probe", "--lang", "en"]) == BAD
        assert capsys.readouterr().err == "psycopg is missing: pip install 'tongxin[web]'\n"


CASES = [
    (Stop(NO, "一", "二"), NO, ["一", "二"]),
    (Stop(BAD, "坏"), BAD, ["坏"]),
    (
        BadInput([Fault("a.csv:3:phone", "'x'", ("11 digits",)), Fault("b", "c")]),
        BAD,
        ["a.csv:3:phone: 'x' (allowed: 11 digits)", "b: c"],
    ),
    (Refused("absent"), BAD, ["找不到这一项，可能已被删除，或不在你的范围内。 (absent)"]),
    (Refused("input.bad", field="x", reason="y"), BAD, ["有一处填写不对：x。y (input.bad)"]),
    (Refused("forbidden"), NO, ["你的角色不能做这一步。需要的话，请找总部开通。 (forbidden)"]),
    (Refused("no_space"), NO, ["磁盘满了，这一步没有生效。腾出空间后再试。 (no_space)"]),
    (typer.Abort(), NO, ["已取消。"]),
    (typer.BadParameter("nonsense"), BAD, ["Usage: tongxin probe [OPTIONS]", "Invalid value: nonsense"]),
    (ValueError("so\nmuch"), OURS, ["程序故障：ValueError: so。加 --debug 看细节。"]),
    (ValueError(), OURS, ["程序故障：ValueError。加 --debug 看细节。"]),
]


class TestExitCodes:
    @pytest.mark.parametrize(("fault", "code", "lines"), CASES, ids=lambda c: repr(c)[:40])
    def test_each_fault_has_its_code_and_its_lines(self, command, capsys, fault, code, lines):
        def body() -> None:
            raise fault

        command(body)
        assert main.run(["probe"]) == code
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.splitlines() == lines

    def test_database_errors_do_not_quote_rows(self, command, capsys):
        from django.db import IntegrityError

        def body() -> None:
            raise IntegrityError("Key (phone)=(13812341234) already exists")

        command(body)
        assert main.run(["probe"]) == OURS
        assert "138" not in capsys.readouterr().err

    def test_a_database_that_will_not_start_is_not_our_fault(self, command, capsys):
        from tongxin.foundation.embedded import NotReady

        def body() -> None:
            raise NotReady("useradd --system tongxin")

        command(body)
        assert main.run(["probe"]) == BAD
        assert "useradd" in capsys.readouterr().err

    @pytest.mark.parametrize(("given", "code"), [(None, DONE), (True, DONE), (0, DONE), (1, NO)])
    def test_what_a_command_returns(self, command, given, code):
        command(lambda: given)
        assert main.run(["probe"]) == code

    def test_exit_inside_a_command(self, command):
        def body() -> None:
            raise typer.Exit(NO)

        command(body)
        assert main.run(["probe"]) == NO

    def test_ctrl_c_and_a_closed_pipe(self, command):
        def interrupted() -> None:
            raise KeyboardInterrupt

        command(interrupted)
        assert main.run(["probe"]) == 130
        done = subprocess.run(
            f"{sys.executable} -m tongxin.faces.cli.main --help | head -n 1; exit ${{PIPESTATUS[0]}}",
            shell=True, executable="/bin/bash", capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")

    def test_a_pipe_that_closes_while_we_write_is_no_fault(self):
        """A thousand lines for a reader of one."""
        code = (
            "import sys; from tongxin.faces.cli import main; door = type(sys)('tongxin.faces.cli.probe')\n"
            "def body() -> None:\n  for n in range(100000): main.answers.tell(str(n))\n"
            "door.command = body; sys.modules['tongxin.faces.cli.probe'] = door\n"
            "one = main.Command('probe', 'probe', 'command', '', '', platform=False); main.COMMANDS = (one,); main.standing = lambda: (one,)\n"
            "sys.exit(main.run(['probe']))"
        )
        done = subprocess.run(
            f'{sys.executable} -c "$CODE" | head -n 1; exit ${{PIPESTATUS[0]}}', env=os.environ | {"CODE": code},
            shell=True, executable="/bin/bash", capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")

    def test_debug_shows_where(self, command, capsys, monkeypatch):
        def body() -> None:
            raise ValueError("x")

        command(body)
        assert main.run(["--debug", "probe"]) == OURS
        assert "Traceback" in capsys.readouterr().err

    @pytest.mark.parametrize(
        "argv", [["nonsense"], ["probe", "--nonsense"], ["probe", "--lang", "fr"], ["--lang=fr"]]
    )
    def test_wrong_usage(self, command, capsys, argv):
        command(lambda: None)
        assert main.run(argv) == BAD
        assert capsys.readouterr().err

    def test_a_group_without_its_verb_shows_its_verbs(self, capsys):
        assert main.run(["draw"]) == BAD
        assert "verify" in "".join(capsys.readouterr())

    @pytest.mark.parametrize(
        ("left", "code"), [(SystemExit(), DONE), (SystemExit(1), NO), (SystemExit("x"), OURS)]
    )
    def test_a_command_that_leaves_by_itself(self, command, left, code):
        def body() -> None:
            raise left

        command(body)
        assert main.run(["probe"]) == code

    def test_main_leaves_with_the_code(self, command, monkeypatch):
        command(lambda: 1)
        monkeypatch.setattr(sys, "argv", ["tongxin", "probe"])
        with pytest.raises(SystemExit) as left:
            main.main()
        assert left.value.code == 1


class TestSpeech:
    def test_nothing_asked_shows_the_help(self, capsys):
        assert main.run([]) == DONE
        assert "doctor" in capsys.readouterr().out

    def test_version(self, capsys, monkeypatch):
        assert main.run(["--version"]) == DONE
        assert capsys.readouterr().out.strip() == main.version()
        import importlib.metadata

        monkeypatch.setattr(
            importlib.metadata,
            "version",
            lambda name: (_ for _ in ()).throw(importlib.metadata.PackageNotFoundError),
        )
        assert main.version() == "0+source"

    @pytest.mark.parametrize(
        ("argv", "environment", "language"),
        [
            (["--lang", "en", "probe"], {}, "en"),
            (["probe", "--lang=en"], {}, "en"),
            (["probe"], {"TONGXIN_LANG": "en"}, "en"),
            (["probe"], {"TONGXIN_LANG": "", "LC_ALL": "en_GB.UTF-8"}, "en"),
            (["probe"], {"TONGXIN_LANG": "", "LC_ALL": "", "LANG": "C.UTF-8"}, "zh"),
            (["probe"], {"TONGXIN_LANG": "", "LC_ALL": "", "LANG": ""}, None),
            (["probe", "--lang", "zh"], {"LANG": "en_US.UTF-8"}, "zh"),
        ],
    )
    def test_language(self, command, monkeypatch, argv, environment, language):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        seen = []
        command(lambda: seen.append(answers.style().language))
        assert main.run(argv) == DONE
        assert seen == [language] if language else seen[0] in {"zh", "en"}

    def test_json_is_alone_on_stdout(self, command, capsys):
        def body() -> None:
            answers.say("在做", "working")
            answers.answer(
                {"n": 1, "when": __import__("datetime").date(2026, 3, 5)}, lambda: answers.tell("one")
            )

        command(body)
        assert main.run(["probe", "--json"]) == DONE
        told = capsys.readouterr()
        assert json.loads(told.out) == {"n": 1, "when": "2026-03-05"}
        assert told.err == "在做\n"
        assert main.run(["probe"]) == DONE
        assert capsys.readouterr().out == "在做\none\n"

    def test_a_command_may_declare_json_itself(self, command):
        from typing import Annotated

        seen = []

        def body(*, plain: Annotated[bool, typer.Option("--json")] = False) -> None:
            seen.append((plain, answers.style().json))

        command(body)
        assert main.run(["probe", "--json"]) == DONE
        assert seen == [(True, True)]

    def test_after_two_dashes_nothing_is_ours(self, command):
        seen = []

        def body(words: list[str]) -> None:
            seen.extend(words)

        command(body)
        assert main.run(["probe", "--", "--debug"]) == DONE
        assert seen == ["--debug"]
