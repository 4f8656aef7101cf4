"""The frozen answer of a study, and its JSON form `tongxin.study/1`.

An estimate never travels without its interval, its sizes, its balance, its warnings and a sentence.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tongxin.compass.sentence import Words

if TYPE_CHECKING:
    from tongxin.compass.money import Money

SCHEMA = "tongxin.study/1"
VERDICTS = ("positive", "negative", "no_evidence", "range_only", "cannot_be_said")

Interval = tuple[float, float]

#: the money block of an answer that was made without looking at money
NO_MONEY: Mapping[str, Any] = {
    "incremental_margin": None,
    "ci": None,
    "costs": {"materials": None, "vouchers": None, "labour": None, "other": None},
    "net": None,
    "roi": None,
    "roi_ci": None,
}


@dataclass(frozen=True)
class Fingerprint:
    """What the answer was made from: data, design, code, engine."""

    data: str
    design: str
    code: str
    engine: str


@dataclass(frozen=True)
class People:
    """Sizes. `treated` took part at all, `eligible` could be studied, `retained` stand behind the headline."""

    treated: int
    eligible: int
    retained: int
    never_joiners: int
    later_joiners: int
    excluded: tuple[tuple[str, int, Words], ...]


@dataclass(frozen=True)
class ByControl:
    """One control group's number; effect and interval are None where fewer than 100 treated stand behind it."""

    effect: float | None
    ci: Interval | None
    treated: int
    controls: int
    effective: float


@dataclass(frozen=True)
class NaiveNumber:
    """A number that people quote, with the interval it would be given; shown struck through."""

    effect: float
    ci: Interval


@dataclass(frozen=True)
class KpiAnswer:
    """One figure in one window. Without a headline number `effect` and the levels are None."""

    kpi: str
    name: Words
    unit: str
    window: int
    primary: bool
    treated_level: float | None
    counterfactual_level: float | None
    effect: float | None
    ci: Interval | None
    relative: float | None
    relative_ci: Interval | None
    p_value: float | None
    p_adjusted: float | None
    headline: str
    labels: tuple[str, ...]
    by_control: Mapping[str, ByControl]
    naive: Mapping[str, NaiveNumber]
    verdict: str
    reasons: tuple[str, ...]
    reason_words: tuple[tuple[str, Words, Words], ...]
    placebo: Mapping[str, Any]
    treated: int
    power: Mapping[str, Any] = field(default_factory=dict)
    breakdown: Mapping[str, Any] = field(default_factory=dict)
    e_value: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class EventPoint:
    """One point of the path."""

    kpi: str
    period: int
    effect: float
    ci: Interval
    counted: bool


@dataclass(frozen=True)
class Answer:
    """Everything a study says; `matches` and `cells` are tables, the rest is `study.json`."""

    fingerprint: Fingerprint
    design: Mapping[str, Any]
    currency: str
    simulated: bool
    population: People
    balance: tuple[Mapping[str, Any], ...]
    kpis: tuple[KpiAnswer, ...]
    event_study: tuple[EventPoint, ...]
    checks: Mapping[str, Any]
    naive_reasons: Mapping[str, Words]
    words: Words
    warnings: tuple[tuple[str, Words], ...]
    pre_registered: bool
    matches: pa.Table = field(compare=False)
    cells: pa.Table = field(compare=False)
    money: Money | None = None

    @property
    def primary(self) -> KpiAnswer:
        """The one figure the study was made for."""
        return next(kpi for kpi in self.kpis if kpi.primary)

    def as_json(self) -> dict[str, Any]:
        """Return `study.json` as plain values; a number that is not finite becomes null."""
        return _plain(
            {
                "schema": SCHEMA,
                "fingerprint": vars(self.fingerprint),
                "design": dict(self.design) | {"pre_registered": self.pre_registered},
                "currency": self.currency,
                "simulated": self.simulated,
                "population": {
                    "treated": self.population.treated,
                    "eligible": self.population.eligible,
                    "retained": self.population.retained,
                    "never_joiners": self.population.never_joiners,
                    "later_joiners": self.population.later_joiners,
                    "excluded": [
                        {"reason": reason, "n": n, "words": vars(words)}
                        for reason, n, words in self.population.excluded
                    ],
                },
                "balance": [dict(row) for row in self.balance],
                "kpis": [_kpi(kpi) for kpi in self.kpis],
                "event_study": [vars(point) for point in self.event_study],
                "checks": dict(self.checks),
                "money": self.money.as_json() if self.money else dict(NO_MONEY),
                "naive_reasons": {code: vars(words) for code, words in self.naive_reasons.items()},
                "words": vars(self.words),
                "warnings": [{"code": code} | vars(words) for code, words in self.warnings],
            }
        )

    def to_json(self) -> str:
        """Return `study.json` as text, keys in a fixed order."""
        return json.dumps(self.as_json(), ensure_ascii=False, indent=1, allow_nan=False)


def _kpi(kpi: KpiAnswer) -> dict[str, Any]:
    return {
        "kpi": kpi.kpi,
        "name": vars(kpi.name),
        "unit": kpi.unit,
        "window": kpi.window,
        "primary": kpi.primary,
        "treated": kpi.treated,
        "treated_level": kpi.treated_level,
        "counterfactual_level": kpi.counterfactual_level,
        "effect": kpi.effect,
        "ci": kpi.ci,
        "relative": kpi.relative,
        "relative_ci": kpi.relative_ci,
        "p_value": kpi.p_value,
        "p_adjusted": kpi.p_adjusted,
        "headline": kpi.headline,
        "labels": kpi.labels,
        "by_control": {code: vars(found) for code, found in kpi.by_control.items()},
        "naive": {code: found.effect for code, found in kpi.naive.items()},
        "naive_ci": {code: found.ci for code, found in kpi.naive.items()},
        "placebo": dict(kpi.placebo),
        "power": dict(kpi.power),
        "breakdown": dict(kpi.breakdown),
        "e_value": None if kpi.e_value is None else dict(kpi.e_value),
        "verdict": kpi.verdict,
        "reasons": kpi.reasons,
        "reason_words": [
            {"code": code, "zh": why.zh, "en": why.en, "cure": vars(cure)}
            for code, why, cure in kpi.reason_words
        ],
    }


def _plain(value: Any) -> Any:
    """JSON values: tuples become lists, floats nine significant digits, what is not finite null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, bool) or value is None or isinstance(value, int | str):
        return value
    number = float(value)
    return float(f"{number:.9g}") if math.isfinite(number) else None
