"""Community Stars: proposed by a person, answered by the member, shown after somebody has looked. Their works stand in `works.py`."""

from uuid import UUID

from django.db import transaction
from django.db.models import F

from tongxin.amplify.actions import trails
from tongxin.amplify.actions.words import fit
from tongxin.amplify.actions.works import take_down, take_down_late, tell_takers
from tongxin.amplify.models import Star, Work
from tongxin.amplify.queries.stars import own_star, star_in_reach, with_all, works_now
from tongxin.amplify.rules.licences import may_ask, why_not
from tongxin.amplify.terms import (
    ASK_AGAIN,
    DECIDERS,
    INVITED_FOR,
    LIVE_STARS,
    NAME_MOST,
    PROPOSERS,
    REVIEWED_FOR,
    WHY_MOST,
    Scope,
    Shut,
    StarState,
)
from tongxin.communities.models import Membership
from tongxin.events.models import Review
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.models import Customer
from tongxin.people.queries import access_customer, cluster
from tongxin.people.terms import CustomerState


def invite_star(*, viewer: Viewer, customer: UUID, why: str) -> Star:
    """Propose a member, in one's own words; they are asked. Refuses `absent`, `amplify.why_needed`, `amplify.staff`,
    `amplify.star_already`, `amplify.asked_lately`.
    """
    with transaction.atomic():
        person = access_customer(viewer, customer)
        if not viewer.reaches(person.home_store_id, PROPOSERS):
            raise Refused("absent")
        return _invite(viewer, person, why, store=person.home_store_id, review=None)


def take_up(*, viewer: Viewer, event: UUID) -> Star:
    """Ask whom a champion nominated in the review of an event, with the champion's reason. Refuses `absent`, and as `invite_star`."""
    with transaction.atomic():
        review = (
            Review.objects.select_related("occurrence", "star__survivor")
            .filter(occurrence__public_id=event, submitted_at__gte=clock.now() - REVIEWED_FOR)
            .first()
        )
        if (
            review is None
            or review.star is None
            or review.star.state == CustomerState.ERASED
            or not viewer.reaches(review.occurrence.store_id, DECIDERS)
        ):
            raise Refused("absent")
        person = review.star.survivor or review.star
        return _invite(viewer, person, review.star_why, store=review.occurrence.store_id, review=review)


def _invite(viewer: Viewer, person: Customer, why: str, *, store: int | None, review: Review | None) -> Star:
    person = Customer.objects.select_for_update(no_key=True, of=("self",)).get(pk=person.pk)
    said, now = why.replace("\x00", "").strip()[:WHY_MOST], clock.now()
    if not said:
        raise Refused("amplify.why_needed")
    if person.is_staff:
        raise Refused("amplify.staff")
    mine = Star.objects.filter(person__in=cluster(person))
    if mine.filter(state__in=LIVE_STARS).exists() or (
        review is not None and Star.objects.filter(review=review).exists()
    ):
        raise Refused("amplify.star_already")
    no = mine.filter(state=StarState.DECLINED).order_by("-answered_at").first()
    if no is not None and not may_ask(no.answered_at, now, ASK_AGAIN):
        assert no.answered_at is not None  # `may_ask` looked at it
        raise Refused(
            "amplify.asked_lately", again_on=clock.business_day(no.answered_at + ASK_AGAIN).isoformat()
        )
    home = (
        Membership.objects.filter(person__in=cluster(person), ended_at=None)
        .order_by("joined_at", "id")
        .first()
    )
    star = Star.objects.create(
        person=person,
        store_id=store,
        community_id=None if home is None else home.community_id,
        review=review,
        state=StarState.INVITED,
        why=said,
        invited_by=viewer.name,
        invited_at=now,
    )
    trails.note(
        viewer,
        "amplify.star_invited",
        "star",
        star.public_id,
        after={"member": str(person.public_id), "review": review is not None},
    )
    trails.tell(
        viewer=viewer,
        person=person.pk,
        kind="amplify.star_invited",
        subject=star.public_id,
        body={"why": said, "path": "/m/stars/"},
        store=store,
    )
    return star


def accept_star(*, viewer: Viewer, shown_as: str) -> Star:
    """The member says yes, under the name they want; nothing is shown by that. Refuses `absent`, `amplify.star_state`, `amplify.words`."""
    name = fit(shown_as, NAME_MOST)
    with transaction.atomic():
        star = own_star(viewer, lock=True)
        if star.state != StarState.INVITED:
            raise Refused("amplify.star_state")
        star.shown_as = name
        _move(viewer, star, StarState.ACCEPTED, "amplify.star_accepted", answered=True)
    return star


def decline_star(*, viewer: Viewer) -> Star:
    """The member says no; at no cost, and nobody asks again soon. Refuses `absent`, `amplify.star_state`."""
    with transaction.atomic():
        star = own_star(viewer, lock=True)
        if star.state != StarState.INVITED:
            raise Refused("amplify.star_state")
        _move(viewer, star, StarState.DECLINED, "amplify.star_declined", answered=True)
        trails.book(
            person=star.person_id,
            kind="refused",
            source=f"star_declined:{star.public_id}",
            at=clock.now(),
            store=star.store_id,
        )
    return star


def show_star(*, viewer: Viewer, star_id: UUID) -> Star:
    """Somebody has looked at what is licensed: the Star goes on the wall. Refuses `absent`, `amplify.star_state`, `amplify.nothing_to_show`."""
    with transaction.atomic():
        star = star_in_reach(viewer, star_id, DECIDERS, lock=True)
        if star.state != StarState.ACCEPTED:
            raise Refused("amplify.star_state")
        works = list(with_all(Work.objects.filter(star=star, removed_at=None)))
        facts, now = works_now(works), clock.now()
        if not any(why_not(facts[one.pk], Scope.GROUP, now) is Shut.NOT_SHOWN for one in works):
            raise Refused("amplify.nothing_to_show")
        star.shown_at, star.shown_by = now, viewer.name
        _move(viewer, star, StarState.SHOWN, "amplify.star_shown")
        trails.book(
            person=star.person_id,
            kind="featured",
            source=f"star:{star.public_id}",
            at=now,
            store=star.store_id,
            community=star.community_id,
        )
        trails.tell(
            viewer=viewer,
            person=star.person_id,
            kind="amplify.star_shown",
            subject=star.public_id,
            body={"path": "/m/stars/"},
            store=star.store_id,
        )
    return star


def end_star(*, viewer: Viewer, star_id: UUID | None = None) -> Star:
    """The time as a Star is over: by the member (without `star_id`) or by who decides. Refuses `absent`, `amplify.star_state`."""
    with transaction.atomic():
        star = (
            own_star(viewer, lock=True)
            if star_id is None
            else star_in_reach(viewer, star_id, DECIDERS, lock=True)
        )
        if star.state not in LIVE_STARS:
            raise Refused("amplify.star_state")
        works = Work.objects.filter(star=star).values_list("pk", flat=True)
        tell_takers(viewer, star, works, key=f"star_ended:{star.public_id}")
        take_down(works)
        _move(viewer, star, StarState.ENDED, "amplify.star_ended", ended=True)
    return star


def _move(
    viewer: Viewer, star: Star, state: StarState, act: str, *, answered: bool = False, ended: bool = False
) -> None:
    before, now = star.state, clock.now()
    star.state = state
    star.answered_at = now if answered else star.answered_at
    star.ended_at = now if ended else star.ended_at
    star.version += 1
    star.save(
        update_fields=["state", "shown_as", "answered_at", "shown_at", "shown_by", "ended_at", "version"]
    )
    trails.note(
        viewer, act, "star", star.public_id, before={"state": str(before)}, after={"state": str(state)}
    )


def lapse_stars(*, viewer: Viewer) -> int:
    """Invitations that nobody answered in time, and uses whose licence is no longer open: a nightly job; answers how many."""
    now, done = clock.now(), 0
    old = Star.objects.filter(state=StarState.INVITED, invited_at__lte=now - INVITED_FOR)
    for key in old.order_by("id").values_list("pk", flat=True):
        with transaction.atomic():
            star = Star.objects.select_for_update(no_key=True).get(pk=key)
            if star.state == StarState.INVITED:
                _move(viewer, star, StarState.LAPSED, "amplify.star_lapsed", ended=True)
                done += 1
    return done + take_down_late(now)


def forget_star(star_ids: list[int]) -> int:
    """Everything a member said here goes; proofs stay without words. For an erasure."""
    take_down(Work.objects.filter(star__person__in=star_ids).values_list("pk", flat=True))
    works = Work.objects.filter(star__person__in=star_ids).exclude(words="", removed_at__isnull=False)
    touched = works.update(words="", removed_at=clock.now())
    mine = Star.objects.filter(person__in=star_ids)
    touched += mine.filter(state__in=LIVE_STARS).update(
        state=StarState.ENDED, ended_at=clock.now(), version=F("version") + 1
    )
    return touched + mine.exclude(why="", shown_as="").update(why="", shown_as="")
