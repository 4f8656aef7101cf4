"""By application: a few questions, and, unless the community takes everybody who answers, somebody who says yes."""

from typing import Any

from tongxin.communities.gates.base import Gate, Settings
from tongxin.communities.rules.standing import Ask, Facts, Step, unanswered
from tongxin.communities.terms import Standing

MOST = 5


def _question(raw: Any) -> Ask | None:
    if not isinstance(raw, dict) or not raw.get("name") or not raw.get("zh"):
        return None
    kind = raw.get("kind", "text")
    choices = tuple(str(one) for one in raw.get("choices", ()))
    if kind not in {"text", "choice", "tick"} or (kind == "choice") != bool(choices):
        return None
    return Ask(
        str(raw["name"]), kind, str(raw["zh"]), str(raw.get("en") or raw["zh"]), choices,
        bool(raw.get("required", True)),
    )  # fmt: skip


def _faults(settings: Settings) -> tuple[str, ...]:
    raw = settings.get("questions", ())
    wrong = [name for name in settings if name not in {"questions", "decide"}]
    if (
        not isinstance(raw, list)
        or not 1 <= len(raw) <= MOST
        or any(_question(one) is None for one in raw)
        or len({one["name"] for one in raw}) != len(raw)
    ):
        wrong.append("questions")
    if not isinstance(settings.get("decide", True), bool):
        wrong.append("decide")
    return tuple(wrong)


def _asks(settings: Settings) -> tuple[Ask, ...]:
    return tuple(ask for raw in settings.get("questions", ()) if (ask := _question(raw)) is not None)


def _stand(settings: Settings, facts: Facts) -> Step:
    decided = facts.decision("application")
    if decided is False:
        return Step("application", Standing.NO, "declined")
    if decided is None and unanswered(_asks(settings), facts.answers("application")) is not None:
        return Step("application", Standing.YOURS, "questions", _asks(settings))
    if settings.get("decide", True) and decided is None:
        return Step("application", Standing.OURS, "being_read")
    return Step("application", Standing.DONE)


APPLICATION = Gate(
    code="application",
    zh="申请",
    en="application",
    hint_zh="回答几个小问题",
    hint_en="a few short questions",
    faults=_faults,
    asks=_asks,
    stand=_stand,
    decided_by_us=True,
)
