"""Verdicts and steps in sentences: for operators in both languages, for members warmly and without a word about rings."""

import hashlib
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from tongxin.rings.rules.gates import Line
from tongxin.rings.rules.placing import Standing, Verdict
from tongxin.rings.rules.steps import Step
from tongxin.rings.terms import GATES, REASONS, UNITS, Gate, Ring

# kind of step: (operators zh, operators en, the member zh, the member en); {n} times
STEPS = {
    "consent": (
        "请本人同意个性化",
        "ask the member to agree to personalisation",
        "打开个性化开关，我们就能按你的喜好为你留位",
        "switch personalisation on and we can keep things for you that you like",
    ),
    "checked_in": (
        "再参加 {n} 次活动",
        "come to {n} more event(s)",
        "再来参加 {n} 次活动",
        "come to {n} more event(s)",
    ),
    "posted": (
        "再发 {n} 条内容",
        "post {n} more time(s)",
        "再和大家聊 {n} 次",
        "join the talk {n} more time(s)",
    ),
    "co_hosted": (
        "再协办 {n} 场活动",
        "co-host {n} more event(s)",
        "和我们一起办 {n} 场活动",
        "help us host {n} event(s)",
    ),
    "answer_accepted": (
        "再有 {n} 个回答被采纳",
        "have {n} more answer(s) accepted",
        "再帮邻居解答 {n} 个问题",
        "help {n} more neighbour(s) with an answer",
    ),
    "featured": (
        "再有 {n} 件作品入选",
        "have {n} more work(s) featured",
        "再分享 {n} 件作品",
        "share {n} more work(s)",
    ),
    "recognised": (
        "再得到 {n} 位会员的回应",
        "be answered or thanked by {n} more member(s)",
        "再帮到 {n} 位邻居",
        "help {n} more neighbour(s)",
    ),
    "wait": (
        "等 {days} 天，违规记录过期",
        "wait {days} day(s) until the violation lapses",
        "再等 {days} 天",
        "wait {days} day(s)",
    ),
}
EVERY = {
    7: ("每周一次", "one a week"),
    14: ("每两周一次", "one every two weeks"),
    2: ("隔天一次", "one every other day"),
}


def say_step(step: Step | None, language: str = "zh") -> str:
    """「再参加 1 次活动，即可进入中环 互动层」: the nearest missing step, for operators. Empty when nothing is missing."""
    if step is None:
        return ""
    english = language == "en"
    deed = STEPS[step.kind][english].format(n=step.count, days=step.days) + _rhythm(step, english=english)
    target = step.ring.en if english else step.ring.zh
    candidate = step.ring is Ring.INNER
    if step.opens and english:
        return (
            f"{deed[0].upper()}{deed[1:]}: then {'a candidate for the ' if candidate else 'in the '}{target}."
        )
    if step.opens:
        return f"{deed}，即可{'成为' if candidate else '进入'}{target}{'候选' if candidate else ''}。"
    if english:
        return f"{deed[0].upper()}{deed[1:]}: meets “{GATES[step.gate][1]}”; {step.remaining} more line(s) to the {target}."
    return f"{deed}，补上「{GATES[step.gate][0]}」；离{target.split()[0]}还差 {step.remaining} 项。"


def say_to_member(step: Step | None, language: str = "zh") -> str:
    """The same step for the member: an invitation, no ring, no ladder, no threshold."""
    english = language == "en"
    if step is None:
        return "Good to have you with us." if english else "有你在，真好。"
    deed = STEPS[step.kind][2 + english].format(n=step.count, days=step.days)
    if english:
        return f"{deed[0].upper()}{deed[1:]}: we would love to see more of you."
    return f"{deed}，期待和你更熟。"


def say_reasons(verdict: Verdict, language: str = "zh") -> str:
    """The reason codes of a verdict in one sentence."""
    english = language == "en"
    said = [REASONS[reason][english] for reason in verdict.reasons]
    return "; ".join(said).capitalize() + "." if english else "；".join(said) + "。"


def say_line(line: Line, language: str = "zh") -> str:
    """「到过场：91 天里签到的次数 2 / 1 次」."""
    english = language == "en"
    unit = UNITS.get(line.gate, ("", ""))[english]
    if line.gate in (Gate.KNOWN, Gate.CONSENT):
        return (
            f"{GATES[line.gate][english]}: {('no', 'yes')[line.met]}"
            if english
            else f"{GATES[line.gate][0]}：{'否是'[line.met]}"
        )
    value = f"{line.value:.1f}" if isinstance(line.value, float) else str(line.value)
    return f"{GATES[line.gate][english]} {value} / {line.bar:g} {unit}"


def digest_lines(lines: Iterable[Line]) -> list[dict[str, object]]:
    """Lines as plain JSON values, for the history of placements and the API."""
    return [
        {
            "gate": line.gate.value,
            "value": round(line.value, 6),
            "bar": line.bar,
            "low_water": None if line.low is None else round(line.low, 6),
            "met": line.met,
            "way": line.way,
            "evidence": list(line.ids),
            "days_left": line.days_left,
        }
        for line in lines
    ]


def _rhythm(step: Step, *, english: bool) -> str:
    if step.count == 1 or step.every not in EVERY:
        return ""
    return f" ({EVERY[step.every][1]})" if english else f"（{EVERY[step.every][0]}）"


def digest(verdict: Verdict) -> str:
    """A hash over every bit of a verdict: equal digests are equal verdicts."""
    said = [
        f"{verdict.ring}|{verdict.auto}|{verdict.moved}|{verdict.cause}|{verdict.candidate}|{verdict.announce}|{verdict.nearest}",
        *verdict.reasons,
        "held",
        *map(_bits, verdict.held),
        "gates",
        *map(_bits, verdict.gates),
        "standing",
        *(f"{name}={value}" for name, value in _plain(verdict.standing).items()),
    ]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _bits(line: Line) -> str:
    """A line to the last bit: `repr` of a float gives exactly that float back."""
    return f"{line.gate}|{line.value!r}|{line.bar!r}|{line.low!r}|{line.met}|{line.way}|{line.ids}|{line.days_left}"


def _plain(standing: Standing) -> dict[str, Any]:
    return {
        field.name: value.isoformat() if isinstance(value, datetime) else value
        for field in fields(standing)
        for value in (getattr(standing, field.name),)
    }


def reasons_json(verdict: Verdict, standing: Standing, as_of: datetime) -> dict[str, Any]:
    """What a placement keeps: codes, lines with their evidence, and all that is needed to decide the same again."""
    return {
        "codes": [reason.value for reason in verdict.reasons],
        "held": digest_lines(verdict.held),
        "gates": digest_lines(verdict.gates),
        "as_of": as_of.isoformat(),
        "standing": _plain(standing),
        "digest": digest(verdict),
    }


def bare_json(verdict: Verdict, standing: Standing, as_of: datetime) -> dict[str, Any]:
    """The same without lines, for the many that arrive at the edge at once: the digest is that of the verdict without them."""
    bare = replace(verdict, held=(), gates=())
    return {
        "codes": [reason.value for reason in bare.reasons],
        "bare": True,
        "as_of": as_of.isoformat(),
        "standing": _plain(standing),
        "digest": digest(bare),
    }


_INSTANTS = ("since", "reviewed_at", "announced_at", "override_until")


def standing_from_json(kept: dict[str, Any]) -> Standing:
    """The standing that `reasons_json` wrote down."""
    read: dict[str, Any] = {
        name: datetime.fromisoformat(value) if name in _INSTANTS and value else value
        for name, value in kept.items()
    }
    rings = {name: Ring(read[name]) if read[name] else None for name in ("ring", "override")}
    return Standing(**(read | rings))
