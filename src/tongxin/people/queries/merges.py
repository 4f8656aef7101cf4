"""The links that make one person of two entries."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.models import Merge
from tongxin.people.queries.customers import access_customer, cluster
from tongxin.people.terms import MergeReason


@dataclass(frozen=True)
class MergeLine:
    """One link, live or undone."""

    public_id: UUID
    source: UUID
    target: UUID
    reason: MergeReason
    at: datetime
    by: str
    undone_at: datetime | None


def merges_of(viewer: Viewer, public_id: UUID | str) -> list[MergeLine]:
    """The links of a person in reach, newest first. Refuses `absent`."""
    ids = cluster(access_customer(viewer, public_id))
    found = (Merge.objects.filter(source__in=ids) | Merge.objects.filter(target__in=ids)).select_related(
        "source", "target"
    )
    return [
        MergeLine(
            m.public_id,
            m.source.public_id,
            m.target.public_id,
            MergeReason(m.reason),
            m.at,
            m.by,
            m.undone_at,
        )
        for m in found.order_by("-at", "-id")
    ]


def access_merge(viewer: Viewer, public_id: UUID | str) -> Merge:
    """A link whose person the viewer may decide about. Refuses `absent`."""
    try:
        wanted = public_id if isinstance(public_id, UUID) else UUID(public_id)
    except ValueError:
        raise Refused("absent") from None
    found = Merge.objects.select_related("source", "target").filter(public_id=wanted).first()
    if found is None:
        raise Refused("absent")
    access_customer(viewer, found.target.public_id, Verb.DECIDE)
    return found
