"""The picture of a community, to whoever may see its page."""

from uuid import UUID

from tongxin.communities.queries.access import community_to_join
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.media.queries import Served, picture


def emblem_file(viewer: Viewer, community_id: UUID) -> Served:
    """The bytes that we painted. Refuses `absent` where there is no picture, or no such page for this reader."""
    row = community_to_join(viewer, community_id)
    if not row.emblem:
        raise Refused("absent")
    return picture(row.emblem)
