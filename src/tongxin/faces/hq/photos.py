"""照片架 at headquarters: every photo in reach, how far out it stands and why not further; the shelves of the kits."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render

from tongxin.events import queries
from tongxin.events.queries.photo_shelf import photo_counts, photo_shelf
from tongxin.events.terms_after import LADDER, PHOTO_STATE_LABELS, UNFIT_LABELS, PhotoState
from tongxin.faces.asking import Asked
from tongxin.faces.context import EDITORS, flash
from tongxin.faces.photo_moves import moved
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.kits.queries import kits_for

PAGE, KITS = 24, 100


def shelf(request: Asked, fault: str = "", status: int = 200) -> HttpResponse:
    """One state, or all of them; newest first."""
    viewer, wanted = request.viewer, request.GET.get("state", "")
    state = PhotoState(wanted) if wanted in set(PhotoState) else None
    found = photo_shelf(viewer, state, limit=PAGE, cursor=request.GET.get("cursor") or None)
    counted = photo_counts(viewer)
    shelves = bool(viewer.roles & EDITORS)
    kits = kits_for(viewer, limit=KITS).items if shelves else ()
    context = {
        "lines": [
            (
                line,
                PHOTO_STATE_LABELS[line.photo.state],
                UNFIT_LABELS[line.photo.why] if line.photo.why else None,
                [
                    (one, PHOTO_STATE_LABELS[one], one.reach <= line.photo.furthest.reach)
                    for one in LADDER
                    if one is not line.photo.state
                ],
            )
            for line in found.items
        ],
        "tabs": [(one, PHOTO_STATE_LABELS[one], counted[one]) for one in LADDER],
        "total": sum(counted.values()),
        "state": state,
        "cursor": found.cursor,
        "kits": [(row.kit.code, row.kit.title) for row in kits],
        "titles": {row.kit.code: row.kit.title for row in kits},
        "advert": PhotoState.ADVERT,
        "soonest": clock.business_day(clock.now()),
        "under": "hq.feedback",
        "fault": fault,
    }
    return render(request, "hq/photos.html", context, status=status)


def move(request: Asked, photo_id: UUID) -> HttpResponse:
    """Move one, or put it on a kit's shelf. A child's photo goes no further than the guardian's file lets it."""
    queries.access_photo(request.viewer, photo_id)
    try:
        words = moved(request.viewer, photo_id, request.POST)
    except Refused as refused:
        if refused.code in {"absent", "forbidden"}:
            raise
        return shelf(request, say(refused, request.viewer.language), status_of(refused))
    flash(request, words)
    return redirect("hq.photos")
