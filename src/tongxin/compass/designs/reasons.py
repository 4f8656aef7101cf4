"""Why a lottery, a holdout or a matched comparison gives no number; codes go on where the default study's end."""

from __future__ import annotations

from tongxin.compass.refusals import LOTTERY_EN, LOTTERY_ZH, Reason

REASONS: dict[str, Reason] = {
    "R7_draws": Reason(
        "R7",
        "没有一次抽签能看：要有落选者（lost_draw），抽签前 {baseline} 期基线、抽签后 {window} 期随访都齐。",
        "No draw can be read: it takes losers (lost_draw), {baseline} periods before the draw and {window} after it.",
        "把落选名单一并导入，或等随访期满。",
        "Import those who lost the draw, or wait until the window has closed.",
    ),
    "R11": Reason(
        "R11",
        "抽签看起来不公平：抽签之前两组人就不一样（联合检验 p = {p}）。可能有保留名额，或名单不全。",
        "The draw does not look fair: the two groups differed before it (joint test p = {p}). Seats may have been reserved, "
        "or the lists are incomplete.",
        "把保留名额的人从名单里去掉；或用 tongxin draw verify 核对抽签，再抽一次。",
        "Take reserved seats off the lists; or check the draw with `tongxin draw verify` and draw again.",
    ),
    "R12": Reason(
        "R12",
        "分组比例和计划不符：计划留出 {planned:.0%}，实际 {found:.1%}（p = {p}）。有人被漏记或被挪了组。",
        "The split is not as planned: {planned:.0%} were to be held out, {found:.1%} are (p = {p}). Somebody was lost or moved.",
        "先查清谁不见了，再看效果；重新随机分组也可以。",
        "Find out who is missing before reading any effect, or draw the groups anew.",
    ),
    "R13": Reason(
        "R13",
        "中签几乎没有让人来得更多（第一阶段 F = {strength}，至少要 10），所以说不了“来了的人”的效果。",
        "Winning hardly made anybody come (first stage F = {strength}, at least 10 is needed), so the effect on those who "
        "came cannot be said.",
        "看“中签与否”的效果，或先让中签的人真的来。",
        "Read the effect of being drawn, or first see to it that winners come.",
    ),
    "R14": Reason(
        "R14",
        "整组分配的组太少：两边各 {treated} 组和 {held} 组，每边至少要 {needed} 组。",
        "Too few groups were drawn: {treated} and {held} on the two sides, at least {needed} each are needed.",
        "再加群或门店，或改为按周轮换（这一周发，下一周不发）。",
        "Add groups or stores, or switch back and forth by week.",
    ),
    "R14_mixed": Reason(
        "R14",
        "有 {mixed} 个组里既有分到的也有留出的人：说好整组分配，实际不是。",
        "{mixed} groups hold both treated and held-out members, although whole groups were to be drawn.",
        "按实际的分配单位登记设计（unit），或重新整组分配。",
        "Register the unit that was really drawn, or draw whole groups anew.",
    ),
    "R15": Reason(
        "R15",
        "按过去消费配对会带来均值回归：这里约 {bias}，超过测到的差异 {effect} 的四分之一，分不清哪部分是效果。",
        "Matching on past spend brings regression to the mean: about {bias} here, more than a quarter of the difference "
        "{effect}, so the effect cannot be told apart from it.",
        "用默认的双对照设计（不按过去消费配对）。" + LOTTERY_ZH,
        "Use the default two-control design, which does not match on past spend. " + LOTTERY_EN,
    ),
    "R0_mean": Reason(
        "R0",
        "这个设计只能算人均指标；{name}是比率或累计值。",
        "This design can only be computed for means per member; {name} is a ratio or a value over months.",
        "用默认设计看这一项。",
        "Read it with the default design.",
    ),
}
