"""拼团和秒杀 as the champion runs them: the list, a new one, one with its groups, stock and where its link may go."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.events import actions
from tongxin.events.actions import EventIn
from tongxin.events.formats import FORMATS
from tongxin.events.queries import access_event, group_buys, sales
from tongxin.events.rules.channel_policy import WHERE_LABELS, may_show
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.event_form import SUMMARY_MOST, TITLE_MOST
from tongxin.faces.forms import Field, Fold, Form, Part, at, bad
from tongxin.faces.once import key_for, made_once
from tongxin.faces.organise.frame import event_page, framed, on_phone, shop_of, shop_typed, shops
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused

PAGE, GROUPS = 30, 50
PAYS = (("till", ("到店付", "at the till")), ("link", ("用链接付", "by link")))
WHERE = {
    "events.channel_policy": "share_text",
    "events.past_start": "from_day",
    "events.times": "to_time",
    "events.no_places": "places",
}


def listing(request: Asked) -> HttpResponse:
    """Sales that go on, or are over."""
    found, past = shops(request), request.GET.get("tab") == "past"
    shop = shop_of(request, found) if request.GET.get("store") else None
    cursor = request.GET.get("cursor") or None
    lines = sales.sales_for(request.viewer, store=shop, past=past, limit=PAGE, cursor=cursor)
    context = {
        "lines": lines.items,
        "cursor": lines.cursor,
        "past": past,
        "tab": "past" if past else "",
        "now": clock.now(),
    }
    return framed(request, "organise/sales.html", context, heading=_("拼团和秒杀"))


def new(request: Asked) -> HttpResponse:
    """A sale as a draft, one however often the form is sent; looked at before it is published."""
    found = shops(request)
    form, status, key = _form(found), 200, key_for(request)
    if request.method == "POST":
        form.typed = request.POST
        try:
            store = shop_typed(request, found)
            event = _event_in(form, store.zone)
            made = made_once(
                request,
                lambda: actions.draft(viewer=request.viewer, store=store, event=event).public_id,
            )
        except Refused as refused:
            status, key = form.refuse(refused, request.viewer.language, WHERE), key_for(request, refused)
        else:
            flash(request, _("草稿写好了，看一眼再发布。"))
            return redirect("organise.sale", made)
    back = reverse("organise.sales")
    context = {"form": form, "key": key}
    return framed(
        request, "organise/sale_new.html", context, heading=_("新的拼团或秒杀"), back=back, status=status
    )


def _form(found: list[Any]) -> Form:
    today = clock.business_day(clock.now())
    day = [(today + timedelta(days=n)).isoformat() for n in (1, 3, 4)]
    formats = tuple(
        (code, (FORMATS[code].zh, FORMATS[code].en)) for code in sorted(sales.STOCK, reverse=True)
    )
    parts: list[Part] = []
    if len(found) > 1:
        parts.append(
            Field("store", _("门店"), "choice", options=tuple((str(s.public_id), s.name) for s in found))
        )
    parts += [
        Field(
            "format",
            _("怎么卖"),
            "choice",
            needed=True,
            options=formats,
            hint=_("拼团：凑齐才成，不齐全退。秒杀：到点开抢，每人一件，价格到点才公布。"),
        ),
        Field("title", _("名称"), needed=True, most=TITLE_MOST),
        Field("item", _("卖什么"), needed=True, most=80, hint=_("写清楚一份是多少，如「赣南橙 5 斤一箱」")),
        (
            Field("price_fen", _("价格"), "money", needed=True, least=1),
            Field("usual_fen", _("平时价（选填）"), "money"),
        ),
        (
            Field("places", _("一共几份"), "number", needed=True, least=1, start="30"),
            Field("group_size", _("几人成团"), "number", least=2, most=20, start="3", hint=_("秒杀不看这里")),
        ),
        (
            Field("open_day", _("哪天开始卖"), "day", needed=True, start=day[0]),
            Field("open_time", _("几点开始"), "time", needed=True, start="10:00"),
        ),
        (
            Field("from_day", _("哪天来取"), "day", needed=True, start=day[1]),
            Field("to_day", _("取到哪天"), "day", needed=True, start=day[2]),
        ),
        (
            Field("from_time", _("几点起可取"), "time", needed=True, start="10:00"),
            Field("to_time", _("取到几点"), "time", needed=True, start="20:00"),
        ),
        Fold(
            _("更多：成团时限、付款、转发的话"),
            (
                Field("group_hours", _("开团后几小时内凑齐"), "number", least=1, most=168, start="24"),
                Field(
                    "pay",
                    _("怎么付"),
                    "choice",
                    options=PAYS,
                    hint=_("这里只留货，不收钱：到店付，或用带来源标记的链接付。"),
                ),
                Field("pay_url", _("付款链接"), "url", most=300),
                Field("summary", _("介绍"), "long", most=SUMMARY_MOST),
                Field(
                    "share_text",
                    _("转发时带的话"),
                    "long",
                    most=150,
                    hint=_("只说东西和时间。转发送券、集赞、砍价、助力都不行。"),
                ),
            ),
        ),
    ]
    return Form(tuple(parts))


def _event_in(form: Form, zone: str) -> EventIn:
    given = form.read()
    opens, starts, ends = _times(given, zone)
    together = given["format"] == "group_buy"
    if given["pay"] == "link" and not given["pay_url"]:
        raise bad("pay_url", _("付款链接"), _("请填写。"))
    if given["usual_fen"] and given["usual_fen"] <= given["price_fen"]:
        raise bad("usual_fen", _("平时价（选填）"), _("平时价要比现在高，不然就不写。"))
    details = {
        "item": given["item"],
        "price_fen": given["price_fen"],
        "usual_fen": given["usual_fen"],
        "pay": given["pay"] or "till",
        "pay_url": given["pay_url"],
        "share_text": given["share_text"],
    }
    if together:
        details |= {"group_size": given["group_size"], "group_hours": given["group_hours"] or 24}
        if not given["group_size"]:
            raise bad("group_size", _("几人成团"), _("请填写。"))
    return EventIn(
        title=given["title"],
        format=given["format"],
        summary=given["summary"],
        starts_at=starts,
        ends_at=ends,
        opens_at=opens,
        places=given["places"],
        details={name: value for name, value in details.items() if value},
    )


def _times(given: dict[str, Any], zone: str) -> tuple[datetime, datetime, datetime]:
    def moment(name: str) -> datetime:
        day: date = given[f"{name}_day"]
        return at(day, given[f"{name}_time"], zone)

    opens, starts, ends = moment("open"), moment("from"), moment("to")
    if opens >= starts:
        raise bad("open_day", _("哪天开始卖"), _("开卖要早于来取的时间。"))
    if ends <= starts:
        raise bad("to_day", _("取到哪天"), _("取到的时间要晚于开始取的时间。"))
    return opens, starts, ends


def one(request: Asked, event_id: UUID) -> HttpResponse:
    """One sale: pieces taken and left, groups and how many they miss, where its link may be shown. Refuses `absent`."""
    viewer = request.viewer
    access_event(viewer, event_id)
    card = sales.sale_card(viewer, event_id)
    today = clock.business_day(clock.now())
    mechanic = FORMATS[card.format].mechanic
    context = {
        "card": card,
        "now": clock.now(),
        "groups": group_buys.groups_of(viewer, event_id, limit=GROUPS) if card.together else (),
        "ran": sales.groups_ran(viewer, event_id) if card.together else None,
        "policy": [(words, may_show(mechanic, where, today)) for where, words in WHERE_LABELS.items()],
        "page": event_page(request, event_id),
        "publish": reverse(
            "champion.event.publish" if on_phone(request) else "hq.event.publish", args=[event_id]
        ),
    }
    back = reverse("organise.sales")
    return framed(request, "organise/sale.html", context, heading=card.title, back=back)
