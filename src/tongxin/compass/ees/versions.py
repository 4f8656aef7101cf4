"""A version of the index: read from its file, checked, and known by the hash of its content."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tongxin.compass.ees.indicators import FORMULAS
from tongxin.compass.errors import BadInput, Fault
from tongxin.compass.sentence import Words

HERE = Path(__file__).parent
LATEST = "EES-1.0"
#: content hashes of the released versions; a file that no longer agrees is not used
RELEASED: Mapping[str, str] = {
    "EES-1.0": "sha256:8bb82df0bd93721b0bf83a97f3800180e2e5195dcc5c5cee123f496cdd9bd798",
}
AGGREGATIONS = ("geometric", "arithmetic")
NORMALISATIONS = ("goalposts", "ranks", "z")
SAMPLES = ("random", "volunteer")
_WEIGHTS_WITHIN = 1e-9


@dataclass(frozen=True)
class Indicator:
    """One figure of a dimension: which formula, its weight inside the dimension, and its goalposts."""

    code: str
    formula: str
    weight: float
    low: float
    high: float


@dataclass(frozen=True)
class Dimension:
    """One of the five sides of the index."""

    code: str
    name: Words
    weight: float
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True)
class Version:
    """Everything that shapes the index; `digest` is the hash of the content, not of the layout of the file."""

    name: str
    digest: str
    reason: Words
    dimensions: tuple[Dimension, ...]
    aggregation: str
    least: float
    decimals: int
    window_days: int
    samples: tuple[str, ...]
    least_answers: int
    least_dimensions: int
    response_rate_warning: float
    bootstrap: Mapping[str, Any]
    ranks: Mapping[str, Any]

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """All indicators in order."""
        return tuple(each for dimension in self.dimensions for each in dimension.indicators)


def load(name: str = LATEST) -> Version:
    """Load a released version by name.

    Raises
    ------
    BadInput
        For an unknown name, or a file that was changed after its release.
    """
    if name not in RELEASED:
        raise BadInput.one("version", repr(name), tuple(RELEASED))
    version = read(HERE / f"{name}.toml")
    if version.digest != RELEASED[name]:
        raise BadInput.one(name, f"was changed after its release: {version.digest}", (RELEASED[name],))
    return version


def read(path: Path) -> Version:
    """Read a version file of the chain's own.

    Raises
    ------
    BadInput
        With every fault: weights that do not add up to 1, goalposts upside down, unknown formulas.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput.one(path.name, str(error).splitlines()[0], ("a TOML file in UTF-8",)) from error
    return parse(content, path.name)


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of the content as canonical JSON: comments and layout do not count, every value does.

    Examples
    --------
    >>> digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    True
    """
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def parse(content: Mapping[str, Any], where: str = "version") -> Version:
    """Make a version of parsed content; see `read`."""
    try:
        version = _version(content)
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput.one(
            where, f"missing or of the wrong kind: {error}", ("the fields of EES-1.0.toml",)
        ) from error
    faults = list(_faults(version, where))
    if faults:
        raise BadInput(faults)
    return version


def _version(content: Mapping[str, Any]) -> Version:
    publish, bootstrap, ranks = content["publish"], content["bootstrap"], content["ranks"]
    if content["shrinkage"] != {"kind": "normal"}:
        raise ValueError("shrinkage.kind must be normal")
    return Version(
        str(content["name"]),
        digest_of(content),
        Words(content["reason_zh"], content["reason_en"]),
        tuple(
            Dimension(
                each["code"],
                Words(each["zh"], each["en"]),
                float(each["weight"]),
                tuple(
                    Indicator(
                        one["code"],
                        one["formula"],
                        float(one["weight"]),
                        float(one["low"]),
                        float(one["high"]),
                    )
                    for one in each["indicators"]
                ),
            )
            for each in content["dimensions"]
        ),
        content["aggregation"],
        float(content["least"]),
        int(content["decimals"]),
        int(content["window_days"]),
        tuple(content["samples"]),
        int(publish["answers"]),
        int(publish["dimensions"]),
        float(publish["response_rate_warning"]),
        {
            "draws": int(bootstrap["draws"]),
            "level": float(bootstrap["level"]),
            "seed": int(bootstrap["seed"]),
        },
        {
            "draws": int(ranks["draws"]),
            "level": float(ranks["level"]),
            "dirichlet": float(ranks["dirichlet"]),
            "normalisations": tuple(ranks["normalisations"]),
            "aggregations": tuple(ranks["aggregations"]),
            "leave_one_out": bool(ranks["leave_one_out"]),
            "robust": float(ranks["robust"]),
            "seed": int(ranks["seed"]),
        },
    )


def _faults(version: Version, where: str) -> list[Fault]:
    found = []

    def wrong(place: str, what: str, *allowed: str) -> None:
        found.append(Fault(f"{where}: {place}", what, allowed))

    if abs(sum(each.weight for each in version.dimensions) - 1) > _WEIGHTS_WITHIN:
        wrong("dimensions.weight", "do not add up to 1", "1")
    codes = [each.code for each in version.dimensions] + [each.code for each in version.indicators]
    if len(set(codes)) != len(codes):
        wrong("code", "the same code twice", "distinct codes")
    for dimension in version.dimensions:
        if abs(sum(each.weight for each in dimension.indicators) - 1) > _WEIGHTS_WITHIN:
            wrong(f"{dimension.code}.indicators.weight", "do not add up to 1", "1")
        if dimension.weight <= 0 or any(each.weight <= 0 for each in dimension.indicators):
            wrong(f"{dimension.code}.weight", "not positive", "above 0")
    for each in version.indicators:
        if each.formula not in FORMULAS:
            wrong(f"{each.code}.formula", repr(each.formula), *FORMULAS)
        if not each.low < each.high:
            wrong(f"{each.code}", f"goalposts {each.low} and {each.high}", "low below high")
    for given, allowed, place in (
        ((version.aggregation,), AGGREGATIONS, "aggregation"),
        (version.ranks["aggregations"], AGGREGATIONS, "ranks.aggregations"),
        (version.ranks["normalisations"], NORMALISATIONS, "ranks.normalisations"),
        (version.samples, SAMPLES, "samples"),
    ):
        if not given or not set(given) <= set(allowed):
            wrong(place, repr(given), *allowed)
    if not 0 < version.least < 100 or min(version.least_answers, version.least_dimensions) < 1:
        wrong("least", "outside its range", "above 0")
    if min(version.bootstrap["draws"], version.ranks["draws"]) < 1 or version.ranks["dirichlet"] <= 0:
        wrong("draws", "outside its range", "1 or more")
    if not (0 < version.bootstrap["level"] < 1 and 0 < version.ranks["level"] < 1):
        wrong("level", "outside its range", "between 0 and 1")
    return found
