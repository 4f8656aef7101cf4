"""`tongxin wecom check|scenario|compare`: is the corp set up, does the platform behave as we expect, is our picture the platform's."""

from dataclasses import asdict
from typing import Annotated

import typer

from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.checking import Wizard
from tongxin.connect.wecom.config import configured
from tongxin.connect.wecom.mirroring import Mirror
from tongxin.connect.wecom.scenario import run
from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import BAD, NO, Stop, words

app = typer.Typer(no_args_is_help=True)
MARKS = {True: "✓", False: "✗", None: "–"}

To = Annotated[
    str, typer.Option("--to", help=words("发一条消息给这个企业微信账号", "Send one message to this account"))
]


@app.callback()
def group() -> None:
    """企业微信：接通、自检、对账 · WeCom: set up, try, compare."""


@app.command()
def check(to: To = "") -> None:
    """逐步检查企业微信的接通情况，并说明怎么改 · Try each step of the set-up and say how to mend it."""
    steps = Wizard(configured(), to=to).steps()

    def show() -> None:
        for step in steps:
            answers.tell(f"{MARKS[step.ok]} {words(step.zh, step.en)}")
            if step.cure[0]:
                answers.tell(f"  {words(*step.cure)}")

    answers.answer([asdict(step) for step in steps], show)
    if any(step.ok is False for step in steps):
        raise Stop(NO)


@app.command()
def scenario(to: To = "") -> None:
    """把用到的接口各试一遍（会撤回自己建的东西） · Try every interface we use; what is made is taken away again."""
    lines = run(_corp(), to=to)

    def show() -> None:
        for line in lines:
            answers.tell(f"{MARKS[line.ok]} {line.name} {line.said}".rstrip())

    answers.answer([asdict(line) for line in lines], show)
    if any(line.ok is False for line in lines):
        raise Stop(NO)


@app.command()
def compare() -> None:
    """现在就对账：以企业微信为准 · Compare now; the platform's truth holds."""
    done = Mirror(_corp()).compare()
    answers.answer({"groups": done.groups, "changed": done.changed})


def _corp() -> Caller:
    config = configured()
    if not config.ready:
        raise Stop(
            BAD,
            words(
                "还没有设置 TONGXIN_WECOM_CORP 和 TONGXIN_WECOM_SECRET。",
                "TONGXIN_WECOM_CORP and TONGXIN_WECOM_SECRET are not set.",
            ),
        )
    return Caller(config)
