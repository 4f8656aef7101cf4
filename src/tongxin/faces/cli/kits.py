"""`tongxin kits seed`: the five starter kits, made and released."""

from typing import Annotated

import typer

from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import words
from tongxin.foundation.access import system
from tongxin.kits import actions

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """工具包 Kits."""


@app.command()
def seed(
    offer: Annotated[
        bool, typer.Option(help=words("同时发到全部门店", "offer them to every store at once"))
    ] = True,
    json_: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """放入五个起步工具包；已有的不动 / Add the five starter kits; those that are there stay as they are."""
    made = actions.seed(viewer=system("kits"), everywhere=offer)
    answers.answer({"made": [kit.code for kit in made]}, lambda: _show([kit.title for kit in made]))


def _show(titles: list[str]) -> None:
    if not titles:
        typer.echo(words("五个起步工具包早就在了。", "The starter kits were there already."))
    for title in titles:
        typer.echo(f"✓ {title}")
