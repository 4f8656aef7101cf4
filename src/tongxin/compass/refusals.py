"""Reason codes: why there is no number, and what data or time would make one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """One reason in words; `{…}` are filled with what was found."""

    code: str
    zh: str
    en: str
    cure_zh: str
    cure_en: str

    def filled(self, **data: object) -> Reason:
        """Return the reason with its blanks filled."""
        return Reason(
            self.code,
            self.zh.format(**data),
            self.en.format(**data),
            self.cure_zh.format(**data),
            self.cure_en.format(**data),
        )


_LOTTERY_ZH = "报名超员时用公平抽签，或让各店分批上线，落选者和后上线的店就是天然的对照。"
_LOTTERY_EN = "Draw lots when an event is over-subscribed, or roll out store by store: those left waiting are the control group."

#: the smallest number of treated members that may stand behind a printed number
LEAST_TREATED = 100

REASONS: dict[str, Reason] = {
    "R1": Reason(
        "R1",
        "样本不足：能比较的参加者只有 {found} 人，至少要 {needed} 人。",
        "Too few people: {found} participants can be compared, at least {needed} are needed.",
        "再积累约 {missing} 位参加者，或把同类活动合在一起看。",
        "Wait for about {missing} more participants, or study similar events together.",
    ),
    "R2": Reason(
        "R2",
        "找不到相似的对照：只有 {share:.0%} 的参加者能配上，至少要 50%。",
        "No comparable controls: only {share:.0%} of the participants find any, at least 50 % must.",
        "放宽分层（例如按区域而不是按店），或等更多同店会员。",
        "Use wider strata (region instead of store) or wait for more members of the same stores.",
    ),
    "R3": Reason(
        "R3",
        "两组人不一样：{covariate}的标准化差异为 {smd:.2f}，超过 0.25。",
        "The groups differ: {covariate} has a standardised difference of {smd:.2f}, more than 0.25.",
        "把这个特征加入分层。" + _LOTTERY_ZH,
        "Add it to the strata. " + _LOTTERY_EN,
    ),
    "R4": Reason(
        "R4",
        "假想参加日也测出差异（{placebo}，区间 {low}～{high}）：差异在参加之前就有了，不能算作效果。",
        "A pseudo-entry before the real one shows a difference too ({placebo}, interval {low} to {high}): it was "
        "there before anything happened.",
        _LOTTERY_ZH,
        _LOTTERY_EN,
    ),
    "R4_untestable": Reason(
        "R4",
        "基线太短，假想参加日无法检验，不能只凭这一个数下结论。",
        "The baseline is too short to test a pseudo-entry, so this number alone proves nothing.",
        "等基线更长，或登记一个更短的期。",
        "Wait for a longer baseline, or register shorter periods.",
    ),
    "R5": Reason(
        "R5",
        "两个对照组说法不一：从未参加者给出 {b}，后来才参加者给出 {e}。",
        "The two control groups disagree: never-joiners give {b}, later joiners give {e}.",
        _LOTTERY_ZH,
        _LOTTERY_EN,
    ),
    "R7": Reason(
        "R7",
        "数据太短：要有 {baseline} 期基线和 {window} 期随访，现有 {periods} 期完整数据，没有一批参加者两样都齐。",
        "Too short: {baseline} periods of baseline and {window} of follow-up are needed, {periods} complete periods "
        "are there, and no cohort has both.",
        "再等 {missing} 期，或登记一个更短的设计。",
        "Wait {missing} more periods, or register a shorter design.",
    ),
    "R0": Reason(
        "R0",
        "缺少这项指标需要的数据表：{tables}。",
        "Tables that this figure needs are missing: {tables}.",
        "补上这些表再算。",
        "Bring these tables.",
    ),
    "R0_ratio": Reason(
        "R0",
        "窗口或基线里没有人消费，比率没有分母。",
        "Nobody bought in the window or in the baseline, so the ratio has no denominator.",
        "等有消费的期再算，或看频率和消费额。",
        "Wait for periods with purchases, or read frequency and spend instead.",
    ),
}
