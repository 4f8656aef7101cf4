"""`report.html`: one file, no script, light and dark, the sentence before the picture.

An estimate is always written with its interval; a naive number is struck through and says why it misleads; each
picture has its table under it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from types import MappingProxyType

from tongxin.compass import report_checks, report_money
from tongxin.compass import report_parts as parts
from tongxin.compass.answer import Answer
from tongxin.compass.charts import event_study, forest, love_plot
from tongxin.compass.refusals import LEAST_TREATED, LOTTERY_EN, LOTTERY_ZH
from tongxin.compass.sentence import Words
from tongxin.compass.words import VERDICTS

_CSS = Path(__file__).with_name("report.css")


def render(
    answer: Answer, language: str = "zh", title: str = "", drawn: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Return the page as HTML text.

    Parameters
    ----------
    answer : Answer
    language : {"zh", "en"}
    title : str
        Shown as heading; the design's title or a plain one otherwise.
    drawn : mapping of chart name to SVG
        Charts of this answer and language that are there already; the others are drawn here.
    """
    say = parts.speaker(language)
    heading = (
        title
        or str(answer.design.get("title") or "")
        or say(Words("参加之后，多买了吗", "Did joining change what people buy?"))
    )
    sections = [
        _verdict(answer, say),
        _kpis(answer, language, say),
        report_money.block(answer.money, answer.currency, language),
        _refusals(answer, say),
        _event_study(answer, language, say, drawn),
        _forest(answer, language, say, drawn),
        _love_plot(answer, language, say, drawn),
        _controls(answer, language, say),
        _checks(answer, language, say),
        _naive(answer, say),
        _foot(answer, say),
    ]
    body = "\n".join(section for section in sections if section)
    tag = "zh-CN" if language == "zh" else "en"
    return (
        f'<!doctype html>\n<html lang="{tag}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(heading)} · 同心</title>\n<style>\n{_CSS.read_text(encoding='utf-8')}</style>\n</head>\n"
        f"<body>\n<main>\n{_head(answer, heading, say)}\n{body}\n</main>\n</body>\n</html>\n"
    )


Say = Callable[[Words], str]


def _head(answer: Answer, heading: str, say: Say) -> str:
    badges = []
    if answer.simulated:
        badges.append(f'<span class="badge sim">{say(Words("模拟数据", "simulated data"))}</span>')
    if answer.pre_registered:
        badges.append(f'<span class="badge good">✓ {say(Words("事先登记", "registered beforehand"))}</span>')
    else:
        badges.append(
            f'<span class="badge">{say(Words("探索性分析，未事先登记", "exploratory, not registered beforehand"))}</span>'
        )
    return f'<header><h1>{escape(heading)}</h1><div class="badges">{"".join(badges)}</div></header>'


def _verdict(answer: Answer, say: Say) -> str:
    kpi = answer.primary
    badge = parts.verdict_badge(kpi, say)
    labels = "".join(parts.label_badge(label, say) for label in kpi.labels)
    naive = kpi.naive.get("versus_all_others")
    duel = ""
    if naive and kpi.effect is not None:
        duel = parts.duel(answer, kpi, naive, say)
    return parts.card(
        f'<div class="badges">{badge}{labels}</div><p class="lead">{say(answer.words)}</p>{duel}',
        say(Words("一句话结论", "In one sentence")),
    )


def _kpis(answer: Answer, language: str, say: Say) -> str:
    note = say(
        Words(
            f"参加 {answer.population.retained} 人 · 对照 {answer.population.never_joiners} 人（从未参加）、"
            f"{answer.population.later_joiners} 人（后来才参加）· {answer.design['level']:.0%} 区间",
            f"{answer.population.retained} participants · {answer.population.never_joiners} never-joiners, "
            f"{answer.population.later_joiners} later joiners · {answer.design['level']:.0%} intervals",
        )
    )
    return parts.card(
        f'<p class="note">{note}</p>{parts.kpi_table(answer, language, say)}',
        say(Words("各项指标", "All figures")),
    )


def _refusals(answer: Answer, say: Say) -> str:
    whys: dict[str, dict[str, list[str]]] = {}
    cures: dict[str, str] = {}
    for kpi in answer.kpis:
        for code, why, cure in kpi.reason_words:
            whys.setdefault(code, {}).setdefault(say(why), []).append(f"{say(kpi.name)} · {kpi.window}")
            if code not in cures or kpi.primary:
                ways = Words(cure.zh.removesuffix(LOTTERY_ZH), cure.en.removesuffix(LOTTERY_EN))
                cures[code] = say(ways)
    rows = []
    for code, found in whys.items():
        lines = "<br>".join(f"<b>{', '.join(names)}</b> {why}" for why, names in found.items())
        rows.append(
            f'<li><span class="no" aria-hidden="true">✕</span><span>{lines}<br><span class="note">{cures[code]}</span>'
            f'</span><span class="note">{escape(code)}</span></li>'
        )
    if not rows:
        return ""
    heading = say(
        Words(
            "还不能下结论的，和怎样才能下结论", "What cannot be said yet, and what would make it measurable"
        )
    )
    return (
        f'<section class="card refuse"><h2>{heading}</h2><ul class="believe">{"".join(rows)}</ul>'
        f'<p class="offer">{say(Words(LOTTERY_ZH, LOTTERY_EN))}</p></section>'
    )


def _event_study(answer: Answer, language: str, say: Say, drawn: Mapping[str, str]) -> str:
    kpi = answer.primary
    if not any(point.kpi == kpi.kpi for point in answer.event_study):
        return ""
    placebo = say(event_study.placebo_sentence(kpi, answer.currency))
    left_out = say(
        Words(
            "灰底几期不计入：参加前的淡出期和参加当期。",
            "Grey periods are left out: the donut and the period of entry.",
        )
    )
    return parts.card(
        f"{parts.figure(drawn.get('event_study') or event_study.draw_svg(answer, kpi, language))}"
        f'<p class="note">{placebo} {left_out}</p>{parts.event_table(answer, kpi, language, say)}',
        say(event_study.sentence(answer, kpi)),
    )


def _forest(answer: Answer, language: str, say: Say, drawn: Mapping[str, str]) -> str:
    if not forest.shown(answer):
        return ""
    note = say(
        Words(
            "相对变化与区间；实心点表示多重比较校正后仍成立。",
            "Relative change with interval; a solid dot holds after correction.",
        )
    )
    return parts.card(
        f'{parts.figure(drawn.get("forest") or forest.draw_svg(answer, language))}<p class="note">{note}</p>'
        f"{parts.forest_table(answer, say)}",
        say(forest.sentence(answer)),
    )


def _love_plot(answer: Answer, language: str, say: Say, drawn: Mapping[str, str]) -> str:
    if not answer.balance:
        return ""
    note = say(
        Words(
            "○ 配平前，◆ 配平后。＊ 过去的消费不要求相同：方法用各自前后相减，不按过去消费配对。",
            "○ before, ◆ after. ＊ Past spend need not agree: the method takes differences instead of matching on it.",
        )
    )
    return parts.card(
        f'{parts.figure(drawn.get("love_plot") or love_plot.draw_svg(answer, language))}<p class="note">{note}</p>'
        f"{parts.balance_table(answer, language, say)}",
        say(love_plot.sentence(answer)),
    )


def _controls(answer: Answer, language: str, say: Say) -> str:
    note = say(
        Words(
            f"每个对照组都要有至少 {LEAST_TREATED} 位可比的参加者才给出数字。",
            f"A control group gets a number only with at least {LEAST_TREATED} comparable participants behind it.",
        )
    )
    return parts.card(
        f'{parts.control_table(answer, language, say)}<p class="note">{note}</p>',
        say(Words("换一组对照，结论还一样吗", "Does another control group say the same?")),
    )


def _checks(answer: Answer, language: str, say: Say) -> str:
    return parts.card(
        report_checks.check_list(answer, language, say),
        say(Words("为什么可以信，哪里还不能信", "Why to believe it, and where not yet")),
    )


def _naive(answer: Answer, say: Say) -> str:
    return parts.card(
        parts.naive_table(answer, say),
        say(Words("常见的算法会得到什么，为什么会误导", "What the usual sums give, and why they mislead")),
    )


def _foot(answer: Answer, say: Say) -> str:
    warnings = "".join(f"<li>{say(words)}</li>" for _, words in answer.warnings)
    excluded = "".join(f"<li>{say(words)}: {n}</li>" for _, n, words in answer.population.excluded)
    mark = answer.fingerprint
    verdicts = " · ".join(say(words) for words in VERDICTS.values())
    return parts.card(
        f"<ul>{warnings}</ul><p class='note'>{say(Words('未计入的人', 'Not counted'))}</p><ul>{excluded}</ul>"
        f"<p class='foot'>{say(Words('可能的答案', 'Possible answers'))}: {verdicts}</p>"
        f"<p class='foot'>{escape(mark.data)} · {escape(mark.design)} · {escape(mark.code)} · {escape(mark.engine)}</p>",
        say(Words("说明", "Notes")),
    )
