"""The store's page, an event's page and registering. Open to look at for everybody; to register one signs in."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.events.actions.bringing import NewChild, register_family
from tongxin.events.formats import FORMATS
from tongxin.events.queries import event_page, listing, member, sales
from tongxin.faces.asking import Asked
from tongxin.faces.member import after, groups
from tongxin.faces.member.views import NOTICE
from tongxin.faces.offers import offers_on
from tongxin.faces.sentences import say, status_of
from tongxin.faces.templatetags.tongxin import english
from tongxin.foundation import clock, money
from tongxin.foundation.errors import Refused
from tongxin.outreach.queries.wecom import code_carrying

CODE = re.compile(r"[0-9a-z_-]{1,24}")
NEW_ROWS = 2  # children who have not come before: empty lines on the form
NICKNAME_MOST, ALLERGY_MOST, ANSWER_MOST = 20, 100, 200


def store(request: Asked, store_id: UUID) -> HttpResponse:
    """A store and what one can come to there."""
    card = listing.shop(request.viewer, store_id)
    enter = f"{reverse('enter.door')}?{urlencode({'next': request.path})}"
    context = {"card": card, "lines": listing.upcoming(request.viewer, store_id), "enter": enter}
    return render(request, "member/store.html", context)


def event(request: Asked, event_id: UUID) -> HttpResponse:
    """One event, and the form to come."""
    return _page(request, event_id, {})


def register(request: Asked, event_id: UUID) -> HttpResponse:
    """Take a seat, or a place in the line; what was refused is said on the same page, with what was typed."""
    form = request.POST
    try:
        made = register_family(viewer=request.viewer, event_id=event_id, **_read(form))
    except Refused as refused:
        if refused.code in {"absent", "forbidden"}:
            raise
        fault = say(refused, request.viewer.language)
        return _page(
            request, event_id, {"fault": fault, "code": refused.code, "typed": form}, status_of(refused)
        )
    return redirect("member.registration", made.public_id)


def _page(request: Asked, event_id: UUID, more: Mapping[str, Any], status: int = 200) -> HttpResponse:
    viewer = request.viewer
    card = event_page.event_page(viewer, event_id)
    if card.format in sales.STOCK:
        return groups.sale(request, card, dict(more), status)
    now = clock.now()
    shut = card.shut(now)
    joins = not card.mine and not shut and viewer.person is not None
    children = member.my_children(viewer) if joins and card.party_most > 1 else ()
    typed: QueryDict = more.get("typed", QueryDict())
    context = {
        "card": card,
        "now": now,
        "shut": shut,
        "joins": joins,
        "children": children,
        "rows": range(1, min(NEW_ROWS, card.party_most - 1) + 1),
        "questions": [(q, typed.get(f"q-{q['id']}", "")) for q in card.questions],
        "chosen": set(typed.getlist("child")),
        "enter": f"{reverse('enter.door')}?{urlencode({'next': request.get_full_path()})}",
        "currency": card.currency,
        "unit": unit_of(card.format),
        "fee_said": money.show(card.fee_fen, card.currency),
        "voucher_said": money.show(card.voucher_fen, card.currency),
        "most_children": card.party_most - 1,
        "came_by": (code := came_by(request.GET if request.method == "GET" else request.POST)),
        "wecom": code_carrying(code) if code else None,
        "offers": offers_on(viewer, card),
        **_around(request, card, now),
        **more,
    }
    return render(request, "member/event.html", context, status=status)


def _around(request: Asked, card: event_page.EventPage, now: datetime) -> dict[str, Any]:
    """What else the page shows once it is over, or before it where photos of other events were put."""
    if card.shut(now) == "cancelled":
        return {}
    if card.ends_at <= now:
        return after.came(request, card.public_id)
    return after.before(request, card.public_id) if card.borrowed else {}


def unit_of(form: str) -> str:
    """What a place is called at this format, in the reader's language."""
    known = FORMATS.get(form)
    if known is None:
        return "seats" if english() else "席"
    return known.unit_en if english() else known.unit_zh


def _read(form: QueryDict) -> dict[str, Any]:
    """What the form carries, in shape. Refuses `input.bad` for what no form of ours sends."""
    fresh = []
    for n in range(1, NEW_ROWS + 1):
        nickname, age = (form.get(f"{name}-{n}", "").strip() for name in ("nickname", "age"))
        if not nickname and not age:
            continue
        if not nickname or len(nickname) > NICKNAME_MOST or not age.isdecimal():
            raise Refused("input.bad", field=_("孩子"), reason=_("请写昵称和整岁。"))
        fresh.append(NewChild(nickname, int(age)))
    seen = form.get("seen", "")
    return {
        "known": [_uuid(one) for one in form.getlist("child")],
        "fresh": fresh,
        "agreed": form.get("agreed") == "yes",
        "notice_version": NOTICE,
        "allergy": form.get("allergy", "").strip()[:ALLERGY_MOST],
        "answers": {
            name.removeprefix("q-"): value.strip()[:ANSWER_MOST]
            for name, value in form.items()
            if name.startswith("q-") and isinstance(value, str) and value.strip()
        },
        "seen": int(seen) if seen.isdecimal() else None,
        "channel": came_by(form) or "member_page",
    }


def came_by(given: Mapping[str, Any]) -> str:
    """The channel code of the link by which somebody came here; "" for none, and for what is no code."""
    code = str(given.get("c", ""))
    return code if CODE.fullmatch(code) else ""


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("absent") from None
