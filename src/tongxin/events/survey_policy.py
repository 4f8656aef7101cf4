"""The sampling lines: dated data in `survey_policy.toml` beside this file."""

import tomllib
from functools import cache
from pathlib import Path

from tongxin.events.rules.surveys import Sampling


@cache
def lines() -> tuple[Sampling, ...]:
    """Every line that ever held."""
    rows = tomllib.loads((Path(__file__).with_suffix(".toml")).read_text(encoding="utf-8"))["sampling"]
    return tuple(Sampling(**row) for row in rows)
