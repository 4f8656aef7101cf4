"""What a kit says at one event, with the store's own values."""

from typing import Any

from tongxin.foundation.access import Viewer
from tongxin.kits.queries.access import access_use
from tongxin.kits.rules.adapting import effective


def content_at(viewer: Viewer, room: str, key: str) -> dict[str, Any]:
    """The whole content that holds for an event of a store in reach. Refuses `absent` where no kit is used."""
    use = access_use(viewer, room, key)
    return effective(use.version.content, use.overrides if use.fixed_at else use.instance.overrides)
