"""预算: envelopes with what is left, and what waits for an approval."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.commerce import actions, queries
from tongxin.commerce.terms import APPROVERS
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.foundation.errors import Refused

PAGE = 40


def envelopes(request: Asked) -> HttpResponse:
    """Every envelope in reach: given, set aside, spent, left; above it what waits."""
    viewer = request.viewer
    found = queries.envelopes_for(viewer, limit=PAGE, cursor=request.GET.get("cursor") or None)
    context = {
        "rows": [
            (one, one.committed_fen + one.spent_fen, one.amount_fen + one.approved_fen) for one in found.items
        ],
        "cursor": found.cursor,
        "may_open": bool(viewer.roles & APPROVERS),
        "waiting": queries.waiting_for_approval(viewer).items if viewer.roles & APPROVERS else (),
    }
    return render(request, "hq/envelopes.html", context)


def decide(request: Asked, commitment_id: UUID) -> HttpResponse:
    """Approve a request above the envelope's limit, or refuse it, with a reason."""
    reason = request.POST.get("reason", "")
    if request.POST.get("answer") == "approve":
        actions.approve(viewer=request.viewer, commitment_id=commitment_id, reason=reason)
        flash(request, _("批了，钱已经留出来。"))
    elif request.POST.get("answer") == "refuse":
        actions.refuse_request(viewer=request.viewer, commitment_id=commitment_id, reason=reason)
        flash(request, _("没有批，理由写进了记录。"))
    else:
        raise Refused("input.bad", field="answer", reason="approve/refuse")
    return redirect("hq.envelopes")
