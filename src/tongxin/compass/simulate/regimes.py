"""The visible list of regimes: how people come to join, and what joining does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Regime:
    """One way in which nature could work.

    Attributes
    ----------
    selection : float
        Slope of the log odds of joining on the standardised lasting trait u.
    effect_allowed : bool
        Whether joining may change spending (not under `null`).
    """

    code: str
    selection: float
    effect_allowed: bool
    zh: str
    en: str

    def joins(self, trait: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
        """Draw exactly `share` of the members without replacement, odds growing with the trait.

        Gumbel-top-k: the k largest of slope·u + Gumbel noise are a draw without replacement.
        """
        keys = self.selection * trait + rng.gumbel(size=len(trait))
        chosen = np.zeros(len(trait), dtype=bool)
        chosen[np.argsort(-keys)[: round(share * len(trait))]] = True
        return chosen


REGIMES: dict[str, Regime] = {
    regime.code: regime
    for regime in (
        Regime("null", 0.85, False, "按长期偏好选择，效果为零", "selection on a lasting trait, no effect"),
        Regime(
            "level",
            0.85,
            True,
            "按长期偏好选择，效果为给定值",
            "selection on a lasting trait, planted effect",
        ),
    )
}
