"""Reason codes: why there is no number, and what data or time would make one."""

from __future__ import annotations

from dataclasses import dataclass

from tongxin.compass.sentence import Words


@dataclass(frozen=True)
class Reason:
    """One reason in words; `{…}` are filled with what was found."""

    code: str
    zh: str
    en: str
    cure_zh: str
    cure_en: str

    def filled(self, **data: object) -> Reason:
        """Return the reason with its blanks filled; a value in Words is said in each language."""
        zh = {key: value.zh if isinstance(value, Words) else value for key, value in data.items()}
        en = {key: value.en if isinstance(value, Words) else value for key, value in data.items()}
        return Reason(
            self.code,
            self.zh.format(**zh),
            self.en.format(**en),
            self.cure_zh.format(**zh),
            self.cure_en.format(**en),
        )


#: what every refusal offers besides more data: chance as the control group
LOTTERY_ZH = "报名超员时用公平抽签，或让各店分批上线，落选者和后上线的店就是天然的对照。"
LOTTERY_EN = "Draw lots when an event is over-subscribed, or roll out store by store: those left waiting are the control group."

#: the smallest number of treated members that may stand behind a printed number
LEAST_TREATED = 100

REASONS: dict[str, Reason] = {
    "R1": Reason(
        "R1",
        "样本不足：能比较的参加者只有 {found} 人，至少要 {needed} 人。",
        "Too few people: {found} participants can be compared, at least {needed} are needed.",
        "再积累约 {missing} 位参加者，或把同类活动合在一起看。" + LOTTERY_ZH,
        "Wait for about {missing} more participants, or study similar events together. " + LOTTERY_EN,
    ),
    "R1_power": Reason(
        "R1",
        "样本不足：这样的样本八成把握只能测出 {mde} 以上的差异，而对生意有意义的差异是 {threshold}（最多允许两倍）。",
        "Too few people: with this sample a difference must be {mde} or more to be found four times out of five; {threshold} "
        "would matter to the business (twice that is allowed).",
        "约需 {needed} 位参加者（现有 {found} 位），或看更长的窗口。开始之前可用 tongxin roi plan 先算。"
        + LOTTERY_ZH,
        "About {needed} participants are needed (there are {found}), or a longer window; tongxin roi plan says so before "
        "a study starts. " + LOTTERY_EN,
    ),
    "R1_shared": Reason(
        "R1",
        "样本不足：八成把握只能测出 {mde} 以上的差异，而对生意有意义的差异是 {threshold}；误差主要来自门店之间的共同波动，"
        "再多的参加者也补不上。",
        "Too few stores: a difference must be {mde} or more to be found four times out of five; {threshold} would matter. The "
        "error comes from what the stores share, which more participants do not mend.",
        "在更多的店开展，或看更长的窗口。" + LOTTERY_ZH,
        "Hold events in more stores, or read a longer window. " + LOTTERY_EN,
    ),
    "R2": Reason(
        "R2",
        "找不到相似的对照：只有 {share:.0%} 的参加者能配上，至少要 50%。",
        "No comparable controls: only {share:.0%} of the participants find any, at least 50 % must.",
        "放宽分层（例如按区域而不是按店），或等更多同店会员。" + LOTTERY_ZH,
        "Use wider strata (region instead of store) or wait for more members of the same stores. "
        + LOTTERY_EN,
    ),
    "R3": Reason(
        "R3",
        "两组人不一样：{covariate}的标准化差异为 {smd:.2f}，超过 0.25。",
        "The groups differ: {covariate} has a standardised difference of {smd:.2f}, more than 0.25.",
        "把这个特征加入分层。" + LOTTERY_ZH,
        "Add it to the strata. " + LOTTERY_EN,
    ),
    "R4": Reason(
        "R4",
        "假想参加日也测出差异（{placebo}，区间 {low}～{high}）：差异在参加之前就有了，不能算作效果。",
        "A pseudo-entry before the real one shows a difference too ({placebo}, interval {low} to {high}): it was "
        "there before anything happened.",
        "等后来才参加的会员多起来，改和他们比。" + LOTTERY_ZH,
        "Wait until there are more later joiners to compare with. " + LOTTERY_EN,
    ),
    "R4_untestable": Reason(
        "R4",
        "基线太短，假想参加日无法检验，不能只凭这一个数下结论。",
        "The baseline is too short to test a pseudo-entry, so this number alone proves nothing.",
        "等基线更长，或登记一个更短的期。" + LOTTERY_ZH,
        "Wait for a longer baseline, or register shorter periods. " + LOTTERY_EN,
    ),
    "R5": Reason(
        "R5",
        "两个对照组说法不一：从未参加者给出 {b}，后来才参加者给出 {e}。",
        "The two control groups disagree: never-joiners give {b}, later joiners give {e}.",
        "查清参加前后还发生了什么（促销、开店、搬迁），避开那段时间再看。" + LOTTERY_ZH,
        "Find out what else happened around entry (offers, openings, moves) and study a time without it. "
        + LOTTERY_EN,
    ),
    "R6": Reason(
        "R6",
        "结论太脆弱：只要参加之后两组人的走势差到参加之前最大一次的 {mbar:.2f} 倍，这个差异就不成立（至少要能经得起 0.25 倍）。",
        "The finding is fragile: it falls if the groups drift apart after entry by {mbar:.2f} times the worst drift before it "
        "(it must survive 0.25 times).",
        "积累更多参加者或更长的基线，让参加前的走势更清楚。" + LOTTERY_ZH,
        "More participants or a longer baseline would show the path before entry more clearly. " + LOTTERY_EN,
    ),
    "R7_baseline": Reason(
        "R7",
        "{share:.0%} 的参加者在基线期中途才入会，基线不完整（最多允许 5%）。",
        "{share:.0%} of the participants became members inside the baseline, so it is not whole (5 % is allowed).",
        "把最短入会期（min_tenure）设为不短于基线，或等他们的基线满期。" + LOTTERY_ZH,
        "Set min_tenure to at least the baseline, or wait until their baseline is whole. " + LOTTERY_EN,
    ),
    "R7": Reason(
        "R7",
        "数据太短：要有 {baseline} 期基线和 {window} 期随访，现有 {periods} 期完整数据，没有一批参加者两样都齐。",
        "Too short: {baseline} periods of baseline and {window} of follow-up are needed, {periods} complete periods "
        "are there, and no cohort has both.",
        "再等 {missing} 期，或登记一个更短的设计。" + LOTTERY_ZH,
        "Wait {missing} more periods, or register a shorter design. " + LOTTERY_EN,
    ),
    "R8": Reason(
        "R8",
        "识别率不一样：带会员号的销售额占比，参加者的店从 {treated_before:.0%} 到 {treated_after:.0%}，对照的店从 "
        "{control_before:.0%} 到 {control_after:.0%}；相差或变化超过 5 个点，看到的可能是多扫了码，不是多买了。",
        "Identification differs: the share of sales with a member code went from {treated_before:.0%} to {treated_after:.0%} in "
        "the participants' stores and from {control_before:.0%} to {control_after:.0%} in the controls'; with more than 5 "
        "points between or over time, more scanned codes may look like more purchases.",
        "把收银识别率做稳，再看识别率稳定的时段，或看不靠会员号的全店销售额。" + LOTTERY_ZH,
        "Steady the share of sales with a code at the till and study the time after that, or read whole-store sales. "
        + LOTTERY_EN,
    ),
    "R9": Reason(
        "R9",
        "对照会员和参加者走得太近：{share:.0%} 的对照与参加者同住、有往来或在同一个群（最多允许 20%）；只留下不相干的对照，"
        "能比较的参加者只剩 {left} 人。",
        "The controls are too close to the participants: {share:.0%} of them share a household, a tie or a community (20 % is "
        "allowed), and with distant controls only {left} participants can be compared.",
        "用没有开展活动的店作对照，按店而不是按人分批上线。" + LOTTERY_ZH,
        "Compare with stores without events, and roll out by store rather than by person. " + LOTTERY_EN,
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
