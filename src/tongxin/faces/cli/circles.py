"""`tongxin koc shortlist`, `tongxin segments find`, `tongxin dormancy report`: circles of people, without Django.

Exit 0 done (also when nothing can be said: then the reasons are printed) · 2 bad input · 3 a fault of ours.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Any

import typer

from tongxin.compass.dataset import Room
from tongxin.compass.dormancy import report as dormancy_report
from tongxin.compass.errors import BadInput
from tongxin.compass.koc import shortlist
from tongxin.compass.koc.policy import Policy
from tongxin.compass.refusals import Reason
from tongxin.compass.segments import find
from tongxin.compass.segments.outcomes import OUTCOMES
from tongxin.compass.sentence import Words
from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import words
from tongxin.faces.cli.roi import open_named

koc = typer.Typer(no_args_is_help=True)
segments = typer.Typer(no_args_is_help=True)
dormancy = typer.Typer(no_args_is_help=True)

Data = Annotated[str, typer.Argument(help="目录，或 complete-journey / a directory, or complete-journey")]
Memory = Annotated[str, typer.Option(help="内存上限 / memory limit of the embedded engine")]
Json = Annotated[bool, typer.Option("--json", help="在标准输出给出 JSON / print JSON")]
Seed = Annotated[int, typer.Option(help="随机种子 / seed")]


@koc.callback()
def koc_group() -> None:
    """关键意见消费者 Key customers: a shortlist for people to judge."""


@segments.callback()
def segments_group() -> None:
    """客群 Groups of customers that stand out."""


@dormancy.callback()
def dormancy_group() -> None:
    """沉睡 Who has fallen out of their own rhythm."""


@koc.command("shortlist")
def koc_shortlist(  # noqa: PLR0917 - Typer reads options from the arguments
    dataset: Data,
    size: Annotated[int, typer.Option(help="名单人数 / places on the list")] = 30,
    per_store: Annotated[int, typer.Option(help="每店最多几人 / most places a store")] = 3,
    rings: Annotated[Path | None, typer.Option(help="CSV：member_code,ring / who is in which ring")] = None,
    seed: Seed = Policy.seed,
    memory: Memory = "700MB",
    as_json: Json = False,
) -> None:
    """KOC 候选名单：理由、区间、提示；不是结论。 Candidates with reasons, interval and flags; not a verdict."""
    chosen = Policy(size=size, per_store=per_store, seed=seed)
    found = shortlist.run(open_named(dataset, Room(memory=memory)), chosen, _rings(rings))
    answers.answer(found, lambda: _show_shortlist(found))


@segments.command("find")
def segments_find(
    dataset: Data,
    outcome: Annotated[str, typer.Option(help="|".join(OUTCOMES))] = "high_margin",
    seed: Seed = find.Settings.seed,
    memory: Memory = "700MB",
    as_json: Json = False,
) -> None:
    """哪些客群更常出现想要的结果。 Which groups of customers stand out for what is wanted."""
    found = find.run(open_named(dataset, Room(memory=memory)), outcome, find.Settings(seed=seed))
    answers.answer(found, lambda: _show_segments(found))


@dormancy.command("report")
def dormancy_tell(
    dataset: Data,
    out: Annotated[Path | None, typer.Option(help="会员明细写到哪个 Parquet / write a row a member")] = None,
    weeks: Annotated[int, typer.Option(help="往后看几周 / weeks to look ahead", min=1, max=52)] = 8,
    memory: Memory = "700MB",
    as_json: Json = False,
) -> None:
    """按各自的节奏看谁变慢、谁沉睡。 Who is slowing down and who is dormant, by their own rhythm."""
    settings = dormancy_report.Settings(ahead_weeks=weeks)
    found = dormancy_report.run(open_named(dataset, Room(memory=memory)), settings)
    if out is not None:
        _write(found.table, out)
    document = {name: value for name, value in vars(found).items() if name not in {"table", "once"}}
    answers.answer(document, lambda: _show_dormancy(found))


def _rings(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput.one("--rings", type(error).__name__, ("a UTF-8 CSV with member_code,ring",)) from error
    if rows and not {"member_code", "ring"} <= set(rows[0]):
        raise BadInput.one("--rings", f"columns {', '.join(rows[0])}", ("member_code", "ring"))
    return {row["member_code"]: row["ring"] for row in rows if row["ring"]}


def _write(table: Any, out: Path) -> None:
    # slow: only when there is something to write
    import pyarrow.parquet as pq

    try:
        pq.write_table(table, out, compression="zstd")
    except OSError as error:
        raise BadInput.one(
            "--out", error.strerror or str(error), ("a file that can be written to",)
        ) from error


def _in(sentence: Words) -> str:
    return words(sentence.zh, sentence.en)


def _why(reasons: tuple[Reason, ...]) -> None:
    for reason in reasons:
        answers.tell(f"{words(reason.zh, reason.en)} {words(reason.cure_zh, reason.cure_en)}")


def _show_shortlist(found: shortlist.Shortlist) -> None:
    _why(found.reasons)
    if found.candidates:
        columns = ["会员", "门店", "得分", "区间", "理由", "提示"]
        english = ["Member", "Store", "Score", "Interval", "Reasons", "Flags"]
        rows = [
            [
                one.code,
                one.store or "—",
                f"{one.score * 100:.0f}",
                f"{one.interval[0] * 100:.0f}～{one.interval[1] * 100:.0f}",
                words("；", "; ").join(_in(reason) for reason in one.reasons),
                words("；", "; ").join(_in(flag) for flag in one.flags) or "—",
            ]
            for one in found.candidates
        ]
        answers.table([words(zh, en) for zh, en in zip(columns, english, strict=True)], rows)
    said = () if found.spread is None else (found.spread.words,)
    for note in (*said, *found.missing, *found.notes):
        answers.tell(f"· {_in(note)}")


def _show_segments(found: find.Found) -> None:
    _why(found.reasons)
    if found.segments:
        columns = [
            words("客群", "Group"),
            words("人数", "Members"),
            words("其中", "Share"),
            words("其他会员", "Others"),
            words("倍数", "Lift"),
            words("区间", "Interval"),
            "p (Holm)",
        ]
        rows = [
            [
                _in(one.words),
                one.members,
                f"{one.share:.1%}",
                f"{one.rest:.1%}",
                f"{one.lift:.2f}",
                f"{one.interval[0]:.2f}～{one.interval[1]:.2f}",
                f"{one.p_holm:.4f}",
            ]
            for one in found.segments
        ]
        answers.table(columns, rows)
    elif not found.reasons:
        answers.say(
            "看过 {n} 个候选、检验了 {tested} 个，没有客群明显不同。",
            "{n} candidates were looked at and {tested} tested: no group stands out.",
            n=found.candidates,
            tested=found.tested,
        )
    for note in found.notes:
        answers.tell(f"· {_in(note)}")


def _show_dormancy(found: dormancy_report.Report) -> None:
    answers.tell(_in(found.words))
    columns = [
        words("状态", "State"),
        words("人数", "Members"),
        words("占比", "Share"),
        words("预计回来", "Expected back"),
    ]
    rows = [
        [
            _in(row.words),
            row.members,
            f"{row.share:.1%}",
            "—" if row.returning is None else f"{row.returning:,.0f}",
        ]
        for row in found.states
    ]
    answers.table(columns, rows)
    if found.trial is not None:
        beside = found.trial.bg_nbd
        answers.say(
            "检验（最后 {weeks} 周）：Brier {ours:.4f}，BG/NBD {theirs}；预计 {expected:.1%}，实际 {happened:.1%}",
            "Tested on the last {weeks} weeks: Brier {ours:.4f}, BG/NBD {theirs}; expected {expected:.1%}, happened {happened:.1%}",
            weeks=found.trial.ahead_weeks,
            ours=found.trial.hazard.brier,
            theirs="—" if beside is None else f"{beside.brier:.4f}",
            expected=found.trial.hazard.expected,
            happened=found.trial.hazard.happened,
        )
    _why(found.reasons)
    for note in found.notes:
        answers.tell(f"· {_in(note)}")
