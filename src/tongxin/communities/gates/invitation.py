"""By invitation: a member or the staff has to bring you in."""

from tongxin.communities.gates.base import Gate, Settings
from tongxin.communities.rules.standing import Ask, Facts, Step
from tongxin.communities.terms import Standing


def _faults(settings: Settings) -> tuple[str, ...]:
    return tuple(settings)  # there is nothing to set


def _asks(settings: Settings) -> tuple[Ask, ...]:  # noqa: ARG001 the same shape for every gate
    return (Ask("code", "text", "邀请码", "invitation code"),)


def _stand(settings: Settings, facts: Facts) -> Step:
    if facts.invited:
        return Step("invitation", Standing.DONE)
    return Step("invitation", Standing.YOURS, "invitation_needed", _asks(settings))


INVITATION = Gate(
    code="invitation",
    zh="邀请",
    en="invitation",
    hint_zh="由群里的人带你进来",
    hint_en="somebody inside brings you in",
    faults=_faults,
    asks=_asks,
    stand=_stand,
)
