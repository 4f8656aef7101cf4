"""Publishing the rules of the house, and saying yes to them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from tongxin.communities import queries
from tongxin.communities.actions import admitting, letters, trails, welcoming
from tongxin.communities.models import Acceptance, Application, Community, Membership, RuleSet
from tongxin.communities.terms import Applied, FirstStep, State
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.errors import Refused
from tongxin.people import queries as people

MOST_LINES, LONGEST = 20, 200


def publish_rules(
    *,
    viewer: Viewer,
    community_id: UUID,
    lines: Sequence[str],
    mandatory: bool = True,
    takes_effect_at: datetime | None = None,
    note: str = "",
) -> RuleSet:
    """A new version, one rule a line; a mandatory one pauses, from the moment it takes effect, whoever has not accepted it.

    Members are told. Refuses `absent`, `communities.state`, `communities.rules_empty`, `communities.rules_sooner`,
    `communities.too_long`.
    """
    said = [line.strip() for line in lines if line.strip()]
    if not said or len(said) > MOST_LINES:
        raise Refused("communities.rules_empty")
    if any(len(line) > LONGEST for line in said):
        raise Refused("communities.too_long", most=LONGEST)
    with transaction.atomic():
        found = queries.access_community(viewer, community_id, Verb.CHANGE)
        row = Community.objects.select_for_update(of=("self",)).get(pk=found.pk)
        if row.state == State.CLOSED:
            raise Refused("communities.state")
        now = clock.now()
        starts = takes_effect_at or now
        if starts < now:
            raise Refused("communities.rules_sooner")
        last = RuleSet.objects.filter(community=row).order_by("-number").first()
        made = RuleSet.objects.create(
            community=row,
            number=1 if last is None else last.number + 1,
            lines=said,
            mandatory=mandatory,
            note=note.strip()[:200],
            takes_effect_at=starts,
            published_at=now,
            published_by=viewer.name,
        )
        trails.of_community(
            viewer,
            row,
            "communities.rules_published",
            after={"number": made.number, "mandatory": mandatory},
        )
        if mandatory:
            members = Membership.objects.filter(community=row, ended_at=None).order_by("person_id")
            letters.tell(
                viewer=viewer,
                community=row,
                kind="communities.rules_changed",
                persons=sorted(set(members.values_list("person_id", flat=True))),
                key=f"{row.public_id}:{made.number}",
                when_zh=f"{starts.month}月{starts.day}日",
                when_en=f"{starts:%d %b}",
            )
    return made


def accept_rules(
    *, viewer: Viewer, community_id: UUID, number: int, shown_at: datetime, channel: str = "member_page"
) -> Acceptance:
    """The person themself says yes to the newest version, after having been shown it; nobody can do it for them.

    Who was only waiting for this is a member when it returns; who was paused is active again. Twice changes nothing.
    Refuses `absent`, `communities.rules_version`, `communities.rules_unseen`.
    """
    if viewer.person is None:
        raise Refused("absent")
    with transaction.atomic():
        community = queries.community_to_join(viewer, community_id)
        made, new = say_yes(viewer, community, number=number, shown_at=shown_at, channel=channel)
        if new:
            _go_on(viewer, community, people.cluster(viewer.person))
    return made


def say_yes(
    viewer: Viewer, community: Community, *, number: int, shown_at: datetime, channel: str
) -> tuple[Acceptance, bool]:
    """Write the yes of the person themself down, and whether it is new. Refuses as `accept_rules`."""
    if viewer.person is None:
        raise Refused("absent")
    newest = RuleSet.objects.filter(community=community).order_by("-number").first()
    if newest is None:
        raise Refused("absent")
    if newest.number != number:
        raise Refused("communities.rules_version")
    now = clock.now()
    if not newest.published_at <= shown_at <= now:
        raise Refused("communities.rules_unseen")
    entries = people.cluster(viewer.person)
    held = Acceptance.objects.filter(person__in=entries, ruleset=newest).first()
    if held is not None:
        return held, False
    Acceptance.objects.bulk_create(
        [
            Acceptance(
                person_id=viewer.person,
                ruleset=newest,
                shown_at=shown_at,
                accepted_at=now,
                channel=channel[:24],
            )
        ],
        ignore_conflicts=True,
    )
    made = Acceptance.objects.get(person=viewer.person, ruleset=newest)
    trails.of_community(viewer, community, "communities.rules_accepted", after={"number": number})
    return made, True


def _go_on(viewer: Viewer, community: Community, entries: list[int]) -> None:
    """Settle the application that was waiting for it; tick the step of the first week."""
    row = (
        Application.objects.select_for_update(of=("self",))
        .select_related("community__store", "invitation")
        .filter(community=community, person__in=entries, state=Applied.UNDERWAY)
        .first()
    )
    if row is not None:
        admitting.hold_open(community)
        admitting.settle(viewer, row)
        return
    member = queries.open_membership(community, entries[0])
    if member is not None:
        welcoming.tick(member, FirstStep.RULES)
