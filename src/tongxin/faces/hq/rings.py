"""圈层走向: who moved where month by month, how likely each move is, where it leads, what it may cost, and thanks with their effect."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.commerce import queries as commerce
from tongxin.compass import budget
from tongxin.compass.errors import BadInput
from tongxin.faces.asking import Asked
from tongxin.faces.context import WORKS_WITH_PEOPLE, flash
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import money
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.measure import queries as measure
from tongxin.rings import actions, queries
from tongxin.rings.queries import MonthFlow
from tongxin.rings.rules.thanks import Effect
from tongxin.rings.terms import ORDER, THANKS_KINDS, Ring, ThanksKind
from tongxin.stores import queries as stores

MONTHS = 6
MOST_YUAN = 10_000_000


@dataclass(frozen=True)
class Row:
    """From one ring: to each ring how many and which share, and who is gone."""

    ring: Ring
    cells: tuple[tuple[int, float], ...]
    left: int
    people: int


def rings(request: Asked) -> HttpResponse:
    """The page; a post opens a programme of thanks, or carries one out."""
    viewer = request.viewer
    fault, status = "", 200
    if request.method == "POST":
        try:
            flash(request, _act(request))
        except Refused as refused:
            if refused.code == "absent":
                raise
            fault, status = say(refused, viewer.language), status_of(refused)
        else:
            return redirect("hq.rings")
    flows = queries.month_flows(viewer, months=MONTHS)
    body = _policy(viewer)
    context = {
        "flows": [(flow, sum(flow.came.values())) for flow in flows],
        "rings": ORDER,
        "matrix": matrix(flows),
        "ahead": _ahead(viewer),
        "strategy": [
            (ring, getattr(body.strategy, ring), getattr(body.budget, ring)) for ring in reversed(ORDER)
        ]
        if body
        else [],
        "split": _split(request, body, flows),
        "yuan": request.GET.get("yuan", ""),
        "programmes": [(one, points(one.effect)) for one in queries.programmes(viewer)],
        "candidates": len(queries.candidates(viewer)),
        "offered": len(queries.invitations(viewer)),
        "may_thank": bool(viewer.roles & WORKS_WITH_PEOPLE),
        "envelopes": commerce.envelopes_for(viewer, limit=30).items
        if viewer.roles & WORKS_WITH_PEOPLE
        else [],
        "stores": stores.stores_for(viewer)[:200] if viewer.roles & WORKS_WITH_PEOPLE else [],
        "kinds": [(kind.value, THANKS_KINDS[kind]) for kind in (ThanksKind.GIFT, ThanksKind.INSIDE)],
        "fault": fault,
        "typed": request.POST,
    }
    return render(request, "hq/rings.html", context, status=status)


def matrix(flows: list[MonthFlow]) -> list[Row]:
    """All months together: of those who stood in a ring, where they stood a month later."""
    rows = []
    for origin in reversed(ORDER):
        counts = [sum(flow.moves.get((origin, target), 0) for flow in flows) for target in ORDER]
        left = sum(flow.left.get(origin, 0) for flow in flows)
        people = sum(counts) + left
        rows.append(Row(origin, tuple((n, n / people if people else 0.0) for n in counts), left, people))
    return rows


def points(found: Effect | None) -> tuple[str, ...]:
    """A difference of shares in points with its interval, in words; empty while nothing can be said."""
    if found is None or found.difference is None or found.low is None or found.high is None:
        return ()
    return tuple(
        f"{share * 100:+.1f}".replace("-", "−") for share in (found.difference, found.low, found.high)
    )


def _ahead(viewer: Viewer) -> dict[str, Any] | None:
    """The newest kept forecast, if one was asked for."""
    line = measure.newest_measurements(viewer).get("forecast")
    if line is None:
        return None
    kept = measure.access_measurement(viewer, line.public_id).answer or {}
    if "expected" not in kept:
        return {"line": line, "rows": []}
    rows = [
        (n, list(zip(kept["expected"][n], kept["low"][n], kept["high"][n], strict=True)))
        for n in range(len(kept["expected"]))
    ]
    return {"line": line, "rows": rows}


def _policy(viewer: Viewer) -> Any:
    try:
        return queries.body_of(queries.access_policy(viewer))
    except Refused as refused:
        if refused.code == "absent":
            raise
        return None


def _split(request: Asked, body: Any, flows: list[MonthFlow]) -> dict[str, Any] | None:
    """How an amount would be split: by what holdouts said of each ring, else by the shares of the policy."""
    yuan = request.GET.get("yuan", "").strip()
    if not yuan or body is None:
        return None
    try:
        fen = money.parse(yuan)
    except (ValueError, Refused):
        return {"fault": _("金额要写数字")}
    if not 0 < fen <= MOST_YUAN * 100:
        return {"fault": _("金额要写数字")}
    stood = flows[-1].stood if flows else {}
    responses = []
    for ring in ORDER:
        ceiling, scale = (_number(request.GET.get(f"{name}_{ring}", "")) for name in ("a", "k"))
        if ceiling and scale and stood.get(ring):
            responses.append(budget.Response(ring.value, stood[ring], ceiling, scale))
    try:
        found = budget.split(
            fen,
            responses,
            rings=tuple(ring.value for ring in ORDER),
            floor=Fraction(body.budget.floor, 100),
            explore=Fraction(body.budget.exploration, 100),
            shares={ring.value: Fraction(getattr(body.budget, ring), 100) for ring in ORDER},
        )
    except BadInput as fault:
        return {"fault": str(fault)}
    return {
        "rows": [(ring, found.rings[ring.value], found.marginal.get(ring.value)) for ring in reversed(ORDER)],
        "explore": found.explore,
        "unspent": found.unspent,
        "words": (found.words.zh, found.words.en),
        "evidence": found.evidence,
    }


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if 0 < found < 1e9 else None


def _act(request: Asked) -> str:
    form, viewer = request.POST, request.viewer
    if form.get("step") == "run":
        done = actions.run_programme(viewer=viewer, programme=form.get("programme", ""))
        return _("「{title}」已执行，随机留出的人没有收到。").format(title=done.title)
    try:
        kind, ring = ThanksKind(form.get("kind", "")), Ring(form.get("ring", ""))
        share, cost = int(form.get("share", "20")) * 10, round(float(form.get("yuan", "0") or 0) * 100)
    except ValueError:
        raise Refused("input.bad", field="programme", reason=_("请选方式、人群和比例")) from None
    shop = form.get("store", "")
    made = actions.open_programme(
        viewer=viewer,
        title=form.get("title", ""),
        kind=kind,
        ring=ring,
        words=form.get("words", ""),
        share_permille=share,
        store=stores.access_store(viewer, shop) if shop else None,
        envelope=form.get("envelope") or None,
        cost_fen=cost,
    )
    return _("「{title}」已设立，执行时按比例随机留出。").format(title=made.title)
