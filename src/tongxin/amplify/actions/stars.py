"""Community Stars: proposed by a person, answered by the member, shown after somebody has looked; works and their licences.

A yes holds for one work, for one scope, until a day. A no holds from the moment it is written: every page asks anew.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from tongxin.amplify.actions import trails
from tongxin.amplify.models import Licence, Star, Work, WorkUse
from tongxin.amplify.queries.stars import own_star, own_work, star_in_reach, with_all, works_now
from tongxin.amplify.rules.licences import furthest, lasts, may_ask, why_not
from tongxin.amplify.terms import (
    ASK_AGAIN,
    DECIDERS,
    INVITED_FOR,
    LIVE_STARS,
    NAME_MOST,
    NOTICE,
    PHOTO_USE,
    PLACE_MOST,
    PROPOSERS,
    REVIEWED_FOR,
    SHUT_LABELS,
    TAKE_DOWN_WITHIN,
    WHY_MOST,
    WORDS_MOST,
    WORKS_MOST,
    Scope,
    Shut,
    StarState,
    WorkKind,
)
from tongxin.communities.models import Membership
from tongxin.events.models import Review
from tongxin.events.rules.photos import allowed
from tongxin.events.terms_after import PhotoState
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.models import Customer
from tongxin.people.queries import access_customer, cluster
from tongxin.people.terms import CustomerState
from tongxin.voices import actions as voices
from tongxin.voices.models import Post, PostPhoto
from tongxin.voices.queries.sights import sights
from tongxin.voices.rules.judging import Author, judge, policy_at
from tongxin.voices.terms import PostState

AT_ONCE = 200


def text(words: str, most: int) -> str:
    """Words as they are kept: without blank edges. Refuses `amplify.words`."""
    said = words.replace("\x00", "").strip()
    if not said or len(said) > most:
        raise Refused("amplify.words", most=most)
    return said


def fit(words: str, most: int) -> str:
    """Words of a member that others will read: what moderation would hold back is not taken. Refuses `amplify.words`, `amplify.words_unfit`."""
    said, now = text(words, most), clock.now()
    if judge(said, Author(ring="middle", days=10_000), policy_at(now), now).state != "published":
        raise Refused("amplify.words_unfit")
    return said


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
        _take_down(Work.objects.filter(star=star).values_list("pk", flat=True))
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


def add_work(
    *,
    viewer: Viewer,
    post: UUID | None = None,
    photo: UUID | None = None,
    words: str = "",
) -> Work:
    """Give a post or a photo of one's own, or words for it. It is not shown before it is licensed.

    Refuses `absent`, `amplify.star_state`, `amplify.works_many`, `amplify.words`, `amplify.words_unfit`.
    """
    given = "" if post or photo else fit(words, WORDS_MOST)
    with transaction.atomic():
        star = own_star(viewer, lock=True)
        if star.state == StarState.INVITED:
            raise Refused("amplify.star_state")
        works = Work.objects.filter(star=star, removed_at=None)
        if works.count() >= WORKS_MOST:
            raise Refused("amplify.works_many", most=WORKS_MOST)
        own = cluster(star.person_id)
        its_post = None if post is None else _post(own, post)
        its_photo = None if photo is None or post is not None else _photo(own, photo)
        same = works.filter(post=its_post, photo=its_photo).first() if its_post or its_photo else None
        if same is not None:
            return same
        kind = WorkKind.POST if its_post else WorkKind.PHOTO if its_photo else WorkKind.WORDS
        work = Work.objects.create(
            star=star, kind=kind, post=its_post, photo=its_photo, words=given, added_at=clock.now()
        )
        trails.note(viewer, "amplify.work_added", "work", work.public_id, after={"kind": str(kind)})
    return work


def _post(own: list[int], post_id: UUID) -> Post:
    found = Post.objects.filter(
        public_id=post_id, person__in=own, root=None, state=PostState.PUBLISHED
    ).first()
    if found is None:
        raise Refused("absent")
    return found


def _photo(own: list[int], photo_id: UUID) -> PostPhoto:
    found = PostPhoto.objects.filter(
        public_id=photo_id, post__person__in=own, post__state=PostState.PUBLISHED, gone_at=None
    ).first()
    if found is None:
        raise Refused("absent")
    return found


def license_work(
    *, viewer: Viewer, work_id: UUID, scope: Scope, until: datetime, channel: str = "member_page"
) -> Licence:
    """The author's yes for one work, up to a scope and a day. For a photo it is also the yes to that photo, for oneself and as guardian.

    Refuses `absent`, `amplify.until`, `amplify.star_state`, and for a photo what `voices.show_photo` refuses.
    """
    now = clock.now()
    if not lasts(until, now):
        raise Refused("amplify.until")
    with transaction.atomic():
        work = own_work(viewer, work_id)
        if work.star.state not in {StarState.ACCEPTED, StarState.SHOWN}:
            raise Refused("amplify.star_state")
        if work.photo is not None:
            _open_photo(viewer, work.photo, PHOTO_USE[scope], channel)
        licence = Licence.objects.create(
            work=work,
            granted=True,
            scope=scope,
            until=until,
            notice=NOTICE,
            channel=channel,
            by=viewer.name,
            at=now,
        )
        trails.note(
            viewer,
            "amplify.licensed",
            "work",
            work.public_id,
            after={"scope": str(scope), "until": until.isoformat()},
        )
    return licence


def _open_photo(viewer: Viewer, photo: PostPhoto, use: PhotoState, channel: str) -> None:
    """The same yes where the photo stands, if it does not reach that far yet: there it is checked who else is seen."""
    if PhotoState(photo.state).reach >= use.reach and allowed(sights([photo.pk])[photo.pk][0], use):
        return
    voices.show_photo(viewer=viewer, photo_id=photo.public_id, state=use, channel=channel)


def withdraw_licence(*, viewer: Viewer, work_id: UUID, channel: str = "member_page") -> Licence | None:
    """The author takes their yes back: it holds at once on every page, and what stands elsewhere is to be taken down within a day.

    None where there was nothing to take back. Refuses `absent`.
    """
    with transaction.atomic():
        work = own_work(viewer, work_id)
        Star.objects.select_for_update(no_key=True).get(pk=work.star_id)
        newest = Licence.objects.filter(work=work).order_by("-id").first()
        if newest is None or not newest.granted:
            return None
        licence = Licence.objects.create(
            work=work,
            granted=False,
            scope=newest.scope,
            until=newest.until,
            notice=NOTICE,
            channel=channel,
            by=viewer.name,
            at=clock.now(),
        )
        _take_down([work.pk])
        trails.note(viewer, "amplify.licence_withdrawn", "work", work.public_id)
    return licence


def remove_work(*, viewer: Viewer, work_id: UUID) -> None:
    """The author takes a work away altogether: words are gone, the proof stays. Refuses `absent`."""
    with transaction.atomic():
        work = own_work(viewer, work_id)
        withdraw_licence(viewer=viewer, work_id=work_id)
        Work.objects.filter(pk=work.pk).update(words="", removed_at=clock.now())
        trails.note(viewer, "amplify.work_removed", "work", work.public_id)


def _take_down(works: Iterable[int]) -> None:
    WorkUse.objects.filter(work__in=works, ended_at=None, down_by=None).update(
        down_by=clock.now() + TAKE_DOWN_WITHIN
    )


def use_work(*, viewer: Viewer, work_id: UUID, scope: Scope, place: str) -> WorkUse:
    """Write down that a work is used outside our pages, at a place, for a use that is open now.

    Refuses `absent`, `amplify.licence`, `amplify.words`.
    """
    where = text(place, PLACE_MOST)
    with transaction.atomic():
        work = with_all(Work.objects.filter(public_id=work_id, removed_at=None)).first()
        if work is None or not viewer.reaches(work.star.store_id, DECIDERS):
            raise Refused("absent")
        # the same lock as a withdrawal: a use is before it, and to be taken down, or after it, and refused
        Star.objects.select_for_update(no_key=True).get(pk=work.star_id)
        now = clock.now()
        why = why_not(works_now([work])[work.pk], scope, now)
        if why is not None:
            zh, en = SHUT_LABELS[why]
            raise Refused("amplify.licence", why=zh, why_en=en, reason=str(why))
        licence = Licence.objects.filter(work=work).order_by("-id")[0]
        use = WorkUse.objects.create(
            work=work, licence=licence, scope=scope, place=where, by=viewer.name, at=now
        )
        trails.note(viewer, "amplify.work_used", "use", use.public_id, after={"scope": str(scope)})
    return use


def end_use(*, viewer: Viewer, use_id: UUID) -> WorkUse:
    """It has been taken down. Refuses `absent`."""
    with transaction.atomic():
        use = (
            WorkUse.objects.select_for_update(no_key=True, of=("self",))
            .select_related("work__star")
            .filter(public_id=use_id)
            .first()
        )
        if use is None or not viewer.reaches(use.work.star.store_id, DECIDERS):
            raise Refused("absent")
        if use.ended_at is None:
            use.ended_at, use.ended_by = clock.now(), viewer.name
            use.save(update_fields=["ended_at", "ended_by"])
            trails.note(viewer, "amplify.use_ended", "use", use.public_id)
    return use


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
    after = 0
    used = WorkUse.objects.filter(ended_at=None, down_by=None)
    while rows := list(used.filter(pk__gt=after).order_by("pk")[:AT_ONCE]):
        facts = works_now(list(with_all(Work.objects.filter(pk__in={row.work_id for row in rows}))))
        late = [row.pk for row in rows if not _holds(furthest(facts[row.work_id], now), Scope(row.scope))]
        done += WorkUse.objects.filter(pk__in=late, down_by=None).update(down_by=now + TAKE_DOWN_WITHIN)
        after = rows[-1].pk
    return done


def _holds(open_: Scope | None, scope: Scope) -> bool:
    return open_ is not None and open_.reach >= scope.reach


def forget_star(star_ids: list[int]) -> int:
    """Everything a member said here goes; proofs stay without words. For an erasure."""
    _take_down(Work.objects.filter(star__person__in=star_ids).values_list("pk", flat=True))
    works = Work.objects.filter(star__person__in=star_ids).exclude(words="", removed_at__isnull=False)
    touched = works.update(words="", removed_at=clock.now())
    mine = Star.objects.filter(person__in=star_ids)
    touched += mine.filter(state__in=LIVE_STARS).update(
        state=StarState.ENDED, ended_at=clock.now(), version=F("version") + 1
    )
    return touched + mine.exclude(why="", shown_as="").update(why="", shown_as="")
