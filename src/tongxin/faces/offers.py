"""Which communities an event's page offers: the event stands above communities, so a face asks both."""

from collections.abc import Collection
from uuid import UUID

from tongxin.communities import actions
from tongxin.communities import queries as communities
from tongxin.events.formats import FORMATS
from tongxin.events.queries.event_page import EventPage, event_page
from tongxin.events.terms import State
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused

ROOM = "events"
SHOWN = frozenset({State.PUBLISHED, State.ENDED})


def offers_on(viewer: Viewer, card: EventPage) -> list[communities.CommunityLine]:
    """Communities that want to be met after an event of this kind, or after this very one; none for a draft or a cancelled one."""
    if not card.leads_on or card.state not in SHOWN:
        return []
    after = (("format", card.format), ("event", str(card.public_id)))
    return communities.offers_for(viewer, room=ROOM, after=after, store=card.store_id)


def offers_of(viewer: Viewer, event_id: UUID) -> list[communities.CommunityLine]:
    """The same for an event by its id. Refuses `absent`."""
    return offers_on(viewer, event_page(viewer, event_id))


def offer_after_formats(viewer: Viewer, community_id: UUID, chosen: Collection[str]) -> None:
    """After which formats of events a community is offered; single events that were named otherwise stay. Refuses `absent`, `input.bad`."""
    if unknown := set(chosen) - set(FORMATS):
        raise Refused("input.bad", field="after_formats", reason=", ".join(sorted(unknown)))
    kept = {one for one in communities.after_of(viewer, community_id) if one[:2] != (ROOM, "format")}
    wanted = kept | {(ROOM, "format", code) for code in chosen}
    actions.offer_after(viewer=viewer, community_id=community_id, after=sorted(wanted))
