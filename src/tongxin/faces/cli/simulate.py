"""`tongxin simulate`: a dataset of the canonical tables with a known truth beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow.parquet as pq
import typer

from tongxin.compass.errors import BadInput
from tongxin.compass.simulate.regimes import REGIMES
from tongxin.compass.simulate.world import Effect, World, make
from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import words


def command(  # noqa: PLR0917 - Typer reads options from the arguments
    out: Annotated[Path, typer.Option(help="写到哪里 / the folder to write")],
    regime: Annotated[str, typer.Option(help=" | ".join(REGIMES))] = "level",
    effect: Annotated[
        str, typer.Option(help="每人每月多少元，或 25% / yuan a member and month, or 25%")
    ] = "0",
    members: Annotated[int, typer.Option(help="会员数 / members")] = 6000,
    months: Annotated[int, typer.Option(help="月数 / months")] = 24,
    seed: Annotated[int, typer.Option(help="随机种子 / seed")] = 1,
    as_json: Annotated[
        bool, typer.Option("--json", help="在标准输出给出 truth.json / print truth.json")
    ] = False,
) -> None:
    """生成已知真相的模拟数据：正式表、truth.json、truth.parquet（每人每月的 y0 与 y1）。"""
    with answers.progress(words("模拟", "simulate"), 2) as advance:
        made = make(
            regime,
            Effect.parse(effect),
            np.random.default_rng(seed),
            members=members,
            months=months,
            seed=seed,
        )
        advance(1)
        write(made, out)
        advance(1)
    if as_json:
        answers.answer(made.truth())
    else:
        sizes = ", ".join(f"{name} {len(table):,}" for name, table in made.tables.items())
        answers.say(
            "模拟数据写好了：{out}（{sizes}）",
            "Simulated data written: {out} ({sizes})",
            out=out,
            sizes=sizes,
        )


def write(world: World, out: Path) -> None:
    """Write `<table>.parquet`, `truth.parquet` and `truth.json` last, so that a folder with it is whole."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "truth.json").unlink(missing_ok=True)
        for name, table in world.tables.items():
            pq.write_table(table, out / f"{name}.parquet", compression="zstd")
        pq.write_table(world.member_months(), out / "truth.parquet", compression="zstd")
        (out / "truth.json").write_text(
            json.dumps(world.truth(), ensure_ascii=False, indent=1), encoding="utf-8"
        )
    except OSError as error:
        raise BadInput.one(
            str(out), error.strerror or str(error), ("a folder that can be written to",)
        ) from error
