"""接通和交接: the set-up step by step with how to mend it, who is who, and whose customers go to whom."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.connect.wecom import setting_up
from tongxin.connect.wecom.config import configured
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say, status_of
from tongxin.foundation.errors import Refused
from tongxin.outreach.actions import robots as adding
from tongxin.outreach.actions import wecom_handovers as handing
from tongxin.outreach.actions import wecom_matching as matching
from tongxin.outreach.queries import robots, wecom_handovers, wecom_matching, wecom_setup
from tongxin.outreach.terms_handover import KIND_LABELS, STATE_LABELS, State
from tongxin.stores import queries as stores

STORES_MOST = 700


def setup(request: Asked) -> HttpResponse:
    """What the last trial said, and who probably is who; a POST tries again, says that a suggestion is right, or adds or closes a robot."""
    viewer, fault, status = request.viewer, "", 200
    if request.method == "POST":
        try:
            said = _set(request)
        except Refused as refused:
            if refused.code in {"absent", "forbidden"}:
                raise
            fault, status = say(refused, viewer.language), status_of(refused)
        else:
            flash(request, said)
            return redirect("hq.wecom.setup")
    config = configured()
    trial = wecom_setup.last_trial(viewer)
    context = {
        "corp": config.corp,
        "sandbox": config.sandbox,
        "trial": trial,
        "steps": [
            (one, (one["zh"], one["en"]), tuple(one["cure"])) for one in (trial.steps if trial else ())
        ],
        "found": wecom_matching.matching(viewer),
        "robots": robots.robots_for(viewer),
        "shops": [shop for shop in stores.stores_for(viewer) if not shop.unsorted][:STORES_MOST],
        "typed": request.POST,
        "fault": fault,
        "under": "hq.messages",
    }
    return render(request, "hq/wecom_setup.html", context, status=status)


def _set(request: Asked) -> str:
    form, viewer = request.POST, request.viewer
    match form.get("act", "try"):
        case "staff":
            matching.confirm_staff(
                viewer=viewer, staff_id=form.get("staff", ""), userid=form.get("userid", "")
            )
            return _("对上了。")
        case "store":
            number = form.get("department", "")
            if not number.isdecimal():
                raise Refused("absent")
            matching.confirm_store(viewer=viewer, store_id=form.get("store", ""), department=int(number))
            return _("对上了。")
        case "robot":
            key = form.get("place", "")
            place = stores.access_store(viewer, key) if key else None
            adding.add_robot(
                viewer=viewer, store=place, label=form.get("label", ""), url=form.get("url", "")[:500]
            )
            return _("加好了，下一条通知就会发到群里。")
        case "close":
            adding.close_robot(viewer=viewer, public_id=form.get("robot", ""))
            return _("停用了，地址也删掉了。")
        case "try":
            setting_up.try_out(viewer=viewer, to=form.get("to", "").strip()[:64])
            return _("试过了，结果在下面。")
    raise Refused("absent")


def handovers(request: Asked) -> HttpResponse:
    """Whose customers nobody has, the hand-overs with their lines (`?one=`), and a form to start one."""
    viewer, fault, status = request.viewer, "", 200
    if request.method == "POST":
        try:
            _started(request)
        except Refused as refused:
            if refused.code in {"absent", "forbidden"}:
                raise
            fault, status = say(refused, viewer.language), status_of(refused)
        else:
            flash(request, _("排好了。企业微信要等 24 小时，客户不点头就不会换人。"))
            return redirect("hq.wecom.handovers")
    one = request.GET.get("one", "")
    card, lines = wecom_handovers.handover_page(viewer, one) if one else (None, [])
    people = wecom_handovers.keepers_for(viewer)
    context = {
        "leavers": wecom_handovers.leavers_for(viewer),
        "rows": [(row, _counts(row)) for row in wecom_handovers.handovers_for(viewer)],
        "card": card,
        "lines": [(line, KIND_LABELS[line.kind], STATE_LABELS[line.state]) for line in lines],
        "people": people,
        "heirs": [row for row in people if row.active],
        "typed": request.POST,
        "fault": fault,
        "under": "hq.messages",
    }
    return render(request, "hq/wecom_handovers.html", context, status=status)


def _counts(card: Any) -> list[tuple[tuple[str, str], int]]:
    return [(STATE_LABELS[state], card.counts[state]) for state in State if card.counts.get(state)]


def _started(request: Asked) -> None:
    form, viewer = request.POST, request.viewer
    old, new = (stores.access_staff(viewer, form.get(name, "")) for name in ("old", "new"))
    handing.start(viewer=viewer, old=old, new=new, left=not old.active)
