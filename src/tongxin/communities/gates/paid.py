"""For paying members: a paid membership of the chain has to be running. Without one the gate says so plainly and waits."""

from tongxin.communities.gates.base import Gate, Settings
from tongxin.communities.rules.standing import Ask, Facts, Step
from tongxin.communities.terms import Standing


def _faults(settings: Settings) -> tuple[str, ...]:
    return tuple(settings)  # there is nothing to set


def _asks(settings: Settings) -> tuple[Ask, ...]:  # noqa: ARG001 the same shape for every gate
    return ()  # paying happens at the till, not here


def _stand(settings: Settings, facts: Facts) -> Step:  # noqa: ARG001 as above
    return (
        Step("paid", Standing.DONE) if facts.paid else Step("paid", Standing.YOURS, "paid_membership_needed")
    )


PAID = Gate(
    code="paid",
    zh="付费会员",
    en="paid membership",
    hint_zh="开通付费会员后自动通过",
    hint_en="passes by itself once the paid membership runs",
    faults=_faults,
    asks=_asks,
    stand=_stand,
)
