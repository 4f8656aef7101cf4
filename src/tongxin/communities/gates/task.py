"""By a small task: something the book can see (came to an event), or something the applicant tells and somebody looks at."""

from tongxin.communities.gates.base import Gate, Settings
from tongxin.communities.rules.standing import Ask, Facts, Step, unanswered
from tongxin.communities.terms import Standing

# Deeds of the book that a task may ask for: what a person who is not a member yet can do.
DEEDS: dict[str, tuple[str, str]] = {
    "checked_in": ("来过活动", "came to an event"),
    "visited": ("到过店", "visited the store"),
    "survey_answered": ("回答过问卷", "answered a survey"),
}
MOST_TIMES = 20


def _faults(settings: Settings) -> tuple[str, ...]:
    wrong = [name for name in settings if name not in {"zh", "en", "deed", "times"}]
    if not str(settings.get("zh", "")).strip():
        wrong.append("zh")
    if "deed" in settings and settings["deed"] not in DEEDS:
        wrong.append("deed")
    times = settings.get("times", 1)
    if not isinstance(times, int) or isinstance(times, bool) or not 1 <= times <= MOST_TIMES:
        wrong.append("times")
    return tuple(wrong)


def _asks(settings: Settings) -> tuple[Ask, ...]:
    if "deed" in settings:
        return ()
    zh = str(settings.get("zh", ""))
    return (Ask("told", "text", zh, str(settings.get("en") or zh)),)


def _stand(settings: Settings, facts: Facts) -> Step:
    if "deed" in settings:
        seen = facts.deeds(str(settings["deed"])) >= int(settings.get("times", 1))
        return Step("task", Standing.DONE) if seen else Step("task", Standing.YOURS, "deed_missing")
    decided = facts.decision("task")
    if decided is False:
        return Step("task", Standing.NO, "task_not_met")
    if decided:
        return Step("task", Standing.DONE)
    if unanswered(_asks(settings), facts.answers("task")) is not None:
        return Step("task", Standing.YOURS, "task", _asks(settings))
    return Step("task", Standing.OURS, "being_looked_at")


TASK = Gate(
    code="task",
    zh="小任务",
    en="small task",
    hint_zh="做一件小事，看看合不合适",
    hint_en="one small thing, to see whether it fits",
    faults=_faults,
    asks=_asks,
    stand=_stand,
    decided_by_us=True,
)
