"""`tongxin audit`: recompute the trail from its rows (`verify`), and the yearly account of children's data (`minors`)."""

from typing import Annotated

import typer

from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import NO, Stop, words
from tongxin.faces.cli.minors import minors
from tongxin.foundation.audit.queries import Verdict
from tongxin.foundation.audit.queries import verify as recompute
from tongxin.foundation.audit.terms import FAULTS_ZH

app = typer.Typer(no_args_is_help=True)
app.command()(minors)

SHOWN = 20  # ids of the tail told one by one


@app.callback()
def group() -> None:
    """Keeps `verify` a verb of its own."""


@app.command()
def verify(
    head: Annotated[
        str | None,
        typer.Option(help=words("另处留存的链头（位置:指纹）", "a head noted elsewhere (position:hash)")),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """核对审计记录 / Recompute every hash, link and signature of the trail, and name what is not sealed yet."""
    verdict = recompute(noted=head)
    answers.answer(verdict, lambda: _show(verdict))
    if not verdict.ok:
        raise Stop(
            NO,
            *(
                f"{words(FAULTS_ZH[f.fault], f.fault)} @ {f.place} {f.detail}".rstrip()
                for f in verdict.faults
            ),
        )


def _show(verdict: Verdict) -> None:
    answers.say("已封存 {n} 条", "{n} sealed", n=verdict.sealed)
    tail = ", ".join(str(key) for key in verdict.unsealed[:SHOWN]) + (
        "…" if len(verdict.unsealed) > SHOWN else ""
    )
    answers.say("未封存 {n} 条：{ids}", "{n} not sealed yet: {ids}", n=len(verdict.unsealed), ids=tail or "—")
    answers.say("链头 {head}", "head {head}", head=verdict.head)
    answers.say("公钥 {key}", "public key {key}", key=verdict.public_key)
    if verdict.ok:
        answers.say("没有发现改动。", "No tampering found.")
