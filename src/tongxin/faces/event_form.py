"""The form of a new event, as champion and headquarters fill it in: shape only, what is allowed the rules say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from tongxin.events.actions import EventIn
from tongxin.events.formats import FORMATS
from tongxin.events.terms import ADMISSION_LABELS, KIND_LABELS, Admission, Kind
from tongxin.foundation import clock, money
from tongxin.foundation.errors import Refused

DRAW_CLOSES = timedelta(days=1)  # registration for a draw ends so long before the start
TITLE_MOST, THEME_MOST, PLACE_MOST, SUMMARY_MOST = 80, 80, 120, 1000
PLAIN_FORMATS = ("tea", "class", "tasting", "swap", "market", "online_talk")


@dataclass(frozen=True)
class Offer:
    """What the form offers to choose from, and what stands in it at first."""

    formats: tuple[tuple[str, tuple[str, str]], ...]
    kinds: tuple[tuple[Kind, tuple[str, str]], ...]
    admissions: tuple[tuple[Admission, tuple[str, str]], ...]
    soonest: date
    usual: date


def offer() -> Offer:
    """The choices; the usual day is a week from now."""
    today = clock.business_day(clock.now())
    return Offer(
        formats=tuple(
            (code, (FORMATS[code].zh, FORMATS[code].en)) for code in PLAIN_FORMATS if code in FORMATS
        ),
        kinds=tuple(KIND_LABELS.items()),
        admissions=tuple(ADMISSION_LABELS.items()),
        soonest=today,
        usual=today + timedelta(days=7),
    )


def event_in(form: Mapping[str, Any], zone: str) -> EventIn:
    """What was typed, as the action takes it. Refuses `input.bad` naming the field."""
    starts = moment(form, zone)
    admission = _choice(Admission, form.get("admission") or Admission.FIRST_COME, _("怎么报名"))
    drawn = admission is Admission.LOTTERY
    contact = _text(form, "contact", _("抽签问谁"), 80)
    return EventIn(
        title=_text(form, "title", _("名称"), TITLE_MOST, needed=True),
        format=str(form.get("format", "")),
        kind=_choice(Kind, form.get("kind") or Kind.BRAND_EVENT, _("种类")),
        admission=admission,
        closes_at=starts - DRAW_CLOSES if drawn else None,
        details={"draw": {"contact": contact}} if drawn else {},
        theme=_text(form, "theme", _("主题"), THEME_MOST),
        summary=_text(form, "summary", _("介绍"), SUMMARY_MOST),
        place=_text(form, "place", _("地点"), PLACE_MOST),
        online_url=_text(form, "online_url", _("线上链接"), 200),
        starts_at=starts,
        ends_at=starts + timedelta(minutes=number(form, "minutes", _("时长"), 5, 24 * 60)),
        places=number(form, "places", _("名额"), 1, 100_000),
        party_most=number(form, "party_most", _("同行人数"), 1, 8) if form.get("party_most") else 1,
        fee_fen=_money(form, "fee", _("费用")),
        voucher_fen=_money(form, "voucher", _("返券")),
        voucher_days=number(form, "voucher_days", _("券的天数"), 1, 366) if form.get("voucher_days") else 30,
    )


def moment(form: Mapping[str, Any], zone: str) -> datetime:
    """Day and hour on the store's own clock. Refuses `input.bad`."""
    try:
        day, at = date.fromisoformat(str(form.get("day", ""))), time.fromisoformat(str(form.get("time", "")))
    except ValueError:
        raise Refused("input.bad", field=_("时间"), reason=_("请选日期和几点。")) from None
    return datetime.combine(day, at.replace(tzinfo=None), tzinfo=ZoneInfo(zone))


def number(form: Mapping[str, Any], name: str, label: str, least: int, most: int) -> int:
    """A whole number in a range. Refuses `input.bad`."""
    given = str(form.get(name, "")).strip()
    if not given.isdecimal() or not least <= int(given) <= most:
        raise Refused(
            "input.bad",
            field=label,
            reason=_("请填 {least} 到 {most} 的整数。").format(least=least, most=most),
        )
    return int(given)


def _money(form: Mapping[str, Any], name: str, label: str) -> int:
    given = str(form.get(name, "")).strip()
    if not given:
        return 0
    try:
        fen = money.parse(given)
    except ValueError:
        fen = money.Fen(-1)
    if not 0 <= fen <= 1_000_000_00:
        raise Refused("input.bad", field=label, reason=_("请填金额，如 39 或 39.50。"))
    return fen


def _text(form: Mapping[str, Any], name: str, label: str, most: int, *, needed: bool = False) -> str:
    given = str(form.get(name, "")).strip()
    if needed and not given:
        raise Refused("input.bad", field=label, reason=_("请填写。"))
    if len(given) > most:
        raise Refused("input.bad", field=label, reason=_("最多 {most} 个字。").format(most=most))
    return given


def _choice(words: Any, given: Any, label: str) -> Any:
    try:
        return words(given)
    except ValueError:
        raise Refused("input.bad", field=label, reason=_("请选一项。")) from None
