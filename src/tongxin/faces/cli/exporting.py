"""`tongxin export`: tables out, safe to open in Excel and WPS."""

from pathlib import Path
from typing import Annotated

import typer

from tongxin.connect.files import exporting
from tongxin.connect.files.report import BadFile
from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import BAD, DONE, Stop, words
from tongxin.foundation.access import system


def command(
    *,
    tables: Annotated[
        list[str], typer.Argument(metavar="TABLE…", help=words("表名，或 all", "Table names, or all"))
    ],
    to: Annotated[Path, typer.Option(metavar="DIR", help=words("写到哪个文件夹", "The folder to write to"))],
    form: Annotated[str, typer.Option("--format", help="parquet | csv | xlsx")] = "parquet",
    source: Annotated[
        str, typer.Option(help=words("只导出一个来源", "Only what came from this source"))
    ] = "",
    json: Annotated[bool, typer.Option("--json", help=words("输出 JSON", "Answer as JSON"))] = False,
) -> int:
    """Write tables for analysts: codes instead of names, no phones; importable again as they are."""
    wanted = list(exporting.TABLES) if tables == ["all"] else tables
    try:
        done = exporting.export_tables(
            viewer=system("export"), tables=wanted, to=to, form=form, source=source
        )
    except BadFile as fault:
        raise Stop(BAD, *(one.line() for one in fault.faults)) from fault
    answers.answer(
        {"tables": done, "to": str(to)},
        lambda: answers.table(
            words("表 文件 行", "table file rows").split(), [(d.table, d.file, d.rows) for d in done]
        ),
    )
    return DONE
