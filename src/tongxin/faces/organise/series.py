"""系列: the series of a store, a new one with its dates looked at first, one of them, "this / this and following", one date."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.events import actions
from tongxin.events.actions import series_edits
from tongxin.events.actions.series import skip
from tongxin.events.formats import FORMATS
from tongxin.events.queries import access_event, pass_uses
from tongxin.events.queries import series as queries
from tongxin.events.rules import recurrence
from tongxin.events.rules.recurrence import HOLIDAY_LABELS, Clock, Holidays
from tongxin.events.rules.rota import theme_of
from tongxin.events.terms import KIND_LABELS, STATE_LABELS, Kind, State
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.event_form import PLACE_MOST, THEME_MOST
from tongxin.faces.forms import Field, Form, at, version_in
from tongxin.faces.once import key_for, made_once
from tongxin.faces.organise import series_form
from tongxin.faces.organise.frame import event_page, framed, shop_of, shop_typed, shops
from tongxin.foundation import clock
from tongxin.foundation.access import Verb
from tongxin.foundation.errors import Refused

PAGE, SHOWN = 40, 8
LOOKED_AT = timedelta(weeks=26)


def listing(request: Asked) -> HttpResponse:
    """The series of a store that go on."""
    found = shops(request)
    shop = shop_of(request, found)
    lines = queries.series_for(request.viewer, shop) if shop else []
    context: dict[str, Any] = {
        "shops": found,
        "shop": shop,
        "lines": [(line, KIND_LABELS[Kind(line.series.kind)], _form(line.series.format)) for line in lines],
    }
    return framed(request, "organise/series.html", context, heading=_("系列"))


def _form(code: str) -> tuple[str, str]:
    known = FORMATS.get(code)
    return (known.zh, known.en) if known else (code, code)


def new(request: Asked) -> HttpResponse:
    """How it comes again; first the dates are shown, then it is opened as drafts, once however often the form is sent."""
    found = shops(request)
    shop = shop_of(request, found)
    form = series_form.new_form(request, found, shop)
    context: dict[str, Any] = {
        "form": form,
        "only": shop if len(found) == 1 else None,
        "key": key_for(request),
    }
    status = 200
    if request.method == "POST":
        form.typed = request.POST
        try:
            store = shop_typed(request, found)
            wanted = series_form.series_in(request, form)
            context["preview"] = _preview(request, store, wanted)
            if request.POST.get("step") == "open":
                return _opened(request, store, wanted)
        except Refused as refused:
            status = form.refuse(refused, request.viewer.language, series_form.WHERE)
            context["key"] = key_for(request, refused)
    back = reverse("organise.series")
    return framed(request, "organise/series_new.html", context, heading=_("新系列"), back=back, status=status)


def _opened(request: Asked, store: Any, wanted: Any) -> HttpResponse:
    dates: list[Any] = []

    def make() -> UUID:
        opened = actions.open_series(viewer=request.viewer, store=store, series=wanted)
        dates.extend(opened.occurrences)
        return opened.series.public_id

    made = made_once(request, make)
    if dates:  # sent twice, it was said the first time
        flash(request, _("{n} 场排好了，都是草稿。看一眼再发布。").format(n=len(dates)))
    return redirect("organise.one_series", made)


def _preview(request: Asked, store: Any, wanted: Any) -> dict[str, Any]:
    rule = recurrence.parse(wanted.rule)
    found = queries.preview(
        request.viewer,
        store,
        rule=wanted.rule,
        starts_on=wanted.starts_on,
        hours=Clock(store.zone, store.cutoff_hour, wanted.start_time, wanted.minutes),
        holidays=wanted.holidays,
        until=wanted.until,
        last=wanted.starts_on + LOOKED_AT,
    )
    # A date that is left out takes its theme along, so the turn counts and not the place in the list.
    gone = {turn.turn for turn in found.left_out}
    turns = [n for n in range(len(found.dates) + len(gone)) if n not in gone]
    dates = sorted((begins, theme_of(wanted.themes, n)) for n, begins in zip(turns, found.dates, strict=True))
    if not dates:
        raise Refused("events.rule", reason=_("这样排，半年里一场也没有。"))
    return {
        "found": found,
        "first": dates[:SHOWN],
        "rest": dates[SHOWN:],
        "fell": found.left_out[:SHOWN],
        "fell_rest": found.left_out[SHOWN:],
        "rule": recurrence.spoken(rule),
        "holidays": HOLIDAY_LABELS[wanted.holidays],
        "years": sorted({day.year for day in found.unannounced}),
    }


def one(request: Asked, series_id: UUID) -> HttpResponse:
    """Its rule in words, its dates with their places, and what can be done with them all."""
    viewer = request.viewer
    series = queries.access_series(viewer, series_id)
    past = request.GET.get("past") == "1"
    dates = queries.dates_of(
        viewer, series_id, limit=PAGE, cursor=request.GET.get("cursor") or None, past=past
    )
    lines = [(line, STATE_LABELS[State(line.occurrence.state)]) for line in dates.items]
    context = {
        "series": series,
        "rule": recurrence.spoken(recurrence.parse(series.rule)),
        "holidays": HOLIDAY_LABELS[Holidays(series.holidays)],
        "form": _form(series.format),
        "lines": lines,
        "cursor": dates.cursor,
        "past": past,
        "passes": pass_uses.passes_taken(viewer, series_id),
        "drafts": any(line.occurrence.state == State.DRAFT for line, _label in lines),
        "next": next(
            (line for line, _label in lines if line.occurrence.state in {State.DRAFT, State.PUBLISHED}), None
        ),
    }
    back = f"{reverse('organise.series')}?store={series.store.public_id}"
    return framed(request, "organise/one_series.html", context, heading=series.title, back=back)


def change(request: Asked, series_id: UUID) -> HttpResponse:
    """All coming dates, or one and those after it. Who was slower than somebody else reads both texts."""
    viewer = request.viewer
    series = queries.access_series(viewer, series_id, Verb.CHANGE)
    form, status = series_form.change_form(series), 200
    given = request.POST.get("from") or request.GET.get("from") or ""
    begins = access_event(viewer, _uuid(given)) if given else None
    if begins is not None and begins.series_id != series.pk:
        raise Refused("absent")
    if request.method == "POST":
        form.typed = request.POST
        try:
            done = series_edits.change_series(
                viewer=viewer,
                series_id=series_id,
                version=version_in(request.POST),
                from_event=begins.public_id if begins and request.POST.get("scope") != "all" else None,
                **series_form.edits_in(form),
            )
        except Refused as refused:
            status = form.refuse(refused, viewer.language, series_form.WHERE)
            if refused.code == "edit.stale":
                form.meanwhile = {field.name: str(field.start) for field in form}
        else:
            flash(request, _changed(done))
            return redirect("organise.one_series", done.series.public_id)
    context = {"series": series, "form": form, "begins": begins, "scope": request.POST.get("scope", "")}
    back = reverse("organise.one_series", args=[series_id])
    return framed(
        request, "organise/series_change.html", context, heading=_("改这个系列"), back=back, status=status
    )


def _changed(done: Any) -> str:
    said = [_("改好了 {n} 场").format(n=len(done.changed))]
    for n, words in (
        (len(done.moved), _("其中改时间 {n} 场，已通知报名的人")),
        (len(done.added), _("新增 {n} 场")),
        (len(done.cancelled), _("取消 {n} 场")),
        (len(done.kept), _("手工改过的 {n} 场没有动")),
    ):
        said += [words.format(n=n)] if n else []
    return _("；").join(said) + _("。")


def publish(request: Asked, series_id: UUID) -> HttpResponse:
    """Members see every coming date."""
    n = actions.publish_series(viewer=request.viewer, series_id=series_id)
    flash(request, _("发布了 {n} 场，会员可以报名了。").format(n=n))
    return redirect("organise.one_series", series_id)


def end(request: Asked, series_id: UUID) -> HttpResponse:
    """No more dates; those ahead are called off, or take place still."""
    reason = request.POST.get("reason", "").strip()
    if not reason:
        raise Refused("input.bad", field=_("原因"), reason=_("写一句，报了名的人会看到。"))
    gone = actions.end_series(
        viewer=request.viewer,
        series_id=series_id,
        reason=reason[:200],
        cancel=request.POST.get("ahead") != "keep",
    )
    flash(request, _("这个系列结束了，取消了 {n} 场。").format(n=gone))
    return redirect("organise.one_series", series_id)


def day(request: Asked, event_id: UUID) -> HttpResponse:
    """One date of a series: changed alone, or called off; or the way to changing it and those after it."""
    viewer = request.viewer
    event = access_event(viewer, event_id, Verb.CHANGE)
    if event.series_id is None:
        raise Refused("absent")
    series = queries.series_of(viewer, event)
    form, status, fault = _day_form(event), 200, ""
    if request.method == "POST":
        try:
            if request.POST.get("step") == "skip":
                fault = _skipped(request, event)
            else:
                form.typed = request.POST
                _change_one(request, event, form)
        except Refused as refused:
            status = form.refuse(
                refused, viewer.language, {"events.clash": "time", "events.past_start": "day"}
            )
        else:
            if not fault:
                return redirect("organise.one_series", series.public_id)
            status = 422
    context = {
        "event": event,
        "series": series,
        "form": form,
        "fault": fault,
        "ahead": event.starts_at > clock.now() and event.state in {State.DRAFT, State.PUBLISHED},
        "page": event_page(request, event_id),
    }
    back = reverse("organise.one_series", args=[series.public_id])
    return framed(request, "organise/series_day.html", context, heading=_("这一场"), back=back, status=status)


def _day_form(event: Any) -> Form:
    local = event.starts_at.astimezone(
        at(event.starts_at.date(), event.starts_at.time(), event.store.zone).tzinfo
    )
    minutes = int((event.ends_at - event.starts_at).total_seconds() // 60)
    return Form(
        (
            Field("theme", _("这一场的主题"), most=THEME_MOST, start=event.theme),
            (
                Field("day", _("日期"), "day", needed=True, start=local.date().isoformat()),
                Field("time", _("几点"), "time", needed=True, start=f"{local:%H:%M}"),
            ),
            (
                Field(
                    "minutes", _("多久（分钟）"), "number", needed=True, least=5, most=24 * 60, start=minutes
                ),
                Field("place", _("店里哪儿"), most=PLACE_MOST, start=event.place),
            ),
        )
    )


def _change_one(request: Asked, event: Any, form: Form) -> None:
    given = form.read()
    starts = at(given["day"], given["time"], event.store.zone)
    ends = starts + timedelta(minutes=given["minutes"])
    moved = (starts, ends) != (event.starts_at, event.ends_at)
    words = {name: given[name] for name in ("theme", "place") if given[name] != getattr(event, name)}
    if not moved and not words:
        raise Refused("input.bad", field=_("改动"), reason=_("还没有改任何一处。"))
    series_edits.change_one(
        viewer=request.viewer,
        event_id=event.public_id,
        version=version_in(request.POST),
        starts_at=starts if moved else None,
        ends_at=ends if moved else None,
        **words,
    )
    flash(request, _("只改了这一场。以后改整个系列，也不会动它。"))


def _skipped(request: Asked, event: Any) -> str:
    reason = request.POST.get("reason", "").strip()
    if not reason:
        return _("写一句，报了名的人会看到。")
    skip(viewer=request.viewer, event_id=event.public_id, reason=reason[:200])
    flash(request, _("这一场停了，别的场次照旧。报了名的人会收到通知。"))
    return ""


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("absent") from None
