"""`tongxin import`: files, folders or a named data set into the chain's tables."""

from pathlib import Path
from typing import Annotated

import typer

from tongxin.connect.files import actions
from tongxin.connect.files.report import Report
from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import BAD, DONE, Stop, words
from tongxin.foundation.access import system

STATES = {
    "done": ("已导入", "imported"),
    "same_file": ("以前导入过，没有变化", "imported before, nothing changed"),
    "dry_run": ("试运行，未写入", "dry run, nothing written"),
    "refused": ("未导入", "not imported"),
}


def command(
    *,
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="DIR|FILE…|NAME",
            help=words("文件、文件夹，或 complete-journey", "Files, a folder, or complete-journey"),
        ),
    ],
    table: Annotated[
        str, typer.Option("--as", metavar="TABLE", help=words("当作哪张表", "Which table it is"))
    ] = "",
    source: Annotated[
        str,
        typer.Option(
            help=words("来源名：单号在来源内唯一", "Name of the source: order numbers are unique within it")
        ),
    ] = actions.DEFAULT_SOURCE,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=words("只看会怎样，不写入", "Say what would happen"))
    ] = False,
    mapping: Annotated[
        str, typer.Option(metavar="NAME", help=words("用哪份保存的列对应", "A saved column mapping"))
    ] = "",
    encoding: Annotated[str, typer.Option(metavar="E", help="utf-8 | gb18030 | big5 | utf-16")] = "",
    json: Annotated[bool, typer.Option("--json", help=words("输出 JSON", "Answer as JSON"))] = False,
) -> int:
    """Import tables from CSV, XLSX or Parquet; the same file twice changes nothing.

    Exit 0 when every row went in, 2 when a file or a row was refused (the others went in).
    """
    viewer = system("import")
    with answers.progress(words("导入", "import")) as advance:
        if len(what) == 1 and what[0] in actions.NAMES and not Path(what[0]).exists():
            reports = actions.import_named(viewer=viewer, name=what[0], dry_run=dry_run, advance=advance)
        else:
            wish = actions.Wish(source, table, mapping, encoding, dry_run)
            reports = actions.import_files(
                viewer=viewer, paths=[Path(w) for w in what], wish=wish, advance=advance
            )
    answers.answer({"reports": [report.as_dict() for report in reports]}, lambda: _show(reports))
    if not all(report.ok for report in reports):
        raise Stop(BAD, *(fault.line() for report in reports for fault in report.faults))
    return DONE


def _show(reports: list[Report]) -> None:
    columns = words(
        "文件 表 状态 行 新增 更新 不变 拒收", "file table state rows new changed same refused"
    ).split()
    rows = [
        (r.file, r.table, words(*STATES[r.state]), r.rows, r.new, r.changed, r.same, r.refused)
        for r in reports
    ]
    answers.table(columns, rows)
    for report in reports:
        for sentence in report.warnings:
            answers.tell(f"{report.file}: {sentence}")
        if report.aside:
            answers.say(
                "{file}：没有用到的列：{columns}",
                "{file}: columns kept aside: {columns}",
                file=report.file,
                columns=", ".join(report.aside),
            )
        if report.refused_file:
            answers.say(
                "{file}：拒收的行在 {where}",
                "{file}: refused rows are in {where}",
                file=report.file,
                where=report.refused_file,
            )
