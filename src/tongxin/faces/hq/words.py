"""Acts of the trail in words: each room says its own in Chinese; in English the code is read out."""

from tongxin.commerce import terms as commerce
from tongxin.events import terms as events
from tongxin.foundation.accounts import terms as accounts
from tongxin.measure import terms as measure
from tongxin.outreach import terms as outreach
from tongxin.people import terms as people
from tongxin.rings import terms as rings
from tongxin.stores import terms as stores

ROOMS = (accounts, stores, people, outreach, commerce, rings, measure, events)
SPOKEN: dict[str, str] = {code: word for room in ROOMS for code, word in getattr(room, "ACTS", {}).items()}


def act_said(act: str) -> tuple[str, str]:
    """(中文, English) of an act such as `people.tag_removed`; an act that no room names is shown as it is written."""
    room, _, verb = act.partition(".")
    english = f"{room}: {verb.replace('_', ' ')}" if verb else act
    return SPOKEN.get(act, act), english
