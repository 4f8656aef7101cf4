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
    "returns_open": Words("参加得太晚，退货期未过", "entered too late, purchases can still be returned"),
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
    "suggestive": Words("仅供参考：经不起较大的走势偏差", "suggestive: a larger drift would undo it"),
    "some_imbalance": Words("有特征没有完全对上", "a trait does not quite agree"),
    "spread_differs": Words("有特征的分散程度不同", "the spread of a trait differs"),
    "cohort_imbalance": Words("有一批参加者没有对上", "one cohort does not agree"),
    "far_controls": Words("只用不相干的对照", "distant controls only"),
    "these_stores_only": Words("只说明这几家店", "these stores only"),
    "placebo_not_testable": Words("假想参加日无法检验", "placebo not testable"),
}

#: what a label means for the reader of the primary figure
LABEL_WARNINGS: dict[str, Words] = {
    "these_stores_only": Words(
        "参加者来自不到 10 家店：结论只说明这几家店，不能推到其他店。",
        "The participants come from fewer than 10 stores: the finding is about these stores, not about stores in general.",
    ),
    "far_controls": Words(
        "超过 20% 的对照与参加者走得近，已全部换成不相干的对照。",
        "More than 20 % of the controls were close to participants; only distant controls are used.",
    ),
    "suggestive": Words(
        "参加后两组的走势只要差到参加前最大一次的一半，结论就不成立：只能当作线索。",
        "Half of the worst drift before entry would undo the finding: take it as a hint.",
    ),
    "spread_differs": Words(
        "有一个特征的分散程度在两组里差到两倍以上。",
        "The spread of a trait differs between the groups by more than two times.",
    ),
    "cohort_imbalance": Words(
        "合在一起看对上了，但有一批参加者和他们的对照差得多。",
        "The groups agree taken together, but one cohort differs from its controls.",
    ),
}

#: why a check could not be made
UNTESTABLE: dict[str, Words] = {
    "too_few": Words("可比的人不足 100", "fewer than 100 comparable people"),
    "short_baseline": Words("基线太短", "the baseline is too short"),
    "no_claim": Words("没有声称有差异", "no difference is claimed"),
    "yes_no_figure": Words("是非型指标改看 E 值", "a yes/no figure has an E-value instead"),
    "span_figure": Words(
        "这项指标按整段时间计，分不出各期", "the figure is read over the whole span, not by period"
    ),
    "not_yes_no": Words("只用于是非型指标", "for yes/no figures only"),
    "no_no_shows": Words("没有报名未到的记录", "no no-shows are recorded"),
    "no_category": Words("没有指定活动影响不到的品类", "no category that cannot move was named"),
    "no_lines": Words("没有商品明细", "no order lines"),
    "no_ties": Words(
        "没有电话、往来或社群的记录，看不出谁和谁走得近",
        "no phones, ties or communities are recorded, so nobody can be seen to be close",
    ),
    "no_unidentified_sales": Words(
        "数据里没有不带会员号的销售，识别率看不出来",
        "the data hold no sales without a member code, so their share cannot be seen",
    ),
    "not_looked": Words("这种方法没有检查", "not examined with this design"),
    "no_comparison": Words("没有可比的人", "nobody can be compared"),
    "one_group": Words("只有一个对照组能用", "only one control group is usable"),
    "one_store": Words("只有一家店", "there is one store only"),
    "ratio": Words("比率不能逐店拆开", "a ratio cannot be taken apart by store"),
    "no_difference_before": Words("基线没有波动", "the baseline does not vary"),
    "no_level": Words("没有不参加时的水平", "the level without joining is unknown"),
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
