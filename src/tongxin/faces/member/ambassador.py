"""大使和朋友: the programme with its agreement and things to read, one's own code, who came by it, the thanks to the fen."""

import secrets
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.amplify import actions, queries
from tongxin.amplify.terms_ambassadors import TIER_LABELS, TIER_PERMILLE, TRAINING, WORDS_MOST
from tongxin.amplify.terms_referrals import (
    BUY_WITHIN,
    CODE_LENGTH,
    NEW_FOR,
    PART_LABELS,
    REFERRAL_LABELS,
    REFUND_DAYS,
    USUAL_PERMILLE,
)
from tongxin.amplify.terms_sharing import PAYOUT_LABELS
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say, status_of
from tongxin.foundation.errors import Refused
from tongxin.foundation.sealing import blind

COOKIE = "tongxin_friend"
COOKIE_AGE = 90 * 24 * 3600


def ambassador(request: Asked) -> HttpResponse:
    """The page; each form does one thing. The cookie only tells one browser from another, and lasts 90 days."""
    viewer = request.viewer
    seen = browser_of(request)
    fault, status = "", 200
    if request.method == "POST":
        try:
            said = _act(request, blind("referral.device", seen))
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault, status = say(refused, viewer.language), status_of(refused)
        else:
            flash(request, said)
            return remembered(redirect("member.ambassador"), seen)
    mine = queries.my_ambassador(viewer)
    friends = queries.my_friends(viewer)
    context = {
        "mine": mine if mine is not None and mine.state not in {"declined", "ended"} else None,
        "last": mine if mine is not None and mine.state in {"declined", "ended"} and mine.reason else None,
        "agreement": queries.agreement_now(),
        "training": [
            (code, (zh, en), mine is not None and code not in mine.missing) for code, zh, en in TRAINING
        ],
        "tiers": [(TIER_LABELS[tier], TIER_PERMILLE[tier]) for tier in TIER_LABELS],
        "tier": None if mine is None else TIER_LABELS[mine.tier],
        "friends": friends,
        "came": [(one, REFERRAL_LABELS[one.state]) for one in friends.friends],
        "thanks": [(one, PART_LABELS[one.part]) for one in friends.thanks],
        "statements": [(one, PAYOUT_LABELS[one.state]) for one in queries.my_statements(viewer)],
        "usual": USUAL_PERMILLE,
        "refund_days": REFUND_DAYS,
        "new_days": NEW_FOR.days,
        "buy_days": BUY_WITHIN.days,
        "code_length": CODE_LENGTH,
        "words_most": WORDS_MOST,
        "typed": request.POST,
        "fault": fault,
    }
    return render(request, "member/ambassador.html", context, status=status)


def browser_of(request: Asked) -> str:
    """The random number by which this browser is told from others, a new one where there is none."""
    seen = request.COOKIES.get(COOKIE, "")
    return seen if len(seen) == 32 and seen.isalnum() else secrets.token_hex(16)


def remembered(reply: HttpResponse, seen: str) -> HttpResponse:
    """The answer, with the number for the next 90 days."""
    reply.set_cookie(COOKIE, seen, max_age=COOKIE_AGE, httponly=True, samesite="Lax", secure=True)
    return reply


def _act(request: Asked, device: str) -> str:
    viewer, form = request.viewer, request.POST
    do = form.get("do", "")
    if do == "code":
        actions.my_code(viewer=viewer, device=device)
        return _("这是你的码，朋友入会时填上就好。")
    if do == "name":
        actions.name_friend(viewer=viewer, code=form.get("code", ""), device=device)
        return _("记下了，替你谢谢 TA。")
    if do == "apply":
        actions.apply_ambassador(viewer=viewer, why=form.get("why", ""))
        return _("收到了，两周内答复你。")
    if do == "agree":
        number = form.get("number", "")
        actions.agree(viewer=viewer, number=int(number) if number.isdecimal() and len(number) < 6 else 0)
        return _("签好了。读完下面几条，任期就开始。")
    if do == "learn":
        actions.learn(viewer=viewer, item=form.get("item", ""))
        return _("记下了。")
    if do == "task":
        actions.do_task(viewer=viewer, task_id=_uuid(form.get("task", "")))
        return _("辛苦了，谢谢你。")
    actions.leave_ambassadors(viewer=viewer)
    return _("好的，谢谢你。")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("absent") from None
