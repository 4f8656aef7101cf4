"""`tongxin ledger verify`: recompute the money ledger from its rows."""

from typing import Annotated

import typer

from tongxin.commerce.queries import LedgerVerdict, verify_ledger
from tongxin.commerce.terms import FAULT_LABELS
from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import NO, Stop, words
from tongxin.foundation.money import show

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keeps `verify` a verb of its own."""


@app.command()
def verify(json_: Annotated[bool, typer.Option("--json", help="JSON")] = False) -> None:
    """核对账本 / Check that every entry adds up and that promises, vouchers and budgets are what the books say."""
    verdict = verify_ledger()
    answers.answer(verdict, lambda: _show(verdict))
    if not verdict.ok:
        raise Stop(
            NO, *(f"{words(*FAULT_LABELS[f.fault])}: {f.place} {f.detail}".rstrip() for f in verdict.faults)
        )


def _show(verdict: LedgerVerdict) -> None:
    answers.say("分录 {n} 条，{m} 行", "{n} entries, {m} lines", n=verdict.entries, m=verdict.lines)
    answers.say("未使用代金券 {fen}", "open vouchers {fen}", fen=show(verdict.liability_fen, cents=True))
    answers.say(
        "已收未办活动费 {fen}",
        "fees received, event to come {fen}",
        fen=show(verdict.deferred_fen, cents=True),
    )
    answers.say("应退会员 {fen}", "refunds payable {fen}", fen=show(verdict.refunds_fen, cents=True))
    if verdict.ok:
        answers.say("账实相符。", "The books agree.")
