"""名师: who teaches what, with their next classes; one's own invitation; who came for a teacher says so."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.amplify import actions, queries
from tongxin.amplify.terms_teachers import ABOUT_MOST, NAME_MOST, SPECIALTY_LABELS, Specialty
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.member.ambassador import browser_of, remembered
from tongxin.faces.sentences import say, status_of
from tongxin.foundation.errors import Refused
from tongxin.foundation.sealing import blind


def teachers(request: Asked) -> HttpResponse:
    """Everybody by what they teach; who was asked to teach answers here."""
    viewer = request.viewer
    fault, status = "", 200
    if request.method == "POST":
        try:
            said = _answer(request)
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault, status = say(refused, viewer.language), status_of(refused)
        else:
            flash(request, said)
            return redirect("member.teachers")
    chosen = request.GET.get("of", "")
    found = queries.teachers(viewer)
    mine = queries.my_teaching(viewer)
    context = {
        "cards": [
            (one, [SPECIALTY_LABELS[skill] for skill in one.specialties])
            for one in found
            if chosen not in set(Specialty) or chosen in one.specialties
        ],
        "chips": [
            (skill, SPECIALTY_LABELS[skill])
            for skill in Specialty
            if any(skill in one.specialties for one in found)
        ],
        "chosen": chosen,
        "mine": mine,
        "skills": [] if mine is None else [SPECIALTY_LABELS[one] for one in mine.specialties],
        "name_most": NAME_MOST,
        "words_most": ABOUT_MOST,
        "typed": request.POST,
        "fault": fault,
    }
    return render(request, "member/teachers.html", context, status=status)


def _answer(request: Asked) -> str:
    if request.POST.get("do") == "leave":
        actions.leave_teaching(viewer=request.viewer)
        return _("好的，谢谢你。")
    actions.accept_teaching(
        viewer=request.viewer, shown_as=request.POST.get("shown_as", ""), words=request.POST.get("words", "")
    )
    return _("主页开好了，随时可以改，也随时可以收起。")


def teacher(request: Asked, teacher_id: UUID) -> HttpResponse:
    """One teacher with the next classes; a new member says that they came for them."""
    viewer = request.viewer
    fault, status, seen = "", 200, browser_of(request)
    if request.method == "POST":
        try:
            actions.name_teacher(viewer=viewer, teacher_id=teacher_id, device=blind("referral.device", seen))
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault, status = say(refused, viewer.language), status_of(refused)
        else:
            flash(request, _("记下了，替你谢谢 TA。"))
            return remembered(redirect("member.teacher", teacher_id), seen)
    card = queries.teacher_card(viewer, teacher_id)
    mine = queries.my_teaching(viewer)
    context = {
        "card": card,
        "skills": [SPECIALTY_LABELS[one] for one in card.specialties],
        "brought_by": queries.my_friends(viewer, limit=1).brought_by,
        "me": mine is not None and mine.id == card.id,
        "fault": fault,
    }
    return render(request, "member/teacher.html", context, status=status)
