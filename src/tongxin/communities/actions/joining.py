"""The way in: applying, answering at a gate, deciding at a gate, looking again, withdrawing."""

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from tongxin.communities import queries
from tongxin.communities.actions import admitting, letters, rulesets, trails
from tongxin.communities.gates import GATES
from tongxin.communities.models import Application, Community, Container, Decision, Invitation, Membership
from tongxin.communities.queries.standing import gates_of, said, way_of
from tongxin.communities.rules.periods import Period, why_not_join
from tongxin.communities.rules.standing import unanswered
from tongxin.communities.terms import Applied, Scene, Standing, State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people import queries as people

Answers = Mapping[str, Mapping[str, str]]  # gate → question → answer
LONGEST = 300


def apply(
    *,
    viewer: Viewer,
    community_id: UUID,
    person: UUID | None = None,
    answers: Answers | None = None,
    invitation: UUID | None = None,
    scene: Scene = Scene.PAGE,
    channel: str = "",
    container: UUID | None = None,
    accepts: tuple[int, datetime] | None = None,
) -> Application:
    """Begin (or go on with) the way into a community; who has passed everything is a member when this returns.

    `accepts` is the version of the rules they say yes to and when it was shown. The same again goes on where the first one stands.
    Refuses `absent`, `communities.not_open`, `communities.member`, `communities.resting`, `communities.invitation_gone`,
    `communities.answer`, and about `accepts` as `accept_rules`.
    """
    with transaction.atomic():
        community = queries.community_to_join(viewer, community_id)
        if community.state != State.OPEN:
            raise Refused("communities.not_open")
        who = queries.who_joins(viewer, person)
        admitting.hold_open(community)
        row, new = _underway(community, who, scene if invitation is None else Scene.INVITATION, channel)
        _free_to_join(community, who)
        if container is not None:
            row.container = Container.objects.filter(
                community=community, public_id=container, until=None
            ).first()
        if invitation is not None and row.invitation_id is None:
            row.invitation = _claimed(community, who, invitation)
            row.scene = Scene.INVITATION
        for gate, given in (answers or {}).items():
            _say(row, gate, given)
        row.save()
        if accepts is not None:
            rulesets.say_yes(viewer, community, number=accepts[0], shown_at=accepts[1], channel="member_page")
        if new:
            trails.of_application(viewer, row, "communities.applied", after={"scene": str(row.scene)})
        admitting.settle(viewer, row)
    return row


def _underway(community: Community, person: int, scene: Scene, channel: str) -> tuple[Application, bool]:
    """The application that is under way, locked; one is begun when there is none. Of two at once the second waits here."""
    entries = people.cluster(person)
    held = Application.objects.select_related("community__store").filter(
        community=community, person__in=entries, state=Applied.UNDERWAY
    )
    before = held.select_for_update(of=("self",)).first()
    if before is not None:
        return before, False
    Application.objects.bulk_create(
        [
            Application(
                community=community,
                person_id=person,
                store_id=admitting.store_for(community, person),
                scene=scene,
                channel=channel[:40],
                began_at=clock.now(),
            )
        ],
        ignore_conflicts=True,
    )
    return held.select_for_update(of=("self",)).get(), True


def _free_to_join(community: Community, person: int) -> None:
    held = Membership.objects.filter(community=community, person__in=people.cluster(person))
    periods = [
        Period(since, until, rests)
        for since, until, rests in held.values_list("joined_at", "ended_at", "rests_until")
    ]
    now = clock.now()
    why = why_not_join(periods, now)
    if why == "resting":
        until = max(one.rests_until for one in periods if one.rests_until is not None)
        raise Refused("communities.resting", until=until.date().isoformat())
    if why is not None:
        raise Refused(f"communities.{why}")


def _claimed(community: Community, person: int, public_id: UUID) -> Invitation:
    """Use an invitation once: one conditional update, so that it never brings in more than it says."""
    now = clock.now()
    found = Invitation.objects.filter(
        public_id=public_id, community=community, ended_at=None, expires_at__gt=now, used__lt=F("most")
    ).first()
    for_them = found is not None and (found.person_id is None or found.person_id in people.cluster(person))
    own = found is not None and found.inviter_id == person
    if found is None or not for_them or own:
        raise Refused("communities.invitation_gone")
    taken = Invitation.objects.filter(
        pk=found.pk, ended_at=None, expires_at__gt=now, used__lt=F("most")
    ).update(used=F("used") + 1)
    if not taken:
        raise Refused("communities.invitation_gone")
    return found


def _say(row: Application, gate: str, given: Mapping[str, str]) -> None:
    """Keep what was said at a gate, sealed. Refuses `communities.answer`, `communities.gate_unknown`."""
    settings = {one.gate: one.settings for one in gates_of(row.community_id)}
    if gate not in settings:
        raise Refused("communities.gate_unknown", gate=gate[:24])
    asks = GATES[gate].asks(settings[gate])
    names = {ask.name for ask in asks}
    if unknown := set(given) - names:
        raise Refused("communities.answer", question=min(unknown)[:24])
    if any(len(words) > LONGEST for words in given.values()):
        raise Refused("communities.too_long", most=LONGEST)
    if bad := unanswered(asks, dict(given)):
        raise Refused("communities.answer", question=bad.zh)
    row.answers = json.dumps(said(row) | {gate: dict(given)}, ensure_ascii=False)


def answer(*, viewer: Viewer, application_id: UUID, gate: str, answers: Mapping[str, str]) -> Application:
    """The applicant does a step that is theirs to do.

    Refuses `absent`, `communities.not_undecided`, `communities.step_done`, `communities.answer`, `communities.invitation_gone`.
    """
    with transaction.atomic():
        row = _locked(viewer, application_id)
        step = next((one for one in way_of(row).steps if one.gate == gate), None)
        if step is None or step.standing is not Standing.YOURS:
            raise Refused("communities.step_done")
        if gate == "invitation":
            row.invitation = _claimed(row.community, row.person_id, _code(answers.get("code", "")))
            row.scene = Scene.INVITATION
        else:
            _say(row, gate, answers)
        row.save()
        trails.of_application(viewer, row, "communities.step_answered", after={"gate": gate})
        admitting.settle(viewer, row)
    return row


def _code(text: str) -> UUID:
    try:
        return UUID(text.strip())
    except ValueError:
        raise Refused("communities.invitation_gone") from None


def decide(*, viewer: Viewer, application_id: UUID, gate: str, yes: bool, reason: str = "") -> Application:
    """Somebody of the community answers at a gate; a no needs a reason, which the applicant reads.

    Refuses `absent` (also to the applicant), `communities.not_undecided`, `communities.step_done`, `communities.reason`.
    """
    if not yes and not reason.strip():
        raise Refused("communities.reason")
    with transaction.atomic():
        row = _locked(viewer, application_id, deciding=True)
        step = next((one for one in way_of(row).steps if one.gate == gate), None)
        if step is None or step.standing is not Standing.OURS:
            raise Refused("communities.step_done")
        Decision.objects.create(
            application=row, gate=gate, yes=yes, reason=reason.strip()[:120], by=viewer.name, at=clock.now()
        )
        row.reason = "" if yes else reason.strip()[:120]
        trails.of_application(viewer, row, "communities.step_decided", after={"gate": gate, "yes": yes})
        way = admitting.settle(viewer, row)
        if row.state == Applied.UNDERWAY and way.yours:
            letters.tell(
                viewer=viewer,
                community=row.community,
                kind="communities.your_turn",
                persons=[row.person_id],
                key=f"{row.public_id}:{gate}",
            )
    return row


def look_again(*, viewer: Viewer, application_id: UUID) -> Application:
    """What a gate waits for may have happened elsewhere (a paid membership, a visit): look, and let in. Refuses `absent`,
    `communities.not_undecided`.
    """
    with transaction.atomic():
        row = _locked(viewer, application_id)
        admitting.settle(viewer, row)
    return row


def withdraw(*, viewer: Viewer, application_id: UUID) -> Application:
    """The applicant takes it back; what was said goes at once. Twice changes nothing. Refuses `absent`, `communities.not_undecided`."""
    with transaction.atomic():
        found = queries.access_application(viewer, application_id)
        if viewer.person is None or viewer.person not in people.cluster(found.person_id):
            raise Refused("absent")
        row = Application.objects.select_for_update(of=("self",)).select_related("community").get(pk=found.pk)
        if row.state == Applied.WITHDRAWN:
            return row
        if row.state != Applied.UNDERWAY:
            raise Refused("communities.not_undecided")
        row.answers = ""
        row.save(update_fields=["answers"])
        if row.invitation_id is not None:
            Invitation.objects.filter(pk=row.invitation_id, used__gt=0).update(used=F("used") - 1)
        admitting.end(viewer, row, Applied.WITHDRAWN)
    return row


def _locked(viewer: Viewer, application_id: UUID, *, deciding: bool = False) -> Application:
    """The application under way, locked, its community held open."""
    found = queries.access_application(viewer, application_id, deciding=deciding)
    admitting.hold_open(found.community)
    row = (
        Application.objects.select_for_update(of=("self",))
        .select_related("community__store", "invitation")
        .get(pk=found.pk)
    )
    if row.state != Applied.UNDERWAY:
        raise Refused("communities.not_undecided")
    return row
