"""The moderation desk: the same four queues on a champion's and a moderator's phone and at headquarters; reports and appeals of members."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say
from tongxin.foundation.errors import Refused
from tongxin.voices import queries as voices
from tongxin.voices.actions import moderating
from tongxin.voices.queries import moderation as desks
from tongxin.voices.terms import KIND_LABELS, PostKind
from tongxin.voices.terms_moderation import (
    CATEGORY_LABELS,
    DESK_LABELS,
    REASON_LABELS,
    REPORT_LABELS,
    VERDICT_LABELS,
    Category,
    Desk,
    Reason,
    ReportKind,
    Verdict,
)

FACES = {"champion": "champion.desk", "hq": "hq.desk", "member": "member.desk"}


def _face(request: Asked) -> str:
    """Where this page stands: the first word of its route."""
    match = request.resolver_match
    return str(match.url_name).partition(".")[0] if match else "hq"


def desk(request: Asked) -> HttpResponse:
    """What waits, the most pressing first, desk by desk; what has passed its hour says so. Appeals stand on top."""
    viewer, face = request.viewer, _face(request)
    asked = request.GET.get("desk", "")
    which = Desk(asked) if asked in set(Desk) else None
    counts = desks.desk_counts(viewer)
    context = {
        "tabs": [(one.desk, DESK_LABELS[Desk(one.desk)], one.open, one.late) for one in counts],
        "total": sum(one.open for one in counts),
        "late": sum(one.late for one in counts),
        "desk": which,
        "rows": [_row(line) for line in desks.desk(viewer, which)],
        "appeals": desks.appeals_waiting(viewer),
        "stats": desks.statistics(viewer),
        "verdicts": VERDICT_LABELS,
        "to_case": f"{FACES[face]}.case",
        "back": "member.communities" if face == "member" else "champion.communities",
    }
    return render(request, f"{'hq' if face == 'hq' else 'champion'}/desk.html", context | {"face": face})


def _row(line: desks.CaseLine) -> dict[str, Any]:
    return {
        "line": line,
        "kind": KIND_LABELS[PostKind(line.kind)],
        "why": [REASON_LABELS[Reason(code)] for code in line.codes if code in set(Reason)],
    }


def case(request: Asked, case_id: UUID) -> HttpResponse:
    """One case: the words as they were, what stands out in them, and three answers."""
    viewer, face = request.viewer, _face(request)
    fault = ""
    if request.method == "POST":
        try:
            return _answered(request, case_id)
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault = say(refused, viewer.language)
    page = desks.case_page(viewer, case_id)
    context = {
        "page": page,
        "row": _row(page.line),
        "pieces": _pieces(page.said, page.found),
        "reported": [(REPORT_LABELS[ReportKind(kind)], note) for kind, note in page.reported],
        "verdict": VERDICT_LABELS[Verdict(page.verdict)] if page.verdict else None,
        "fault": fault,
        "typed": request.POST,
        "to_desk": FACES[face],
        "under": "hq.desk",
        "face": face,
    }
    status = 422 if fault else 200
    return render(request, f"{'hq' if face == 'hq' else 'champion'}/case.html", context, status=status)


def _answered(request: Asked, case_id: UUID) -> HttpResponse:
    posted, viewer = request.POST, request.viewer
    if posted.get("appeal") in ("yes", "no"):
        moderating.answer_appeal(
            viewer=viewer, case_id=case_id, upheld=posted["appeal"] == "yes", reason=posted.get("reason", "")
        )
        flash(request, _("答复好了，对方会收到。"))
    else:
        word = posted.get("verdict", "")
        if word not in (Verdict.RELEASE, Verdict.HIDE, Verdict.REMOVE):
            raise Refused("input.bad", field=_("决定"), reason=_("请选一个。"))
        moderating.decide(
            viewer=viewer,
            case_id=case_id,
            verdict=Verdict(word),
            reason=posted.get("reason", ""),
            strike=posted.get("strike") == "yes",
        )
        flash(request, _("已放行。") if word == Verdict.RELEASE else _("处理好了，作者看得到原因。"))
    return redirect(FACES[_face(request)])


def _pieces(text: str, found: tuple[desks.Finding, ...]) -> list[tuple[str, Any]]:
    """The text cut where something was found, each found piece with what it is."""
    pieces: list[tuple[str, Any]] = []
    at = 0
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if one.start < at or one.end > len(text):
            continue
        if one.start > at:
            pieces.append((text[at : one.start], None))
        pieces.append((text[one.start : one.end], CATEGORY_LABELS[Category(one.category)]))
        at = one.end
    if at < len(text):
        pieces.append((text[at:], None))
    return pieces


def report(request: Asked, post_id: UUID) -> HttpResponse:
    """Ask to have a post looked at. The author does not learn who asked."""
    viewer = request.viewer
    fault = ""
    if request.method == "POST":
        try:
            moderating.report(
                viewer=viewer,
                post_id=post_id,
                kind=_kind(request.POST.get("kind", "")),
                note=request.POST.get("note", ""),
            )
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault = say(refused, viewer.language)
        else:
            flash(request, _("收到了，版主会看。谢谢你照看这里。"))
            return redirect("member.communities")
    post, inside = voices.access_post(viewer, post_id)
    context = {
        "body": post.body,
        "community": inside,
        "post_id": post_id,
        "kinds": [(kind, REPORT_LABELS[kind]) for kind in ReportKind],
        "fault": fault,
        "typed": request.POST,
    }
    return render(request, "member/report.html", context, status=422 if fault else 200)


def _kind(word: str) -> ReportKind:
    if word not in set(ReportKind):
        raise Refused("input.bad", field=_("哪里不对"), reason=_("请选一个。"))
    return ReportKind(word)


def own_case(request: Asked, case_id: UUID) -> HttpResponse:
    """A decision on one's own words, its reason, and the way to somebody else."""
    viewer = request.viewer
    fault = ""
    if request.method == "POST":
        try:
            moderating.appeal(viewer=viewer, case_id=case_id, said=request.POST.get("said", ""))
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault = say(refused, viewer.language)
        else:
            flash(request, _("收到了，会由另一位同事重新看。"))
            return redirect("member.case", case_id)
    found = desks.own_case(viewer, case_id)
    context = {"case": found, "verdict": VERDICT_LABELS[Verdict(found.verdict)], "fault": fault}
    return render(request, "member/case.html", context, status=422 if fault else 200)
