"""What a reader of the shortlist is told: components, reasons, flags, refusals, in Chinese and English."""

from __future__ import annotations

from tongxin.compass.refusals import Reason
from tongxin.compass.sentence import Words

#: component → its name; the order is the order on the page
NAMES: dict[str, Words] = {
    "reach": Words("影响面", "Reach"),
    "conversion": Words("带新", "Conversion"),
    "credibility": Words("可信度", "Credibility"),
    "content": Words("内容质量", "Content quality"),
    "bridging": Words("跨店连接", "Bridging"),
}

#: component → the sentence with its evidence
REASONS: dict[str, Words] = {
    "reach": Words("有 {n} 位会员回应过 TA", "{n} members have answered them"),
    "conversion": Words(
        "邀请的人里有 {n} 位完成了首购，且已过退货期",
        "{n} people they invited have bought and kept the goods",
    ),
    "credibility": Words(
        "回答 {n} 次，被采纳 {x} 次（保守估计采纳率 {value:.0%}）",
        "{n} answers, {x} accepted (acceptance at least {value:.0%}, cautiously)",
    ),
    "content": Words("有 {n} 位会员单方面点赞", "{n} members liked what they wrote without being liked back"),
    "bridging": Words(
        "{n} 次往来分布在多家门店（跨店系数 {value:.2f}）",
        "{n} contacts spread over stores (coefficient {value:.2f})",
    ),
}

#: component → why it could not be looked at
MISSING: dict[str, Words] = {
    "reach": Words("没有回复记录，影响面未计入", "No replies in the data: reach is left out"),
    "conversion": Words(
        "没有邀请记录或订单，带新未计入", "No referrals or no orders in the data: conversion is left out"
    ),
    "credibility": Words("没有回答记录，可信度未计入", "No answers in the data: credibility is left out"),
    "content": Words("没有点赞记录，内容质量未计入", "No likes in the data: content quality is left out"),
    "bridging": Words(
        "没有门店归属，跨店连接未计入", "No home stores in the data: bridging between stores is left out"
    ),
}

FLAGS: dict[str, Words] = {
    "mutual_likes": Words(
        "点赞有 {share:.0%} 是互赞，请看内容本身",
        "{share:.0%} of the likes are mutual: look at the content itself",
    ),
    "accept_ring": Words(
        "采纳有 {share:.0%} 来自互相采纳，已不计入",
        "{share:.0%} of the acceptances were exchanged and do not count",
    ),
    "one_voice": Words("回应有 {share:.0%} 来自同一个人", "{share:.0%} of the replies come from one person"),
    "referral_burst": Words(
        "一天之内邀请了 {n} 人，请核实", "{n} people were invited within one day: please verify"
    ),
    "empty_referrals": Words(
        "邀请了 {n} 人，几乎没有人购买", "{n} people were invited and hardly any of them bought"
    ),
}

ALREADY = Words("已在{ring}", "Already in {ring}")
RANDOM = Words("随机名额：从符合条件的会员中抽签产生", "By lot, from all eligible members")
REACHED = Words(
    "名单上的人合起来大约能影响 {people} 位会员（区间 {low}～{high}）；随机同样多的人约 {lot} 位",
    "Word from the list would reach about {people} members ({low} to {high}); from as many drawn by lot about {lot}",
)
NO_STORES = Words("没有门店归属，名单没有按店限额", "No home stores in the data: no quota per store")
FEW = Words(
    "名单没有排满：符合条件的有 {n} 位，每店最多 {quota} 位",
    "The list is not full: {n} members are eligible, at most {quota} a store",
)
CAVEAT = Words(
    "这是供人判断的候选名单，不是结论；请先看理由和提示，再由门店与本人沟通。",
    "A shortlist for people to judge, not a verdict: read reasons and flags, then talk to the member.",
)

NOT_ENOUGH = Reason(
    "K1",
    "只能看到 {found} 个方面（{names}），至少要有 {needed} 个，名单才不会被一个数字左右。",
    "Only {found} of five sides can be seen ({names}); {needed} are needed so that no single figure decides.",
    "补上回复、回答与采纳、点赞、邀请或门店归属。",
    "Bring replies, answers and acceptances, likes, referrals or home stores.",
)
NOBODY = Reason(
    "K2",
    "{days} 天内没有符合条件且有往来的会员。",
    "Nobody eligible has taken part within {days} days.",
    "等会员入会满 {tenure} 天并有往来，或把时间窗放长。",
    "Wait until members have been in for {tenure} days and have taken part, or look further back.",
)
