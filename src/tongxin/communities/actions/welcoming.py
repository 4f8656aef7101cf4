"""The first week: a buddy, small steps, and introductions that foster ties instead of only counting them."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from tongxin.communities import queries
from tongxin.communities.actions import letters, trails
from tongxin.communities.models import FirstStepDone, Introduction, Membership, PartTerm, Welcome
from tongxin.communities.queries.active import active_members
from tongxin.communities.rules.welcome import Helper, buddy, shared
from tongxin.communities.terms import PARTS, VETERAN_AFTER, WEEK, FirstStep, Part, Right
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach.terms import MessageClass

HELLO_LONGEST = 120
MOST_INTERESTS = 8
CANDIDATES = 50
WELCOMING = [part for part in Part if Right.WELCOME in PARTS[part].rights and PARTS[part].by != "tenure"]


def begin(viewer: Viewer, newcomer: Membership) -> Welcome:
    """The week begins with the membership, with a buddy if somebody can be one; the rules are accepted by then."""
    now = clock.now()
    chosen = buddy(_helpers(newcomer))
    made = Welcome.objects.create(newcomer=newcomer, buddy_id=chosen, began_at=now, until=now + WEEK)
    FirstStepDone.objects.create(welcome=made, step=FirstStep.RULES, at=now)
    if chosen is not None:
        _tell_buddy(viewer, made)
    return made


def _helpers(newcomer: Membership) -> list[Helper]:
    now = clock.now()
    given = PartTerm.objects.filter(
        community=newcomer.community_id,
        person=OuterRef("person"),
        part__in=WELCOMING,
        ended_at=None,
        until__gt=now,
    )
    busy = (
        Welcome.objects.filter(buddy=OuterRef("pk"), until__gt=now)
        .values("buddy")
        .annotate(n=Count("pk"))
        .values("n")
    )
    rows = (
        active_members(newcomer.community_id)
        .exclude(person=newcomer.person_id)
        .filter(Exists(given) | Q(joined_at__lte=now - VETERAN_AFTER))
        .annotate(helps=Coalesce(Subquery(busy), 0))
        .order_by("helps", "joined_at", "id")[:CANDIDATES]
    )
    return [Helper(one.pk, one.helps, one.store_id == newcomer.store_id, one.joined_at) for one in rows]


def _tell_buddy(viewer: Viewer, welcome: Welcome) -> None:
    assert welcome.buddy is not None
    letters.tell(
        viewer=viewer,
        community=welcome.newcomer.community,
        kind="communities.buddy",
        persons=[welcome.buddy.person_id],
        key=str(welcome.newcomer.public_id),
        message_class=MessageClass.COMMUNITY,
    )


def give_buddy(*, viewer: Viewer, newcomer_id: UUID, buddy_id: UUID) -> Welcome:
    """Staff choose who takes a newcomer by the hand. Refuses `absent`, `communities.introduce`, `communities.not_member`."""
    with transaction.atomic():
        newcomer = queries.access_membership(viewer, newcomer_id)
        helper = queries.access_membership(viewer, buddy_id)
        _both_inside(newcomer, helper)
        week = Welcome.objects.select_for_update(of=("self",)).filter(newcomer=newcomer).first()
        if week is None:
            raise Refused("communities.not_member")
        week.buddy, week.newcomer = helper, newcomer
        week.save(update_fields=["buddy"])
        trails.of_membership(viewer, newcomer, "communities.buddy_given")
        _tell_buddy(viewer, week)
    return week


def say_hello(*, viewer: Viewer, community_id: UUID, hello: str, interests: Sequence[str] = ()) -> Membership:
    """Introduce oneself in a sentence, with what one likes to talk about; an empty one takes it back.

    Refuses `absent`, `communities.not_member`, `communities.rules_unaccepted`, `communities.too_long`.
    """
    if len(hello.strip()) > HELLO_LONGEST:
        raise Refused("communities.too_long", most=HELLO_LONGEST)
    with transaction.atomic():
        member = _active(viewer, community_id)
        allowed = set(member.community.shared.get("interests", ()))
        member.hello = hello.strip()
        member.greeted_at = clock.now() if member.hello else None
        member.interests = [one for one in dict.fromkeys(interests) if one in allowed][:MOST_INTERESTS]
        member.save(update_fields=["hello", "greeted_at", "interests"])
        if member.hello and tick(member, FirstStep.HELLO):
            trails.of_membership(
                viewer, member, "communities.first_step_done", after={"step": str(FirstStep.HELLO)}
            )
    return member


def do_step(*, viewer: Viewer, community_id: UUID, step: FirstStep) -> None:
    """The newcomer says that a step of the first week is done; twice changes nothing.

    Refuses `absent`, `communities.not_member`, `communities.rules_unaccepted`, and `communities.step_done` for the two that an act
    of theirs ticks (accepting the rules, saying hello).
    """
    if step in {FirstStep.RULES, FirstStep.HELLO}:
        raise Refused("communities.step_done")
    with transaction.atomic():
        member = _active(viewer, community_id)
        if tick(member, step):
            trails.of_membership(viewer, member, "communities.first_step_done", after={"step": str(step)})


def tick(member: Membership, step: FirstStep) -> bool:
    """Write a step down; True when it is new. A period without a first week (an imported one) has nothing to tick."""
    week = Welcome.objects.filter(newcomer=member).first()
    if week is None or FirstStepDone.objects.filter(welcome=week, step=step).exists():
        return False
    FirstStepDone.objects.bulk_create(
        [FirstStepDone(welcome=week, step=step, at=clock.now())], ignore_conflicts=True
    )
    return True


def introduce(*, viewer: Viewer, one_id: UUID, other_id: UUID, about: str = "") -> Introduction:
    """Introduce two members to each other; both are told, with what they have in common.

    By staff in reach, or by an active member whose part is to welcome. Refuses `absent`, `communities.introduce`,
    `communities.introduced`.
    """
    with transaction.atomic():
        one, other = sorted((_known(viewer, one_id), _known(viewer, other_id)), key=lambda row: row.pk)
        _both_inside(one, other)
        topic = about.strip()[:80] or "、".join(shared(one.interests, other.interests))[:80]
        if Introduction.objects.filter(one=one, other=other).exists():
            raise Refused("communities.introduced")
        made = Introduction.objects.create(
            community=one.community,
            one=one,
            other=other,
            about=topic,
            made_by=viewer.name,
            made_at=clock.now(),
        )
        trails.of_community(viewer, one.community, "communities.introduced")
        letters.tell(
            viewer=viewer,
            community=one.community,
            kind="communities.introduced",
            persons=[one.person_id, other.person_id],
            key=str(made.public_id),
            message_class=MessageClass.COMMUNITY,
            about=f"（{topic}）" if topic else "",
        )
    return made


def answer_introduction(*, viewer: Viewer, introduction_id: UUID, met: bool) -> Introduction:
    """One of the two says whether they have met. Refuses `absent`."""
    with transaction.atomic():
        row = (
            Introduction.objects.select_for_update(of=("self",))
            .select_related("community", "one", "other")
            .filter(public_id=introduction_id)
            .first()
        )
        mine = None if row is None or viewer.person is None else _side(viewer.person, row)
        if row is None or mine is None:
            raise Refused("absent")
        row.met, row.answered_at = met, clock.now()
        row.save(update_fields=["met", "answered_at"])
        trails.of_community(viewer, row.community, "communities.introduction_answered", after={"met": met})
        if met:
            tick(row.one, FirstStep.MEET)
            tick(row.other, FirstStep.MEET)
    return row


def _side(person: int, row: Introduction) -> Membership | None:
    mine = queries.open_membership(row.community_id, person)
    return mine if mine is not None and mine.pk in {row.one_id, row.other_id} else None


def _known(viewer: Viewer, membership_id: UUID) -> Membership:
    found = Membership.objects.select_related("community__store").filter(public_id=membership_id).first()
    if found is not None and queries.has_right(viewer, found.community_id, Right.WELCOME):
        return found
    return queries.access_membership(viewer, membership_id)


def _both_inside(one: Membership, other: Membership) -> None:
    inside = one.ended_at is None and other.ended_at is None
    if not inside or one.community_id != other.community_id or one.person_id == other.person_id:
        raise Refused("communities.introduce")


def _active(viewer: Viewer, community_id: UUID) -> Membership:
    """The viewer's own membership, locked. Refuses `communities.not_member`, `communities.rules_unaccepted`."""
    community = queries.community_to_join(viewer, community_id)
    found = queries.my_membership(viewer, community)
    if queries.accepted_number(community.pk, found.person_id) < queries.required_number(community.pk):
        raise Refused("communities.rules_unaccepted")
    return Membership.objects.select_for_update(of=("self",)).select_related("community").get(pk=found.pk)
