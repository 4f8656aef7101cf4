"""Moving a photo, as the champion and headquarters do it: further out or in, now or at a time; to another event or a kit's shelf."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from tongxin.events import actions, queries
from tongxin.events.terms_after import PhotoState
from tongxin.faces import event_form
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.errors import Refused


def moved(viewer: Viewer, photo_id: UUID, form: Mapping[str, Any]) -> str:
    """Do what the form says and answer it in words. `step`: show or hide at `place`; else move to `state`, at `day` and `time` if given.

    Refuses `absent` for a word that is none, `input.bad`, and what the actions refuse.
    """
    step = form.get("step", "")
    if step in {"show", "hide"}:
        _spot(viewer, photo_id, str(form.get("place", "")), show=step == "show")
        return _("放上去了。") if step == "show" else _("那里撤下了。")
    wanted = form.get("state", "")
    if wanted not in set(PhotoState):
        raise Refused("absent")
    at = None
    if form.get("day"):
        found = queries.access_photo(viewer, photo_id, Verb.DECIDE)
        at = event_form.moment(form, found.occurrence.store.zone)
    version = str(form.get("version", ""))
    actions.set_photo_state(
        viewer=viewer,
        photo_id=photo_id,
        state=PhotoState(wanted),
        version=int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else None,
        at=at,
    )
    return _("改好了。") if at is None else _("定好了，到时候再核对一遍授权。")


def _spot(viewer: Viewer, photo_id: UUID, place: str, *, show: bool) -> None:
    kind, _colon, name = place.partition(":")
    try:
        event = UUID(name) if kind == "event" else None
    except ValueError:
        raise Refused("absent") from None
    act = actions.show_photo if show else actions.hide_photo
    act(viewer=viewer, photo_id=photo_id, event_id=event, kit=name if kind == "kit" else "")
