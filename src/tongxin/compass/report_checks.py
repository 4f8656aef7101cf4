"""The part of the report that says why to believe it and where not yet: every check with mark, words and figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from tongxin.compass.answer import Answer, KpiAnswer
from tongxin.compass.report_parts import Say, table
from tongxin.compass.sentence import Words, difference, points, span
from tongxin.compass.verdict import BREAKDOWN_REFUSES, BREAKDOWN_SUGGESTS
from tongxin.compass.words import UNTESTABLE

GOOD, MIND, BAD, PLAIN = ("ok", "✓"), ("mind", "△"), ("no", "✕"), ("note", "·")
_STATES = {
    "passes": GOOD,
    "equivalent": GOOD,
    "far_controls": MIND,
    "not_shown_equivalent": MIND,
    "fails": BAD,
    "difference_before_entry": BAD,
}


@dataclass(frozen=True)
class Item:
    """One line; `why_not` stands where the check could not be made."""

    mark: tuple[str, str]
    words: Words
    figure: str
    why_not: str = ""


def check_list(answer: Answer, language: str, say: Say) -> str:
    """Return the checks that were made, then in one line each those that could not be."""
    items = list(_items(answer, language))
    made = [item for item in items if not item.why_not]
    lines = "".join(
        f'<li><span class="{item.mark[0]}" aria-hidden="true">{item.mark[1]}</span><span>{say(item.words)}</span>'
        f'<span class="note">{escape(item.figure)}</span></li>'
        for item in made
    )
    return f'<ul class="believe">{lines}</ul>{_untested(items, say)}{_breakdown_table(answer, language, say)}'


def lines(answer: Answer) -> list[dict[str, str]]:
    """Return every check as plain values for whoever shows it elsewhere, in both languages.

    `mark` is one of ok, mind, no, note; `why_not_…` says why a check could not be made, else it is empty.
    """
    found = []
    for zh, en in zip(_items(answer, "zh"), _items(answer, "en"), strict=True):
        why = UNTESTABLE.get(zh.why_not, UNTESTABLE["no_comparison"]) if zh.why_not else Words("", "")
        found.append(
            {
                "mark": zh.mark[0],
                "zh": zh.words.zh,
                "en": zh.words.en,
                "figure_zh": zh.figure,
                "figure_en": en.figure,
                "why_not_zh": why.zh,
                "why_not_en": why.en,
            }
        )
    return found


def _untested(items: list[Item], say: Say) -> str:
    missing = [item for item in items if item.why_not]
    if not missing:
        return ""
    lines = "".join(
        f"<li>{say(item.words)}: {say(UNTESTABLE.get(item.why_not, UNTESTABLE['no_comparison']))}</li>"
        for item in missing
    )
    heading = say(Words("没能检验的，和原因", "What could not be tested, and why"))
    return f'<p class="note untested">{heading}</p><ul class="note">{lines}</ul>'


def _items(answer: Answer, language: str) -> Iterator[Item]:
    kpi, checks = answer.primary, answer.checks

    def falsified(name: str, words: Words, unit: str = "") -> Item:
        found = checks.get(name, {})
        return _falsified(found, words, unit or kpi.unit, answer.currency, language=language)

    yield falsified("placebo", Words("假想参加日之后没有差异", "no difference after a pseudo-entry"))
    yield falsified(
        "drift", Words("参加前两组没有越走越远（每期）", "no drift apart before entry (a period)")
    )
    yield falsified("no_show", Words("报了名没来的人没有“效果”", "no effect among no-shows"))
    category = checks.get("negative_control", {}).get("category") or ""
    named = (f"（{category}）", f" ({category})") if category else ("", "")
    yield falsified(
        "negative_control",
        Words(f"活动影响不到的品类没有变化{named[0]}", f"nothing moves in the negative control{named[1]}"),
        "money/month",
    )
    yield from _groups(answer, kpi, language)
    yield from _breakdown(checks)
    yield from _surroundings(answer, kpi, language)
    yield from _sample(answer, kpi, language)


def _falsified(found: Mapping[str, Any], words: Words, unit: str, currency: str, *, language: str) -> Item:
    if found.get("effect") is None:
        return Item(MIND, words, "", str(found.get("reason", "not_looked")))
    said = points(found["effect"], unit, currency, language=language)
    interval = span(found["ci"], unit, currency, language=language)
    return Item(_STATES.get(str(found["status"]), MIND), words, f"{said} ({interval})")


def _groups(answer: Answer, kpi: KpiAnswer, language: str) -> Iterator[Item]:
    sensitivity = answer.checks.get("sensitivity", {})
    words = Words(
        "两个对照组的差（从未参加 − 后来参加）", "gap between the control groups (never − later joiners)"
    )
    gap = sensitivity.get("never_minus_later")
    if gap is None:
        yield Item(MIND, words, "", "one_group")
    else:
        low, high = gap["ci"]
        said = points(gap["effect"], kpi.unit, answer.currency, language=language)
        interval = span((low, high), kpi.unit, answer.currency, language=language)
        yield Item(GOOD if low <= 0 <= high else MIND, words, f"{said} ({interval})")
    share = answer.checks.get("overlap", {}).get("retained_share")
    if share is not None:
        words = Words("找得到相似对照的参加者", "participants with comparable controls")
        yield Item(GOOD if share >= 0.8 else MIND, words, f"{share:.0%}")
    store = sensitivity.get("leave_one_store_out")
    if store:
        ends = span((store["low"], store["high"]), kpi.unit, answer.currency, language=language)
        steady = store["low"] > 0 or store["high"] < 0 or kpi.verdict == "no_evidence"
        words = Words("去掉任意一家店，结果的范围", "range when any one store is left out")
        yield Item(GOOD if steady else MIND, words, ends)


def _breakdown(checks: Mapping[str, Any]) -> Iterator[Item]:
    found = checks.get("sensitivity", {}).get("breakdown")
    if not found:
        return
    words = Words(
        "参加后走势差到参加前最大一次的几倍，结论仍成立（要 0.5 倍以上）",
        "times the worst drift before entry that the finding survives (0.5 or more is wanted)",
    )
    if found.get("mbar") is None and not found.get("unbroken"):
        yield Item(MIND, words, "", str(found.get("reason", "no_comparison")))
        return
    mbar = found.get("mbar")
    if mbar == 0:
        yield Item(MIND, words, "", "no_claim")  # the interval holds zero as it is
        return
    if mbar is None:
        yield Item(GOOD, words, "∞")
        return
    mark = GOOD if mbar >= BREAKDOWN_SUGGESTS else MIND if mbar >= BREAKDOWN_REFUSES else BAD
    yield Item(mark, words, f"{mbar:.2f}")


def _surroundings(answer: Answer, kpi: KpiAnswer, language: str) -> Iterator[Item]:
    seen = answer.checks.get("identification", {})
    words = Words(
        "带会员号的销售占比（参加者的店；对照的店）",
        "share of sales with a member code (their stores; the controls')",
    )
    if seen.get("treated_before") is None:
        yield Item(MIND, words, "", str(seen.get("reason", "not_looked")))
    else:
        shares = "; ".join(
            f"{seen[f'{arm}_before']:.0%} → {seen[f'{arm}_after']:.0%}" for arm in ("treated", "control")
        )
        yield Item(_STATES[seen["status"]], words, shares)
    near = answer.checks.get("interference", {})
    words = Words("与参加者走得近的对照（最多 20%）", "controls close to participants (20 % at most)")
    if near.get("near_share") is None:
        yield Item(MIND, words, "", str(near.get("reason", "not_looked")))
    else:
        dropped = near["status"] == "far_controls"
        tail = {"zh": "，已换成不相干的对照", "en": ", replaced by distant ones"}[language] if dropped else ""
        yield Item(_STATES[near["status"]], words, f"{near['near_share']:.0%}{tail}")
    spill = near.get("spillover")
    if spill and near.get("through"):
        words = Words("走得近而没参加的人没有“效果”", "no effect among close people who stayed away")
        yield _falsified(spill, words, kpi.unit, answer.currency, language=language)


def _sample(answer: Answer, kpi: KpiAnswer, language: str) -> Iterator[Item]:
    found = answer.checks.get("power", {})
    if found.get("mde") is not None:
        matters = difference(found["threshold"], kpi.unit, answer.currency, signed=False)
        words = Words(
            f"八成把握能测出的差异（对生意有意义的是 {matters.zh}，最多两倍）",
            f"difference found four times out of five ({matters.en} matters, twice that at most)",
        )
        mark = GOOD if found["mde"] <= found["threshold"] else MIND if found["enough"] else BAD
        said = difference(found["mde"], kpi.unit, answer.currency, signed=False)
        yield Item(mark, words, said.zh if language == "zh" else said.en)
    regress = answer.checks.get("sensitivity", {}).get("regression_to_the_mean")
    if regress:
        words = Words(
            "如果按过去消费配对，会凭空多出", "what matching on past spend would have added out of nothing"
        )
        yield Item(PLAIN, words, points(regress["bias"], kpi.unit, answer.currency, language=language))
    e_values = answer.checks.get("sensitivity", {}).get("e_value") or {}
    names = {one.kpi: one.name for one in answer.kpis}
    for code, value in (e_values.get("kpis") or {}).items():
        name = names[code]
        words = Words(
            f"隐藏的原因要有多强，才能解释掉{name.zh}的差异（E 值；区间近端）",
            f"strength of a hidden cause that would explain {name.en.lower()} away (E-value; near end)",
        )
        yield Item(PLAIN, words, f"{value['e_value']:.2f}; {value['e_value_limit']:.2f}")


def _breakdown_table(answer: Answer, language: str, say: Say) -> str:
    """What is left of the figure when the groups are allowed to drift apart."""
    kpi = answer.primary
    found = answer.checks.get("sensitivity", {}).get("breakdown") or {}
    if not found.get("intervals"):
        return ""
    rows = [
        [f"{one['mbar']:.0%}", span(one["ci"], kpi.unit, answer.currency, language=language)]
        for one in found["intervals"]
    ]
    head = [
        say(Words("允许的走势偏差（参加前最大一次的）", "Drift allowed (of the worst before entry)")),
        say(Words("差异的稳健区间", "Robust interval")),
    ]
    note = say(
        Words(
            "参照是整段基线的平均；100% 相当于参加前的直线走势原样走下去（Rambachan & Roth 2023）。",
            "The reference is the mean of the whole baseline; 100 % is a straight drift that simply goes on "
            "(Rambachan & Roth 2023).",
        )
    )
    inner = table(head, rows, label=say(Words("稳健区间", "Robust intervals")))
    summary = say(Words("假如走势有偏差，还剩多少", "What is left if the groups drift apart"))
    return f'<details><summary>{summary}</summary>{inner}<p class="note">{note}</p></details>'
