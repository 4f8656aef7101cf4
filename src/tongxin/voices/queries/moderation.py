"""Cases: which may this viewer see, what waits on the desks, what an author reads of a decision, how the desks are doing."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, F, Q, QuerySet

from tongxin.communities.models import PartTerm
from tongxin.communities.queries import has_right
from tongxin.communities.terms import Part, Right
from tongxin.foundation import clock, prepared
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people import queries as people
from tongxin.voices.models import Appeal, Case, Evidence, Mute, Report, Strike
from tongxin.voices.rules.judging import policy_at
from tongxin.voices.rules.strikes import clean_from, standing
from tongxin.voices.terms import KEEPERS, PostState
from tongxin.voices.terms_moderation import APPEAL_WITHIN, CaseState, Desk, Verdict


def strikes_of(person: int) -> tuple[datetime, ...]:
    """When a person was reminded of the house rules, those that an appeal lifted left out; wherever it was."""
    found = Strike.objects.filter(person__in=people.cluster(person), lifted_at=None)
    return tuple(found.order_by("at").values_list("at", flat=True))


def muted_until(community: int, person: int) -> datetime | None:
    """Until when a person writes nothing in a community; None when they may."""
    return (
        Mute.objects.filter(
            person__in=people.cluster(person), community=community, lifted_at=None, until__gt=clock.now()
        )
        .order_by("-until")
        .values_list("until", flat=True)
        .first()
    )


def access_case(viewer: Viewer, case_id: UUID, *, deciding: bool = False) -> Case:
    """A case of a community that the viewer keeps, as staff or as its moderator. Refuses `absent`, `voices.case_own`."""
    found = (
        Case.objects.select_related("post__person__survivor", "post__staff", "community__store")
        .filter(public_id=case_id)
        .first()
    )
    if found is None or not keeps(viewer, found):
        raise Refused("absent")
    if deciding and own(viewer, found):
        raise Refused("voices.case_own")
    return found


def keeps(viewer: Viewer, case: Case) -> bool:
    """Does the viewer look after the community of a case, or after the store that its author belongs to?"""
    if viewer.reaches(case.community.store_id, KEEPERS) or viewer.reaches(case.post.store_id, KEEPERS):
        return True
    return has_right(viewer, case.community_id, Right.ADMIT)


def own(viewer: Viewer, case: Case) -> bool:
    """Did the viewer write what the case is about?"""
    if case.post.person_id is None:
        return (
            viewer.account is not None
            and case.post.staff_id is not None
            and (case.post.staff is not None and case.post.staff.account_id == viewer.account)
        )
    return viewer.person is not None and viewer.person in people.cluster(_survivor(case))


def _survivor(case: Case) -> int:
    assert case.post.person_id is not None  # asked by the caller
    return (case.post.person.survivor_id if case.post.person else None) or case.post.person_id


def access_own_case(viewer: Viewer, case_id: UUID) -> Case:
    """A case about one's own words. Refuses `absent`."""
    found = (
        Case.objects.select_related("post__person", "post__staff", "community")
        .filter(public_id=case_id)
        .first()
    )
    if found is None or not own(viewer, found):
        raise Refused("absent")
    return found


def cases_in_reach(viewer: Viewer) -> QuerySet[Case]:
    """The cases of the communities that the viewer keeps."""
    found = Case.objects.select_related("post", "community")
    places = viewer.places(KEEPERS)
    if viewer.roles & KEEPERS and places is None:
        return found
    staff = (
        Q(community__store__in=places or ()) | Q(post__store__in=places or ())
        if viewer.roles & KEEPERS
        else Q(pk__in=[])
    )
    return found.filter(staff | Q(community__in=_moderated(viewer)))


def waiting(viewer: Viewer) -> QuerySet[Case]:
    """What nobody has decided; what its author took back meanwhile needs no deciding."""
    return cases_in_reach(viewer).filter(state=CaseState.OPEN).exclude(post__state=PostState.WITHDRAWN)


def _moderated(viewer: Viewer) -> list[int]:
    if viewer.person is None:
        return []
    terms = PartTerm.objects.filter(
        person__in=people.cluster(viewer.person), part=Part.MODERATOR, ended_at=None, until__gt=clock.now()
    )
    return [
        key for key in set(terms.values_list("community", flat=True)) if has_right(viewer, key, Right.ADMIT)
    ]


@dataclass(frozen=True)
class CaseLine:
    """A case on a desk. `late`: its hour has passed and nobody has looked."""

    id: UUID
    post_id: UUID
    community: str
    community_id: UUID
    desk: str
    codes: tuple[str, ...]
    kind: str
    state: str
    text: str
    by: str
    reports: int
    opened_at: datetime
    due_at: datetime
    late: bool


def desk(
    viewer: Viewer, which: Desk | None = None, *, community: UUID | None = None, most: int = 50
) -> list[CaseLine]:
    """What waits, the most pressing first; of one desk or all."""
    found = waiting(viewer).select_related("post__person__survivor")
    if which is not None:
        found = found.filter(desk=which)
    if community is not None:
        found = found.filter(community__public_id=community)
    now = clock.now()
    return [_line(case, now) for case in found.order_by("due_at", "id")[:most]]


def _line(case: Case, now: datetime) -> CaseLine:
    post = case.post
    return CaseLine(
        case.public_id,
        post.public_id,
        case.community.name,
        case.community.public_id,
        case.desk,
        tuple(case.codes),
        post.kind,
        post.state,
        post.body,
        "" if post.person is None else (post.person.survivor or post.person).nickname,
        case.reports,
        case.opened_at,
        case.due_at,
        case.due_at <= now,
    )


@dataclass(frozen=True)
class DeskCount:
    """How much waits on a desk and how much of it is late."""

    desk: str
    open: int
    late: int


def desk_counts(viewer: Viewer) -> list[DeskCount]:
    """All four desks, in their order."""
    now = clock.now()
    rows: dict[str, dict[str, Any]] = {
        row["desk"]: dict(row)
        for row in waiting(viewer)
        .values("desk")
        .annotate(open=Count("id"), late=Count("id", filter=Q(due_at__lte=now)))
    }
    return [
        DeskCount(which, rows.get(which, {}).get("open", 0), rows.get(which, {}).get("late", 0))
        for which in Desk
    ]


@dataclass(frozen=True)
class Finding:
    """What was found in the words, for the person who decides."""

    category: str
    level: str
    word: str
    start: int
    end: int
    by: str


@dataclass(frozen=True)
class CasePage:
    """A case as the desk sees it: the words as they were, the findings, what members said, what the author is known for here."""

    line: CaseLine
    said: str
    found: tuple[Finding, ...]
    reported: tuple[tuple[str, str], ...]
    live_strikes: int
    clean_from: datetime | None
    muted_until: datetime | None
    posts: int
    verdict: str
    why: str
    decided_by: str
    decided_at: datetime | None
    appeal: Appeal | None
    mine_to_answer: bool


def case_page(viewer: Viewer, case_id: UUID) -> CasePage:
    """One case. Refuses `absent`."""
    case = access_case(viewer, case_id)
    now = clock.now()
    kept = Evidence.objects.filter(case=case).first()
    person = case.post.person_id
    live: tuple[datetime, ...] = strikes_of(_survivor(case)) if person else ()
    ladder = policy_at(now).ladder
    appeal = Appeal.objects.filter(case=case).first()
    return CasePage(
        _line(case, now),
        case.post.body if kept is None else kept.said,
        () if kept is None or not kept.found else tuple(Finding(**one) for one in json.loads(kept.found)),
        tuple(Report.objects.filter(case=case).order_by("at", "id").values_list("kind", "note")),
        len(standing(live, ladder, now)),
        clean_from(live, ladder, now),
        None if person is None else muted_until(case.community_id, _survivor(case)),
        0 if person is None else _posts(case),
        case.verdict,
        case.why,
        case.decided_by,
        case.decided_at,
        appeal,
        appeal is not None
        and appeal.answered_at is None
        and not decided_by(viewer, case)
        and not own(viewer, case),
    )


def _posts(case: Case) -> int:
    return type(case.post).objects.filter(person=case.post.person_id, community=case.community_id).count()


def decided_by(viewer: Viewer, case: Case) -> bool:
    """Was it this viewer who decided?"""
    return case.decided_by == viewer.name or (
        viewer.account is not None and case.decided_account == viewer.account
    )


@dataclass(frozen=True)
class OwnCase:
    """What an author reads about a decision. Nothing of who reported, nothing of what the machine found."""

    id: UUID
    post_id: UUID
    community: str
    said: str
    verdict: str
    why: str
    decided_at: datetime | None
    appeal_until: datetime | None
    appealed_at: datetime | None
    answer_due: datetime | None
    upheld: bool | None
    answer: str


def own_cases(viewer: Viewer) -> list[OwnCase]:
    """Decisions on one's own words, the newest first; released ones need no telling."""
    if viewer.person is None:
        return []
    found = (
        Case.objects.filter(
            post__person__in=people.cluster(viewer.person),
            state=CaseState.DECIDED,
            verdict__in=[Verdict.HIDE, Verdict.REMOVE],
        )
        .select_related("post", "community")
        .order_by("-decided_at", "-id")[:50]
    )
    return _owned(found)


def own_case(viewer: Viewer, case_id: UUID) -> OwnCase:
    """One decision on one's own words. Refuses `absent`."""
    found = access_own_case(viewer, case_id)
    if found.state != CaseState.DECIDED:
        raise Refused("absent")
    return _owned([found])[0]


def _owned(cases: Iterable[Case]) -> list[OwnCase]:
    rows = list(cases)
    appeals = {one.case_id: one for one in Appeal.objects.filter(case__in=rows)}
    return [_own(row, appeals.get(row.pk)) for row in rows]


def _own(case: Case, appeal: Appeal | None) -> OwnCase:
    until = None if case.decided_at is None else case.decided_at + APPEAL_WITHIN
    open_ = appeal is None and until is not None and until > clock.now() and case.verdict != Verdict.RELEASE
    return OwnCase(
        case.public_id,
        case.post.public_id,
        case.community.name,
        case.post.body,
        case.verdict,
        case.why,
        case.decided_at,
        until if open_ else None,
        None if appeal is None else appeal.at,
        None if appeal is None or appeal.answered_at else appeal.due_at,
        None if appeal is None else appeal.upheld,
        "" if appeal is None else appeal.answer,
    )


def appeals_waiting(viewer: Viewer) -> list[CasePage]:
    """Appeals in reach that nobody has answered, the oldest first."""
    cases = cases_in_reach(viewer).filter(pk__in=Appeal.objects.filter(answered_at=None).values("case"))
    return [case_page(viewer, one.public_id) for one in cases.order_by("decided_at")[:20]]


def statistics(viewer: Viewer, days: int = 28) -> dict[str, Any]:
    """The desks over some weeks: opened, decided in time, by verdict, minutes to a decision, appeals upheld."""
    since = clock.now() - timedelta(days=days)
    found = cases_in_reach(viewer).filter(opened_at__gte=since)
    decided = found.filter(state=CaseState.DECIDED)
    took = decided.aggregate(took=Avg(F("decided_at") - F("opened_at")))["took"]
    appeals = Appeal.objects.filter(case__in=found.values("pk"))
    return {
        "days": days,
        "opened": found.count(),
        "decided": decided.count(),
        "in_time": decided.filter(decided_at__lte=F("due_at")).count(),
        "verdicts": dict(decided.values_list("verdict").annotate(Count("id")).order_by("verdict")),
        "minutes": None if took is None else round(took.total_seconds() / 60),
        "appeals": appeals.count(),
        "upheld": appeals.filter(upheld=True).count(),
    }


_MARKS = """
SELECT ARRAY(SELECT s.at FROM voices_strike s WHERE s.person_id = ANY(%(own)s) AND s.lifted_at IS NULL ORDER BY s.at),
    (SELECT max(m.until) FROM voices_mute m WHERE m.person_id = ANY(%(own)s) AND m.community_id = %(community)s
        AND m.lifted_at IS NULL AND m.until > %(now)s),
    (SELECT r.ring FROM rings_placement r JOIN people_customer c ON c.id = r.customer_id
        WHERE r.customer_id = %(person)s AND upper_inf(r.period) AND c.personalise LIMIT 1),
    ARRAY(SELECT w.id FROM voices_brandword w
        WHERE w.since <= %(day)s AND (w.until IS NULL OR w.until >= %(day)s) ORDER BY w.id)
"""


@dataclass(frozen=True)
class Marks:
    """What is known of a writer beside the text: strikes that nobody lifted, the end of a pause, the ring; the brand's words in force."""

    strikes: tuple[datetime, ...]
    muted_until: datetime | None
    ring: str
    words: tuple[int, ...]


def marks(own: tuple[int, ...], community: int, now: datetime, person: int | None = None) -> Marks:
    """All of it over all entries of a person, in one statement. The ring of who wants nothing personal is not looked at."""
    day = clock.business_day(now)
    given = {"own": list(own), "community": community, "now": now, "day": day, "person": person}
    row = prepared.one(_MARKS, given)
    assert row is not None  # a row of sub-selects answers always
    return Marks(tuple(row[0]), row[1], row[2] or "", tuple(row[3]))
