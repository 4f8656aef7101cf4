"""Trying the set-up from a page: the steps are tried against the platform, outside any transaction, and kept."""

from dataclasses import asdict

from tongxin.connect.wecom.checking import Wizard
from tongxin.connect.wecom.config import configured
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach.actions.wecom_setup import keep_trial
from tongxin.outreach.models import WecomTrial
from tongxin.outreach.queries.wecom_setup import may_set_up


def try_out(*, viewer: Viewer, to: str = "") -> WecomTrial:
    """All steps; with `to` one message to that account. Takes as long as the platform does. Refuses `forbidden`."""
    if not may_set_up(viewer):
        raise Refused("forbidden")
    return keep_trial(viewer=viewer, steps=[asdict(step) for step in Wizard(configured(), to=to).steps()])
