"""The number everybody shows beside the number that holds: the naive grey and struck through, with what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt

from tongxin.compass.answer import Answer, Interval, KpiAnswer
from tongxin.compass.charts.ink import Table, breadth, draw, ink, names_axis, rows, spec_of, wider
from tongxin.compass.errors import BadInput
from tongxin.compass.naive import NAIVES
from tongxin.compass.sentence import Words, points, span

NOTHING = Words("", "")
UNSAID = Words("还不能下结论", "cannot be said yet")
HONEST = Words("同罗盘找到的对照比", "against fair controls")


@dataclass(frozen=True)
class Reading:
    """One way of reading the same data; `why` says what is wrong with a naive one. No effect: it cannot be said."""

    name: Words
    effect: float | None
    ci: Interval | None
    honest: bool
    why: Words = NOTHING


@dataclass(frozen=True)
class Duel:
    """All readings of one figure, the honest one among them."""

    figure: Words
    unit: str
    currency: str
    readings: tuple[Reading, ...]


def of_answer(answer: Answer, kpi: KpiAnswer) -> Duel:
    """Return the readings of one figure of a study."""
    naive = [
        Reading(
            Words(NAIVES[code].zh, NAIVES[code].en),
            found.effect,
            found.ci,
            honest=False,
            why=answer.naive_reasons[code],
        )
        for code, found in kpi.naive.items()
    ]
    return Duel(
        kpi.name, kpi.unit, answer.currency, (Reading(HONEST, kpi.effect, kpi.ci, honest=True), *naive)
    )


def sentence(duel: Duel) -> Words:
    """Say both numbers, and by how much the naive one is larger.

    Raises
    ------
    BadInput
        There is no honest reading: a naive number never stands alone.
    """
    honest = _honest(duel)
    naive = [found for found in duel.readings if not found.honest and found.effect is not None]
    worst = max(naive, key=lambda found: abs(found.effect or 0.0), default=None)
    said = {
        language: (
            points(honest.effect, duel.unit, duel.currency, language=language)
            if honest.effect is not None
            else _say(UNSAID, language)
        )
        for language in ("zh", "en")
    }
    if worst is None:
        return Words(f"{duel.figure.zh}：{said['zh']}。", f"{duel.figure.en}: {said['en']}.")
    loose = {at: points(worst.effect, duel.unit, duel.currency, language=at) for at in ("zh", "en")}
    if honest.effect is None:
        return Words(
            f"{duel.figure.zh}：「{worst.name.zh}」会说 {loose['zh']}，和相似的人比{said['zh']}。{worst.why.zh}",
            f"{duel.figure.en}: “{worst.name.en}” would say {loose['en']}; against fair controls it {said['en']}. {worst.why.en}",
        )
    return Words(
        f"{duel.figure.zh}：「{worst.name.zh}」会说 {loose['zh']}，站得住的是 {said['zh']}。{worst.why.zh}",
        f"{duel.figure.en}: “{worst.name.en}” would say {loose['en']}; what holds is {said['en']}. {worst.why.en}",
    )


def table(duel: Duel, language: str) -> Table:
    """Return every reading with its interval and what is wrong with it."""
    zh = language == "zh"
    head = (
        ("读法", "差异", "区间", "问题在哪里")
        if zh
        else ("Reading", "Difference", "Interval", "What is wrong")
    )
    return Table(
        head,
        tuple(
            (
                _say(found.name, language),
                points(found.effect, duel.unit, duel.currency, language=language),
                span(found.ci, duel.unit, duel.currency, language=language),
                _say(found.why, language) or "—",
            )
            for found in duel.readings
        ),
    )


def spec(duel: Duel, language: str) -> dict[str, Any]:
    """Return the Vega-Lite specification. Raises BadInput as `sentence` does."""
    return spec_of(_chart(duel, language))


def draw_svg(duel: Duel, language: str) -> str:
    """Return the chart as SVG. Raises BadInput as `sentence` does."""
    return draw(_chart(duel, language), _say(sentence(duel), language))


def _say(words: Words, language: str) -> str:
    return words.zh if language == "zh" else words.en


def _honest(duel: Duel) -> Reading:
    for found in duel.readings:
        if found.honest:
            return found
    raise BadInput.one("naive_honest", "only naive readings", ("the honest one beside them",))


def _chart(duel: Duel, language: str) -> Any:
    _honest(duel)
    scale = 100.0 if duel.unit == "share" else 1.0
    shown = [found for found in duel.readings if found.effect is not None]
    names = [_say(found.name, language) for found in duel.readings]
    lows = [(found.ci or (found.effect or 0.0,))[0] * scale for found in shown]
    highs = [(found.ci or (found.effect or 0.0,))[-1] * scale for found in shown]
    unit = ("百分点" if language == "zh" else "points") if duel.unit == "share" else duel.currency
    x = alt.X(
        "effect:Q",
        scale=alt.Scale(domain=wider(lows, highs), nice=False),
        axis=alt.Axis(title=unit if "money" in duel.unit or duel.unit == "share" else None, tickCount=6),
    )
    y = alt.Y("name:N", sort=names, scale=alt.Scale(domain=names), axis=names_axis(names))
    layers: list[Any] = [
        alt.Chart(rows([{"effect": 0}]))
        .mark_rule(color=ink("ink-3"), strokeDash=[2, 3], aria=False)
        .encode(x=x)
    ]
    for found, name in zip(duel.readings, names, strict=True):
        layers += _row(duel, found, name, language, x=x, y=y, scale=scale)
    return alt.layer(*layers).properties(width=340, height=alt.Step(40))


def _row(
    duel: Duel, found: Reading, name: str, language: str, *, x: alt.X, y: alt.Y, scale: float
) -> list[Any]:
    """One reading: interval, point, and its figure at the right, struck through when it is naive."""
    color = ink("c-claim" if found.honest else "c-naive")
    text = points(found.effect, duel.unit, duel.currency, language=language)
    if found.effect is None:
        text = _say(UNSAID, language)
    one: dict[str, Any] = {"name": name, "text": text}
    out: list[Any] = []
    if found.effect is not None:
        low, high = found.ci or (found.effect, found.effect)
        one |= {"effect": found.effect * scale, "low": low * scale, "high": high * scale}
        base = alt.Chart(rows([one])).encode(y=y)
        clear = low > 0 or high < 0
        out = [
            base.mark_bar(
                color=ink("c-band" if found.honest else "c-naive"),
                opacity=1 if found.honest else 0.35,
                height=12,
                cornerRadius=6,
                aria=False,
            )
            .encode(x=alt.X("low:Q"), x2="high:Q"),
            base.mark_point(
                shape="circle" if found.honest else "diamond",
                size=110,
                stroke=color,
                fill=color if clear and found.honest else ink("surface"),
                strokeWidth=2,
                opacity=1,
                aria=False,
            ).encode(x=x),
        ]  # fmt: skip
    base = alt.Chart(rows([one])).encode(y=y)
    out.append(
        base.mark_text(
            align="left",
            fontSize=13,
            fontWeight=600 if found.honest else "normal",
            color=ink("ink" if found.honest else "ink-3"),
            aria=False,
        ).encode(x=alt.value(352), text="text:N")
    )
    if not found.honest and found.effect is not None:
        out.append(
            base.mark_rule(color=ink("ink-3"), strokeWidth=1.5, aria=False).encode(
                x=alt.value(350), x2=alt.value(354 + breadth(text, 13))
            )
        )
    return out
