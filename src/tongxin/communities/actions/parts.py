"""Giving a part with a term, ending it, and handing the host's part over at one instant."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from tongxin.communities import queries
from tongxin.communities.actions import trails
from tongxin.communities.models import Community, Container, PartTerm
from tongxin.communities.rules.parts import why_not_hold
from tongxin.communities.terms import EDITORS, PARTS, ContainerKind, Part, State
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer, system
from tongxin.foundation.errors import Refused
from tongxin.outreach.actions import wecom_handovers
from tongxin.people import queries as people
from tongxin.stores.models import Staff


def give_part(
    *,
    viewer: Viewer,
    community_id: UUID,
    part: Part,
    until: datetime,
    membership: UUID | None = None,
    staff: UUID | None = None,
    container: UUID | None = None,
    shown_as: str = "",
    specialty: str = "",
    duty: str = "",
) -> PartTerm:
    """Somebody serves as soul, host, expert or moderator until a day: a member of the community, or staff under a persona.

    Refuses `absent`, `communities.state`, `communities.part_holder`, `communities.part_term`, `communities.part_taken`.
    """
    now = clock.now()
    with transaction.atomic():
        row = _locked(viewer, community_id)
        why = why_not_hold(part, staff=staff is not None, until=until, now=now)
        if why is not None or (staff is None) == (membership is None):
            words = PARTS[part]
            raise Refused(f"communities.part_{why or 'holder'}", part=words.zh, days=words.most_days)
        person = None
        if membership is not None:
            held = queries.access_membership(viewer, membership)
            if held.community_id != row.pk or held.ended_at is not None:
                raise Refused("communities.part_holder", part=PARTS[part].zh)
            person = held.person_id
        made = PartTerm(
            community=row,
            part=part,
            person_id=person,
            staff=None if staff is None else _colleague(row, staff),
            container=_container(row, container),
            shown_as=shown_as.strip()[:40],
            specialty=specialty.strip()[:40],
            duty=duty.strip()[:120],
            since=now,
            until=until,
            given_by=viewer.name,
        )
        _expire(row, now)
        _saved(made)
        trails.of_community(viewer, row, "communities.part_given", after={"part": str(part)})
    return made


def end_part(*, viewer: Viewer, term_id: UUID, reason: str = "") -> PartTerm:
    """A term ends before its day; by staff, or by the holder. Twice changes nothing. Refuses `absent`."""
    with transaction.atomic():
        row = (
            PartTerm.objects.select_for_update(of=("self",))
            .select_related("community")
            .filter(public_id=term_id)
            .first()
        )
        if row is None or not (_holds(viewer, row) or viewer.reaches(row.community.store_id, EDITORS)):
            raise Refused("absent")
        if row.ended_at is None:
            row.ended_at, row.ended_by, row.reason = clock.now(), viewer.name, reason.strip()[:120]
            row.save(update_fields=["ended_at", "ended_by", "reason"])
            trails.of_community(
                viewer, row.community, "communities.part_ended", after={"part": str(row.part)}
            )
    return row


def hand_over(*, viewer: Viewer, community_id: UUID, to: UUID, until: datetime, reason: str) -> PartTerm:
    """The host's part goes to a colleague: the old term ends and the new one begins at the same instant, so there is one host.

    By who may change the community, or by the host. Refuses `absent`, `communities.state`, `communities.reason`,
    `communities.part_holder`, `communities.part_term`, `communities.part_taken` when it is the same person.
    """
    if not reason.strip():
        raise Refused("communities.reason")
    now = clock.now()
    with transaction.atomic():
        row = _locked(viewer, community_id)
        held = (
            PartTerm.objects.select_for_update(of=("self",))
            .select_related("staff")
            .filter(community=row, part=Part.HOST, ended_at=None)
            .first()
        )
        if not viewer.reaches(row.store_id, EDITORS) and (held is None or not _holds(viewer, held)):
            raise Refused("absent")
        if why := why_not_hold(Part.HOST, staff=True, until=until, now=now):
            raise Refused(
                f"communities.part_{why}", part=PARTS[Part.HOST].zh, days=PARTS[Part.HOST].most_days
            )
        colleague = _colleague(row, to)
        _expire(row, now)
        if held is not None:
            if held.staff_id == colleague.pk:
                raise Refused("communities.part_taken")
            held.ended_at, held.ended_by, held.reason = now, viewer.name, reason.strip()[:120]
            held.save(update_fields=["ended_at", "ended_by", "reason"])
        made = PartTerm.objects.create(
            community=row,
            part=Part.HOST,
            staff=colleague,
            since=now,
            until=until,
            given_by=viewer.name,
        )
        if held is not None and held.staff is not None:
            _wecom_groups(row, held.staff, colleague)
        trails.of_community(
            viewer,
            row,
            "communities.handed_over",
            before={"staff": None if held is None else held.staff_id},
            after={"staff": colleague.pk},
        )
    return made


def _wecom_groups(row: Community, old: Staff, new: Staff) -> None:
    """The community's groups in WeCom get the new host as owner, where both have an account."""
    chats = Container.objects.filter(community=row, kind=ContainerKind.WECOM, until=None).exclude(
        external_id=""
    )
    wecom_handovers.start_if_any(
        viewer=system("communities.hand_over"),
        old=old,
        new=new,
        left=not old.active,
        chats=list(chats.values_list("external_id", flat=True)),
    )


def _locked(viewer: Viewer, community_id: UUID) -> Community:
    found = queries.access_community(viewer, community_id, Verb.DECIDE)
    row = Community.objects.select_for_update(of=("self",)).get(pk=found.pk)
    if row.state == State.CLOSED:
        raise Refused("communities.state")
    return row


def _colleague(row: Community, staff: UUID) -> Staff:
    """Active staff of the community's store, or of none; of any store when the community is the brand's. Refuses `absent`."""
    found = Staff.objects.filter(brand=row.brand_id, public_id=staff, active=True).first()
    if found is None or (row.store_id is not None and found.store_id not in {row.store_id, None}):
        raise Refused("absent")
    return found


def _container(row: Community, container: UUID | None) -> Container | None:
    if container is None:
        return None
    found = Container.objects.filter(community=row, public_id=container).first()
    if found is None:
        raise Refused("absent")
    return found


def _holds(viewer: Viewer, row: PartTerm) -> bool:
    if row.person_id is not None:
        return viewer.person is not None and viewer.person in people.cluster(row.person_id)
    return viewer.account is not None and row.staff is not None and row.staff.account_id == viewer.account


def _expire(row: Community, now: datetime) -> None:
    """Terms whose day has passed make room."""
    PartTerm.objects.filter(community=row, ended_at=None, until__lte=now).update(
        ended_at=now, ended_by="system:term"
    )


def _saved(made: PartTerm) -> None:
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as clash:
        if "part_o" not in str(clash):
            raise
        raise Refused("communities.part_taken") from None
