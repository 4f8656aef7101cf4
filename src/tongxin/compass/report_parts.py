"""Tables and small pieces of the report; every figure leaves here with its interval."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from tongxin.compass.answer import Answer, KpiAnswer, NaiveNumber
from tongxin.compass.methods import METHODS
from tongxin.compass.naive import NAIVES
from tongxin.compass.sentence import Words, per_cent, points, span
from tongxin.compass.sentence import figure as written
from tongxin.compass.words import LABELS, UNIT_WORDS, VERDICTS

Say = Callable[[Words], str]

_TONES = {
    "positive": ("good", "✓"),
    "negative": ("bad", "▼"),
    "no_evidence": ("", "○"),
    "range_only": ("warn", "△"),
    "cannot_be_said": ("bad", "✕"),
}


def speaker(language: str) -> Say:
    """Return a function that says words in one language, escaped."""
    return lambda words: escape(words.zh if language == "zh" else words.en)


def card(inner: str, heading: str) -> str:
    """One section with its heading."""
    return f'<section class="card"><h2>{heading}</h2>{inner}</section>'


def figure(svg: str) -> str:
    """A picture at its natural size; on a narrow screen it scrolls instead of shrinking."""
    return f'<figure tabindex="0">{svg}</figure>'


def table(head: list[str], rows: list[list[str]], *, label: str, numbers: int = 99) -> str:
    """Return a table that may scroll sideways; columns from 1 to `numbers` are figures."""
    tops = "".join(f'<th scope="col"{_n(i, numbers)}>{cell}</th>' for i, cell in enumerate(head))
    body = "".join(
        "<tr>" + "".join(f"<td{_n(i, numbers)}>{cell}</td>" for i, cell in enumerate(row)) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{label}"><table><thead><tr>{tops}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _n(place: int, numbers: int) -> str:
    return ' class="n"' if 1 <= place <= numbers else ' class="why"' if place else ""


def verdict_badge(kpi: KpiAnswer, say: Say) -> str:
    """State with shape and word."""
    tone, mark = _TONES[kpi.verdict]
    return f'<span class="badge {tone}"><span aria-hidden="true">{mark}</span> {say(VERDICTS[kpi.verdict])}</span>'


def label_badge(label: str, say: Say) -> str:
    """What weakens the answer."""
    return f'<span class="badge warn"><span aria-hidden="true">△</span> {say(LABELS[label])}</span>'


def duel(answer: Answer, kpi: KpiAnswer, naive: NaiveNumber, say: Say) -> str:
    """The naive number struck through beside the honest one."""
    why = answer.naive_reasons["versus_all_others"]
    honest = f"{points(kpi.effect, kpi.unit, answer.currency)}"
    return (
        f'<div class="duel"><div class="naive"><span class="note">{say(Words(NAIVES["versus_all_others"].zh, NAIVES["versus_all_others"].en))}'
        f'</span><div class="v">{points(naive.effect, kpi.unit, answer.currency)}</div><p class="note">{say(why)}</p></div>'
        f'<div><span class="note">{say(Words("和相似的会员比，前后各自相减", "against similar members, each against their own past"))}</span>'
        f'<div class="v">{honest}</div><p class="note nowrap">{span(kpi.ci, kpi.unit, answer.currency)}</p></div></div>'
    )


def kpi_table(answer: Answer, language: str, say: Say) -> str:
    """One row a figure and window; how to read it stands under its name, where a narrow screen still shows it."""
    head = [Words("指标与读法", "Figure and reading"), Words("差异与区间", "Difference, interval"), Words("相对", "Relative"),
            Words("不参加时", "Without"), Words("直接比", "Naive")]  # fmt: skip
    rows = []
    unit = say(UNIT_WORDS[answer.design["period"]])
    for kpi in answer.kpis:
        naive = kpi.naive.get("versus_all_others")
        struck = (
            f"<s>{points(naive.effect, kpi.unit, answer.currency, language=language)}</s>" if naive else "—"
        )
        name = f'<b>{say(kpi.name)}</b> <span class="note nowrap">{kpi.window} {unit}</span>'
        rows.append(
            [
                f"{name}<br>{verdict_badge(kpi, say)}",
                _size(kpi, answer.currency, language),
                per_cent(kpi.relative),
                written(kpi.counterfactual_level, kpi.unit, answer.currency),
                struck,
            ]
        )
    return table([say(words) for words in head], rows, label=say(Words("各项指标表", "Table of figures")))


def _size(kpi: KpiAnswer, currency: str, language: str) -> str:
    """Difference over its interval; a range alone where there is no number, one dash where there is neither."""
    interval = span(kpi.ci, kpi.unit, currency, language=language)
    if kpi.effect is None:
        return interval if kpi.ci is None else f'<small class="nowrap">{interval}</small>'
    size = points(kpi.effect, kpi.unit, currency, language=language)
    return f'<b>{size}</b><small class="nowrap">{interval}</small>'


def control_table(answer: Answer, language: str, say: Say) -> str:
    """Every way of comparing that this design has, side by side for every figure."""
    codes = _spoken_controls(answer)
    head = [say(Words("指标", "Figure")), *[say(_control_name(code)) for code in codes]]
    rows = []
    for kpi in answer.kpis:
        cells = [f"<b>{say(kpi.name)}</b> · {kpi.window}"]
        for code in codes:
            one = kpi.by_control.get(code)
            if one is None or one.effect is None:
                cells.append("—" if one is None else f"—<small>n = {one.treated}</small>")
                continue
            size = points(one.effect, kpi.unit, answer.currency, language=language)
            cells.append(
                f'{size}<small class="nowrap">{span(one.ci, kpi.unit, answer.currency, language=language)}</small>'
                f"<small>n = {one.treated} / {one.controls}</small>"
            )
        rows.append(cells)
    return table(head, rows, label=say(Words("三组对照", "Three control groups")))


#: ways of comparing of the other designs
_OTHERS = {
    "itt": Words("抽中与未抽中（全体）", "drawn against not drawn, everybody"),
    "complier": Words("真正来了的人", "those who came because they were drawn"),
    "group_time": Words("按批次与时间", "by group and time"),
    "nearest": Words("最相似的人", "nearest neighbours"),
    "coarsened": Words("粗分层配对", "coarsened cells"),
    "balancing": Words("熵平衡", "entropy balancing"),
}


def _spoken_controls(answer: Answer) -> list[str]:
    """The three of the default design, or whatever another design has numbers for."""
    if answer.primary.headline in METHODS:
        return list(METHODS)
    found = {code for kpi in answer.kpis for code, one in kpi.by_control.items() if one.effect is not None}
    return [code for code in (*_OTHERS, *METHODS) if code in found] or [answer.primary.headline]


def _control_name(code: str) -> Words:
    if code in METHODS:
        method = METHODS[code]
        return Words(f"{method.letter} · {method.zh}", f"{method.letter} · {method.en}")
    return _OTHERS.get(code, Words(code, code))


def event_table(answer: Answer, kpi: KpiAnswer, language: str, say: Say) -> str:
    """Data under the event study."""
    rows = [
        [
            str(point.period) + ("" if point.counted else f" ({say(Words('不计入', 'left out'))})"),
            points(point.effect, kpi.unit, answer.currency, language=language),
            span(point.ci, kpi.unit, answer.currency, language=language),
        ]
        for point in answer.event_study
        if point.kpi == kpi.kpi
    ]
    head = [say(Words("期", "Period")), say(Words("差异", "Difference")), say(Words("区间", "Interval"))]
    return _details(table(head, rows, label=say(Words("事件研究数据", "Event study data"))), say)


def forest_table(answer: Answer, say: Say) -> str:
    """Data under the forest."""
    rows = []
    for kpi in answer.kpis:
        interval = "—"
        if kpi.relative_ci is not None:
            interval = f"{per_cent(kpi.relative_ci[0])} … {per_cent(kpi.relative_ci[1])}"
        adjusted = "—" if kpi.p_adjusted is None else f"{kpi.p_adjusted:.3f}"
        rows.append([f"{say(kpi.name)} · {kpi.window}", per_cent(kpi.relative), interval, adjusted])
    head = [
        Words("指标", "Figure"),
        Words("相对变化", "Relative"),
        Words("区间", "Interval"),
        Words("p（Holm 校正）", "p (Holm)"),
    ]
    return _details(
        table([say(words) for words in head], rows, label=say(Words("森林图数据", "Forest data"))), say
    )


def balance_table(answer: Answer, language: str, say: Say) -> str:
    """Data under the love plot."""
    rows = [
        [
            escape(row[language]),
            f"{row['smd_before']:.2f}",
            f"{row['smd_after']:.2f}",
            f"{row['smd_split_window']:.2f}",
            f"{row['smd_cohort_max']:.2f}",
            f"{row['variance_ratio']:.2f}",
        ]
        for row in answer.balance
    ]
    head = [Words("特征", "Trait"), Words("配平前", "Before"), Words("配平后", "After"), Words("早期窗口配平后", "After D"),
            Words("单批最大", "Worst cohort"), Words("方差比", "Variance ratio")]  # fmt: skip
    return _details(table([say(words) for words in head], rows, label=say(Words("平衡表", "Balance"))), say)


def naive_table(answer: Answer, say: Say) -> str:
    """Every naive number of the primary figure, struck through, with the reason why it misleads."""
    kpi = answer.primary
    rows = []
    for code, naive in NAIVES.items():
        found = kpi.naive.get(code)
        if found is None:
            continue
        rows.append(
            [
                say(Words(naive.zh, naive.en)),
                f"<s>{points(found.effect, kpi.unit, answer.currency)}</s><small><s>{span(found.ci, kpi.unit, answer.currency)}</s></small>",
                say(answer.naive_reasons[code]),
            ]
        )
    head = [Words("算法", "Sum"), Words("会得到", "Gives"), Words("为什么误导", "Why it misleads")]
    return table([say(words) for words in head], rows, label=say(Words("常见算法", "Usual sums")), numbers=1)


def _details(inner: str, say: Say) -> str:
    """Fold a table away under its picture."""
    return f'<details class="data"><summary>{say(Words("查看数据表", "Show the data"))}</summary>{inner}</details>'
