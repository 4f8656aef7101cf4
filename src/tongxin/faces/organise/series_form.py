"""The form of a series: how it comes again in words people use, turned into a rule of RFC 5545."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from tongxin.events.actions import SeriesIn
from tongxin.events.formats import FORMATS
from tongxin.events.rules.recurrence import HOLIDAY_LABELS, WEEKDAYS, Holidays
from tongxin.events.rules.rota import Host
from tongxin.events.terms import ADMISSION_LABELS, KIND_LABELS, Admission, Kind
from tongxin.faces.asking import Asked
from tongxin.faces.event_form import PLACE_MOST, PLAIN_FORMATS, SUMMARY_MOST, THEME_MOST, TITLE_MOST
from tongxin.faces.forms import Field, Fold, Form, Part, bad
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.stores import queries as stores

DAYS = tuple(
    zip(WEEKDAYS, zip(("周一", "周二", "周三", "周四", "周五", "周六", "周日"), ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), strict=True), strict=True)
)  # fmt: skip
EVERY = (
    ("week", ("每周", "every week")),
    ("2weeks", ("每两周", "every two weeks")),
    ("1", ("每月第一个", "the first of the month")),
    ("2", ("每月第二个", "the second of the month")),
    ("3", ("每月第三个", "the third of the month")),
    ("4", ("每月第四个", "the fourth of the month")),
    ("-1", ("每月最后一个", "the last of the month")),
    ("monthday", ("每月同一号", "the same day of the month")),
    ("day", ("每天", "every day")),
)
DAYLESS = frozenset({"monthday", "day"})  # these need no day of the week
THEMES_MOST = 60
ADMISSIONS = (Admission.FIRST_COME, Admission.APPROVAL)  # a draw has its own dates: one event at a time
# Which field a refusal is about.
WHERE = {
    "events.rule": "days",
    "events.times": "minutes",
    "events.no_places": "places",
    "events.size_below_taken": "places",
    "events.clash": "start_time",
}
EVERY_DATE = (
    "summary",
    "place",
    "online_url",
    "admission",
    "party_most",
    "fee_fen",
    "voucher_fen",
    "voucher_days",
)


def new_form(request: Asked, shops: Sequence[Any], shop: Any) -> Form:
    """The empty form for a store."""
    today = clock.business_day(clock.now())
    parts: list[Part] = []
    if len(shops) > 1:
        choices = tuple((str(one.public_id), one.name) for one in shops)
        parts.append(
            Field("store", _("门店"), "choice", options=choices, start=shop.public_id if shop else "")
        )
    formats = tuple((code, (FORMATS[code].zh, FORMATS[code].en)) for code in PLAIN_FORMATS if code in FORMATS)
    parts += [
        Field("format", _("做什么"), "choice", needed=True, options=formats),
        Field("title", _("名称"), needed=True, most=TITLE_MOST),
        Field("every", _("多久一次"), "choice", needed=True, options=EVERY),
        Field(
            "days", _("周几"), "many", options=DAYS, start=[WEEKDAYS[(today + timedelta(days=7)).weekday()]]
        ),
        (
            Field(
                "starts_on", _("从哪天起"), "day", needed=True, start=(today + timedelta(days=7)).isoformat()
            ),
            Field("until", _("到哪天为止"), "day", hint=_("不填就一直办下去")),
        ),
        (
            Field("start_time", _("几点"), "time", needed=True, start="10:00"),
            Field("minutes", _("多久（分钟）"), "number", needed=True, least=5, most=24 * 60, start="90"),
        ),
        (
            Field("places", _("名额"), "number", needed=True, least=1, start="12"),
            Field("count", _("一共几次"), "number", least=1, most=400, hint=_("不填就不限次数")),
        ),
        Field("holidays", _("碰上节假日和调休"), "choice", options=_holidays(), start=Holidays.SKIP),
        Field(
            "themes", _("轮换的主题"), "long", hint=_("一行一个，一场一个轮着来；跳过的那一场，别的不动。")
        ),
        *_hosts(request, shop),
        Fold(_("更多：介绍、地点、费用"), _each()),
    ]
    return Form(tuple(parts))


def _holidays() -> tuple[tuple[str, tuple[str, str]], ...]:
    return tuple((str(one), words) for one, words in HOLIDAY_LABELS.items())


def _each() -> tuple[Any, ...]:
    return (
        Field("kind", _("种类"), "choice", options=_words(KIND_LABELS), start=Kind.RITUAL),
        Field("summary", _("介绍"), "long", most=SUMMARY_MOST),
        Field("place", _("店里哪儿"), most=PLACE_MOST),
        Field("online_url", _("线上链接（线上活动才填）"), "url", most=200),
        (
            Field("fee_fen", _("费用"), "money"),
            Field("voucher_fen", _("签到返券"), "money"),
        ),
        (
            Field("voucher_days", _("券几天有效"), "number", least=1, most=366, start="90"),
            Field("party_most", _("最多几人同行"), "number", least=1, most=8, start="1"),
        ),
        Field(
            "admission",
            _("怎么报名"),
            "choice",
            options=_words({a: ADMISSION_LABELS[a] for a in ADMISSIONS}),
            start=Admission.FIRST_COME,
        ),
    )


def _words(labels: Mapping[Any, tuple[str, str]]) -> tuple[tuple[str, tuple[str, str]], ...]:
    return tuple((str(one), words) for one, words in labels.items())


def _hosts(request: Asked, shop: Any) -> list[Field]:
    """The staff of the store whom the looking person may see: themself at least."""
    code = shop.code if shop else ""
    found = {
        str(c.public_id): c.name
        for c in stores.staff_for(request.viewer, limit=200).items
        if c.store_code == code and c.active
    }
    own = stores.my_card(request.viewer)
    if own is not None and own.store_code == code and own.active:
        found.setdefault(str(own.public_id), own.name)
    return [Field("hosts", _("谁来带，轮着来"), "many", options=tuple(found.items()))] if found else []


def series_in(request: Asked, form: Form) -> SeriesIn:
    """What was typed, as the action takes it. Refuses `input.bad`, `absent`."""
    given = form.read()
    return SeriesIn(
        title=given["title"],
        format=given["format"],
        kind=Kind(given["kind"] or Kind.RITUAL),
        rule=rule_in(given),
        starts_on=given["starts_on"],
        until=given["until"],
        start_time=given["start_time"],
        minutes=given["minutes"],
        places=given["places"],
        holidays=Holidays(given["holidays"] or Holidays.SKIP),
        themes=themes_in(given["themes"]),
        hosts=tuple(
            Host(staff=stores.access_staff(request.viewer, one).pk) for one in given.get("hosts", ())
        ),
        each={name: given[name] for name in EVERY_DATE if given[name] not in ("", None)},
    )


def rule_in(given: Mapping[str, Any]) -> str:
    """How it comes again, as RFC 5545 says it. Refuses `input.bad` when no weekday is picked."""
    every, days = given["every"], given["days"]
    if every not in DAYLESS and not days:
        raise bad("days", _("周几"), _("至少选一天。"))
    if every == "day":
        parts = ["FREQ=DAILY"]
    elif every == "monthday":
        parts = ["FREQ=MONTHLY", f"BYMONTHDAY={_monthday(given['starts_on'])}"]
    elif every in {"week", "2weeks"}:
        parts = ["FREQ=WEEKLY", *(["INTERVAL=2"] if every == "2weeks" else []), "BYDAY=" + ",".join(days)]
    else:
        parts = ["FREQ=MONTHLY", "BYDAY=" + ",".join(f"{every}{one}" for one in days)]
    return ";".join(parts + ([f"COUNT={given['count']}"] if given["count"] else []))


def _monthday(first: date) -> int:
    """The day of the month; what only long months have means the last day."""
    return first.day if first.day <= 28 else -1


def themes_in(text: str) -> tuple[str, ...]:
    """One theme a line. Refuses `input.bad` for too many, or one that is too long."""
    found = tuple(line.strip() for line in text.splitlines() if line.strip())
    if len(found) > THEMES_MOST or any(len(one) > THEME_MOST for one in found):
        raise bad(
            "themes",
            _("轮换的主题"),
            _("最多 {n} 个，每个最多 {most} 个字。").format(n=THEMES_MOST, most=THEME_MOST),
        )
    return found


def change_form(series: Any) -> Form:
    """The form of an existing series, as it stands."""
    each = series.defaults
    return Form(
        (
            Field("title", _("名称"), needed=True, most=TITLE_MOST, start=series.title),
            (
                Field("start_time", _("几点"), "time", needed=True, start=f"{series.start_time:%H:%M}"),
                Field(
                    "minutes",
                    _("多久（分钟）"),
                    "number",
                    needed=True,
                    least=5,
                    most=24 * 60,
                    start=series.minutes,
                ),
            ),
            (
                Field("places", _("名额"), "number", needed=True, least=1, start=each["places"]),
                Field("until", _("到哪天为止"), "day", start=series.until or "", hint=_("不填就一直办下去")),
            ),
            Field(
                "holidays",
                _("碰上节假日和调休"),
                "choice",
                needed=True,
                options=_holidays(),
                start=series.holidays,
            ),
            Field(
                "themes",
                _("轮换的主题"),
                "long",
                start="\n".join(series.themes),
                hint=_("一行一个，一场一个轮着来；跳过的那一场，别的不动。"),
            ),
            Field("place", _("店里哪儿"), most=PLACE_MOST, start=each["place"]),
            Field("summary", _("介绍"), "long", most=SUMMARY_MOST, start=each["summary"]),
        )
    )


def edits_in(form: Form) -> dict[str, Any]:
    """What differs from how the form began. Refuses `input.bad` when nothing does."""
    given = form.read()
    now = {one.name: one for one in form}
    typed = form.typed
    changed = {
        name: value
        for name, value in given.items()
        if typed is not None and _plain(typed.get(name, "")) != _plain(str(now[name].start))
    }
    if "themes" in changed:
        changed["themes"] = themes_in(changed["themes"])
    if "holidays" in changed:
        changed["holidays"] = Holidays(changed["holidays"])
    if not changed:
        raise Refused("input.bad", field=_("改动"), reason=_("还没有改任何一处。"))
    return changed


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
