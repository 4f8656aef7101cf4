"""权限: who holds which role, and those of headquarters that wait for a second administrator."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.hq.stars import uuid_of
from tongxin.faces.sentences import say, status_of
from tongxin.foundation.errors import Refused
from tongxin.stores import actions, queries
from tongxin.stores.terms import Role


def grants(request: Asked) -> HttpResponse:
    """The page: agree to a grant that waits, or take one back."""
    viewer = request.viewer
    fault, status = "", 200
    if request.method == "POST":
        key = uuid_of(request.POST.get("grant", ""))
        try:
            if request.POST.get("do") == "second":
                actions.second_grant(viewer=viewer, grant_id=key)
                said = _("同意了，从下一次打开起有效。")
            else:
                actions.revoke(viewer=viewer, grant_id=key)
                said = _("收回了，下一次打开就进不来。")
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault, status = say(refused, viewer.language), status_of(refused)
        else:
            flash(request, said)
            return redirect("hq.grants")
    page = queries.grants_for(viewer, limit=50, cursor=request.GET.get("cursor") or None)
    rows = [(one, _role(one.role), one.granted_by != viewer.name) for one in page.items]
    context = {
        "waiting": [row for row in rows if row[0].waits],
        "rows": [row for row in rows if not row[0].waits],
        "cursor": page.cursor,
        "fault": fault,
    }
    return render(request, "hq/grants.html", context, status=status)


def _role(role: str) -> tuple[str, str]:
    found = Role(role)
    return found.zh, found.en
