"""The champion's first page and one person of their own store."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from tongxin.events.queries import listing
from tongxin.events.terms import State
from tongxin.faces.asking import Asked
from tongxin.faces.champion.events import door_of
from tongxin.faces.hq.people import portrait
from tongxin.faces.hq.today import ring_picture
from tongxin.faces.templatetags.tongxin import soon
from tongxin.foundation import clock
from tongxin.outreach import queries as outreach
from tongxin.people import queries as people
from tongxin.rings import queries as rings
from tongxin.rings.queries import lists
from tongxin.rings.terms import Ring
from tongxin.stores import queries as stores

NOTICED = 6
SOON = timedelta(days=7)


def today(request: Asked) -> HttpResponse:
    """Whom to notice today: who is a step away, who is on the way out; the rest of the day is quiet so far."""
    viewer = request.viewer
    shops = stores.stores_for(viewer)
    near = [(people.person_card(viewer, one.customer), one) for one in rings.candidates(viewer)[:NOTICED]]
    asked = [(people.person_card(viewer, one.customer), one) for one in rings.invitations(viewer)[:NOTICED]]
    leaving = [
        (people.person_card(viewer, one.customer), one) for one in rings.leaving_soon(viewer)[:NOTICED]
    ]
    busy = {card.public_id for card, _ in near + asked + leaving}
    regulars = [
        line for line in lists.people_in(viewer, Ring.MIDDLE, limit=12).items if line.public_id not in busy
    ]
    day = clock.business_day(clock.now())
    context = {
        "events": [
            (line, door_of(line.public_id))
            for line in listing.between(viewer, clock.day_start(day), clock.day_start(day + SOON))
            if line.state == State.PUBLISHED
        ][:NOTICED],
        "tasks": len(outreach.tasks_for(viewer, limit=NOTICED).items),
        "shops": shops,
        "picture": ring_picture(viewer),
        "near": near,
        "asked": asked,
        "leaving": leaving,
        "regulars": [(line, _step(viewer, line.public_id)) for line in regulars[:NOTICED]],
        "today_said": soon(clock.now()),
        "today": clock.business_day(clock.now()),
        "hour": timezone.localtime(clock.now()).hour,
        "name": mine.name if (mine := stores.my_card(viewer)) else "",
    }
    return render(request, "champion/today.html", context)


def _step(viewer: Any, public_id: UUID) -> str:
    return rings.explain(viewer, public_id).said_step


def person(request: Asked, member_id: UUID) -> HttpResponse:
    """A member of one's own store; the phone is masked until a reason is given."""
    return render(request, "champion/person.html", portrait(request.viewer, member_id))
