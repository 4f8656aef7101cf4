"""`tongxin rings recompute` and `tongxin rings explain MEMBER`: placements with their reasons."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

import typer

from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import BAD, Stop, words
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer, system
from tongxin.people.queries import search_customers
from tongxin.rings import actions, queries
from tongxin.rings.rules.words import say_line
from tongxin.rings.terms import ORDER, Ring
from tongxin.stores.queries import the_brand

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """同心圆 The rings."""


def _viewer() -> Viewer:
    return replace(system("rings"), language=answers.style().language)


@app.command()
def recompute(
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", help=words("按哪一天结束时所知判定（YYYY-MM-DD）", "as known at the end of a day")
        ),
    ] = None,
    nightly: Annotated[
        bool,
        typer.Option(
            "--nightly", help=words("同夜间任务：从账本副本算全连锁", "as each night: from the book's copy")
        ),
    ] = False,
    anew: Annotated[
        bool, typer.Option("--anew", help=words("连同每日汇总一起重做", "and make the day pages again"))
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """重算所有人的圈层；重复执行不改变结果 / Place everybody; repeating changes nothing."""
    if (nightly or anew) and as_of is not None:
        raise Stop(BAD, words("--nightly 只算现在", "--nightly places as of now"))
    if nightly or anew:
        summary = actions.place_everybody(viewer=_viewer(), anew=anew)
    else:
        summary = actions.recompute(viewer=_viewer(), as_of=None if as_of is None else _end_of(as_of))
    answers.answer(summary.as_json(), lambda: _show(summary))


def _end_of(text: str) -> datetime:
    """The end of a day of the brand, or now while the day lasts."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Stop(BAD, f"--as-of: {text!r} (YYYY-MM-DD)") from None
    end, now = clock.day_end(day, the_brand().zone), clock.now()
    return now if clock.day_start(day, the_brand().zone) <= now < end else end


def _show(summary: actions.Summary) -> None:
    if summary.already:
        answers.say("这一天已经判定过，没有改动。", "That day has been placed already; nothing was changed.")
    people = "，".join(f"{ring.zh} {summary.rings[ring.value]}" for ring in ORDER)
    figures = ", ".join(f"{ring.en} {summary.rings[ring.value]}" for ring in ORDER)
    at = f"{summary.as_of.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    answers.say(
        "规则第 {version} 版，{at}：{people} 人，{rings}",
        "policy {version}, {at}: {people} people, {figures}",
        version=summary.version,
        at=at,
        people=summary.people,
        rings=people,
        figures=figures,
    )
    answers.say(
        "新来 {arrived}，走近 {nearer}，走远 {farther}，不再分层 {left}；内环候选 {candidates}，人工调整 {overridden}",
        "arrived {arrived}, nearer {nearer}, farther {farther}, left {left}; candidates {candidates}, by hand {overridden}",
        arrived=summary.arrived,
        nearer=summary.nearer,
        farther=summary.farther,
        left=summary.left,
        candidates=summary.candidates,
        overridden=summary.overridden,
    )


@app.command()
def explain(
    member: Annotated[str, typer.Argument(help=words("会员号或公开编号", "member code or public id"))],
    json_: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """为什么在这个圈层，最近差哪一步 / Why somebody stands where they stand, and the nearest missing step."""
    viewer = _viewer()
    told = queries.explain(viewer, _find(viewer, member))
    answers.answer(told.as_json(), lambda: _tell(told))


def _find(viewer: Viewer, member: str) -> UUID:
    try:
        return UUID(member)
    except ValueError:
        found = search_customers(viewer, member, limit=2).items
    if len(found) == 1:
        return found[0].public_id
    raise Stop(
        BAD,
        words(f"找不到会员 {member}", f"no member {member}")
        if not found
        else words(
            f"{member} 不止一位，请用完整会员号", f"{member} is more than one person; give the whole code"
        ),
    )


def _tell(told: queries.Explanation) -> None:
    language = answers.style().language
    ring: Ring = told.placed.ring
    answers.say(
        "{ring}，自 {since}，规则第 {version} 版",
        "{name}, since {since}, policy {version}",
        ring=ring.zh,
        name=ring.en,
        since=f"{told.placed.since:%Y-%m-%d}",
        version=told.placed.version,
    )
    answers.tell(told.said)
    columns = [
        words("条件", "Line"),
        words("满足", "Met"),
        words("出门线", "Low water"),
        words("还能维持", "Days left"),
    ]
    for title, lines in (
        (words("现在的圈层", "This ring"), told.held),
        (words("往里一步", "One step inwards"), told.gates),
    ):
        if lines:
            rows = [
                (
                    say_line(line, language),
                    "✓" if line.met else "✕",
                    "" if line.low is None else f"{line.low:.1f}",
                    "" if line.days_left is None else line.days_left,
                )
                for line in lines
            ]
            answers.table([f"{title} · {columns[0]}", *columns[1:]], rows)
    if told.said_step:
        answers.tell(told.said_step)
