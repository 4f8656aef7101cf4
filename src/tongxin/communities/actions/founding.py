"""Founding a community, changing it, opening and closing it; its gates, its emblem, after which events it is offered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from tongxin.communities import queries
from tongxin.communities.actions import admitting, letters, trails
from tongxin.communities.gates import GATES
from tongxin.communities.models import Application, Community, FollowUp, GateRow, Membership, RuleSet
from tongxin.communities.rules.purpose import LONGEST, missing
from tongxin.communities.terms import EDITORS, PURPOSE_FIELDS, Applied, Ended, Stage, State
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.media.actions import store_image
from tongxin.people.subjects import SubjectIn, note
from tongxin.stores.models import Store
from tongxin.stores.queries import the_brand

SHARED = ("values", "goals", "needs", "interests")


@dataclass(frozen=True)
class CommunityIn:
    """What one says to found or change a community. `purpose` holds who, when, wants, so_that, proof."""

    name: str
    slogan: str = ""
    kind: str = ""
    purpose: Mapping[str, str] = field(default_factory=dict)
    values: Sequence[str] = ()
    goals: Sequence[str] = ()
    needs: Sequence[str] = ()
    interests: Sequence[str] = ()
    rituals: Sequence[Mapping[str, str]] = ()  # name, when, words
    simulated: bool = False


def found(*, viewer: Viewer, community: CommunityIn, store: Store | None = None) -> Community:
    """Begin a community as a draft: of a store, or of the whole brand. Refuses `absent`, `input.bad`."""
    if not viewer.reaches(None if store is None else store.pk, EDITORS):
        raise Refused("absent")
    brand = the_brand()
    with transaction.atomic():
        row = Community(brand=brand, store=store, made_by=viewer.name, made_at=clock.now())
        _write(row, community)
        _saved(row)
        trails.of_community(viewer, row, "communities.founded", after={"store": row.store_id})
    return row


def change(*, viewer: Viewer, community_id: UUID, version: int, community: CommunityIn) -> Community:
    """Say it anew. Refuses `absent`, `edit.stale`, `communities.state`, `communities.purpose` for an open one left half said."""
    with transaction.atomic():
        row = _locked(viewer, community_id)
        if row.version != version:
            raise Refused("edit.stale")
        if row.state == State.CLOSED:
            raise Refused("communities.state")
        _write(row, community)
        if row.state == State.OPEN:
            _complete(row)
            _note(row)
        row.version += 1
        _saved(row)
        trails.of_community(viewer, row, "communities.changed", after={"version": row.version})
    return row


def _write(row: Community, said: CommunityIn) -> None:
    name = said.name.strip()
    if not 2 <= len(name) <= 40:
        raise Refused("input.bad", field="name", reason="2–40")
    if unknown := set(said.purpose) - set(PURPOSE_FIELDS):
        raise Refused("input.bad", field="purpose", reason=", ".join(sorted(unknown)))
    if any(len(words) > LONGEST for words in said.purpose.values()):
        raise Refused("communities.too_long", most=LONGEST)
    row.name, row.slogan, row.kind, row.simulated = name, said.slogan.strip()[:60], said.kind, said.simulated
    row.purpose = {key: said.purpose.get(key, "").strip() for key in PURPOSE_FIELDS}
    row.shared = {key: [one.strip() for one in getattr(said, key) if one.strip()] for key in SHARED}
    row.rituals = [
        {key: str(one.get(key, ""))[:80] for key in ("name", "when", "words")}
        for one in said.rituals
        if one.get("name")
    ]


def _saved(row: Community) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as clash:
        if "community_name_once" not in str(clash):
            raise
        raise Refused("input.bad", field="name", reason="已有同名社群") from None


def _complete(row: Community) -> None:
    if lacks := missing(row.purpose):
        raise Refused("communities.purpose", missing="、".join(PURPOSE_FIELDS[one][0] for one in lacks))


def _note(row: Community) -> None:
    row.subject = note(
        SubjectIn(
            room=trails.ROOM,
            key=str(row.public_id),
            kind="community",
            store=row.store_id,
            type=row.kind,
            title=row.name,
            opened_at=row.opened_at,
            closed_at=row.closed_at,
            simulated=row.simulated,
        )
    )


def open_up(*, viewer: Viewer, community_id: UUID) -> Community:
    """People can see and join it from now on.

    Refuses `absent`, `communities.state`, `communities.purpose`, `communities.no_rules`.
    """
    with transaction.atomic():
        row = _locked(viewer, community_id)
        if row.state != State.DRAFT:
            raise Refused("communities.state")
        _complete(row)
        if not RuleSet.objects.filter(community=row).exists():
            raise Refused("communities.no_rules")
        row.state, row.opened_at = State.OPEN, clock.now()
        _note(row)
        row.version += 1
        row.save()
        trails.of_community(viewer, row, "communities.opened")
    return row


def close(*, viewer: Viewer, community_id: UUID, reason: str) -> Community:
    """End a community: every membership ends now, everybody is told why. Refuses `absent`, `communities.state`, `communities.reason`."""
    if not reason.strip():
        raise Refused("communities.reason")
    with transaction.atomic():
        row = _locked(viewer, community_id)
        if row.state != State.OPEN:
            raise Refused("communities.state")
        now = clock.now()
        row.state, row.stage, row.closed_at = State.CLOSED, Stage.CLOSED, now
        row.close_reason, row.warnings = reason.strip()[:200], []
        row.version += 1
        _note(row)
        row.save()
        members = list(Membership.objects.select_for_update().filter(community=row, ended_at=None))
        for one in members:
            one.ended_at, one.recorded_at, one.ended, one.ended_by = now, now, Ended.CLOSED, viewer.name
            one.community = row
        Membership.objects.bulk_update(members, ["ended_at", "recorded_at", "ended", "ended_by"])
        for asked in Application.objects.filter(community=row, state=Applied.UNDERWAY).select_related(
            "community"
        ):
            admitting.close_fee(viewer, asked, earned=False)
        Application.objects.filter(community=row, state=Applied.UNDERWAY).update(
            state=Applied.DECLINED, ended_at=now, ended_by=viewer.name, waiting_for_us=False
        )
        trails.book(*(trails.deed(one, "left", now) for one in members))
        trails.of_community(viewer, row, "communities.closed", after={"members": len(members)})
        letters.withdraw(viewer=viewer, community=row, person=None, reason="community_closed")
        letters.tell(
            viewer=viewer,
            community=row,
            kind="communities.closed",
            persons=sorted({one.person_id for one in members}),
            key=str(row.public_id),
            reason=row.close_reason,
        )
    return row


def set_gates(
    *, viewer: Viewer, community_id: UUID, gates: Sequence[tuple[str, Mapping[str, Any]]]
) -> list[GateRow]:
    """Say which gates must be passed, in which order; none lets everybody in who accepts the rules.

    Refuses `absent`, `communities.state`, `communities.gate_unknown`, `communities.gate_settings`.
    """
    for code, settings in gates:
        if code not in GATES:
            raise Refused("communities.gate_unknown", gate=code[:24])
        if wrong := GATES[code].faults(settings):
            raise Refused("communities.gate_settings", gate=GATES[code].zh, needs=", ".join(wrong))
    if len({code for code, _ in gates}) != len(gates):
        raise Refused("input.bad", field="gates", reason="一种门槛只能有一道")
    with transaction.atomic():
        row = _locked(viewer, community_id)
        if row.state == State.CLOSED:
            raise Refused("communities.state")
        GateRow.objects.filter(community=row).delete()
        made = GateRow.objects.bulk_create(
            GateRow(community=row, place=place, gate=code, settings=dict(settings))
            for place, (code, settings) in enumerate(gates)
        )
        trails.of_community(
            viewer, row, "communities.gates_set", after={"gates": [code for code, _ in gates]}
        )
    return made


def set_emblem(*, viewer: Viewer, community_id: UUID, data: bytes) -> Community:
    """A picture of its own, newly painted. Refuses `absent` and as `media` does."""
    queries.access_community(viewer, community_id, Verb.CHANGE)
    picture = store_image(viewer=viewer, data=data, purpose="community")
    with transaction.atomic():
        row = _locked(viewer, community_id)
        row.emblem, row.version = picture.name, row.version + 1
        row.save(update_fields=["emblem", "version"])
        trails.of_community(viewer, row, "communities.emblem_set")
    return row


def offer_after(*, viewer: Viewer, community_id: UUID, after: Sequence[tuple[str, str, str]]) -> int:
    """Offer the community after certain things of upper rooms: (room, kind, key), such as events, format, class. Refuses `absent`."""
    with transaction.atomic():
        row = _locked(viewer, community_id)
        FollowUp.objects.filter(community=row).delete()
        wanted = sorted({(room[:32], kind[:24], key[:120]) for room, kind, key in after})
        FollowUp.objects.bulk_create(
            FollowUp(community=row, room=room, kind=kind, key=key) for room, kind, key in wanted
        )
        trails.of_community(viewer, row, "communities.follow_up_offered", after={"after": len(wanted)})
    return len(wanted)


def _locked(viewer: Viewer, community_id: UUID) -> Community:
    found_row = queries.access_community(viewer, community_id, Verb.CHANGE)
    return Community.objects.select_for_update(of=("self",)).select_related("store").get(pk=found_row.pk)
