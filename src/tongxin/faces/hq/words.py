"""Acts of the trail in words: each room says its own in Chinese; in English the code is read out. And days that are unusual."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongxin.champions import terms as champions
from tongxin.commerce import terms as commerce
from tongxin.events import terms as events
from tongxin.events.rules.recurrence import Days
from tongxin.foundation.accounts import terms as accounts
from tongxin.kits import terms as kits
from tongxin.measure import terms as measure
from tongxin.outreach import terms as outreach
from tongxin.people import terms as people
from tongxin.rings import terms as rings
from tongxin.stores import terms as stores

ROOMS = (accounts, stores, people, kits, outreach, commerce, rings, measure, events, champions)
SPOKEN: dict[str, str] = {code: word for room in ROOMS for code, word in getattr(room, "ACTS", {}).items()}


def act_said(act: str) -> tuple[str, str]:
    """(中文, English) of an act such as `people.tag_removed`; an act that no room names is shown as it is written."""
    room, _, verb = act.partition(".")
    english = f"{room}: {verb.replace('_', ' ')}" if verb else act
    return SPOKEN.get(act, act), english


HOLIDAYS: dict[str, Any] = {
    "元旦": gettext_lazy("元旦"),
    "春节": gettext_lazy("春节"),
    "清明节": gettext_lazy("清明节"),
    "劳动节": gettext_lazy("劳动节"),
    "端午节": gettext_lazy("端午节"),
    "中秋节": gettext_lazy("中秋节"),
    "国庆节": gettext_lazy("国庆节"),
    "休息日": gettext_lazy("休息日"),
}


def holiday_said(days: Days, day: date) -> str:
    """What is unusual about a day, short: the holiday, or that people work on it; "" when nothing is."""
    if day in days.worked:
        return _("上班")
    names = [one.strip() for one in days.holidays.get(day, "").split(";") if one.strip()]
    return str(HOLIDAYS.get(names[0], names[0])) if names else ""
