"""Containers: where people of a community meet, and who sits in them. Sitting in one makes nobody a member."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from tongxin.communities import queries
from tongxin.communities.actions import trails
from tongxin.communities.models import Community, Container, ContainerStay
from tongxin.communities.terms import ContainerKind, State
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.people import queries as people
from tongxin.stores.models import Staff, Store


def add_container(
    *,
    viewer: Viewer,
    community_id: UUID,
    kind: ContainerKind,
    name: str,
    external_id: str = "",
    store: Store | None = None,
    keeper: Staff | None = None,
) -> Container:
    """Connect a group, a page or a room; `external_id` is what its platform calls it.

    Refuses `absent`, `communities.state`, `input.bad`, `communities.container_taken`.
    """
    if not name.strip():
        raise Refused("input.bad", field="name", reason="1–80")
    with transaction.atomic():
        found = queries.access_community(viewer, community_id, Verb.CHANGE)
        row = Community.objects.select_for_update(of=("self",)).get(pk=found.pk)
        if row.state == State.CLOSED:
            raise Refused("communities.state")
        try:
            with transaction.atomic():
                made = Container.objects.create(
                    community=row,
                    store=store,
                    keeper=keeper,
                    kind=kind,
                    external_id=external_id.strip()[:120],
                    name=name.strip()[:80],
                    since=clock.now(),
                )
        except IntegrityError as clash:
            if "container_once" not in str(clash):
                raise
            raise Refused("communities.container_taken") from None
        trails.of_community(viewer, row, "communities.container_added", after={"kind": str(kind)})
    return made


def end_container(*, viewer: Viewer, container_id: UUID) -> Container:
    """A container is given up; who sat in it leaves it, and stays a member. Twice changes nothing. Refuses `absent`."""
    with transaction.atomic():
        found = queries.access_container(viewer, container_id)
        row = Container.objects.select_for_update(of=("self",)).select_related("community").get(pk=found.pk)
        if row.until is None:
            row.until = clock.now()
            row.save(update_fields=["until"])
            ContainerStay.objects.filter(container=row, until=None).update(
                until=row.until, how_out="container_ended"
            )
            trails.of_community(viewer, row.community, "communities.container_ended")
    return row


def entered(*, viewer: Viewer, container_id: UUID, person: int, at: datetime, how: str = "") -> ContainerStay:
    """Somebody is in a container since `at`. The same again changes nothing. Refuses `absent`, `input.bad`."""
    with transaction.atomic():
        container = _locked(viewer, container_id)
        held = ContainerStay.objects.filter(
            container=container, person__in=people.cluster(person), until=None
        ).first()
        if held is not None:
            return held
        try:
            with transaction.atomic():
                made = ContainerStay.objects.create(
                    container=container, person_id=person, since=at, how_in=how[:40]
                )
        except IntegrityError as clash:
            if "container_stay_open" not in str(clash) and "container_periods" not in str(clash):
                raise
            raise Refused("input.bad", field="at", reason=at.isoformat()) from None
        _trail(viewer, container, "communities.entered_container", at)
    return made


def left_container(
    *, viewer: Viewer, container_id: UUID, person: int, at: datetime, how: str = ""
) -> ContainerStay | None:
    """Somebody left a container at `at`; None when they were not in it. Refuses `absent`, `input.bad`."""
    with transaction.atomic():
        container = _locked(viewer, container_id)
        held = ContainerStay.objects.filter(
            container=container, person__in=people.cluster(person), until=None
        ).first()
        if held is None:
            return None
        if at < held.since:
            raise Refused("input.bad", field="at", reason=held.since.isoformat())
        held.until, held.how_out = at, how[:40]
        held.save(update_fields=["until", "how_out"])
        _trail(viewer, container, "communities.left_container", at)
    return held


def _trail(viewer: Viewer, container: Container, act: str, at: datetime) -> None:
    trail(
        viewer=viewer,
        act=act,
        subject=(trails.ROOM, "container", str(container.public_id)),
        after={"at": at.isoformat()},
    )


def _locked(viewer: Viewer, container_id: UUID) -> Container:
    found = queries.access_container(viewer, container_id)
    return Container.objects.select_for_update(no_key=True, of=("self",)).get(pk=found.pk)
