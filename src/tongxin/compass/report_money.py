"""The money block of the report: what was earned, what it cost, line by line, each with its interval."""

from __future__ import annotations

from html import escape

from tongxin.compass import report_parts as parts
from tongxin.compass.money import KIND_WORDS, Money
from tongxin.compass.sentence import Words, figure, per_cent, span


def block(money: Money | None, currency: str, language: str) -> str:
    """Return the section as HTML; empty where the study says nothing about money.

    Parameters
    ----------
    money : Money or None
    currency : str
    language : {"zh", "en"}
    """
    if money is None:
        return ""
    say = parts.speaker(language)
    heading = say(Words("花的钱，赚回来了吗", "Did it earn what it cost?"))
    lead = f'<p class="lead">{say(money.words)}</p>'
    return parts.card(
        f"{lead}{_table(money, currency, language)}{_notes(money, currency, language)}", heading
    )


def _table(money: Money, currency: str, language: str) -> str:
    say = parts.speaker(language)
    rows = [
        [
            say(Words("增量毛利", "Incremental margin")),
            figure(money.margin, "money", currency, signed=True),
            span(money.ci, "money", currency, language=language),
        ]
    ]
    for kind, fen in money.costs.by_kind.items():
        words = KIND_WORDS[kind]
        shown = say(Words("未写明", "not stated")) if fen is None else escape(_exact(-fen, currency))
        rows.append([say(Words(f"− {words.zh}", f"− {words.en}")), shown, ""])
    rows.append(
        [
            f"<b>{say(Words('净', 'Net'))}</b>",
            f"<b>{figure(money.net, 'money', currency, signed=True)}</b>",
            span(money.net_ci, "money", currency, language=language),
        ]
    )
    head = [say(Words("项目", "Item")), say(Words("金额", "Amount")), say(Words("区间", "Interval"))]
    return parts.table(head, rows, label=say(Words("投入与回报", "Costs and return")))


def _exact(fen: int, currency: str) -> str:
    """Whole fen as an amount with two decimals, without going through a float."""
    sign = figure(0.0, "money", currency).removesuffix("0.00")
    units, cents = divmod(abs(fen), 100)
    return f"{'−' if fen < 0 else ''}{sign}{units:,}.{cents:02d}"


def _notes(money: Money, currency: str, language: str) -> str:
    say = parts.speaker(language)
    notes = []
    if money.per_person is not None:
        each = figure(money.per_person, "money", currency, signed=True)
        notes.append(
            Words(
                f"每位参加者 {each}，由 {money.compared:,} 人比出，推及全部 {money.people:,} 位参加者。",
                f"{each} for each participant, compared on {money.compared:,} and extended to all {money.people:,}.",
            )
        )
        notes.append(
            Words(
                "参加当期的消费不计入，成本全部计入：净额只会偏低。",
                "Purchases of the period of entry are left out and all costs are in: the net figure errs on the low side.",
            )
        )
    if money.cost_known is not None:
        notes.append(
            Words(
                f"{money.cost_known:.0%} 的商品销售额知道成本，其余按毛利 0 计。",
                f"The cost is known for {money.cost_known:.0%} of the spend on goods; the rest counts as no margin.",
            )
        )
    if money.roi is not None and money.roi.delta is not None:
        low, high = (per_cent(end) for end in money.roi.delta)
        notes.append(
            Words(
                f"回报率的区间用 Fieller 法；常见的 delta 法给出 {low}～{high}。",
                f"The interval of the return is Fieller's; the usual delta method gives {low} to {high}.",
            )
        )
    return "".join(f'<p class="note">{say(words)}</p>' for words in notes)
