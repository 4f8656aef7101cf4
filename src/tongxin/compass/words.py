"""What the study says in a sentence that a finance director understands. 还不能下结论 is a good answer."""

from __future__ import annotations

from tongxin.compass.answer import KpiAnswer
from tongxin.compass.design import Design
from tongxin.compass.sentence import Words, figure, per_cent, points, span

UNIT_WORDS: dict[str, Words] = {
    "month": Words("个月", "months"),
    "four_weeks": Words("个四周", "four-week periods"),
    "week": Words("周", "weeks"),
}

EXCLUSIONS: dict[str, Words] = {
    "staff": Words("员工", "staff"),
    "measurement_refused": Words(
        "拒绝参与衡量的会员（两组都不计入）", "members who refused measurement (left out of both arms)"
    ),
    "without_purchases": Words("参加过但没有可识别的消费", "took part but have no identified purchase"),
    "entered_before_baseline": Words("参加得太早，基线不完整", "entered before a full baseline was there"),
    "window_not_closed": Words("参加得太晚，随访未满", "entered too late, the window has not closed"),
    "not_alive": Words("参加前的基线期没有消费", "no purchase in the baseline"),
    "too_new": Words("入会时间太短", "not a member for long enough"),
    "no_controls": Words(
        "找不到相似的对照，或该批人数太少", "no comparable controls, or a cohort that is too small"
    ),
}

LABELS: dict[str, Words] = {
    "weak_evidence": Words("证据偏弱", "weak evidence"),
    "matched_part_only": Words("只适用于配得上的参加者", "for the matched part only"),
    "one_control_group": Words("只有一个对照组能用", "only one control group usable"),
    "not_after_correction": Words("多项一起看时不再成立", "does not survive correction for several figures"),
    "placebo_not_testable": Words("假想参加日无法检验", "placebo not testable"),
}

VERDICTS: dict[str, Words] = {
    "positive": Words("有差异", "a difference"),
    "negative": Words("变差了", "worse"),
    "no_evidence": Words("看不出差异", "no evidence of a difference"),
    "range_only": Words("只能给范围", "a range only"),
    "cannot_be_said": Words("还不能下结论", "cannot be said yet"),
}


def headline(kpi: KpiAnswer, design: Design, currency: str) -> Words:
    """Say the primary figure, its interval, its horizon and what it is compared with."""
    unit = UNIT_WORDS[design.period]
    level = f"{design.level:.0%}"
    if kpi.verdict == "cannot_be_said":
        why = kpi.reason_words[0]
        return Words(
            f"还不能下结论。{why[1].zh}{why[2].zh}", f"It cannot be said yet. {why[1].en} {why[2].en}"
        )
    zh_span, en_span = (span(kpi.ci, kpi.unit, currency, language=language) for language in ("zh", "en"))
    if kpi.verdict == "range_only":
        return Words(
            f"还不能下结论：之后 {kpi.window} {unit.zh}的{kpi.name.zh}差异只能给一个范围，{zh_span}。{kpi.reason_words[0][1].zh}",
            f"It cannot be said yet: over the following {kpi.window} {unit.en} the difference in {kpi.name.en.lower()} "
            f"can only be given as a range, {en_span}. {kpi.reason_words[0][1].en}",
        )
    size_zh = points(kpi.effect, kpi.unit, currency)
    size_en = points(kpi.effect, kpi.unit, currency, language="en")
    base = figure(kpi.counterfactual_level, kpi.unit, currency)
    if kpi.verdict == "no_evidence":
        return Words(
            f"看不出差异：之后 {kpi.window} {unit.zh}，参加者的{kpi.name.zh}与不参加时相差 {size_zh}"
            f"（{level} 区间 {zh_span}），区间包含零。",
            f"No evidence of a difference: over the following {kpi.window} {unit.en} {kpi.name.en.lower()} differs by "
            f"{size_en} ({level} interval {en_span}); the interval includes zero.",
        )
    return Words(
        f"参加过的会员，之后 {kpi.window} {unit.zh}的{kpi.name.zh}变化 {size_zh}（{level} 区间 {zh_span}）；"
        f"若不参加约为 {base}，相当于 {per_cent(kpi.relative)}。",
        f"Over the {kpi.window} {unit.en} after joining, {kpi.name.en.lower()} changed by {size_en} ({level} interval "
        f"{en_span}); without joining it would have been about {base}, so {per_cent(kpi.relative)}.",
    )
