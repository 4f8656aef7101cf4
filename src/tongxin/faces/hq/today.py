"""今日: who stands where, what waits for a decision, what the studies say."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.commerce import queries as commerce
from tongxin.commerce.queries import IMPORT_READERS
from tongxin.faces import pictures
from tongxin.faces.asking import Asked
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.measure import queries as measure
from tongxin.measure.terms import StudyState
from tongxin.people import queries as people
from tongxin.rings import queries as rings
from tongxin.stores import queries as stores

SHOWN = 7  # more than that becomes a table (visual.md §7)


@dataclass(frozen=True)
class ToDo:
    """One line of the list: what kind, what it is, why, where it leads."""

    badge: str
    tone: str
    icon: str
    title: str
    note: str
    link: str
    at: datetime | None = None


def today(request: Asked) -> HttpResponse:
    """The first page of headquarters."""
    viewer = request.viewer
    picture = ring_picture(viewer)
    studies = measure.studies(viewer, limit=5).items
    todos = list(_todos(viewer, studies))
    shops = stores.stores_for(viewer)
    context = {
        "picture": picture,
        "todos": todos[:SHOWN],
        "more": max(0, len(todos) - SHOWN),
        "count": len(todos),
        "studies": studies,
        "stores": len(shops),
        "unsorted": sum(shop.unsorted for shop in shops),
        "today": clock.business_day(clock.now()),
        "now": clock.now(),
        "imports": commerce.import_runs(viewer, limit=1) if viewer.roles & IMPORT_READERS else None,
        "runs": rings.runs(viewer, limit=1),
    }
    return render(request, "hq/today.html", context)


def ring_picture(viewer: Viewer) -> pictures.RingPicture:
    """The diagram of the people in reach, from the numbers that the rings give."""
    drawn = rings.ring_diagram(viewer)
    return pictures.ring_picture(
        unit=drawn.unit,
        people={str(ring): n for ring, n in drawn.people.items()},
        rows={str(ring): [(r.radius, r.dots, r.diameter) for r in rows] for ring, rows in drawn.rows.items()},
        moves={(str(w.origin), str(w.target)): w.people for w in drawn.walkers},
        arrived=drawn.arrived,
    )


def _todos(viewer: Viewer, studies: Any) -> Any:
    for one in rings.invitations(viewer):
        if one.state == "accepted":
            yield _person(viewer, one, _("待确认"), "bad", _("已接受邀请，等一位同事确认"))
    for one in rings.candidates(viewer):
        yield replace(
            _person(viewer, one, _("可邀请"), "ember", _("内环的门槛都过了，可以发出邀请")), at=None
        )
    for one in rings.leaving_soon(viewer):
        yield _person(viewer, one, _("走远中"), "warn", _("季度复看前，去聊一聊"))
    for study in studies:
        if study.state is StudyState.FAILED:
            yield ToDo(
                _("没算成"),
                "bad",
                "x",
                study.title,
                _("看看缺什么，补上再问一次"),
                reverse("hq.study", args=[study.public_id]),
            )
    if viewer.roles & IMPORT_READERS:
        for run in commerce.import_runs(viewer, limit=20):
            if run.refused:
                note = _("{n} 行没有进来，原因写在文件里").format(n=f"{run.refused:,}")
                yield ToDo(
                    _("导入"), "warn", "warn", run.file_name, note, reverse("hq.import"), run.started_at
                )
    waiting = len(stores.stores_for(viewer, unsorted=True))
    if waiting:
        title = _("{n} 家门店待归类").format(n=waiting)
        yield ToDo(_("门店"), "", "shop", title, _("订单里出现过，门店表里还没有"), reverse("hq.stores"))


def _person(viewer: Viewer, one: Any, badge: str, tone: str, note: str) -> ToDo:
    name = people.person_card(viewer, one.customer).name
    where = f"{one.store} · {note}" if one.store else note
    return ToDo(badge, tone, "", name, where, reverse("hq.person", args=[one.customer]), one.at)
