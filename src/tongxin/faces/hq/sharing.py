"""谢礼与分享: what is owed and paid to members, pools shared by published points, what of a sale is margin."""

import csv
from datetime import date
from decimal import Decimal, InvalidOperation
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.amplify import actions, queries
from tongxin.amplify.terms import EDITORS
from tongxin.amplify.terms_demand import POINTS_MOST
from tongxin.amplify.terms_sharing import LEAST_FEN, PAYOUT_LABELS
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.hq.panels import fen_of, whole_of
from tongxin.faces.hq.stars import uuid_of
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock, money
from tongxin.foundation.errors import Refused
from tongxin.people.facts import BY_CODE, CONTRIBUTION
from tongxin.stores import queries as stores

# Deeds that help others; reading and buying are nobody's work.
DEEDS = (
    "posted",
    "replied",
    "answered",
    *(code for code, deed in BY_CODE.items() if deed.weight >= CONTRIBUTION),
)


def sharing(request: Asked) -> HttpResponse:
    """The page; each form does one thing."""
    viewer = request.viewer
    fault, status = "", 200
    if request.method == "POST":
        try:
            said = _act(request)
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault, status = say(refused, viewer.language), status_of(refused)
        else:
            flash(request, said)
            return redirect("hq.sharing")
    owed = queries.owed_now()
    context = {
        "margins": queries.margin_rules(viewer),
        "payouts": [(one, PAYOUT_LABELS[one.state]) for one in queries.payouts(viewer)],
        "owed": (len(owed), sum(one.fen for one in owed)),
        "least": money.show(LEAST_FEN, stores.the_brand().currency),
        "pools": [
            (one, [((BY_CODE[code].zh, BY_CODE[code].en), worth) for code, worth in one.points])
            for one in queries.pools(viewer)
        ],
        "deeds": [(code, (BY_CODE[code].zh, BY_CODE[code].en)) for code in DEEDS],
        "points_most": POINTS_MOST,
        "may": viewer.reaches(None, EDITORS),
        "today": clock.business_day(clock.now()).isoformat(),
        "typed": request.POST,
        "fault": fault,
    }
    return render(request, "hq/sharing.html", context, status=status)


def _act(request: Asked) -> str:
    viewer, form = request.viewer, request.POST
    do = form.get("do", "")
    if do == "margin":
        since = _day(form.get("since", ""))
        if since is None:
            raise Refused("amplify.margin_form", most=90)
        actions.set_margin(
            viewer=viewer,
            since=since,
            high_permille=_permille(form.get("high", "")),
            other_permille=_permille(form.get("other", "")),
        )
        return _("公布了，从那一天起的朋友按这个算。")
    if do == "pool":
        since, until = _day(form.get("since", "")), _day(form.get("until", ""))
        if since is None or until is None:
            raise Refused("amplify.pool_form")
        actions.publish_pool(
            viewer=viewer,
            title=form.get("title", ""),
            pool_fen=fen_of(form.get("sum", ""), "amplify.pool_form"),
            points={code: whole_of(form[f"p.{code}"]) for code in DEEDS if form.get(f"p.{code}")},
            since=max(clock.now(), clock.day_start(since)),
            until=clock.day_start(until),
        )
        return _("公布了，会员看得到怎么算。")
    if do == "settle":
        actions.settle_pool(viewer=viewer, pool_id=uuid_of(form.get("pool", "")))
        return _("分好了，每个人看得到自己的一份。")
    if do == "draw":
        actions.draw_up_payout(viewer=viewer)
        return _("列好了，请另一位同事核准。")
    key = uuid_of(form.get("payout", ""))
    if do == "approve":
        actions.approve_payout(viewer=viewer, payout_id=key)
        return _("核准了，可以下载给财务。")
    if do == "paid":
        actions.pay_payout(viewer=viewer, payout_id=key, reference=form.get("reference", ""))
        return _("记下了，每个人都收到了通知。")
    actions.cancel_payout(viewer=viewer, payout_id=key)
    return _("作废了，这些钱下次再列。")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _permille(text: str) -> int:
    """Per cent with one decimal as thousandths; what is no number is 0, which is refused."""
    try:
        found = Decimal(text.strip()) * 10
    except InvalidOperation:
        return 0
    return int(found) if found.is_finite() and found == int(found) and 0 < found < 1000 else 0


def payout_file(request: Asked, payout_id: UUID) -> HttpResponse:
    """What finance pays by: numbers of members and whole fen, no names."""
    card, lines = queries.payout_lines(request.viewer, payout_id)
    reply = HttpResponse(content_type="text/csv; charset=utf-8")
    reply["Content-Disposition"] = (
        f'attachment; filename="payout-{card.drawn_at:%Y%m%d}-{str(card.id)[:8]}.csv"'
    )
    reply["Cache-Control"] = "private, no-store"
    reply.write("\ufeff")
    rows = csv.writer(reply)
    rows.writerow(["payout", "line", "member", "thanks_fen", "shares_fen", "paid_before_fen", "fen", "yuan"])
    for one in lines:
        yuan = f"{one.fen // 100}.{one.fen % 100:02d}"
        rows.writerow(
            [card.id, one.number, one.member, one.thanks_fen, one.shares_fen, one.before_fen, one.fen, yuan]
        )
    return reply
