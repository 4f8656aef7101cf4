"""衡量: the measures beside studies, each asked as a question of daily work and answered from the same book and till."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.hq.studies import still
from tongxin.measure import actions, queries
from tongxin.measure.kinds import KINDS
from tongxin.measure.terms import STATES, StudyState


def measures(request: Asked) -> HttpResponse:
    """Every measure with its newest answer; asking for a fresh one."""
    if request.method == "POST":
        made = actions.ask_measurement(viewer=request.viewer, kind=request.POST.get("kind", ""))
        flash(request, _("已登记，后台算好就能看。"))
        return redirect("hq.measure", measurement_id=made.public_id)
    newest = queries.newest_measurements(request.viewer)
    history = queries.measurements(request.viewer, limit=10, cursor=request.GET.get("cursor") or None)
    return render(
        request,
        "hq/measures.html",
        {
            "measures": [(kind, newest.get(kind.code)) for kind in KINDS.values()],
            "history": [(line, KINDS.get(line.kind), STATES[line.state]) for line in history.items],
            "cursor": history.cursor,
        },
    )


def measure(request: Asked, measurement_id: UUID) -> HttpResponse:
    """One answer: the sentence, the pictures with their tables, what weakens it."""
    found = queries.access_measurement(request.viewer, measurement_id)
    english = request.viewer.language == "en"
    pictures = [
        (p["name"], p["title"], p["said"], still(p["svg"]["en" if english else "zh"]))
        for p in found.page.get("pictures", [])
    ]
    return render(
        request,
        "hq/measure.html",
        {
            "measurement": found,
            "kind": KINDS.get(found.kind),
            "state_said": STATES[StudyState(found.state)],
            "pictures": pictures,
            "tables": [_table(table) for table in found.page.get("tables", [])],
            "reasons": found.page.get("reasons", []),
            "warnings": found.page.get("warnings", []),
        },
    )


def _table(kept: dict[str, Any]) -> dict[str, Any]:
    """Rows as (cell, whether it is a number) so that the template only writes."""
    right = set(kept["numbers"])
    return kept | {
        "heads": [(head, place in right) for place, head in enumerate(kept["columns"])],
        "lines": [[(cell, place in right) for place, cell in enumerate(row)] for row in kept["rows"]],
    }
