"""复盘: what the champion does when an event is over. Three questions, the group for those who came, photos and who is seen in them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.events import actions, queries
from tongxin.events.queries import listing
from tongxin.events.queries.listing import EventLine
from tongxin.events.queries.photo_shelf import spots_of
from tongxin.events.rules.reviews import LATEST, QUESTIONS
from tongxin.events.terms import State
from tongxin.events.terms_after import (
    LADDER,
    MOMENT_LABELS,
    PHOTO_STATE_LABELS,
    UNFIT_LABELS,
    PhotoMoment,
    PhotoState,
)
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.photo_moves import moved
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.foundation.media.actions import LARGEST

MOST_AT_ONCE = 10
AROUND = timedelta(days=45)  # so far off another event may be to show a photo there


def page(
    request: Asked, event_id: UUID, more: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """The review, the group, the wall."""
    viewer = request.viewer
    found = queries.access_event(viewer, event_id)
    review, group = queries.review_of(viewer, event_id), queries.followup_of(viewer, event_id)
    lines = queries.photos_of(viewer, event_id)
    typed = (more or {}).get("typed", {})
    said = {key: words for key, _question, words in review.answers} if review else {}
    context = {
        "found": found,
        "over": found.ends_at <= clock.now() and found.state in {State.PUBLISHED, State.ENDED},
        "questions": [
            (one.key, (one.zh, one.en), typed.get(one.key, said.get(one.key, "")))
            for one in QUESTIONS[LATEST]
        ],
        "review": review,
        "version": review.version if review else 0,
        "choices": queries.star_choices(viewer, event_id),
        "star": typed.get("star") or (str(review.star_registration) if review else ""),
        "why": typed.get("star_why", review.star_why if review else ""),
        "group": group,
        "group_text": typed.get("text", group.text),
        "group_url": typed.get("url", group.url),
        "walls": [(MOMENT_LABELS[at], [one for one in lines if one.moment is at]) for at in PhotoMoment],
        "photos": lines,
        "moments": list(MOMENT_LABELS.items()),
        "states": PHOTO_STATE_LABELS,
        "nps": queries.nps(viewer, event_id),
        **(more or {}),
    }
    return render(request, "champion/after.html", context, status=status)


def review(request: Asked, event_id: UUID) -> HttpResponse:
    """提交复盘. Of two people the second sees both texts."""
    form = request.POST
    star = form.get("star", "")

    def act() -> None:
        actions.submit_review(
            viewer=request.viewer,
            event_id=event_id,
            answers={one.key: form.get(one.key, "") for one in QUESTIONS[LATEST]},
            star=_uuid(star) if star else None,
            star_why=form.get("star_why", ""),
            version=_number(form.get("version", "")) or None,
        )

    return _done(request, event_id, act, _("复盘交了，辛苦。"), where="review")


def group(request: Asked, event_id: UUID) -> HttpResponse:
    """The group for those who came."""
    form = request.POST

    def act() -> None:
        actions.offer_group(
            viewer=request.viewer,
            event_id=event_id,
            text=form.get("text", ""),
            url=form.get("url", ""),
            version=_number(form.get("version", "")),
        )

    return _done(request, event_id, act, _("记下了。来过的人会在感谢信和活动页看到。"), where="group")


def add(request: Asked, event_id: UUID) -> HttpResponse:
    """Photos, one or some; each is painted anew and stays private until somebody says who is seen."""
    form = request.POST
    queries.access_event(request.viewer, event_id)

    def act() -> None:
        moment, given_all = form.get("moment", ""), request.FILES.getlist("photo")[:MOST_AT_ONCE]
        if not given_all:
            raise Refused("input.bad", field=_("照片"), reason=_("先选一张。"))
        for given in given_all:
            actions.add_photo(
                viewer=request.viewer,
                event_id=event_id,
                data=given.read(LARGEST + 1),
                moment=PhotoMoment(moment) if moment in set(PhotoMoment) else PhotoMoment.DURING,
                caption=form.get("caption", ""),
            )

    return _done(request, event_id, act, _("照片收好了，先只留底。"), where="photos")


def _done(request: Asked, event_id: UUID, act: Callable[[], None], words: str, *, where: str) -> HttpResponse:
    try:
        act()
    except Refused as refused:
        if refused.code in {"absent", "forbidden"}:
            raise
        more = {
            "fault": say(refused, request.viewer.language),
            "where": where,
            "typed": request.POST,
            "stale": refused.code == "edit.stale",
        }
        return page(request, event_id, more, status_of(refused))
    flash(request, words)
    return redirect("champion.after", event_id)


def photo(request: Asked, photo_id: UUID, fault: str = "", status: int = 200) -> HttpResponse:
    """One photo: who is seen, how far out it may go, and why not further."""
    found = queries.access_photo(request.viewer, photo_id)
    line = queries.photo_line(request.viewer, photo_id)
    seen = {one.registration for one in line.seen if one.companion is None}
    children = {(one.registration, one.companion) for one in line.seen if one.companion is not None}
    guests = queries.guests_in_photos(request.viewer, found.occurrence.public_id)
    context = {
        "line": line,
        "event": found.occurrence,
        "guests": [
            (
                one,
                one.registration in seen,
                [(kid, (one.registration, kid) in children) for kid in one.children],
            )
            for one in guests
        ],
        "steps": [(state, PHOTO_STATE_LABELS[state], state.reach <= line.furthest.reach) for state in LADDER],
        "here": PHOTO_STATE_LABELS[line.state],
        "why": UNFIT_LABELS[line.why] if line.why else None,
        "spots": [one for one in spots_of(request.viewer, photo_id) if one.event],
        "elsewhere": _elsewhere(request, found) if line.state.reach >= PhotoState.PUBLIC.reach else [],
        "soonest": clock.business_day(clock.now()),
        "fault": fault,
    }
    return render(request, "champion/photo.html", context, status=status)


def _elsewhere(request: Asked, found: Any) -> list[EventLine]:
    """Events of the store, soon or lately, at which a public photo could be shown as well."""
    now, event = clock.now(), found.occurrence
    around = listing.between(request.viewer, now - AROUND, now + AROUND, store=event.store)
    return [one for one in around if one.public_id != event.public_id and one.state == State.PUBLISHED]


def seen(request: Asked, photo_id: UUID) -> HttpResponse:
    """Say who is seen."""
    form = request.POST

    def act() -> str:
        actions.say_seen(
            viewer=request.viewer,
            photo_id=photo_id,
            registrations=[_uuid(one) for one in form.getlist("guest")],
            children=[_pair(one) for one in form.getlist("child")],
            child_visible=form.get("child_visible") == "yes",
            strangers=form.get("strangers") == "yes",
            version=_number(form.get("version", "")),
        )
        return _("记下了。")

    return _changed(request, photo_id, act)


def state(request: Asked, photo_id: UUID) -> HttpResponse:
    """Move it now or at a time; show it at another event of the store, or take it down there."""
    return _changed(request, photo_id, lambda: moved(request.viewer, photo_id, request.POST))


def remove(request: Asked, photo_id: UUID) -> HttpResponse:
    """The picture goes for good."""
    found = queries.access_photo(request.viewer, photo_id)
    actions.remove_photo(viewer=request.viewer, photo_id=photo_id)
    flash(request, _("照片删掉了，哪里都看不到了。"))
    return redirect("champion.after", found.occurrence.public_id)


def _changed(request: Asked, photo_id: UUID, act: Callable[[], str]) -> HttpResponse:
    try:
        words = act()
    except Refused as refused:
        if refused.code in {"absent", "forbidden"}:
            raise
        return photo(request, photo_id, say(refused, request.viewer.language), status_of(refused))
    flash(request, words)
    return redirect("champion.photo", photo_id)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("absent") from None


def _pair(text: str) -> tuple[UUID, UUID]:
    registration, _colon, companion = text.partition(":")
    return _uuid(registration), _uuid(companion)
