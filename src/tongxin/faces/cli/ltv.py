"""`tongxin ltv fit`: what members are worth, observed and forecast, on files, without Django.

Exit 0 done · 1 `--demand` was given and there is no forecast · 2 bad input · 3 a fault of ours.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tongxin.compass import design as designs
from tongxin.compass import study
from tongxin.compass.dataset import Room
from tongxin.compass.errors import BadInput
from tongxin.compass.ltv import fitting
from tongxin.compass.ltv.answer import Ltv
from tongxin.compass.ltv.fitting import Settings
from tongxin.compass.ltv.purchases import BASIS
from tongxin.compass.sentence import figure
from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import NO, Stop, words
from tongxin.faces.cli.roi import open_named

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """会员价值 Lifetime value: observed against controls, forecast per member."""


@app.command()
def fit(  # noqa: PLR0917 - Typer reads options from the arguments
    dataset: Annotated[
        str, typer.Argument(help="目录，或 complete-journey / a directory, or complete-journey")
    ],
    out: Annotated[
        Path, typer.Option(help="写到哪里 / where to write ltv.json, members.parquet and report.txt")
    ],
    discount: Annotated[float, typer.Option(help="年折现率 / yearly discount rate")] = 0.08,
    months: Annotated[
        list[int] | None, typer.Option(help="预测几个月，可多次 / months ahead, repeatable [6 12]")
    ] = None,
    holdout: Annotated[int | None, typer.Option(help="留出多少天检验 / days held out for the test")] = None,
    lapse: Annotated[int, typer.Option(help="多少天不来算流失 / days of silence that count as a lapse")] = 90,
    design: Annotated[Path | None, typer.Option(help="设计文件 TOML / design of the causal answer")] = None,
    memory: Annotated[str, typer.Option(help="内存上限 / memory limit of the embedded engine")] = "700MB",
    demand: Annotated[
        bool, typer.Option("--demand", help="没有预测就以 1 退出 / exit 1 without a forecast")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="在标准输出给出 ltv.json / print ltv.json")] = False,
) -> None:
    """会员价值：对照组下的实际增量、逐人预测（带留出检验）、各批留存。"""
    asked = Settings(
        horizons=tuple(sorted(set(months))) if months else Settings.horizons,
        discount=discount,
        holdout_days=holdout,
        lapse_days=lapse,
    )
    with answers.progress(words("会员价值", "ltv"), len(fitting.STEPS) + len(study.STEPS) + 1) as advance:
        opened = open_named(dataset, Room(memory=memory))
        chosen = designs.load(design, designs.default_for(opened)[0]) if design else None
        found = fitting.fit(opened, asked, design=chosen, tell=lambda _: advance(1))
        paths = write(found, out)
        advance(1)
    if as_json:
        answers.answer(found.as_json())
    else:
        for line in sentences(found):
            answers.tell(line)
        answers.table(*report(found))
        answers.say("写好了：{paths}", "Written: {paths}", paths=", ".join(str(path) for path in paths))
    if demand and found.refused:
        raise Stop(NO)


def write(found: Ltv, out: Path) -> list[Path]:
    """Write the three files; returns their paths."""
    # slow: only when there is something to write
    import pyarrow.parquet as pq

    columns, rows = report(found)
    table = ["\t".join(str(cell) for cell in line) for line in (columns, *rows)]
    paths = [out / name for name in ("ltv.json", "members.parquet", "report.txt")]
    try:
        out.mkdir(parents=True, exist_ok=True)
        paths[0].write_text(found.to_json(), encoding="utf-8")
        pq.write_table(found.members, paths[1], compression="zstd")
        paths[2].write_text("\n".join([*sentences(found), "", *table, ""]), encoding="utf-8")
    except OSError as error:
        raise BadInput.one(
            str(out), error.strerror or str(error), ("a folder that can be written to",)
        ) from error
    return paths


def sentences(found: Ltv) -> list[str]:
    """The causal answer first, then the forecast, then every trap that weighs on it."""
    lines = [words(found.causal_words.zh, found.causal_words.en), words(found.words.zh, found.words.en)]
    return [*lines, *[f"· {words(trap.words.zh, trap.words.en)}" for trap in found.traps]]


def report(found: Ltv) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows of the table: every figure with its interval, basis, horizon, sizes and whether it is observed."""
    basis = BASIS[found.basis]
    name = words(basis.zh, basis.en)
    columns = [
        words("数字", "Figure"),
        words("月", "Months"),
        words("值", "Value"),
        words("区间", "Interval"),
        words("人数", "Members"),
        words("来源", "Source"),
    ]
    rows: list[list[Any]] = [
        [
            words(f"每人至今{name}", f"{name} so far, per member"),
            "",
            figure(found.observed_value, "money", found.currency),
            "",
            found.population["members"],
            words("实际", "observed"),
        ]
    ]
    rows += [_causal(kpi, found.currency) for kpi in found.causal.get("kpis", [])]
    for one in found.horizons:
        rows += _forecast(found, one.months, one.purchases, one.value, name)
    for curve in found.retention[:1]:
        rows += [
            [
                words("新会员留存", "Newcomers kept"),
                point.age,
                f"{point.kept:.1%}",
                f"{point.ci[0]:.1%}–{point.ci[1]:.1%}",
                point.at_risk,
                words("实际", "observed"),
            ]
            for point in curve.points
            if point.age and point.age % 3 == 0
        ]
    return columns, rows


def _causal(kpi: dict[str, Any], currency: str) -> list[Any]:
    name = kpi["name"]
    ends = [figure(end, "money", currency) for end in kpi["ci"] or ()]
    return [
        words(f"{name['zh']}：参加的增量", f"{name['en']}: brought by joining"),
        words(f"{kpi['window']} 期", f"{kpi['window']} periods"),
        figure(kpi["effect"], "money", currency, signed=True),
        "–".join(ends) or "—",
        kpi["treated"],
        words("实际，对照", "observed, against controls"),
    ]


def _forecast(
    found: Ltv,
    months: int,
    purchases: tuple[float, float, float] | None,
    value: tuple[float, float, float] | None,
    name: str,
) -> list[list[Any]]:
    source, fitted = words("预测", "forecast"), found.population["fitted"]
    rows: list[list[Any]] = []
    if purchases is not None:
        middle, low, high = purchases
        label = words("再买次数", "Coming purchases")
        rows.append([label, months, f"{middle:.2f}", f"{low:.2f}–{high:.2f}", fitted, source])
    if value is not None:
        middle_yuan, low_yuan, high_yuan = (figure(one, "money", found.currency) for one in value)
        label = words(f"未来{name}", f"Coming {name}")
        rows.append([label, months, middle_yuan, f"{low_yuan}–{high_yuan}", fitted, source])
    return rows
