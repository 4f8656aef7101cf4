"""谁在用: where a kit has come to, by region and store; giving it to more of them; what stores say does not work."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.hq.drawings import TILE_LABELS, tile_map
from tongxin.faces.sentences import say, status_of
from tongxin.foundation.errors import Refused
from tongxin.kits import actions, queries
from tongxin.kits.terms import EDITORS
from tongxin.stores import queries as stores

PAGE = 30


def reach(request: Asked, kit_id: UUID, fault: str = "", status: int = 200) -> HttpResponse:
    """Who uses which version, coverage as tiles and as a table, execution by region, and the steps that do not work somewhere."""
    viewer = request.viewer
    line = queries.kit_line(viewer, kit_id)
    found = queries.instances_of(viewer, kit_id, limit=PAGE, cursor=request.GET.get("cursor") or None)
    tiles = tile_map(queries.tiles(viewer, kit_id), line.newest.number if line.newest else 0)
    roll = queries.rollout(viewer, kit_id)
    may = viewer.reaches(None, EDITORS)
    context = {
        "line": line,
        "kit": line.kit,
        "roll": roll,
        "rows": found.items,
        "cursor": found.cursor,
        "tiles": tiles,
        "tile_words": [
            (kind, words, n)
            for kind, words in TILE_LABELS.items()
            if (n := sum(one.counted[kind] for one in tiles))
        ],
        "regions": stores.regions_for(viewer) if may else (),
        "steps": queries.steps_reported(viewer, kit_id),
        "reports": queries.reports_of(viewer, kit_id, limit=PAGE).items,
        "may": may,
        "fault": fault,
        "under": "hq.kits",
    }
    return render(request, "hq/kit_reach.html", context, status=status)


def offer(request: Asked, kit_id: UUID) -> HttpResponse:
    """Give the kit to every store, to those of a region, or no longer to those that come later."""
    to = request.POST.get("to", "")
    try:
        more = actions.offer(viewer=request.viewer, kit_id=kit_id, **_whom(request, to))
    except Refused as refused:
        if refused.code in {"absent", "forbidden"}:
            raise
        return reach(request, kit_id, say(refused, request.viewer.language), status_of(refused))
    if to == "everywhere":
        flash(request, _("全部门店都能用了，以后开的店也是。"))
    elif to == "named":
        flash(request, _("改为按区域发放：已经发到的店照旧。"))
    else:
        flash(request, _("又发到 {n} 家店。").format(n=more))
    return redirect("hq.kit.reach", kit_id)


def _whom(request: Asked, to: str) -> dict[str, Any]:
    if to in {"everywhere", "named"}:
        return {"everywhere": to == "everywhere"}
    wanted = request.POST.get("region", "")
    region = next((one for one in stores.regions_for(request.viewer) if str(one.public_id) == wanted), None)
    if region is None:
        raise Refused("input.bad", field=_("区域"), reason=_("请选一项。"))
    return {"region": region.code}


def answer(request: Asked, report_id: UUID) -> HttpResponse:
    """Headquarters answers a store."""
    found = actions.answer_report(
        viewer=request.viewer, report_id=report_id, answer=request.POST.get("answer", "")
    )
    flash(request, _("答复好了，门店会看到。"))
    return redirect("hq.kit.reach", queries.kit_of_version(found.version_id))
