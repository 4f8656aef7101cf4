"""Paid: a paid membership of the chain has to be running, or a joining fee is taken once at a till. It waits and says for what."""

from tongxin.communities.gates.base import Gate, Settings
from tongxin.communities.rules.standing import Ask, Facts, Step
from tongxin.communities.terms import Standing

MOST_FEN = 1_000_00  # what one may reasonably ask before somebody is in
MOST_DAYS = 365
USUAL_DAYS = 90  # how long the voucher for the fee lasts


def _faults(settings: Settings) -> tuple[str, ...]:
    if not settings:
        return ()
    wrong = [name for name in settings if name not in {"fee_fen", "voucher_fen", "days"}]
    for name, least, most in (("fee_fen", 1, MOST_FEN), ("voucher_fen", 0, MOST_FEN), ("days", 1, MOST_DAYS)):
        value = settings.get(name, least)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            wrong.append(name)
    if "fee_fen" not in settings:
        wrong.append("fee_fen")
    return tuple(wrong)


def _asks(settings: Settings) -> tuple[Ask, ...]:  # noqa: ARG001 the same shape for every gate
    return ()  # paying happens at the till, not here


def _stand(settings: Settings, facts: Facts) -> Step:
    if "fee_fen" not in settings:
        done = facts.paid
        return Step("paid", Standing.DONE) if done else Step("paid", Standing.YOURS, "paid_membership_needed")
    if facts.fee == "paid":
        return Step("paid", Standing.DONE)
    # Nobody pays and is declined afterwards: the fee falls due when every other gate is passed.
    return Step("paid", Standing.YOURS, facts.fee or "fee_later", fen=int(settings["fee_fen"]))


PAID = Gate(
    code="paid",
    zh="付费",
    en="paid",
    hint_zh="开通付费会员后自动通过",
    hint_en="passes by itself once the paid membership runs",
    faults=_faults,
    asks=_asks,
    stand=_stand,
)
