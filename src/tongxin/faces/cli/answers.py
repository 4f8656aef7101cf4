"""How commands speak: one line, a table, or JSON; Chinese or English; bars on a terminal, plain lines otherwise.

Nothing here needs Django: commands of the base install use it too. A command never prints by itself; it calls `say`,
`table` or `answer`, and stops with `Stop` (a sentence and an exit code) when there is nothing more to do.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass, replace
from importlib.util import find_spec
from typing import Any

DONE, NO, BAD, OURS = 0, 1, 2, 3  # the exit codes of the contract
PATIENCE = 2.0  # seconds after which work shows how far it is


@dataclass(frozen=True)
class Style:
    """How this run speaks."""

    json: bool = False
    language: str = "zh"
    debug: bool = False


_style = Style()


def speak(**changes: Any) -> Style:
    """Change how this run speaks; answers the new style."""
    global _style  # noqa: PLW0603 - one process runs one command
    _style = replace(_style, **changes)
    return _style


def style() -> Style:
    """How this run speaks."""
    return _style


def words(zh: str, en: str) -> str:
    """The text in the language of this run. Command files are loaded after `--lang` is known, so help texts may use it."""
    return zh if _style.language == "zh" else en


class Stop(Exception):
    """End the command with an exit code and its sentences, already in the language of the run."""

    def __init__(self, code: int, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.code = code
        self.lines = lines


def say(zh: str, en: str, **data: Any) -> None:
    """One line for people. Goes to stderr when the answer itself is JSON, so that the JSON stays alone on stdout."""
    tell(words(zh, en).format(**data) if data else words(zh, en))


def tell(line: str) -> None:
    """One line that is the same in every language."""
    print(line, file=sys.stderr if _style.json else sys.stdout, flush=True)


def answer(document: Any, show: Callable[[], None] | None = None) -> None:
    """The answer of a command: JSON with `--json`, otherwise what `show` prints (default: one `key: value` a line)."""
    if _style.json:
        print(json.dumps(plain(document), ensure_ascii=False, indent=2))  # noqa: T201 - the one place that prints
    elif show is not None:
        show()
    else:
        fields = plain(document)
        for key, value in fields.items() if isinstance(fields, dict) else enumerate(fields):
            tell(f"{key}: {value}")


def plain(value: Any) -> Any:
    """`value` as JSON can hold it: frozen answers become objects, dates ISO text, sets sorted lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(plain(v) for v in value)
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> None:
    """A table on a terminal; lines with tabs between the cells otherwise, which other programs can cut."""
    cells = [["" if v is None else str(v) for v in row] for row in rows]
    if not sys.stdout.isatty():
        for line in (columns, *cells):
            tell("\t".join(line))
        return
    # slow: rich takes 60 ms, and pipes never need it
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    drawn = Table(*columns, title=title or None, box=None, header_style="bold", title_justify="left")
    for line in cells:
        drawn.add_row(*(escape(c) for c in line))
    Console().print(drawn)


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """`with progress("orders", 1_474_000) as advance: advance(10_000)`: a bar on a terminal, else a line each two seconds.

    Both go to stderr. Work that is over within two seconds shows nothing off a terminal.
    """
    if sys.stderr.isatty():
        # slow: as above
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(label, total=total)
            yield lambda n: bar.advance(task, n)
        return
    done, said = 0, time.monotonic()

    def advance(n: int) -> None:
        nonlocal done, said
        done += n
        if time.monotonic() - said >= PATIENCE:
            said = time.monotonic()
            print(f"{label}: {done}" + (f"/{total}" if total else ""), file=sys.stderr, flush=True)  # noqa: T201 - a line for the terminal

    yield advance


def confirm(zh: str, en: str, *, yes: bool) -> None:
    """Ask before what cannot be undone. Without a terminal nobody can answer, so `--yes` must be given."""
    if yes:
        return
    if not on_terminal():
        raise Stop(
            BAD,
            words("没有终端可以确认；确定要做请加 --yes。", "Nobody to ask here; add --yes if you mean it."),
        )
    reply = input(words(zh, en) + " [y/N] ")
    if reply.strip().lower() not in {"y", "yes", "是"}:
        raise Stop(NO, words("没有做任何改动。", "Nothing was changed."))


def on_terminal() -> bool:
    """Is somebody there who can answer?"""
    return sys.stdin is not None and sys.stdin.isatty()


def hidden(label: str, *, twice: bool = False) -> str:
    """Ask for something that is not shown."""
    # slow: only where somebody types
    import typer

    return str(typer.prompt(label, hide_input=True, confirmation_prompt=twice))


def platform() -> None:
    """Bring Django and the database up, once. Stops with exit 2 and one line when the extra `web` is not installed."""
    if find_spec("django") is None or find_spec("psycopg") is None:
        raise Stop(
            BAD,
            words(
                "这条命令需要平台部分：pip install 'tongxin[web]'",
                "This needs the platform: pip install 'tongxin[web]'",
            ),
        )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongxin.project.settings")
    # slow and optional: Django is not in the base install
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()
