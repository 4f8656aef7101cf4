"""The door before a large effect: another person must do the second half. Upper rooms ask here, too."""

from tongxin.commerce.rules import two_persons as rules
from tongxin.foundation import clock
from tongxin.foundation.access import SYSTEM, Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.money import show
from tongxin.stores.queries import the_brand


def ask_second(*, viewer: Viewer, first: str, fen: int) -> None:
    """Somebody named `first` has begun this, and the viewer ends it. A job of ours is nobody and is not asked.

    Refuses `commerce.second_person_needed` when both are one and the sum is above the limit of the day.
    """
    if viewer.account is None and SYSTEM in viewer.roles:
        return
    today = clock.business_day(clock.now())
    if rules.needs_second(fen, first=first, second=viewer.name, day=today):
        most, currency = rules.limit_on(today), the_brand().currency
        raise Refused(
            "commerce.second_person_needed",
            fen=fen,
            most=most,
            fen_shown=show(fen, currency),
            most_shown=show(most, currency),
        )
