"""`tongxin ees|indices compute` and `concentration|attribution report`: measures on files, without Django.

Exit 0 done · 1 `--demand` was given and nothing could be published · 2 bad input · 3 a fault of ours.
"""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from tongxin.compass import attribution as credits_of
from tongxin.compass import concentration as shares
from tongxin.compass import halves, journeys
from tongxin.compass.dataset import Room
from tongxin.compass.ees import collect as ees_facts
from tongxin.compass.ees import compute as ees_values
from tongxin.compass.ees import versions
from tongxin.compass.errors import BadInput
from tongxin.compass.indices import collect as community_facts
from tongxin.compass.indices import compute as community_values
from tongxin.compass.indices import reference as peers
from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import NO, Stop, words
from tongxin.faces.cli.roi import open_named

ees = typer.Typer(no_args_is_help=True)
indices = typer.Typer(no_args_is_help=True)
concentration = typer.Typer(no_args_is_help=True)
attribution = typer.Typer(no_args_is_help=True)

Data = Annotated[str, typer.Argument(help="目录，或 complete-journey / a directory, or complete-journey")]
Out = Annotated[Path | None, typer.Option(help="把答案写进这个文件夹 / folder for the answer as JSON")]
Memory = Annotated[str, typer.Option(help="内存上限 / memory limit of the embedded engine")]
AsOf = Annotated[str | None, typer.Option("--as-of", help="截至哪天 YYYY-MM-DD / last day")]
AsJson = Annotated[bool, typer.Option("--json", help="在标准输出给出 JSON / print JSON")]
Seed = Annotated[int, typer.Option(help="随机种子 / seed of the intervals")]


@ees.callback()
def _ees() -> None:
    """体验权益指数 EES, store by store."""


@indices.callback()
def _indices() -> None:
    """影响力、连接度、参与度、输出量 Four indices of each community."""


@concentration.callback()
def _concentration() -> None:
    """超级用户集中度 How much do the few bring?"""


@attribution.callback()
def _attribution() -> None:
    """归因 Which way in brought new customers?"""


@ees.command("compute")
def ees_compute(  # noqa: PLR0917 - Typer reads options from the arguments
    dataset: Data,
    out: Out = None,
    version: Annotated[str, typer.Option(help="版本名或版本文件 / a version or its file")] = versions.LATEST,
    as_of: AsOf = None,
    asked: Annotated[
        Path | None, typer.Option(help="各店发出的邀请数 CSV：store_code,asked / invitations by store")
    ] = None,
    demand: Annotated[
        bool, typer.Option("--demand", help="没有一家店能公布就以 1 退出 / exit 1 if no store is published")
    ] = False,
    memory: Memory = "700MB",
    as_json: AsJson = False,
) -> None:
    """每家店的体验权益指数、区间和名次区间；不够的说明原因。"""
    chosen = versions.load(version) if version in versions.RELEASED else versions.read(Path(version))
    opened = open_named(dataset, Room(memory=memory))
    facts = ees_facts.facts(opened, chosen, as_of=_day(as_of), asked=_asked(asked))
    result = ees_values.run(facts, chosen)
    document = result.as_json() | {"digest": result.digest, "simulated": opened.simulated}
    _finish(document, out, "ees.json", as_json, lambda: _show_ees(result))
    if demand and all(row.value is None for row in result.stores):
        raise Stop(NO)


@indices.command("compute")
def indices_compute(  # noqa: PLR0917 - Typer reads options from the arguments
    dataset: Data,
    out: Out = None,
    reference: Annotated[
        Path | None,
        typer.Option(help="固定下来的参照 JSON / the frozen reference; without it, this data are frozen"),
    ] = None,
    name: Annotated[
        str, typer.Option(help="新参照的名字，例如 2026Q3 / name of a reference frozen now")
    ] = "now",
    as_of: AsOf = None,
    memory: Memory = "700MB",
    as_json: AsJson = False,
) -> None:
    """每个社群的四个指数和区间；参照可以固定一个季度，存成 reference.json。"""
    opened = open_named(dataset, Room(memory=memory))
    facts = community_facts.communities(opened, as_of=_day(as_of))
    frozen = peers.load(_json(reference)) if reference else peers.freeze(facts, name)
    found = [community_values.run(each, frozen) for each in facts]
    document = {
        "schema": "tongxin.indices/1",
        "reference": frozen.name,
        "reference_digest": frozen.digest,
        "simulated": opened.simulated,
        "communities": [asdict(each) for each in found],
    }
    if out is not None and reference is None:
        _write(frozen.as_json(), out, "reference.json")
    _finish(document, out, "indices.json", as_json, lambda: _show_indices(found))


@concentration.command("report")
def concentration_report(
    dataset: Data, out: Out = None, seed: Seed = 20261122, memory: Memory = "700MB", as_json: AsJson = False
) -> None:
    """前 10% 的会员带来多少：事后排、事先排、增量，以及“10% 带来 70%”成立不成立。"""
    opened = open_named(dataset, Room(memory=memory))
    measures = halves.of(opened)
    with answers.progress(words("集中度", "concentration"), len(measures)) as advance:
        found = []
        for each in measures:
            rng = np.random.default_rng(seed)
            found.append(
                (each, shares.measure(each.measure, each.before, each.after, rng, signed=each.signed))
            )
            advance(1)
    document = {
        "schema": "tongxin.concentration/1",
        "claim": {"top": shares.TOP, "brings": shares.CLAIM},
        "simulated": opened.simulated,
        "measures": [
            asdict(one) | {"name": asdict(each.name), "lorenz": one.lorenz.tolist()} for each, one in found
        ],
    }
    _finish(document, out, "concentration.json", as_json, lambda: _show_concentration(found))


@attribution.command("report")
def attribution_report(
    dataset: Data, out: Out = None, seed: Seed = 20261122, memory: Memory = "700MB", as_json: AsJson = False
) -> None:
    """新客是从哪里来的：首次接触、末次接触、移除效应三种算法并排，每一笔加起来正好是 1。"""
    opened = open_named(dataset, Room(memory=memory))
    touches, conversions = journeys.of(opened)
    paths = credits_of.paths_of(touches, conversions)
    found = credits_of.attribute(paths, np.random.default_rng(seed))
    document = {
        "schema": "tongxin.attribution/1",
        "windows_days": dict(credits_of.WINDOWS),
        "conversions": found.conversions,
        "untouched": found.untouched,
        "removal_effect": dict(found.removal),
        "simulated": opened.simulated,
        "credits": [asdict(row) | {"credit": str(row.credit)} for row in found.credits],
        "words": asdict(credits_of.CAUTION),
    }
    _finish(document, out, "attribution.json", as_json, lambda: _show_attribution(found))


def _show_ees(result: ees_values.Result) -> None:
    rows = [
        [
            row.store,
            f"{row.value:.1f}",
            f"{row.ci[0]:.1f}～{row.ci[1]:.1f}",
            f"{row.rank[0]:.0f}～{row.rank[2]:.0f}",
            row.answers,
            "—" if row.response_rate is None else f"{row.response_rate:.0%}",
        ]
        for row in result.stores
        if row.value is not None and row.ci is not None and row.rank is not None
    ]
    columns = (
        words("门店", "Store"),
        "EES",
        words("区间", "Interval"),
        words("名次", "Rank"),
        words("回答", "Answers"),
        words("回答率", "Response rate"),
    )
    answers.say("{version}，截至 {day}", "{version}, as of {day}", version=result.version, day=result.as_of)
    if rows:
        answers.table(columns, rows)
    hidden = [row for row in result.stores if row.value is None]
    if hidden:
        answers.say(
            "{n} 家店没有公布：{few} 家回答不足，{thin} 家维度不足。每家的原因和补法在 JSON 里（--json 或 --out）。",
            "{n} stores are not published: {few} with too few answers, {thin} with too few dimensions. Why, and what would help, stands in the JSON (--json or --out).",
            n=len(hidden),
            few=sum("EES1" in [reason.code for reason in row.reasons] for row in hidden),
            thin=sum("EES2" in [reason.code for reason in row.reasons] for row in hidden),
        )
    if result.robust_share is not None:
        answers.say(
            "换一换权重和算法，{share:.0%} 的两店先后不变；名次区间重叠的店不能分高下。",
            "{share:.0%} of the orders of two stores hold whatever weights and methods are chosen; stores whose rank intervals overlap are equal.",
            share=result.robust_share,
        )


def _show_indices(found: list[community_values.CommunityIndices]) -> None:
    language = answers.style().language
    names = [getattr(row.name, language) for row in found[0].indices]
    rows = [
        [
            each.community,
            each.members,
            *(
                f"{row.value:.0f} ({row.ci[0]:.0f}～{row.ci[1]:.0f})"
                if row.value is not None and row.ci is not None
                else "; ".join(words(reason.zh, reason.en) for reason in row.reasons)
                for row in each.indices
            ),
        ]
        for each in found
    ]
    answers.table((words("社群", "Community"), words("会员", "Members"), *names), rows)


def _show_concentration(found: list[tuple[halves.Halves, shares.Concentration]]) -> None:
    def said(share: shares.Share | None) -> str:
        if share is None or share.value is None or share.ci is None:
            return "—"
        return f"{share.value:.1%} ({share.ci[0]:.1%}～{share.ci[1]:.1%})"

    rows = [
        [
            words(each.name.zh, each.name.en),
            one.members,
            said(one.ex_post),
            said(one.ex_ante),
            said(one.incremental),
            "—" if one.gini.value is None else f"{one.gini.value:.3f}",
            one.absence,
        ]
        for each, one in found
    ]
    columns = (
        words("看什么", "Measure"),
        words("会员", "Members"),
        words("事后排前 10%", "Top 10% afterwards"),
        words("事先排前 10%", "Top 10% beforehand"),
        words("增量", "Incremental"),
        words("基尼系数", "Gini"),
        words("几人占一半", "People behind half"),
    )
    answers.table(columns, rows)
    for each, one in found:
        answers.tell(f"{words(each.name.zh, each.name.en)}: {words(one.words.zh, one.words.en)}")


def _show_attribution(found: credits_of.Attribution) -> None:
    names = sorted({row.channel for row in found.credits})
    rows = []
    for name in names:
        line: list[Any] = [name]
        for model in credits_of.MODELS:
            row = found.of(model).get(name)
            line.append("—" if row is None else f"{row.share:.1%} ({row.ci[0]:.1%}～{row.ci[1]:.1%})")
        rows.append(line)
    columns = (
        words("来路", "Way in"),
        words("首次接触", "First touch"),
        words("末次接触", "Last touch"),
        words("移除效应", "Removal effect"),
    )
    answers.table(columns, rows)
    answers.say("新客 {n} 位，其中 {m} 位之前没有任何接触。", "{n} new customers, {m} of them never touched before.",
                n=found.conversions, m=found.untouched)  # fmt: skip
    answers.tell(words(credits_of.CAUTION.zh, credits_of.CAUTION.en))


def _finish(document: dict[str, Any], out: Path | None, file: str, as_json: bool, show: Any) -> None:
    path = _write(document, out, file) if out is not None else None
    if as_json:
        answers.answer(document)
        return
    show()
    if path is not None:
        answers.say("写好了：{path}", "Written: {path}", path=path)


def _write(document: dict[str, Any], out: Path, file: str) -> Path:
    try:
        out.mkdir(parents=True, exist_ok=True)
        path = out / file
        text = json.dumps(answers.plain(document), ensure_ascii=False, indent=1, allow_nan=False)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput.one(
            str(out), error.strerror or str(error), ("a folder that can be written to",)
        ) from error
    return path


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadInput.one("--as-of", repr(text), ("YYYY-MM-DD",)) from None


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput.one(path.name, str(error).splitlines()[0], ("a JSON file",)) from error


def _asked(path: Path | None) -> dict[str, int]:
    if path is None:
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return {row["store_code"]: int(row["asked"]) for row in csv.DictReader(file)}
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise BadInput.one(path.name, f"cannot be read: {error}", ("CSV with store_code,asked",)) from error
