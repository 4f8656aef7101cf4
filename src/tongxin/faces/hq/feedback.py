"""回访与复盘: the net promoter score event by event and by version of a kit, each with n and interval; and what champions wrote."""

from django.http import HttpResponse
from django.shortcuts import render

from tongxin.events import queries
from tongxin.faces.asking import Asked

PAGE = 20


def feedback(request: Asked) -> HttpResponse:
    """Figures first, then the words."""
    lines = queries.nps_lines(request.viewer, limit=PAGE, cursor=request.GET.get("cursor") or None)
    written = queries.reviews(request.viewer, limit=PAGE, cursor=request.GET.get("reviews") or None)
    context = {
        "kits": queries.nps_by_kit(request.viewer),
        "lines": lines.items,
        "cursor": lines.cursor,
        "reviews": written.items,
        "more": written.cursor,
    }
    return render(request, "hq/feedback.html", context)
