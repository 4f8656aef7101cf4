"""One list of events for whoever asks: staff see those in reach, members what is published."""

from uuid import UUID

from tongxin.events.models import Occurrence
from tongxin.events.queries.access import READERS
from tongxin.events.queries.listing import EventLine, Tab, lines, organised
from tongxin.events.terms import State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.pages import Page, page
from tongxin.people import queries as people
from tongxin.stores import queries as stores


def visible(
    viewer: Viewer, tab: Tab, *, store: UUID | None = None, limit: int = 50, cursor: str | None = None
) -> Page[EventLine]:
    """Page by page; members see their own store's unless they name another.

    Refuses `absent` to staff for a store out of reach. To members every store is open, drafts are not.
    """
    if viewer.roles & READERS:
        at = None if store is None else stores.access_store(viewer, store)
        return organised(viewer, tab, store=at, limit=limit, cursor=cursor)
    rows = Occurrence.objects.filter(state=State.PUBLISHED, ends_at__gt=clock.now())
    rows = rows.filter(store__in=homes(viewer)) if store is None else rows.filter(store__public_id=store)
    if tab is not Tab.COMING:
        rows = rows.none()
    found = page(rows.select_related("store__region"), by=("starts_at", "id"), limit=limit, cursor=cursor)
    return Page(tuple(lines(found.items)), found.cursor)


def homes(viewer: Viewer) -> list[int]:
    """The store a member calls home, none for anybody else."""
    home = None if viewer.person is None else people.home_store_of(viewer.person)
    return [] if home is None else [home]
