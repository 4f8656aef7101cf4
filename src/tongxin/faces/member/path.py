"""我的路: what one has done with others, a good next step, an invitation if there is one, and thanks. No ring, no ladder."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.foundation.errors import Refused
from tongxin.rings import actions, queries
from tongxin.rings.terms import THANKS_KINDS, ThanksKind, ThanksState


def path(request: Asked) -> HttpResponse:
    """The page; a post answers whether praise may be seen."""
    viewer = request.viewer
    if request.method == "POST":
        yes = request.POST.get("answer") == "yes"
        actions.answer_thanks(viewer=viewer, thanks=_uuid(request.POST.get("thanks", "")), yes=yes)
        flash(request, _("好的，大家看得到了。") if yes else _("好的，只有你看得到。"))
        return redirect("member.path")
    mine = queries.my_path(viewer)
    context = {
        "mine": mine,
        "met": sum(line.met for line in mine.footing),
        "thanks": [
            (one, THANKS_KINDS[one.kind], one.kind is ThanksKind.PRAISE, one.state is ThanksState.PUBLIC)
            for one in queries.my_thanks(viewer)
        ],
    }
    return render(request, "member/path.html", context)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("absent") from None
