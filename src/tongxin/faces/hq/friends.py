"""大使与朋友: applications and terms of ambassadors, the agreement, friends that wait for somebody to look."""

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.amplify import actions, queries
from tongxin.amplify.terms import DECIDERS, EDITORS
from tongxin.amplify.terms_ambassadors import AMBASSADOR_LABELS, TIER_LABELS, TIER_PERMILLE, Tier
from tongxin.amplify.terms_referrals import FLAG_LABELS, REFERRAL_LABELS, ReferralState
from tongxin.amplify.terms_teachers import SPECIALTY_LABELS, TEACHER_LABELS, Specialty
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.hq.stars import uuid_of
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.stores import queries as stores

TERMS = {"13": ("三个月", "three months"), "26": ("半年", "half a year"), "52": ("一年", "a year")}


def friends(request: Asked) -> HttpResponse:
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
            return redirect("hq.friends")
    held = queries.referrals(viewer, state=ReferralState.HELD, limit=20)
    every = queries.referrals(viewer, limit=20)
    context = {
        "held": [(one, [FLAG_LABELS[flag] for flag in one.flags]) for one in held.items],
        "rows": [(one, REFERRAL_LABELS[one.state]) for one in every.items],
        "ambassadors": [
            (one, AMBASSADOR_LABELS[one.state], TIER_LABELS[one.tier])
            for one in queries.ambassadors(viewer, limit=30).items
        ],
        "agreement": queries.agreement_now(),
        "tiers": [(tier.value, TIER_LABELS[tier], TIER_PERMILLE[tier]) for tier in Tier],
        "terms": list(TERMS.items()),
        "teachers": [
            (one, TEACHER_LABELS[one.state], [SPECIALTY_LABELS[skill] for skill in one.specialties])
            for one in queries.teacher_list(viewer)
        ],
        "specialties": list(SPECIALTY_LABELS.items()),
        "colleagues": stores.staff_for(viewer, limit=100).items if viewer.roles & DECIDERS else [],
        "may": bool(viewer.roles & DECIDERS),
        "money": viewer.reaches(None, EDITORS),
        "may_publish": viewer.reaches(None, EDITORS),
        "typed": request.POST,
        "fault": fault,
    }
    return render(request, "hq/friends.html", context, status=status)


def _act(request: Asked) -> str:
    viewer, form = request.viewer, request.POST
    do = form.get("do", "")
    if do == "agreement":
        actions.publish_agreement(
            viewer=viewer, body=form.get("body", ""), perks=form.get("perks", "").splitlines()
        )
        return _("新版协议已发布。")
    if do == "friend":
        actions.decide_friend(
            viewer=viewer,
            referral_id=uuid_of(form.get("referral", "")),
            counts=form.get("counts") == "yes",
            reason=form.get("reason", ""),
        )
        return _("记下了。")
    if do in {"teacher", "colleague", "end_teacher"}:
        return _teacher(request, do)
    weeks, tier = form.get("weeks", ""), form.get("tier", "1")
    until = clock.now() + timedelta(weeks=int(weeks)) if weeks in TERMS else clock.now()
    level = Tier(int(tier)) if tier in {"1", "2", "3"} else Tier.ONE
    if do == "invite":
        actions.invite_ambassador(
            viewer=viewer,
            customer=uuid_of(form.get("member", "")),
            why=form.get("why", ""),
            until=until,
            tier=level,
        )
        return _("已请 TA 答复。")
    key = uuid_of(form.get("ambassador", ""))
    if do == "decide":
        yes = form.get("yes") == "yes"
        actions.decide_ambassador(
            viewer=viewer, ambassador_id=key, yes=yes, reason=form.get("reason", ""), until=until, tier=level
        )
        return _("已答复。")
    if do == "task":
        actions.give_task(viewer=viewer, ambassador_id=key, words=form.get("words", ""))
        return _("已请 TA 帮忙。")
    actions.end_ambassador(viewer=viewer, ambassador_id=key, reason=form.get("reason", ""))
    return _("已结束，本人看得到理由。")


def _teacher(request: Asked, do: str) -> str:
    viewer, form = request.viewer, request.POST
    skills = [one for one in Specialty if one in form.getlist("skill")]
    if do == "teacher":
        actions.invite_teacher(
            viewer=viewer,
            customer=uuid_of(form.get("member", "")),
            specialties=skills,
            why=form.get("why", ""),
        )
        return _("已请 TA 答复。")
    if do == "colleague":
        actions.show_colleague(
            viewer=viewer,
            staff=uuid_of(form.get("staff", "")),
            specialties=skills,
            shown_as=form.get("shown_as", ""),
            words=form.get("words", ""),
        )
        return _("主页开好了。")
    actions.end_teacher(viewer=viewer, teacher_id=uuid_of(form.get("teacher", "")))
    return _("主页收起来了。")
