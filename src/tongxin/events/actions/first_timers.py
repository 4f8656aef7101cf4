"""The low-threshold offer: once in a membership, however many entries and phones."""

from tongxin.events.formats import FORMATS
from tongxin.events.models import Occurrence, Registration
from tongxin.events.terms import LIVE
from tongxin.foundation.errors import Refused
from tongxin.foundation.locks import advisory
from tongxin.people import queries as people

ONCE = tuple(code for code, one in FORMATS.items() if one.once_a_life)


def check_first(*, event: Occurrence, person: int) -> None:
    """In the transaction of a registration: has this person never taken such an offer? Refuses `events.first_only`.

    Costs nothing for other formats. The lock makes two phones of one person wait for each other until the transaction ends.
    """
    if event.format not in ONCE:
        return
    with advisory(f"events.first:{person}"):
        if took_before(person):
            raise Refused("events.first_only")


def took_before(person: int) -> bool:
    """Does a person hold such an offer, or did they use one? One that was cancelled in time, or fell through, does not count."""
    entries = list(people.behind([person]))
    return Registration.objects.filter(
        person__in=entries, occurrence__format__in=ONCE, state__in=LIVE
    ).exists()
