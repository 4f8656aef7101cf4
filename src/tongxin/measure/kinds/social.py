"""社群产出: what Stars and the shortlisted bring, and how much service members spare us, with the rule behind each figure."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

from tongxin.foundation.plugs import wiring
from tongxin.measure.kinds import Brief
from tongxin.measure.rules_social import WINDOW, SocialFigure
from tongxin.measure.telling import Table, Told, words

VERSION = "social-1"


def tell(found: None, brief: Brief) -> Told:
    """The figures of the last ninety-one days. It does its own reading: the rooms above hand in what they count."""
    del found
    since = brief.as_of - timedelta(days=WINDOW)
    figures = [one for source in wiring().SOCIAL_FIGURES for one in source(since, brief.as_of, brief.stores)]
    plain = {
        "version": VERSION,
        "since": since.isoformat(),
        "as_of": brief.as_of.isoformat(),
        "figures": [
            {"code": one.code, "value": one.value, "of": one.of, "share": one.share} for one in figures
        ],
    }
    fingerprint = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
    said = {one.code: one for one in figures}
    if not any(one.value or one.of for one in figures):
        why = words(f"最近 {WINDOW} 天还没有可数的。", f"Nothing to count within the last {WINDOW} days.")
        return Told(
            "cannot_be_said",
            words("社群的产出现在还说不出来。", "What the social side brings cannot be said yet."),
            plain,
            reasons=(why,),
            fingerprint=fingerprint,
        )
    return Told(
        "said",
        words("；".join(_said(one, "zh") for one in said.values()) + "。", "; ".join(_said(one, "en") for one in said.values()) + "."),
        plain,
        tables=(_table(figures),),
        warnings=(
            words("这些是数出来的，不等于因此多出来的。", "These are counted; they are not what would not have come otherwise."),
        ),
        fingerprint=fingerprint,
        simulated=any(one.simulated for one in figures),
    )  # fmt: skip


def _said(one: SocialFigure, language: str) -> str:
    name = one.en if language == "en" else one.zh
    return f"{name} {one.value}" if one.of is None else f"{name} {one.value}/{one.of}"


def _table(figures: list[SocialFigure]) -> Table:
    return Table(
        words(f"最近 {WINDOW} 天", f"The last {WINDOW} days"),
        (
            words("指标", "Figure"),
            words("数", "Count"),
            words("共", "Of"),
            words("占比", "Share"),
            words("怎么数", "What counts"),
        ),
        tuple(
            (
                words(one.zh, one.en),
                one.value,
                one.of,
                None if one.share is None else f"{one.share:.1%}",
                words(one.rule_zh, one.rule_en),
            )
            for one in figures
        ),
    )
