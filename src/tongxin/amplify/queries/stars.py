"""Stars as they are read: the wall of who is shown, one's own, the list of who runs it. Consent is looked up with every reading."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db.models import Q, QuerySet

from tongxin.amplify.models import Licence, Star, Work, WorkUse
from tongxin.amplify.rules.licences import Said, WorkNow, furthest, why_not
from tongxin.amplify.terms import (
    LIVE_STARS,
    PHOTO_USE,
    READERS,
    REVIEWED_FOR,
    SCOPES,
    Scope,
    Shut,
    StarState,
    WorkKind,
)
from tongxin.events.models import Review
from tongxin.events.queries.doors import masked
from tongxin.events.rules.photos import Sight, standing
from tongxin.events.terms_after import PhotoState
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.media import queries as media
from tongxin.foundation.pages import Page, page
from tongxin.people.queries import cluster
from tongxin.people.terms import CustomerState
from tongxin.voices.models import Post, PostPhoto
from tongxin.voices.queries import standing_in_mine
from tongxin.voices.queries.sights import sights
from tongxin.voices.terms import PostState

WALL = 20


@dataclass(frozen=True)
class WorkCard:
    """A work that may be shown to this reader now."""

    id: UUID
    kind: WorkKind
    words: str
    photo: UUID | None


@dataclass(frozen=True)
class StarCard:
    """A Star as others see them: the name they chose, why, and what of theirs may be shown."""

    id: UUID
    name: str
    why: str
    community: str
    shown_at: datetime
    works: tuple[WorkCard, ...]


@dataclass(frozen=True)
class OwnWork:
    """A work as its author sees it: the licence, how far out it is open now, and what is in the way."""

    id: UUID
    kind: WorkKind
    words: str
    photo: UUID | None
    scope: Scope | None
    until: datetime | None
    open: Scope | None
    why: Shut | None
    used_at: tuple[str, ...]


@dataclass(frozen=True)
class MyStar:
    """One's own invitation or time as a Star."""

    id: UUID
    state: StarState
    why: str
    shown_as: str
    invited_at: datetime
    shown_at: datetime | None
    version: int
    works: tuple[OwnWork, ...]


@dataclass(frozen=True)
class StarLine:
    """A Star in the list of who runs it. `works` are those with a live licence; of the rest only how many there are."""

    id: UUID
    member: UUID
    name: str
    store: str
    why: str
    state: StarState
    invited_by: str
    invited_at: datetime
    answered_at: datetime | None
    shown_at: datetime | None
    from_review: bool
    works: tuple[WorkCard, ...]
    unlicensed: int
    version: int


@dataclass(frozen=True)
class NominationLine:
    """A nomination in a champion's review that nobody has answered yet."""

    review: UUID
    event: str
    store: str
    name: str
    why: str
    at: datetime


@dataclass(frozen=True)
class UseLine:
    """Where a work is used outside our pages, and by when it must be taken down (None while the licence holds)."""

    id: UUID
    star: UUID
    kind: WorkKind
    scope: Scope
    place: str
    at: datetime
    down_by: datetime | None


def works_now(works: Sequence[Work]) -> dict[int, WorkNow]:
    """What is known of each work at this moment: four statements however many. `works` bring star, person, post and photo along."""
    said = _said([one.pk for one in works])
    known = sights([one.photo_id for one in works if one.photo_id is not None])
    return {
        one.pk: WorkNow(
            shown=one.star.state == StarState.SHOWN and one.star.person.state != CustomerState.ERASED,
            there=_there(one),
            said=said.get(one.pk),
            photo=one.photo_id is not None,
            seen_agree=None
            if one.photo is None
            else _agree(PhotoState(one.photo.state), known[one.photo.pk][0]),
        )
        for one in works
    }


def _said(works: Collection[int]) -> dict[int, Said]:
    rows = Licence.objects.filter(work__in=works).order_by("work", "-id").distinct("work")
    return {row.work_id: Said(row.granted, Scope(row.scope), row.until) for row in rows}


def _there(work: Work) -> bool:
    """Can it still be seen where it stands? Words given for it stand nowhere else."""
    if work.removed_at is not None:
        return False
    if work.kind == WorkKind.WORDS:
        return bool(work.words)
    post = work.post if work.photo is None else work.photo.post
    assert post is not None  # the table asks for one of both
    if work.photo is not None and (work.photo.gone_at is not None or not work.photo.name):
        return False
    return post.state == PostState.PUBLISHED and (post.root is None or post.root.state == PostState.PUBLISHED)


def _agree(kept: PhotoState, sight: Sight) -> Scope | None:
    """The furthest scope that the photo's kept state and everybody seen in it allow now."""
    most = min(kept, standing(sight).furthest, key=lambda one: one.reach)
    open_ = [scope for scope in SCOPES if PHOTO_USE[scope].reach <= most.reach]
    return open_[-1] if open_ else None


def with_all(works: QuerySet[Work]) -> QuerySet[Work]:
    """Works with what the rule asks of them, in one statement."""
    return works.select_related("star__person", "post__root", "photo__post__root").order_by("id")


def _use_for(viewer: Viewer, communities: Collection[int], work: Work) -> Scope:
    """The use that showing a work to this reader is."""
    post = work.post if work.photo is None else work.photo.post
    home = work.star.community_id if post is None else post.community_id
    if home is not None and home in communities:
        return Scope.GROUP
    return Scope.PUBLIC if viewer.anonymous else Scope.COMMUNITY


def _mine(viewer: Viewer) -> frozenset[int]:
    return frozenset(one.community for one in standing_in_mine(viewer) if one.active)


def wall(viewer: Viewer, *, limit: int = WALL, cursor: str | None = None) -> Page[StarCard]:
    """Who is shown now, newest first; of each only works that may be shown to this reader at this moment. Without one, nobody."""
    rows = Star.objects.filter(state=StarState.SHOWN).select_related("community", "person")
    found = page(rows, by=("-shown_at", "-id"), limit=limit, cursor=cursor)
    open_ = _open_works(viewer, [one.pk for one in found.items])
    return Page(
        tuple(_card(one, open_[one.pk]) for one in found.items if open_[one.pk]),
        found.cursor,
    )


def newest_star(viewer: Viewer) -> StarCard | None:
    """The Star for a home page: whoever is shown last and has something for this reader."""
    return next(iter(wall(viewer, limit=5).items), None)


def _open_works(viewer: Viewer, stars: Collection[int]) -> dict[int, list[Work]]:
    works = list(with_all(Work.objects.filter(star__in=stars, removed_at=None)))
    facts, communities, now = works_now(works), _mine(viewer), clock.now()
    found: dict[int, list[Work]] = defaultdict(list)
    for one in works:
        if why_not(facts[one.pk], _use_for(viewer, communities, one), now) is None:
            found[one.star_id].append(one)
    return found


def _card(star: Star, works: Iterable[Work]) -> StarCard:
    assert star.shown_at is not None  # the table asks for it
    return StarCard(
        star.public_id,
        star.shown_as,
        star.why,
        "" if star.community is None else star.community.name,
        star.shown_at,
        tuple(_work(one) for one in works),
    )


def _work(one: Work) -> WorkCard:
    kind = WorkKind(one.kind)
    words = {WorkKind.POST: one.post.body if one.post else "", WorkKind.WORDS: one.words}.get(kind, "")
    return WorkCard(one.public_id, kind, words, one.public_id if kind is WorkKind.PHOTO else None)


@dataclass(frozen=True)
class WorkFile:
    """The picture of a work, for this reader at this moment."""

    path: Path
    content_type: str


def work_file(viewer: Viewer, work_id: UUID) -> WorkFile:
    """The photo of a work, if it may be shown to this reader now; its author sees it always. Refuses `absent`."""
    work = with_all(Work.objects.filter(public_id=work_id, removed_at=None)).first()
    if work is None or work.photo is None or work.photo.gone_at is not None or not work.photo.name:
        raise Refused("absent")
    own = viewer.person is not None and work.star.person_id in cluster(viewer.person)
    if not own:
        use = _use_for(viewer, _mine(viewer), work)
        fact = works_now([work])[work.pk]
        staff = viewer.reaches(work.star.store_id, READERS) and _licensed(fact)
        if not staff and why_not(fact, use, clock.now()) is not None:
            raise Refused("absent")
    served = media.picture(work.photo.name)
    return WorkFile(served.path, served.content_type)


def _licensed(fact: WorkNow) -> bool:
    """Is there a live licence at all? Who decides looks at a work before its Star is shown, never without its author's yes."""
    return why_not(fact, Scope.GROUP, clock.now()) in {None, Shut.NOT_SHOWN}


def my_star(viewer: Viewer) -> MyStar | None:
    """The newest invitation or time as a Star of the member who asks; None when there never was one."""
    if viewer.person is None:
        return None
    star = Star.objects.filter(person__in=cluster(viewer.person)).order_by("-id").first()
    if star is None:
        return None
    works = list(with_all(Work.objects.filter(star=star, removed_at=None)))
    facts, now, used = works_now(works), clock.now(), _places([one.pk for one in works])
    return MyStar(
        star.public_id,
        StarState(star.state),
        star.why,
        star.shown_as,
        star.invited_at,
        star.shown_at,
        star.version,
        tuple(_own(one, facts[one.pk], now, used[one.pk]) for one in works),
    )


def _places(works: Collection[int]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = defaultdict(tuple)
    for work, place in (
        WorkUse.objects.filter(work__in=works, ended_at=None).order_by("id").values_list("work", "place")
    ):
        found[work] = (*found[work], place)
    return found


def _own(work: Work, fact: WorkNow, now: datetime, used: tuple[str, ...]) -> OwnWork:
    card, said = _work(work), fact.said
    live = said is not None and said.granted and said.until > now
    return OwnWork(
        card.id,
        card.kind,
        card.words,
        card.photo,
        said.scope if said and live else None,
        said.until if said and live else None,
        furthest(fact, now),
        why_not(fact, said.scope if said else Scope.GROUP, now),
        used,
    )


def own_star(viewer: Viewer, *, lock: bool = False) -> Star:
    """The live Star of the member who asks. Refuses `absent`."""
    rows = Star.objects.filter(
        person__in=[] if viewer.person is None else cluster(viewer.person), state__in=LIVE_STARS
    )
    found = (rows.select_for_update(no_key=True, of=("self",)) if lock else rows).first()
    if found is None:
        raise Refused("absent")
    return found


def own_work(viewer: Viewer, work_id: UUID) -> Work:
    """A work by the member who asks, also of a time that is over. Refuses `absent`."""
    people = [] if viewer.person is None else cluster(viewer.person)
    work = with_all(Work.objects.filter(public_id=work_id, removed_at=None, star__person__in=people)).first()
    if work is None:
        raise Refused("absent")
    return work


def star_in_reach(viewer: Viewer, star_id: UUID, roles: Collection[str], *, lock: bool = False) -> Star:
    """A Star of a place that the viewer reaches with one of these roles. Refuses `absent`."""
    rows = Star.objects.select_related("person")
    rows = rows.select_for_update(no_key=True, of=("self",)) if lock else rows
    found = rows.filter(public_id=star_id).first()
    if found is None or not viewer.reaches(found.store_id, roles):
        raise Refused("absent")
    return found


def _in_reach(viewer: Viewer, field: str = "store") -> Q:
    places = viewer.places(READERS)
    return Q() if places is None else Q(**{f"{field}__in": places})


def star_list(viewer: Viewer, *, limit: int = 50, cursor: str | None = None) -> Page[StarLine]:
    """All Stars of the places in reach, newest first; works only with a live licence, of the rest the number."""
    rows = Star.objects.filter(_in_reach(viewer)).select_related("person__survivor", "store")
    found = page(rows, by=("-invited_at", "-id"), limit=limit, cursor=cursor)
    works = list(with_all(Work.objects.filter(star__in=[one.pk for one in found.items], removed_at=None)))
    facts = works_now(works)
    by: dict[int, list[Work]] = defaultdict(list)
    for one in works:
        by[one.star_id].append(one)
    return Page(tuple(_line(one, by[one.pk], facts) for one in found.items), found.cursor)


def _line(star: Star, works: list[Work], facts: dict[int, WorkNow]) -> StarLine:
    person = star.person.survivor or star.person
    open_ = [one for one in works if _licensed(facts[one.pk])]
    return StarLine(
        star.public_id,
        person.public_id,
        star.shown_as or masked(person.nickname),
        "" if star.store is None else star.store.name,
        star.why,
        StarState(star.state),
        star.invited_by,
        star.invited_at,
        star.answered_at,
        star.shown_at,
        star.review_id is not None,
        tuple(_work(one) for one in open_),
        len(works) - len(open_),
        star.version,
    )


def star_line(viewer: Viewer, star_id: UUID) -> StarLine:
    """One of them. Refuses `absent`."""
    star = star_in_reach(viewer, star_id, READERS)
    works = list(with_all(Work.objects.filter(star=star, removed_at=None)))
    return _line(star, works, works_now(works))


def nominations(viewer: Viewer, *, limit: int = 50) -> list[NominationLine]:
    """Nominations of champions' reviews in reach that have had no answer, newest first."""
    rows = (
        Review.objects.filter(
            _in_reach(viewer, "occurrence__store"),
            star__isnull=False,
            submitted_at__gte=clock.now() - REVIEWED_FOR,
        )
        .exclude(star__state=CustomerState.ERASED)
        .exclude(pk__in=Star.objects.filter(review__isnull=False).values("review"))
        .select_related("occurrence__store", "star__survivor")
        .order_by("-submitted_at", "-id")[:limit]
    )
    return [
        NominationLine(
            row.occurrence.public_id,
            row.occurrence.title,
            row.occurrence.store.name,
            masked((row.star.survivor or row.star).nickname),
            row.star_why,
            row.submitted_at,
        )
        for row in rows
        if row.star is not None
    ]


def uses(viewer: Viewer, *, due: bool = False, limit: int = 50) -> list[UseLine]:
    """Open uses of works outside our pages, those to be taken down first; with `due` only those."""
    rows = WorkUse.objects.filter(_in_reach(viewer, "work__star__store"), ended_at=None)
    if due:
        rows = rows.filter(down_by__isnull=False)
    return [
        UseLine(
            row.public_id,
            row.work.star.public_id,
            WorkKind(row.work.kind),
            Scope(row.scope),
            row.place,
            row.at,
            row.down_by,
        )
        for row in rows.select_related("work__star").order_by("down_by", "id")[:limit]
    ]


@dataclass(frozen=True)
class WorkChoice:
    """Something of one's own that could be shown: a post, or a photo of one."""

    id: UUID
    kind: WorkKind
    words: str


def works_to_choose(viewer: Viewer, *, limit: int = 12) -> list[WorkChoice]:
    """One's own newest posts and photos that are seen where they stand and are no work yet."""
    if viewer.person is None:
        return []
    own = cluster(viewer.person)
    taken = Work.objects.filter(star__person__in=own, star__state__in=LIVE_STARS, removed_at=None)
    posts = (
        Post.objects.filter(person__in=own, root=None, state=PostState.PUBLISHED)
        .exclude(pk__in=taken.filter(post__isnull=False).values("post"))
        .order_by("-id")[:limit]
    )
    photos = (
        PostPhoto.objects.filter(
            post__person__in=own, post__state=PostState.PUBLISHED, gone_at=None, strangers=False
        )
        .exclude(pk__in=taken.filter(photo__isnull=False).values("photo"))
        .select_related("post")
        .order_by("-id")[:limit]
    )
    return [
        *(WorkChoice(one.public_id, WorkKind.POST, one.body) for one in posts),
        *(WorkChoice(one.public_id, WorkKind.PHOTO, one.post.body) for one in photos),
    ]
