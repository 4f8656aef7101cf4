"""The champion's first page and one person of their own store."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from tongxin.champions import queries as champions
from tongxin.champions.terms import ANSWER_LABELS, CHECKERS, DAY_LABELS, CheckWord
from tongxin.events import queries as events
from tongxin.events.queries import listing
from tongxin.events.queries.listing import EventLine
from tongxin.events.terms import State
from tongxin.faces import pictures, posters
from tongxin.faces.asking import Asked
from tongxin.faces.champion.events import door_of
from tongxin.faces.champion.score import BESIDE_WORDS
from tongxin.faces.hq.people import portrait
from tongxin.faces.hq.today import ring_picture
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.kits import queries as kits
from tongxin.stores import queries as stores

NOTICED = 6
WEEK = 7
SOON = timedelta(days=6)
FRESH = 7  # days after which a notice board is last week's


def today(request: Asked) -> HttpResponse:
    """The store's day: check, next letter, today's events and budget, whom to invite, results beside like stores."""
    viewer = request.viewer
    shops = [
        shop for shop in stores.stores_for(viewer) if viewer.reaches(shop.pk, CHECKERS) and not shop.unsorted
    ]
    wanted = request.GET.get("store", "")
    store = next((shop for shop in shops if str(shop.public_id) == wanted), shops[0] if shops else None)
    now = clock.now()
    context: dict[str, Any] = {
        "shops": shops,
        "store": store,
        "recalls": kits.warnings_for(viewer, limit=NOTICED).items,
        "picture": ring_picture(viewer),
        "today": clock.business_day(now),
        "hour": timezone.localtime(now).hour,
        "name": mine.name if (mine := stores.my_card(viewer)) else "",
    }
    if store is not None:
        found = champions.desk(viewer, store)
        context |= {
            "desk": found,
            "answers": [(answer, ANSWER_LABELS[answer]) for answer in CheckWord],
            "days": [(day, DAY_LABELS[day.state]) for day in found.days[-WEEK:]],
            "events": [
                (line, door_of(line.public_id), line.size <= pictures.MOST_SEATS) for line in found.events
            ],
            "beside": [(one, BESIDE_WORDS[one.what]) for one in found.beside],
            "letter": (letter := found.letters[0] if found.letters else None),
            "poster": posters.poster_path(viewer, letter.path, "champion.poster.png") if letter else "",
            "reviews": events.reviews_due(viewer, store, now)[:NOTICED],
            "board_days": None if found.fresh_on is None else (found.day - found.fresh_on).days,
            "fresh": FRESH,
            "check_share": _share(found.check.answered, len(found.check.lines)),
            "invite_share": _share(found.invited, len(found.invites)),
            "like": found.beside[0].stores,
            "week": _coming(viewer, found),
        }
    return render(request, "champion/today.html", context)


def _share(done: int, of: int) -> int:
    return 100 * done // of if of else 0


def _coming(viewer: Viewer, desk: champions.Desk) -> list[tuple[EventLine, str]]:
    """What else is on this week, after today."""
    begin = clock.day_end(desk.day, desk.store.zone, desk.store.cutoff_hour)
    lines = listing.between(viewer, begin, begin + SOON, store=desk.store)
    return [(line, door_of(line.public_id)) for line in lines if line.state == State.PUBLISHED][:NOTICED]


def person(request: Asked, member_id: UUID) -> HttpResponse:
    """A member of one's own store; the phone is masked until a reason is given."""
    return render(request, "champion/person.html", portrait(request.viewer, member_id))
