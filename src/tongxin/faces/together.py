"""一起: the challenges and contests of a community, on the member's page and, for who keeps it, on the champion's phone."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.once import key_for, made_once
from tongxin.faces.sentences import say
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.voices import queries as voices
from tongxin.voices.actions import challenges, contests
from tongxin.voices.queries import challenges as reading
from tongxin.voices.terms_challenges import CHALLENGE_WORDS, CONTEST_LABELS, USUAL_TARGET, ContestState


def _spoken(card: reading.ChallengeCard, language: str) -> str:
    """One friendly sentence about the own week."""
    given: dict[str, int] = {}
    if card.over:
        key = "over"
    elif card.week.met:
        key = "done_week"
    elif card.week.done:
        key, given = "underway", {"done": card.week.done, "target": card.week.target}
    else:
        key = "fresh"
    return CHALLENGE_WORDS[key][language == "en"].format(**given)


def _row(card: reading.ChallengeCard, language: str) -> dict[str, Any]:
    monday = card.week.monday
    days = [monday + timedelta(days=n) for n in range(7)]
    return {
        "card": card,
        "sentence": _spoken(card, language),
        "streak": CHALLENGE_WORDS["streak"][language == "en"].format(weeks=card.streak)
        if card.streak > 1
        else "",
        "days": [(day, day in card.ticked, card.starts_on <= day <= card.ends_on) for day in days],
    }


def together(request: Asked, community_id: UUID) -> HttpResponse:
    """What runs in a community, for its members."""
    return render(request, "member/together.html", _running(request, community_id))


def _running(request: Asked, community_id: UUID) -> dict[str, Any]:
    viewer = request.viewer
    cards = reading.challenges(viewer, community_id)
    inside = voices.standing(viewer, community_id)
    return {
        "community_id": community_id,
        "name": inside.name,
        "keeper": inside.keeper,
        "challenges": [_row(card, viewer.language) for card in cards],
        "contests": [
            (one, CONTEST_LABELS[ContestState(one.state)]) for one in reading.contests(viewer, community_id)
        ],
    }


def challenge(request: Asked, challenge_id: UUID) -> HttpResponse:
    """One challenge: this week's days, one button, days to make up for, no word of reproach."""
    viewer = request.viewer
    fault = ""
    if request.method == "POST":
        try:
            _done(request, challenge_id)
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault = say(refused, viewer.language)
        else:
            return redirect("member.challenge", challenge_id)
    card = reading.challenge(viewer, challenge_id)
    context = {"row": _row(card, viewer.language), "fault": fault}
    return render(request, "member/challenge.html", context, status=422 if fault else 200)


def _done(request: Asked, challenge_id: UUID) -> None:
    viewer, step = request.viewer, request.POST.get("step", "")
    if step == "make_up":
        day = _day(request.POST.get("day", ""))
        challenges.make_up(viewer=viewer, challenge_id=challenge_id, day=day)
        flash(request, CHALLENGE_WORDS["made_up"][viewer.language == "en"])
        return
    steps: dict[str, Callable[..., object]] = {
        "join": challenges.join_challenge,
        "leave": challenges.leave_challenge,
        "check_in": challenges.check_in,
    }
    if step not in steps:
        raise Refused("input.bad", field=_("这一步"), reason=_("请选一个。"))
    steps[step](viewer=viewer, challenge_id=challenge_id)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("input.bad", field=_("日期"), reason=_("请选日期。")) from None


def contest(request: Asked, contest_id: UUID) -> HttpResponse:
    """One contest: prize, frozen rules, entries in the order they came, one vote; after the end the count and how to repeat it."""
    viewer = request.viewer
    fault = ""
    if request.method == "POST":
        try:
            if entry := request.POST.get("entry", ""):
                contests.vote(viewer=viewer, contest_id=contest_id, entry_id=_id(entry))
                flash(request, _("投好了，截止前都可以改。"))
            else:
                contests.enter_contest(
                    viewer=viewer, contest_id=contest_id, post_id=_id(request.POST.get("post", ""))
                )
                flash(request, _("参加好了。"))
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault = say(refused, viewer.language)
        else:
            return redirect("member.contest", contest_id)
    card = reading.contest(viewer, contest_id)
    context = {
        "card": card,
        "label": CONTEST_LABELS[ContestState(card.state)],
        "mine": reading.posts_to_enter(viewer, contest_id) if card.state == ContestState.OPEN else [],
        "fault": fault,
    }
    return render(request, "member/contest.html", context, status=422 if fault else 200)


def document(request: Asked, contest_id: UUID) -> JsonResponse:
    """What the count is repeated from."""
    shown = reading.document(request.viewer, contest_id)
    return JsonResponse(shown, json_dumps_params={"ensure_ascii": False, "indent": 1})


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("absent") from None


def keep(request: Asked, community_id: UUID) -> HttpResponse:
    """For who keeps the community: what runs, and a form for something new."""
    viewer = request.viewer
    fault: Refused | None = None
    if request.method == "POST":
        try:
            _kept(request, community_id)
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault = refused
        else:
            return redirect("champion.together", community_id)
    today = clock.business_day(clock.now())
    context = _running(request, community_id) | {
        "fault": say(fault, viewer.language) if fault else "",
        "key": key_for(request, fault),
        "typed": request.POST,
        "today": today,
        "in_four_weeks": today + timedelta(days=27),
        "in_a_week": today + timedelta(days=7),
        "in_two_weeks": today + timedelta(days=14),
        "usual": USUAL_TARGET,
    }
    return render(request, "champion/together.html", context, status=422 if fault else 200)


def _kept(request: Asked, community_id: UUID) -> None:
    posted, viewer = request.POST, request.viewer
    step = posted.get("step", "")
    if step == "challenge":
        made_once(
            request,
            lambda: (
                challenges.open_challenge(
                    viewer=viewer,
                    community_id=community_id,
                    title=posted.get("title", ""),
                    about=posted.get("about", ""),
                    weekly_target=_few(posted.get("target", "")),
                    starts_on=_day(posted.get("starts_on", "")),
                    ends_on=_day(posted.get("ends_on", "")),
                ).public_id
            ),
        )
        flash(request, _("打卡开始了。"))
    elif step == "contest":
        made_once(
            request,
            lambda: (
                contests.make_contest(
                    viewer=viewer,
                    community_id=community_id,
                    title=posted.get("title", ""),
                    prize=posted.get("prize", ""),
                    about=posted.get("about", ""),
                    winners=_few(posted.get("winners", "")),
                    entries_until=_evening(posted.get("entries_until", "")),
                    votes_until=_evening(posted.get("votes_until", "")),
                ).public_id
            ),
        )
        flash(request, _("评选准备好了，看一遍再开始；开始之后规则不能改。"))
    elif step == "close":
        challenges.close_challenge(viewer=viewer, challenge_id=_id(posted.get("challenge", "")))
        flash(request, _("打卡结束了。"))
    elif step == "open":
        contests.open_contest(viewer=viewer, contest_id=_id(posted.get("contest", "")))
        flash(request, _("评选开始了，规则的指纹已经公开。"))
    else:
        raise Refused("input.bad", field=_("这一步"), reason=_("请选一个。"))


def _few(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 3 else 0


def _evening(text: str) -> datetime:
    """The end of a day on the clock on the wall."""
    return datetime.combine(_day(text), time(21), tzinfo=ZoneInfo(clock.SHANGHAI))
