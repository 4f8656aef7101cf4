"""What `tongxin roi plan` prints: how small an effect a study could find, before anything is organised."""

from __future__ import annotations

import math

from tongxin.compass import plan_words
from tongxin.compass.methods import METHODS
from tongxin.compass.planning import Plan
from tongxin.compass.sentence import difference, per_cent
from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import words


def show(found: Plan) -> None:
    """Say the sentence, then what each window, number of participants and size of effect comes to."""
    said = plan_words.sentence(found)
    answers.tell(words(said.zh, said.en))
    source = plan_words.SOURCES[found.source]
    answers.say(
        "参加人数：{n}（{source}）· 从未参加、可作对照的会员 {pool} 人",
        "Participants: {n} ({source}) · {pool} members who never took part could be controls",
        n=found.expected,
        source=words(source.zh, source.en),
        pool=found.pool,
    )
    if found.spoken is None:
        return
    if found.months is not None:
        answers.say(
            "按现在每期 {rate:.0f} 人的速度，约需 {months} 个月（含随访和退货期）。",
            "At {rate:.0f} participants a period it takes about {months} months, follow-up and returns included.",
            rate=found.rate,
            months=found.months,
        )
    answers.table(
        [
            words("随访期数", "Periods"),
            words("对照", "Control"),
            words("人数", "Treated"),
            words("能测出的差异", "Detectable"),
        ],
        [
            [one.window, _control(one.method), one.treated or "—", _figure(found, one.mde)]
            for one in found.precision
        ],
        title=words("各随访期", "By window"),
    )
    answers.table(
        [
            words("参加人数", "Participants"),
            words("从未参加者作对照", "Never-joiners"),
            words("后来参加者作对照", "Later joiners"),
        ],
        [[n, _figure(found, never), _figure(found, later)] for n, never, later in found.sizes],
        title=words("人数与能测出的差异", "Participants and what can be found"),
    )
    answers.table(
        [
            words("真实差异", "Real difference"),
            words("占水平", "Of the level"),
            words("测得出的把握", "Power"),
        ],
        [
            [_figure(found, effect), per_cent(share).lstrip("+"), f"{chance:.0%}"]
            for share, effect, chance in found.curve
        ],
        title=words("把握曲线", "Power curve"),
    )


def _control(method: str) -> str:
    return words(METHODS[method].zh, METHODS[method].en)


def _figure(found: Plan, value: float) -> str:
    said = difference(value, found.kpi.unit, found.currency, signed=False)
    return words(said.zh, said.en) if math.isfinite(value) else "—"
