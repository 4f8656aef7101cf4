"""The champion's kits: what headquarters offers, taking one for an event, adapting it, taking an upgrade, saying what does not work."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.events import actions as events
from tongxin.faces import event_form, kit_form
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.once import key_for, made_once
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock
from tongxin.foundation.access import Verb
from tongxin.foundation.errors import Refused
from tongxin.kits import actions, queries
from tongxin.kits.rules.adapting import effective
from tongxin.kits.rules.content import planned
from tongxin.kits.terms import CHOICE_LABELS, CLASH_LABELS, STEP_LABELS
from tongxin.stores import queries as stores
from tongxin.stores.terms import Role

PAGE = 20
LEADS = frozenset({Role.CHAMPION, Role.STORE_MANAGER})


def listing(request: Asked) -> HttpResponse:
    """Warnings first, then the kits that may be taken."""
    context = {
        "warnings": queries.warnings_for(request.viewer, limit=PAGE).items,
        "rows": [row for row in queries.kits_for(request.viewer, limit=100).items if row.newest],
    }
    return render(request, "champion/kits.html", context)


def kit(request: Asked, kit_id: UUID) -> HttpResponse:
    """What it is and what it needs; the form makes a draft for one event, one however often it is sent."""
    fault, status, key = "", 200, key_for(request)
    version = queries.version_to_take(request.viewer, kit_id, None)
    shops = [shop for shop in stores.stores_for(request.viewer) if not shop.unsorted]
    if request.method == "POST":
        try:
            made = made_once(request, lambda: _taken(request, version.content, version.public_id, shops))
        except Refused as refused:
            fault, status = say(refused, request.viewer.language), status_of(refused)
            key = key_for(request, refused)
        else:
            flash(request, _("草稿按工具包写好了，看一眼再发布。"))
            return redirect("champion.event", made)
    content = version.content
    context = {
        "kit": version.kit,
        "version": version,
        "content": content,
        "cost": sum(one.fen for one in planned(content)),
        "cells": kit_form.own_cells(content, {}, request.POST),
        "shops": shops,
        "usual": event_form.offer().usual,
        "soonest": clock.business_day(clock.now()),
        "typed": request.POST,
        "steps": [(f"outline.{step['key']}", step) for step in content["outline"]],
        "fault": fault,
        "key": key,
    }
    return render(request, "champion/kit.html", context, status=status)


def _taken(request: Asked, content: dict[str, Any], version_id: UUID, shops: list[Any]) -> UUID:
    wanted = request.POST.get("store", "")
    if not wanted and not shops:
        raise Refused("absent")
    store = stores.access_store(request.viewer, wanted, roles=LEADS) if wanted else shops[0]
    made = events.draft_from_kit(
        viewer=request.viewer,
        store=store,
        version_id=version_id,
        starts_at=event_form.moment(request.POST, store.zone),
        overrides=kit_form.overrides_of(content, request.POST),
    )
    return made.occurrence.public_id


def report(request: Asked, kit_id: UUID) -> HttpResponse:
    """“这一步在我店行不通”, in one tap."""
    version = queries.version_to_take(request.viewer, kit_id, None)
    wanted = request.POST.get("store", "")
    shops = stores.stores_for(request.viewer)
    if not wanted and not shops:
        raise Refused("absent")
    store = stores.access_store(request.viewer, wanted, roles=LEADS) if wanted else shops[0]
    try:
        actions.report_step(
            viewer=request.viewer,
            version_id=version.public_id,
            store=store,
            step=request.POST.get("step", ""),
            sentence=request.POST.get("sentence", ""),
        )
    except Refused as refused:
        if refused.code != "kits.reported":
            raise
        flash(request, say(refused, request.viewer.language))
    else:
        flash(request, _("告诉总部了，有答复会在这里看到。"))
    return redirect("champion.kit", kit_id)


def instance(request: Asked, instance_id: UUID) -> HttpResponse:
    """How this store does it: what differs, what may be changed, and the upgrade with its choices."""
    fault, status = "", 200
    if request.method == "POST":
        try:
            _change(request, instance_id)
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault, status = say(refused, request.viewer.language), status_of(refused)
        else:
            flash(request, _("存好了。"))
            return redirect("champion.kit_instance", instance_id)
    found = queries.access_instance(request.viewer, instance_id)
    line = queries.instance_lines([found])[0]
    newest = queries.newest_of(found.kit_id)
    ahead = (
        queries.upgrade_preview(found, newest) if newest is not None and newest.pk != found.version_id else ()
    )
    sent = request.POST if request.POST.get("step") == "adapt" else {}
    context = {
        "line": line,
        "found": found,
        "content": effective(found.version.content, found.overrides),
        "cells": kit_form.own_cells(found.version.content, found.overrides, sent),
        "newest": newest,
        "ahead": [
            (one, STEP_LABELS[one.step], CLASH_LABELS[one.clash] if one.clash else None) for one in ahead
        ],
        "choices": list(CHOICE_LABELS.items()),
        "fault": fault,
    }
    return render(request, "champion/kit_instance.html", context, status=status)


def of_event(request: Asked, event_id: UUID) -> HttpResponse:
    """From an event to the kit that it uses."""
    use = queries.access_use(request.viewer, "events", str(event_id))
    return redirect("champion.kit_instance", use.instance.public_id)


def _change(request: Asked, instance_id: UUID) -> None:
    form, viewer = request.POST, request.viewer
    found = queries.access_instance(viewer, instance_id, Verb.CHANGE)
    revision = event_form.number(form, "version", _("版本"), 1, 10**6)
    if form.get("step") == "upgrade":
        new = queries.version_to_take(viewer, found.kit.public_id, None)
        choices = {name.removeprefix("choose."): form[name] for name in form if name.startswith("choose.")}
        events.upgrade_kit(
            viewer=viewer, instance_id=instance_id, revision=revision, to=new.public_id, choices=choices
        )
        return
    own = kit_form.overrides_of(found.version.content, form)
    kept = {path: value for path, value in found.overrides.items() if path == "start_time"}
    events.adapt_kit(viewer=viewer, instance_id=instance_id, revision=revision, overrides=kept | own)


def seen(request: Asked, warning_id: UUID) -> HttpResponse:
    """Somebody of the store has read the warning."""
    actions.see_warning(viewer=request.viewer, warning_id=warning_id)
    return redirect("champion.kits")
