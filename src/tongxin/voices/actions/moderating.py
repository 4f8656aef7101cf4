"""Moderation at work: a case is opened, a member reports, a named person decides with a reason, the author appeals to somebody else.

Locks: post, then case. The author is told in the transaction of the decision; who reported is told to nobody.
"""

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import F

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.outreach import actions as outreach
from tongxin.outreach.terms import MessageClass, SendIn
from tongxin.people import ledger
from tongxin.people.models import Customer
from tongxin.people.rules import DeedIn
from tongxin.stores.models import Staff
from tongxin.voices.actions import states, trails
from tongxin.voices.models import Appeal, Case, Evidence, Mute, Post, Report, Strike
from tongxin.voices.queries import moderation as cases
from tongxin.voices.queries.challenges import seen
from tongxin.voices.queries.wording import in_force, lexicon
from tongxin.voices.rules.judging import Author, Judgement, desk_of, findings, hidden_at_once, policy_at
from tongxin.voices.rules.strikes import pause_after
from tongxin.voices.terms import PostState
from tongxin.voices.terms_moderation import (
    APPEAL_DUE,
    APPEAL_WITHIN,
    DUE,
    EVIDENCE_KEPT,
    NOTE_MOST,
    REPORTS_HIDE,
    CaseState,
    Reason,
    ReportKind,
    Verdict,
)

ROOM = "voices"
MOVES = {
    Verdict.RELEASE: PostState.PUBLISHED,
    Verdict.HIDE: PostState.HIDDEN,
    Verdict.REMOVE: PostState.REMOVED,
}
ON_DESK = frozenset({PostState.WAITING, PostState.PUBLISHED, PostState.HIDDEN})


def opened(*, viewer: Viewer, post: Post, judgement: Judgement) -> Case:
    """A text that waits gets its case and a sealed copy, in the transaction that keeps it. The same post keeps its open case."""
    return _case(viewer, post, judgement.reasons, [asdict(hit) for hit in judgement.hits])


def _case(viewer: Viewer, post: Post, codes: tuple[str, ...], hits: list[dict[str, Any]]) -> Case:
    now = clock.now()
    which = desk_of(codes)
    found = Case.objects.select_for_update(of=("self",)).filter(post=post, state=CaseState.OPEN).first()
    if found is not None:
        found.codes = list(dict.fromkeys((*found.codes, *codes)))
        found.desk = desk_of(tuple(found.codes))
        found.due_at = min(found.due_at, now + DUE[found.desk])
        found.save(update_fields=["codes", "desk", "due_at"])
        return found
    made = Case.objects.create(
        post=post,
        community_id=post.community_id,
        desk=which,
        codes=list(codes),
        policy=policy_at(now).version,
        opened_at=now,
        due_at=now + DUE[which],
    )
    Evidence.objects.create(
        case=made,
        said=post.body,
        found=json.dumps(hits, ensure_ascii=False) if hits else "",
        taken_at=now,
        keep_until=now + EVIDENCE_KEPT,
    )
    _trail(viewer, made, "voices.case_opened", after={"desk": str(which), "codes": list(codes)})
    return made


def report(*, viewer: Viewer, post_id: UUID, kind: ReportKind, note: str = "") -> Case:
    """A member asks to have a post looked at. At once out of sight when it pairs contact with money or when three have asked.

    Refuses `absent`, `voices.reported` the second time, `voices.report_own`, what reading the community refuses.
    """
    with transaction.atomic():
        post = (
            Post.objects.select_for_update(no_key=True, of=("self",))
            .select_related("community", "person", "membership")
            .filter(public_id=post_id)
            .first()
        )
        if post is None or post.state != PostState.PUBLISHED:
            raise Refused("absent")
        inside = seen(viewer, post.community.public_id)
        if inside.person is None:
            raise Refused("communities.not_member")
        if post.person_id in inside.own:
            raise Refused("voices.report_own")
        if Report.objects.filter(post=post, person__in=inside.own).exists():
            raise Refused("voices.reported")
        now = clock.now()
        hits = findings(post.body, lexicon(in_force(now)))
        case = _case(viewer, post, (Reason.REPORTED.value,), [asdict(hit) for hit in hits])
        try:
            with transaction.atomic():
                Report.objects.create(
                    case=case,
                    post=post,
                    person_id=inside.person,
                    kind=kind,
                    note=note.strip()[:NOTE_MOST],
                    at=now,
                )
        except IntegrityError:
            raise Refused("voices.reported") from None
        Case.objects.filter(pk=case.pk).update(reports=F("reports") + 1)
        case.refresh_from_db(fields=["reports"])
        joined = now if post.membership is None else post.membership.joined_at
        author = Author(days=(now - joined).days)
        new = post.person_id is not None and hidden_at_once(hits, post.body, author, policy_at(now))
        if new or case.reports >= REPORTS_HIDE:
            states.move(viewer=viewer, post=post, state=PostState.HIDDEN, reason="reported")
        _trail(viewer, case, "voices.reported", after={"kind": str(kind)})
    return case


def decide(*, viewer: Viewer, case_id: UUID, verdict: Verdict, reason: str, strike: bool = False) -> Case:
    """A named person decides and says why; the author reads it. A strike pauses writing as long as the ladder says.

    Refuses `absent`, `voices.case_own`, `voices.case_decided`, `voices.case_reason`, `voices.strike_needs`.
    """
    reason = reason.strip()[:NOTE_MOST]
    if verdict is Verdict.RELEASE and strike:
        raise Refused("voices.strike_needs")
    if verdict is not Verdict.RELEASE and not reason:
        raise Refused("voices.case_reason")
    with transaction.atomic():
        case = _locked(viewer, case_id)
        if case.state != CaseState.OPEN:
            raise Refused("voices.case_decided")
        now = clock.now()
        post = case.post
        gone = PostState(post.state) not in ON_DESK
        case.verdict = Verdict.TAKEN if gone and verdict is Verdict.RELEASE else verdict
        case.state, case.decided_at, case.decided_by = CaseState.DECIDED, now, viewer.name
        case.decided_account, case.why = viewer.account, reason
        case.save(update_fields=["verdict", "state", "decided_at", "decided_by", "decided_account", "why"])
        Evidence.objects.filter(case=case).update(keep_until=now + EVIDENCE_KEPT)
        if not gone:
            states.move(viewer=viewer, post=post, state=MOVES[verdict], reason=f"case:{case.public_id}")
        until = _strike(viewer, case, now) if strike and post.person_id is not None else None
        _trail(viewer, case, "voices.case_decided", after={"verdict": str(case.verdict), "strike": strike})
        if verdict is not Verdict.RELEASE and post.person_id is not None:
            _told(
                viewer,
                case,
                "voices.put_away" if verdict is Verdict.HIDE else "voices.taken_down",
                reason=reason,
            )
            if until is not None:
                _told(viewer, case, "voices.paused", reason=reason, until=until)
    return case


def _strike(viewer: Viewer, case: Case, now: datetime) -> datetime | None:
    post, policy = case.post, policy_at(now)
    assert post.person_id is not None  # asked by the caller
    pause = pause_after(cases.strikes_of(_survivor(post)), policy.ladder, now)
    Strike.objects.create(
        case=case, person_id=post.person_id, community_id=case.community_id, policy=policy.version, at=now
    )
    ledger.write(
        [
            DeedIn(
                person=post.person_id,
                kind="violation_upheld",
                occurred_at=now,
                source_system=ROOM,
                source_id=f"strike:{case.public_id}",
                store=post.store_id,
                community=case.community_id,
            )
        ]
    )
    _trail(viewer, case, "voices.struck", after={"policy": policy.version})
    if pause <= timedelta(0):
        return None
    Mute.objects.create(
        case=case, person_id=post.person_id, community_id=case.community_id, since=now, until=now + pause
    )
    _trail(viewer, case, "voices.muted", after={"until": (now + pause).isoformat()})
    return now + pause


def appeal(*, viewer: Viewer, case_id: UUID, said: str) -> Appeal:
    """The author asks somebody else to look again; once, within two weeks.

    Refuses `absent`, `voices.appeal_said`, `voices.appeal_late`.
    """
    if not said.strip():
        raise Refused("voices.appeal_said")
    with transaction.atomic():
        found = cases.access_own_case(viewer, case_id)
        case = Case.objects.select_for_update(no_key=True).get(pk=found.pk)
        now = clock.now()
        if case.state != CaseState.DECIDED or case.verdict not in (Verdict.HIDE, Verdict.REMOVE):
            raise Refused("absent")
        assert case.decided_at is not None  # the table says so
        late = now > case.decided_at + APPEAL_WITHIN or Appeal.objects.filter(case=case).exists()
        if late:
            raise Refused("voices.appeal_late", days=APPEAL_WITHIN.days)
        made = Appeal.objects.create(case=case, said=said.strip()[:500], at=now, due_at=now + APPEAL_DUE)
        Evidence.objects.filter(case=case).update(keep_until=now + EVIDENCE_KEPT)
        _trail(viewer, case, "voices.appealed")
    return made


def answer_appeal(*, viewer: Viewer, case_id: UUID, upheld: bool, reason: str) -> Appeal:
    """Another person answers. Upheld: the post is back, strike and pause are lifted, the deed is taken back.

    Refuses `absent`, `voices.case_own`, `voices.appeal_same`, `voices.case_reason`, `voices.case_decided` the second time.
    """
    reason = reason.strip()[:NOTE_MOST]
    if not reason:
        raise Refused("voices.case_reason")
    with transaction.atomic():
        case = _locked(viewer, case_id)
        row = Appeal.objects.select_for_update().filter(case=case).first()
        if row is None:
            raise Refused("absent")
        if cases.decided_by(viewer, case):
            raise Refused("voices.appeal_same")
        if row.answered_at is not None:
            raise Refused("voices.case_decided")
        now = clock.now()
        row.answered_at, row.answered_by, row.upheld, row.answer = now, viewer.name, upheld, reason
        row.save(update_fields=["answered_at", "answered_by", "upheld", "answer"])
        if upheld:
            _undone(viewer, case, now)
        _trail(viewer, case, "voices.appeal_answered", after={"upheld": upheld})
        _told(viewer, case, "voices.appeal_upheld" if upheld else "voices.appeal_kept", reason=reason)
    return row


def _undone(viewer: Viewer, case: Case, now: datetime) -> None:
    if PostState(case.post.state) in {PostState.HIDDEN, PostState.REMOVED}:
        states.move(viewer=viewer, post=case.post, state=PostState.PUBLISHED, reason="appeal")
    Strike.objects.filter(case=case, lifted_at=None).update(lifted_at=now)
    Mute.objects.filter(case=case, lifted_at=None).update(lifted_at=now)
    trails.take_back(viewer, f"strike:{case.public_id}", "appeal")


def tidy_evidence(*, viewer: Viewer) -> int:
    """Sealed copies past their day go, with what members wrote to report and the words of old appeals."""
    with transaction.atomic():
        old = Evidence.objects.filter(keep_until__lte=clock.now()).exclude(case__state=CaseState.OPEN)
        over = list(old.values_list("case", flat=True)[:1000])
        Report.objects.filter(case__in=over).delete()
        Appeal.objects.filter(case__in=over).update(said="", answer="")
        Case.objects.filter(pk__in=over).update(why="")
        gone = Evidence.objects.filter(case__in=over).delete()[0]
        if gone:
            trail(
                viewer=viewer,
                act="voices.evidence_tidied",
                subject=(ROOM, "case", "many"),
                after={"rows": gone},
            )
    return gone


def _locked(viewer: Viewer, case_id: UUID) -> Case:
    """The case with its post, both locked, the post first. Refuses `absent`, `voices.case_own`."""
    found = cases.access_case(viewer, case_id, deciding=True)
    post = (
        Post.objects.select_for_update(no_key=True, of=("self",))
        .select_related("community", "person")
        .get(pk=found.post_id)
    )
    case = (
        Case.objects.select_for_update(no_key=True, of=("self",))
        .select_related("community__store")
        .get(pk=found.pk)
    )
    case.post = post
    return case


def _survivor(post: Post) -> int:
    assert post.person is not None  # asked by the callers
    return post.person.survivor_id or post.person.pk


def _told(viewer: Viewer, case: Case, kind: str, *, reason: str, until: datetime | None = None) -> None:
    if case.post.person is None:
        return  # said by staff or by the community itself: colleagues see the desk
    body: dict[str, Any] = {
        "name": case.community.name,
        "by": _by(viewer, case),
        "reason": reason,
        "path": f"/m/cases/{case.public_id}/",
    }
    if until is not None:
        zone = ZoneInfo(case.community.store.zone if case.community.store else clock.SHANGHAI)
        local = until.astimezone(zone)
        body |= {"until_zh": f"{local.month}月{local.day}日{local:%H:%M}", "until_en": f"{local:%d %b %H:%M}"}
        del body["by"]
    outreach.notify(
        viewer=viewer,
        sends=[
            SendIn(
                person=_survivor(case.post),
                kind=kind,
                body=body,
                message_class=MessageClass.SERVICE,
                subject=(ROOM, str(case.public_id)),
                key=f"{kind}:{case.public_id}",
                store=case.post.store_id,
            )
        ],
    )


def _by(viewer: Viewer, case: Case) -> str:
    """Who decided, by name: staff by theirs, a member by nickname and part."""
    if viewer.person is not None:
        member = Customer.objects.filter(pk=viewer.person).first()
        return case.community.name if member is None or not member.nickname else member.nickname
    staff = Staff.objects.filter(account=viewer.account).first() if viewer.account else None
    return case.community.name if staff is None else staff.name


def _trail(viewer: Viewer, case: Case, act: str, after: dict[str, Any] | None = None) -> None:
    trail(viewer=viewer, act=act, subject=(ROOM, "case", str(case.public_id)), after=after)
