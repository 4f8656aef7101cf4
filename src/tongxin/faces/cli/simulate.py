"""`tongxin simulate`: a dataset of the canonical tables with a known truth beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import typer

from tongxin.compass.dataset import Room
from tongxin.compass.errors import BadInput
from tongxin.compass.simulate import semisynthetic
from tongxin.compass.simulate.regimes import REGIMES
from tongxin.compass.simulate.switches import SWITCHES, parse
from tongxin.compass.simulate.world import Effect, make
from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import words


def command(  # noqa: PLR0917 - Typer reads options from the arguments
    out: Annotated[
        Path | None,
        typer.Option(help="写到哪里（必填，除非 --list）/ the folder to write (needed without --list)"),
    ] = None,
    regime: Annotated[str, typer.Option(help=" | ".join(REGIMES))] = "level",
    effect: Annotated[
        str, typer.Option(help="每人每月多少元，或 25% / yuan a member and month, or 25%")
    ] = "0",
    members: Annotated[int, typer.Option(help="会员数 / members")] = 6000,
    months: Annotated[int, typer.Option(help="月数 / months")] = 24,
    seed: Annotated[int, typer.Option(help="随机种子 / seed")] = 1,
    switches: Annotated[
        list[str] | None,
        typer.Option(
            "--with", metavar="NAME[=VALUE]", help="打开一个开关，可重复 / turn a switch on, again and again"
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DATASET",
            help="在真实购物篮里注入已知效果 / inject a known effect into the real baskets of DATASET",
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--list", help="列出机制与开关 / list regimes and switches")] = False,
    memory: Annotated[str, typer.Option(help="内存上限（--from）/ memory limit (--from)")] = "700MB",
    as_json: Annotated[
        bool, typer.Option("--json", help="在标准输出给出 truth.json / print truth.json")
    ] = False,
) -> None:
    """生成已知真相的模拟数据：正式表、truth.json、truth.parquet（每人每月的 y0 与 y1）。"""
    if show:
        _list(as_json=as_json)
        return
    if out is None:
        raise BadInput.one("--out", "missing", ("a folder to write",))
    planted = Effect.parse(effect)
    on = dict(parse(one) for one in switches or [])
    with answers.progress(words("模拟", "simulate"), 2) as advance:
        rng = np.random.default_rng(seed)
        if source is not None:
            if on:
                raise BadInput.one("--with", "does not go with --from", ("one of the two",))
            tables, truth, detail = _injected(source, planted, rng, seed, Room(memory=memory))
        else:
            world = make(regime, planted, rng, members=members, months=months, seed=seed, switches=on)
            tables, truth, detail = world.tables, world.truth(), world.member_months()
        advance(1)
        write(tables, truth, detail, out)
        advance(1)
    if as_json:
        answers.answer(truth)
    else:
        sizes = ", ".join(f"{name} {len(table):,}" for name, table in tables.items())
        answers.say(
            "模拟数据写好了：{out}（{sizes}）",
            "Simulated data written: {out} ({sizes})",
            out=out,
            sizes=sizes,
        )


def _injected(
    source: str, effect: Effect, rng: np.random.Generator, seed: int, room: Room
) -> tuple[dict[str, pa.Table], dict[str, Any], pa.Table]:
    # a command of its own knows how a dataset is named
    from tongxin.faces.cli.roi import open_named

    made = semisynthetic.inject(open_named(source, room), effect, rng, seed=seed)
    return made.tables, made.truth() | {"source": Path(source).name}, made.added


def _list(*, as_json: bool) -> None:
    """Say what there is: regimes first, then switches with their usual value."""
    if as_json:
        answers.answer(
            {
                "regimes": {
                    code: {"zh": one.zh, "en": one.en, "switches": dict(one.switches)}
                    for code, one in REGIMES.items()
                },
                "switches": {
                    code: {"zh": one.zh, "en": one.en, "default": one.default, "unit": one.unit}
                    for code, one in SWITCHES.items()
                },
            }
        )
        return
    answers.table(
        [words("机制", "Regime"), words("说明", "What it is")],
        [[code, words(one.zh, one.en)] for code, one in REGIMES.items()],
    )
    answers.table(
        [
            words("开关", "Switch"),
            words("常用值", "Usual value"),
            words("单位", "Unit"),
            words("说明", "What it is"),
        ],
        [[code, f"{one.default:g}", one.unit, words(one.zh, one.en)] for code, one in SWITCHES.items()],
    )


def write(tables: dict[str, pa.Table], truth: dict[str, Any], detail: pa.Table, out: Path) -> None:
    """Write `<table>.parquet`, `truth.parquet` and `truth.json` last, so that a folder with it is whole."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "truth.json").unlink(missing_ok=True)
        for name, table in tables.items():
            pq.write_table(table, out / f"{name}.parquet", compression="zstd")
        pq.write_table(detail, out / "truth.parquet", compression="zstd")
        (out / "truth.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1), encoding="utf-8")
    except OSError as error:
        raise BadInput.one(
            str(out), error.strerror or str(error), ("a folder that can be written to",)
        ) from error
