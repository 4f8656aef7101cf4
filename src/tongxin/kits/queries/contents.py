"""What a kit says at one event, with the store's own values."""

from typing import Any

from tongxin.foundation.access import Viewer
from tongxin.kits.models import Use
from tongxin.kits.queries.access import access_use
from tongxin.kits.rules.adapting import effective


def content_at(viewer: Viewer, room: str, key: str) -> dict[str, Any]:
    """The whole content that holds for an event of a store in reach. Refuses `absent` where no kit is used."""
    return _at(access_use(viewer, room, key))


def group_at(room: str, key: str) -> tuple[str, str]:
    """The sentence and the link with which a kit sends those who came to a group; empty where no kit is used, or it has none."""
    use = Use.objects.select_related("version", "instance").filter(room=room, key=key).first()
    if use is None:
        return "", ""
    content = _at(use)
    return content["group_text"], content["group_url"]


def _at(use: Use) -> dict[str, Any]:
    return effective(use.version.content, use.overrides if use.fixed_at else use.instance.overrides)
