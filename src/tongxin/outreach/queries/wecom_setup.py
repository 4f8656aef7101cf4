"""Reading the last trial of the WeCom set-up."""

from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import WecomTrial
from tongxin.outreach.terms_handover import SETTERS


def may_set_up(viewer: Viewer) -> bool:
    """An administrator of the whole chain."""
    return viewer.reaches(None, SETTERS)


def last_trial(viewer: Viewer) -> WecomTrial | None:
    """The newest trial, if there was one. Refuses `forbidden`."""
    if not may_set_up(viewer):
        raise Refused("forbidden")
    return WecomTrial.objects.order_by("-at", "-id").first()
