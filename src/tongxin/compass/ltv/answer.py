"""The frozen answer of `ltv fit` and its JSON form `tongxin.ltv/1`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from tongxin.compass.ltv.bg_nbd import NAMES as FREQUENCY_NAMES
from tongxin.compass.ltv.bg_nbd import BgNbd
from tongxin.compass.ltv.gamma_gamma import NAMES as VALUE_NAMES
from tongxin.compass.ltv.gamma_gamma import GammaGamma
from tongxin.compass.ltv.holdout import Holdout
from tongxin.compass.ltv.retention import Curve
from tongxin.compass.ltv.traps import Trap
from tongxin.compass.sentence import Words

SCHEMA = "tongxin.ltv/1"


@dataclass(frozen=True)
class Horizon:
    """What an average member is expected to bring over some months, with intervals; None where refused."""

    months: int
    purchases: tuple[float, float, float] | None
    value: tuple[float, float, float] | None


@dataclass(frozen=True)
class Ltv:
    """Everything `ltv fit` says; `members` is the table an analyst takes away.

    Attributes
    ----------
    basis : {"margin", "revenue"}
        What a value is made of.
    observed_value : float
        What an average member has really brought up to now, undiscounted.
    observed_share : float or None
        Observed over observed plus the forecast of the longest horizon.
    """

    as_of: str
    version: str
    data: str
    currency: str
    simulated: bool
    settings: Mapping[str, Any]
    basis: str
    cost_known: float | None
    population: Mapping[str, int]
    observed_value: float
    observed_share: float | None
    causal: Mapping[str, Any]
    frequency: BgNbd | None
    value: GammaGamma | None
    horizons: tuple[Horizon, ...]
    holdout: Holdout | None
    retention: tuple[Curve, ...]
    traps: tuple[Trap, ...]
    words: Words
    causal_words: Words
    members: pa.Table = field(compare=False)

    @property
    def refused(self) -> bool:
        """Whether no forecast is given at all."""
        return self.frequency is None or any(
            one.refuses for one in self.traps if one.code == "weak_identification"
        )

    def as_json(self) -> dict[str, Any]:
        """Return `ltv.json` as plain values; a number that is not finite becomes null."""
        found: dict[str, Any] = _plain(
            {
                "schema": SCHEMA,
                "as_of": self.as_of,
                "fingerprint": {"data": self.data, "code": self.version},
                "currency": self.currency,
                "simulated": self.simulated,
                "settings": dict(self.settings),
                "basis": self.basis,
                "cost_of_goods_known": self.cost_known,
                "population": dict(self.population),
                "observed": {"value_per_member": self.observed_value, "share_of_total": self.observed_share},
                "causal": dict(self.causal) | {"words": vars(self.causal_words)},
                "forecast": {
                    "given": not self.refused,
                    "bg_nbd": _bg_nbd(self.frequency),
                    "gamma_gamma": _gamma_gamma(self.value),
                    "horizons": [vars(one) for one in self.horizons],
                    "interval": "parameter uncertainty only (delta method); the held-out error stands in `holdout`",
                },
                "holdout": _holdout(self.holdout),
                "retention": [
                    {"cohort": one.cohort, "members": one.members, "points": [vars(p) for p in one.points]}
                    for one in self.retention
                ],
                "traps": [{"code": t.code, "weight": t.weight} | vars(t.words) for t in self.traps],
                "words": vars(self.words),
            }
        )
        return found

    def to_json(self) -> str:
        """Return `ltv.json` as text, keys in a fixed order."""
        return json.dumps(self.as_json(), ensure_ascii=False, indent=1, allow_nan=False)


def _bg_nbd(model: BgNbd | None) -> dict[str, Any] | None:
    if model is None:
        return None
    return {
        "parameters": dict(zip(FREQUENCY_NAMES, model.parameters, strict=True)),
        "standard_errors": dict(zip(FREQUENCY_NAMES, model.se, strict=True)),
        "unit_of_time": "day",
        "log_likelihood": model.log_likelihood,
        "condition_number": model.condition,
        "converged": model.converged,
        "members": model.members,
    }


def _gamma_gamma(model: GammaGamma | None) -> dict[str, Any] | None:
    if model is None:
        return None
    return {
        "parameters": {name: getattr(model, name) for name in VALUE_NAMES},
        "mean_purchase": model.mean,
        "log_likelihood": model.log_likelihood,
        "condition_number": model.condition,
        "converged": model.converged,
        "members": model.members,
        "correlation_of_value_and_frequency": model.correlation,
    }


def _holdout(found: Holdout | None) -> dict[str, Any]:
    if found is None:
        return {"status": "not_testable"}
    return {
        "status": "beats_naive" if found.beats else "does_not_beat_naive",
        "days": found.days,
        "members": found.members,
        "expected": found.expected,
        "actual": found.actual,
        "bias": found.bias,
        "bias_within_5_per_cent": found.within,
        "mae": found.mae,
        "mae_own_rate": found.mae_own_rate,
        "mae_last_year": found.mae_last_year,
        "tracking": [vars(one) for one in found.tracking],
        "words": vars(found.words),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, bool) or value is None or isinstance(value, int | str):
        return value
    number = float(value)
    return float(f"{number:.9g}") if math.isfinite(number) else None
