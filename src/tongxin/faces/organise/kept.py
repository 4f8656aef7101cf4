"""预留名额: places of an event kept for a ring or a tag, until they go to everybody."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from tongxin.events.actions.allotments import allot
from tongxin.events.queries.kept_places import kept_places, tags_in_reach
from tongxin.events.terms import Admission, State
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.forms import Field, Form, at, bad, version_in
from tongxin.faces.organise.frame import event_page, framed
from tongxin.faces.templatetags.tongxin import NEAR
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.rings.terms import Ring

TAG_MOST = 40
WHERE = {"events.full": "size", "events.size_below_taken": "size"}
RINGS = (Ring.INNER, Ring.MIDDLE, Ring.OUTER)


def page(request: Asked, event_id: UUID) -> HttpResponse:
    """The pools of an event, and the form that keeps places or changes how many."""
    viewer = request.viewer
    event, pools = kept_places(viewer, event_id)
    form, status = _form(request, event), 200
    if request.method == "POST":
        form.typed = request.POST
        try:
            _keep(request, event, form)
        except Refused as refused:
            status = form.refuse(refused, viewer.language, WHERE)
        else:
            flash(request, _("留好了。总名额没变，到时间没人要就放给大家。"))
            return redirect("organise.kept", event_id)
    context = {
        "event": event,
        "pools": pools,
        "size": sum(pool.size for pool in pools),
        "form": form,
        "open": event.state in {State.DRAFT, State.PUBLISHED} and event.admission != Admission.LOTTERY,
        "drawn": event.admission == Admission.LOTTERY,
    }
    back = event_page(request, event_id)
    return framed(request, "organise/kept.html", context, heading=_("预留名额"), back=back, status=status)


def _form(request: Asked, event: Any) -> Form:
    tags = ", ".join(tags_in_reach(request.viewer, limit=8))
    rings = tuple((f"ring:{ring}", _("只给{who}").format(who=NEAR[str(ring)])) for ring in RINGS)
    begins = event.starts_at.astimezone(
        at(event.starts_at.date(), event.starts_at.time(), event.store.zone).tzinfo
    )
    return Form(
        (
            Field(
                "audience", _("留给谁"), "choice", needed=True, options=(*rings, ("tag", _("带某个标签的人")))
            ),
            Field(
                "tag",
                _("哪个标签"),
                most=TAG_MOST,
                hint=_("常用的：{tags}").format(tags=tags) if tags else "",
            ),
            Field(
                "size", _("留几个"), "number", needed=True, hint=_("从大家的名额里划出来；填 0 就还回去。")
            ),
            (
                Field("day", _("哪天放出来"), "day", start=_day_before(begins)),
                Field("time", _("几点放出来"), "time", start="10:00"),
            ),
        )
    )


def _day_before(begins: datetime) -> str:
    """The day before it begins, today at the earliest."""
    return max(clock.business_day(clock.now()), begins.date() - timedelta(days=1)).isoformat()


def _keep(request: Asked, event: Any, form: Form) -> None:
    given = form.read()
    audience = given["audience"]
    if audience == "tag":
        if not given["tag"]:
            raise bad("tag", _("哪个标签"), _("请填写。"))
        audience = f"tag:{given['tag']}"
    release = None
    if given["day"] and given["size"]:
        release = at(given["day"], given["time"] or event.starts_at.time(), event.store.zone)
        if release >= event.starts_at:
            raise bad("day", _("哪天放出来"), _("要早于活动开始，大家才来得及报名。"))
    allot(
        viewer=request.viewer,
        event_id=event.public_id,
        version=version_in(request.POST),
        audience=audience,
        size=given["size"],
        release_at=release,
    )
