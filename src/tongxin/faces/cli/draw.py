"""`tongxin draw verify FILE`: recompute a published draw. Needs no database: anybody can run it at home."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import BAD, NO, Stop, words
from tongxin.foundation.draw.rules import Verdict
from tongxin.foundation.draw.rules import verify as recompute
from tongxin.foundation.draw.terms import FAULTS

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keeps `verify` a verb of its own."""


@app.command()
def verify(
    file: Annotated[
        Path, typer.Argument(help=words("抽签公示文件（JSON）", "the published document (JSON)"))
    ],
    commitment: Annotated[
        str | None, typer.Option(help=words("事先公布的承诺", "the commitment as published beforehand"))
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """重新计算抽签结果 / Recompute a draw from its published document."""
    verdict = recompute(_read(file), published=commitment)
    answers.answer(verdict, lambda: _show(verdict))
    if not verdict.ok:
        raise Stop(NO, *(words(*FAULTS[fault]) for fault in verdict.faults))


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as fault:
        raise Stop(BAD, f"{file}: {fault.strerror}") from None
    except ValueError:
        raise Stop(BAD, words(f"{file}：不是 JSON 文件", f"{file}: not a JSON file")) from None


def _show(verdict: Verdict) -> None:
    if not verdict.ok:
        return
    answers.say("核对无误，中签 {n} 位：", "Everything recomputes. {n} winners:", n=len(verdict.winners))
    for winner in verdict.winners:
        answers.tell(winner)
    if not verdict.beacon:
        answers.say(
            "注意：规则没有约定公开数值，组织者在公示前有可能挑选过种子。",
            "Note: no public value was agreed on, so the organiser could have chosen the seed before committing.",
        )
