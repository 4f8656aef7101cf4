"""The visible list of channels: what each can do, what limits it, and how it is."""

from dataclasses import dataclass
from datetime import timedelta

from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.plugs import wiring
from tongxin.outreach.channels import LISTED, Way
from tongxin.outreach.models import Robot
from tongxin.outreach.ports import Check, Limit
from tongxin.outreach.terms import EXPLAINERS, Cap


@dataclass(frozen=True)
class WayLine:
    """A channel: its words, whether an adapter is plugged in and set up, what it can do, its platform's limits, its health."""

    id: str
    zh: str
    en: str
    plugged: bool
    ready: bool
    caps: tuple[Cap, ...]
    limits: tuple[Limit, ...]
    health: tuple[Check, ...]
    staff: bool = False


def ways(viewer: Viewer) -> list[WayLine]:
    """All channels in the order of preference. Refuses `forbidden`."""
    if not viewer.roles & EXPLAINERS:
        raise Refused("forbidden")
    plugged = {one.id: one for one in wiring().CHANNELS}
    found = []
    for way in LISTED:
        channel = plugged.get(way.id)
        if way.staff:
            found.append(_for_staff(way))
            continue
        found.append(
            WayLine(
                id=way.id,
                zh=way.zh,
                en=way.en,
                plugged=channel is not None,
                ready=channel is not None and channel.ready(),
                caps=() if channel is None else tuple(cap for cap in Cap if cap in channel.caps),
                limits=() if channel is None else tuple(channel.limits()),
                health=() if channel is None else tuple(channel.health()),
                staff=way.staff,
            )
        )
    return found


def _for_staff(way: Way) -> WayLine:
    """A way to colleagues: a carrier of letters, ready when there is somewhere to carry them to."""
    plugged = way.id in wiring().CARRIERS
    corp = any(one.id == "wecom" and one.ready() for one in wiring().CHANNELS)
    ready = plugged and (corp if way.id == "wecom_app" else Robot.objects.filter(closed_at=None).exists())
    limits = (Limit("sender", timedelta(minutes=1), way.a_minute, way.clause),)
    return WayLine(way.id, way.zh, way.en, plugged, ready, (Cap.GROUP,), limits, (), staff=True)
