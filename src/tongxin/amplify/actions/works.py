"""Works of Stars with their licences, and where they are used outside our pages.

A yes holds for one work, for one scope, until a day. A no holds from the moment it is written: every page asks anew.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from tongxin.amplify.actions import trails
from tongxin.amplify.actions.words import fit, text
from tongxin.amplify.models import Licence, Star, Work, WorkUse
from tongxin.amplify.queries.stars import own_star, own_work, with_all, works_now
from tongxin.amplify.rules.licences import furthest, lasts, why_not
from tongxin.amplify.terms import (
    DECIDERS,
    NOTICE,
    PHOTO_USE,
    PLACE_MOST,
    SHUT_LABELS,
    TAKE_DOWN_WITHIN,
    WORDS_MOST,
    WORKS_MOST,
    Scope,
    StarState,
    WorkKind,
)
from tongxin.events.rules.photos import allowed
from tongxin.events.terms_after import PhotoState
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach.actions.robots import tell_staff
from tongxin.people.queries import cluster
from tongxin.voices import actions as voices
from tongxin.voices.models import Post, PostPhoto
from tongxin.voices.queries.sights import sights
from tongxin.voices.terms import PostState

AT_ONCE = 200


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
        tell_takers(viewer, work.star, [work.pk], key=f"licence:{licence.pk}")
        take_down([work.pk])
        trails.note(viewer, "amplify.licence_withdrawn", "work", work.public_id)
    return licence


def tell_takers(viewer: Viewer, star: Star, works: Iterable[int], *, key: str) -> None:
    """The colleagues who use these works are told, with the withdrawal: in how many places, never whose or what it says."""
    uses = WorkUse.objects.filter(work__in=works, ended_at=None, down_by=None).count()
    if uses:
        tell_staff(
            viewer=viewer,
            store=star.store,
            text=f"【请在 24 小时内取下】社群之星的作品不再授权，还用在 {uses} 处。到“社群之星”页看是哪几处，取下后点“已取下”。",
            key=key,
            path="hq/stars/",
        )


def remove_work(*, viewer: Viewer, work_id: UUID) -> None:
    """The author takes a work away altogether: words are gone, the proof stays. Refuses `absent`."""
    with transaction.atomic():
        work = own_work(viewer, work_id)
        withdraw_licence(viewer=viewer, work_id=work_id)
        Work.objects.filter(pk=work.pk).update(words="", removed_at=clock.now())
        trails.note(viewer, "amplify.work_removed", "work", work.public_id)


def take_down(works: Iterable[int]) -> None:
    """What stands elsewhere of these works is to be taken down within a day."""
    WorkUse.objects.filter(work__in=works, ended_at=None, down_by=None).update(
        down_by=clock.now() + TAKE_DOWN_WITHIN
    )


def use_work(*, viewer: Viewer, work_id: UUID, scope: Scope, place: str) -> WorkUse:
    """Write down that a work is used outside our pages, at a place, for a use that is open now.

    Refuses `absent`, `amplify.licence`, `amplify.words`.
    """
    where = text(place, PLACE_MOST)
    with transaction.atomic():
        star = Star.objects.filter(pk__in=Work.objects.filter(public_id=work_id).values("star")).first()
        if star is None or not viewer.reaches(star.store_id, DECIDERS):
            raise Refused("absent")
        # the same lock as a withdrawal: a use is before it, and to be taken down, or after it, and refused
        Star.objects.select_for_update(no_key=True).get(pk=star.pk)
        work = with_all(Work.objects.filter(public_id=work_id, removed_at=None)).first()
        if work is None:
            raise Refused("absent")
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


def take_down_late(now: datetime) -> int:
    """Uses whose licence is no longer open are to be taken down; answers how many."""
    after = done = 0
    used = WorkUse.objects.filter(ended_at=None, down_by=None)
    while rows := list(used.filter(pk__gt=after).order_by("pk")[:AT_ONCE]):
        facts = works_now(list(with_all(Work.objects.filter(pk__in={row.work_id for row in rows}))))
        late = [row.pk for row in rows if not _holds(furthest(facts[row.work_id], now), Scope(row.scope))]
        done += WorkUse.objects.filter(pk__in=late, down_by=None).update(down_by=now + TAKE_DOWN_WITHIN)
        after = rows[-1].pk
    return done


def _holds(open_: Scope | None, scope: Scope) -> bool:
    return open_ is not None and open_.reach >= scope.reach
