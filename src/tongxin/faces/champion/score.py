"""我的成绩: the score with its interval, its sides, store by store, and the last four weeks beside like stores."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy

from tongxin.champions import queries
from tongxin.champions.rules.score import Score, weakest
from tongxin.champions.terms import SIDE_LABELS
from tongxin.faces.asking import Asked

BESIDE_WORDS = {
    "held": (gettext_lazy("办了几场"), gettext_lazy("场")),
    "came": (gettext_lazy("来了多少人"), gettext_lazy("位")),
    "checked": (gettext_lazy("做了体检的天数"), gettext_lazy("天")),
}


def score(request: Asked) -> HttpResponse:
    """Of the stores in the champion's care together; the figures beside like stores are those of one of them."""
    viewer = request.viewer
    shops = queries.my_stores(viewer)
    card = queries.score_of(viewer, shops)
    wanted = request.GET.get("store", "")
    store = next((shop for shop in shops if str(shop.public_id) == wanted), shops[0] if shops else None)
    beside = [] if store is None else queries.beside_like_stores(viewer, store, queries.today_in(store))
    weak = weakest(card.score)
    context: dict[str, Any] = {
        "card": card,
        "score": card.score,
        "bar": _bar(card.score),
        "sides": [(_side(code), value) for code, value in sorted(card.score.sides, key=_place)],
        "weak": _side(weak) if weak else None,
        "shops": shops,
        "store": store,
        "beside": [(one, BESIDE_WORDS[one.what]) for one in beside],
        "like": beside[0].stores if beside else 0,
    }
    return render(request, "champion/score.html", context)


def _bar(score: Score) -> dict[str, float] | None:
    """Where point and interval stand on a scale of 320 by 0–100."""
    if score.value is None or score.low is None or score.high is None:
        return None
    at = {
        name: 10 + 3 * value
        for name, value in (("low", score.low), ("value", score.value), ("high", score.high))
    }
    return at | {"wide": at["high"] - at["low"]}


def _place(side: tuple[str, float]) -> int:
    """The sides in the order in which they are explained; a new one stands last."""
    return list(SIDE_LABELS).index(side[0]) if side[0] in SIDE_LABELS else len(SIDE_LABELS)


def _side(code: str) -> tuple[str, str]:
    return SIDE_LABELS.get(code, (code, code))
