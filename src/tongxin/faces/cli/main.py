"""`tongxin`: the visible list of commands, loaded one by one, and the exit codes of the contract.

0 done · 1 the answer is "no" · 2 wrong usage or bad input, one line per fault · 3 a fault of ours.
Only the file of the command that was asked for is loaded, so `tongxin roi run` needs no Django and `--help` nothing at all.
"""

import locale
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import typer

from tongxin.compass.errors import BadInput
from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import BAD, DONE, NO, OURS, Stop, words
from tongxin.foundation.errors import Refused


@dataclass(frozen=True)
class Command:
    """One line of the list. `attribute` is a function or a Typer group; `platform` brings Django up before the file loads."""

    name: str
    module: str
    attribute: str
    zh: str
    en: str
    platform: bool = True


HERE = "tongxin.faces.cli"

COMMANDS: tuple[Command, ...] = (
    Command(
        "demo",
        "demo",
        "demo",
        "从零搭好一个示范商家并打开网页",
        "Build a demo chain and open it",
        platform=False,
    ),
    Command(
        "init",
        "setup",
        "init",
        "建库、品牌、管理员与密钥；可重复执行",
        "Database, brand, administrator, secrets",
        platform=False,
    ),
    Command(
        "serve", "serving", "serve", "启动网站与后台任务", "Run the web server and the jobs", platform=False
    ),
    Command("worker", "serving", "worker", "只启动后台任务", "Run the jobs only", platform=False),
    Command(
        "doctor",
        "doctor.command",
        "doctor",
        "逐项体检，并说明怎么修",
        "Check everything and say how to mend it",
        platform=False,
    ),
    Command("user", "users", "app", "账号：user add", "Accounts: user add"),
    Command(
        "import",
        "importing",
        "command",
        "导入会员、门店、订单等表",
        "Import members, stores, orders and more",
    ),
    Command("export", "exporting", "command", "导出数据表", "Export tables"),
    Command("kits", "kits", "app", "工具包：放入五个起步工具包", "Kits: seed the five starters"),
    Command("rings", "rings", "app", "同心圆：重算、解释", "Rings: recompute, explain"),
    Command(
        "roi", "roi", "app", "商业罗盘：一次有对照组的研究", "One study with a control group", platform=False
    ),
    Command("ees", "measures", "ees", "体验权益指数：compute", "Experience index: compute", platform=False),
    Command("indices", "measures", "indices", "社群四指数：compute", "Four indices: compute", platform=False),
    Command(
        "concentration",
        "measures",
        "concentration",
        "超级用户集中度：report",
        "What the few bring: report",
        platform=False,
    ),
    Command(
        "attribution",
        "measures",
        "attribution",
        "归因：report",
        "Which way in brought whom: report",
        platform=False,
    ),
    Command("ltv", "ltv", "app", "会员价值：fit", "Lifetime value: fit", platform=False),
    Command("koc", "circles", "koc", "KOC 候选名单：shortlist", "Key customers: shortlist", platform=False),
    Command(
        "segments",
        "circles",
        "segments",
        "突出的客群：find",
        "Groups that stand out: find",
        platform=False,
    ),
    Command(
        "dormancy", "circles", "dormancy", "沉睡：report", "Who fell out of rhythm: report", platform=False
    ),
    Command(
        "simulate",
        "simulate",
        "command",
        "生成已知真相的模拟数据",
        "Simulated data with a known truth",
        platform=False,
    ),
    Command(
        "audit",
        "audit",
        "app",
        "审计：核对、孩子信息年度清点",
        "The audit trail: verify; children's data: minors",
    ),
    Command("ledger", "ledger", "app", "账本：核对", "The money ledger: verify"),
    Command("draw", "draw", "app", "抽签：核对", "Draws: verify", platform=False),
    Command(
        "incident",
        "incident",
        "command",
        "个人信息可能泄露：涉及谁、证据、时限、信",
        "A leak: whom it concerns, evidence, time limits, letters",
    ),
    Command("backup", "care", "backup", "备份", "Back up", platform=False),
    Command(
        "restore",
        "restore",
        "restore",
        "恢复，或演练恢复（--verify）",
        "Restore, or rehearse it (--verify)",
        platform=False,
    ),
    Command(
        "upgrade",
        "care",
        "upgrade",
        "升级前检查（--check）与升级",
        "Check before an upgrade (--check), or upgrade",
        platform=False,
    ),
    Command(
        "erase",
        "care",
        "erase",
        "抹去一位会员的个人信息",
        "Erase the personal data of a member",
        platform=False,
    ),
    Command("openapi", "openapi", "command", "输出 OpenAPI 文档", "Print the OpenAPI document"),
    Command(
        "sandbox",
        "sandbox",
        "app",
        "给对接方的小世界；企业微信沙盒",
        "A small world for integrators; a fake WeCom",
    ),
    Command("wecom", "wecom", "app", "企业微信：接通、自检、对账", "WeCom: set up, try, compare"),
)


def standing() -> tuple[Command, ...]:
    """The commands whose file is there."""
    return tuple(c for c in COMMANDS if find_spec(f"{HERE}.{c.module}") is not None)


def main(argv: Sequence[str] | None = None) -> None:
    """The entry point: run one command and leave with its exit code."""
    sys.exit(run(list(sys.argv[1:] if argv is None else argv)))


def run(argv: list[str]) -> int:
    """Run one command; answers its exit code and never raises."""
    try:
        code = _dispatch(_styled(argv))
        sys.stdout.flush()
    except BrokenPipeError:
        return _unread()
    except SystemExit as left:  # so Typer leaves when a pipe is closed, and so may a command
        if isinstance(left.__context__, BrokenPipeError):
            return _unread()
        return left.code if isinstance(left.code, int) else DONE if left.code is None else OURS
    except KeyboardInterrupt:
        return 130
    except Exception as fault:  # noqa: BLE001 - the one door where every fault becomes an exit code
        return _failed(fault)
    return code


def _unread() -> int:
    """The reader has had enough (`| head`): nothing more can be said, and nothing is wrong."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
    return DONE


def application(asked: str | None) -> typer.Typer:
    """The Typer application with the file of `asked` loaded and one line of help for each of the others."""
    app = typer.Typer(
        name="tongxin",
        help=words(
            "同心：零售连锁的社群运营系统。", "Tongxin (同心): community operations of a retail chain."
        ),
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog=words(
            "每条命令都可加 --json、--lang zh|en、--debug。退出码：0 完成，1 答案是否，2 用法或数据有误，3 程序故障。",
            "Every command takes --json, --lang zh|en, --debug. Exit codes: 0 done, 1 no, 2 bad usage or input, 3 our fault.",
        ),
    )
    app.callback()(_nothing)  # so that it stays a group even with one command
    for command in standing():
        _attach(app, command, _load(command) if command.name == asked else _nothing)
    return app


def _attach(app: typer.Typer, command: Command, door: Any) -> None:
    line = words(command.zh, command.en)
    if isinstance(door, typer.Typer):
        app.add_typer(door, name=command.name, help=line, no_args_is_help=True)
    else:
        app.command(
            command.name, help=(door.__doc__ if door is not _nothing else None) or line, short_help=line
        )(door)


def _load(command: Command) -> Callable[..., Any] | typer.Typer:
    if command.platform:
        answers.platform()
    return getattr(import_module(f"{HERE}.{command.module}"), command.attribute)


def _nothing() -> None:
    """Stands in for a command that was not asked for."""


def _dispatch(argv: list[str]) -> int:
    if argv and argv[0] in {"--version", "-V"}:
        answers.tell(version())
        return DONE
    argv = argv or ["--help"]
    asked = next((word for word in argv if not word.startswith("-")), None)
    root = typer.main.get_command(application(asked))
    if "--json" in argv and not _takes_json(root, argv):
        argv = [word for word in argv if word != "--json"]
    code = root.main(args=argv, prog_name="tongxin", standalone_mode=False)
    return code if isinstance(code, int) and not isinstance(code, bool) else DONE


def _takes_json(command: Any, argv: list[str]) -> bool:
    """Does the command that was asked for declare `--json` itself?"""
    for word in argv:
        command = getattr(command, "commands", {}).get(word, command)
    return any("--json" in parameter.opts for parameter in command.params)


def version() -> str:
    """The installed version, or what the source says when it runs uninstalled."""
    # slow: reads the metadata of every package
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("tongxin")
    except PackageNotFoundError:
        return "0+source"


def _styled(argv: list[str]) -> list[str]:
    """Take `--lang` and `--debug` off the line, note `--json`, and answer the rest."""
    language, rest, words_left = None, [], iter(argv)
    debug = os.environ.get("TONGXIN_DEBUG") == "1"
    for word in words_left:
        if word == "--":
            rest += [word, *words_left]
        elif word == "--debug":
            debug = True
        elif word == "--lang":
            language = next(words_left, "")
        elif word.startswith("--lang="):
            language = word.removeprefix("--lang=")
        else:
            rest.append(word)
    answers.speak(json="--json" in rest, debug=debug, language=_language())
    if language is not None:
        if language not in {"zh", "en"}:
            raise Stop(BAD, f"--lang: {language!r} (zh, en)")
        answers.speak(language=language)
    return rest


def _language() -> str:
    """Chinese first; English where the machine speaks English."""
    asked = os.environ.get("TONGXIN_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    if not asked:
        asked = locale.getlocale()[0] or ""
    return "en" if asked.lower().startswith("en") else "zh"


def _failed(fault: Exception) -> int:
    """Say what went wrong in the words of the contract; answers the exit code."""
    code, lines = _verdict(fault)
    for line in lines:
        print(line, file=sys.stderr)  # noqa: T201 - errors go to stderr whatever the style
    if code == OURS and answers.style().debug:
        # slow: only on faults
        import traceback

        traceback.print_exception(fault)
    return code


def _verdict(fault: Exception) -> tuple[int, Sequence[str]]:
    if isinstance(fault, Stop):
        return fault.code, fault.lines
    if isinstance(fault, BadInput):
        return BAD, [str(f) for f in fault.faults]
    if isinstance(fault, Refused):
        return _refused(fault)
    if isinstance(fault, typer.Abort):
        return NO, [words("已取消。", "Cancelled.")]
    if hasattr(fault, "format_message") and hasattr(fault, "exit_code"):  # wrong usage, in Typer's own words
        return fault.exit_code, _usage(fault)
    if isinstance(fault, ModuleNotFoundError) and fault.name and find_spec("django") is None:
        return BAD, [
            words(
                "缺少 {0}：pip install 'tongxin[web]'", "{0} is missing: pip install 'tongxin[web]'"
            ).format(fault.name)
        ]
    if (
        type(fault).__name__ == "NotReady"
    ):  # foundation.embedded needs psycopg, so it cannot be imported up there
        return BAD, [str(fault)]
    return OURS, [
        words("程序故障：{0}。加 --debug 看细节。", "Our fault: {0}. Add --debug for the details.").format(
            _short(fault)
        )
    ]


def _usage(fault: Any) -> list[str]:
    context = getattr(fault, "ctx", None)
    if type(fault).__name__ == "NoArgsIsHelpError":  # a group without its verb: Typer has shown the help page
        return []
    return ([context.get_usage()] if context is not None else []) + [fault.format_message()]


def _refused(fault: Refused) -> tuple[int, list[str]]:
    # slow: loads the words of every room
    from tongxin.faces import sentences

    # What was asked for is wrong or absent: 2. The product says no to a right question: 1.
    code = BAD if sentences.status_of(fault) in {400, 404, 422} else NO
    return code, [f"{sentences.say(fault, answers.style().language)} ({fault.code})"]


def _short(fault: Exception) -> str:
    """The kind of a fault and its first line. Database errors quote rows, so of them only the kind is said."""
    if type(fault).__module__.split(".")[0] in {"psycopg", "django"}:
        return type(fault).__name__
    first = str(fault).strip().splitlines()
    return f"{type(fault).__name__}: {first[0][:200]}" if first else type(fault).__name__


if __name__ == "__main__":
    main()
