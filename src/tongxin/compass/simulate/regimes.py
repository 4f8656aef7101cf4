"""The visible list of regimes: how people come to join, and what joining does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Regime:
    """One way in which nature could work: a slope, and a named combination of switches.

    Attributes
    ----------
    selection : float
        Slope of the log odds of joining on the standardised lasting trait u.
    effect_allowed : bool
        Whether joining may change spending (not under `null`).
    switches : mapping of switch code to value
        What else is on; `--with` adds to it or changes a value.
    clean : bool
        Whether a comparison with never-joiners is honest here (up to noise).
    """

    code: str
    selection: float
    effect_allowed: bool
    zh: str
    en: str
    switches: Mapping[str, float] = field(default_factory=dict)
    clean: bool = True

    def joins(self, trait: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
        """Draw exactly `share` of the members without replacement, odds growing with the trait.

        Gumbel-top-k: the k largest of slope·u + Gumbel noise are a draw without replacement.
        """
        fit = np.isfinite(trait)
        keys = self.selection * np.where(fit, trait, 0.0) + rng.gumbel(size=len(trait))
        keys[~fit] = -np.inf
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
        Regime(
            "family",
            0.0,
            True,
            "亲子家庭更爱参加，他们的消费随假期起落",
            "families join more, and their spending follows the school holidays",
            {"family_season": 0.25, "join_on_family": 1.2},
        ),
        Regime(
            "spike",
            0.4,
            True,
            "刚囤过货、上月买得多的人来参加",
            "people join just after a month in which they bought a lot",
            {"spikes": 0.05, "join_on_shock": 0.6},
        ),
        Regime(
            "growth",
            0.4,
            True,
            "消费正在上升的人来参加",
            "people whose spending is growing anyway join",
            {"growth_type": 1.5, "join_on_growth": 1.0},
            clean=False,
        ),
        Regime(
            "jump",
            0.4,
            True,
            "活动开始前的一次生活变化（看不见）让人多买，也让人来参加",
            "a hidden change of life just before the programme starts makes people buy more and join",
            {"hidden_shock": 35.0},
            clean=False,
        ),
        Regime(
            "jump_at_entry",
            0.4,
            True,
            "每个人参加的当月发生看不见的变化：任何观察研究都看不出",
            "a hidden change in the very month in which each one joins: no observational study can see it",
            {"shock_at_entry": 12.0},
            clean=False,
        ),
        Regime(
            "lottery",
            0.85,
            True,
            "名额有限，报名者抽签：落选者是随机对照",
            "seats are few and drawn by lot among the registered: those who lose are a randomised control",
            {"lottery": 0.5, "waiting_list": 0.2},
        ),
        Regime(
            "neighbours",
            0.85,
            True,
            "效果传到没参加的朋友身上：对照被污染",
            "the effect reaches friends who did not join: contaminated controls",
            {"spillover": 0.3},
            clean=False,
        ),
        Regime(
            "messy",
            0.85,
            True,
            "记录不齐：漏刷会员码、重复账号、退货、员工与代购账号、开关店",
            "untidy records: missing ids, double accounts, returns, staff and resellers, stores that open and close",
            {
                "missing_ids": 0.25,
                "duplicates": 0.02,
                "refunds": 0.03,
                "staff_accounts": 0.01,
                "resellers": 0.003,
                "store_changes": 0.1,
            },
            clean=False,
        ),
    )
}
