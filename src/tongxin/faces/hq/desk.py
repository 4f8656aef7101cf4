"""圈层规则, 门店, 审计: what headquarters sets, where people are at home, and who did what."""

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.hq.words import act_said
from tongxin.foundation.audit import queries as audit
from tongxin.foundation.errors import Refused
from tongxin.rings import actions as rings
from tongxin.rings import queries
from tongxin.rings.terms import ORDER, Ring
from tongxin.stores import queries as stores

# part → (heading, what it is for, fields: name, words, unit)
PARTS: tuple[tuple[str, Any, Any, tuple[tuple[str, Any, Any], ...]], ...] = (
    (
        "middle",
        gettext_lazy("走进中环"),
        gettext_lazy("到过场，或来得勤又匀，两条路走通一条；再加上有投入。"),
        (
            ("checkins", gettext_lazy("91 天里签到"), gettext_lazy("次")),
            ("days", gettext_lazy("56 天里活跃"), gettext_lazy("天")),
            ("weeks", gettext_lazy("跨过"), gettext_lazy("周")),
            ("contribution", gettext_lazy("贡献分"), gettext_lazy("分")),
        ),
    ),
    (
        "inner",
        gettext_lazy("成为内环候选"),
        gettext_lazy("全部满足才是候选；还要本人接受、专人确认。"),
        (
            ("days", gettext_lazy("91 天里活跃"), gettext_lazy("天")),
            ("weeks", gettext_lazy("跨过"), gettext_lazy("周")),
            ("verified", gettext_lazy("半年内有分量的事"), gettext_lazy("次")),
            ("verified_kinds", gettext_lazy("不止一种"), gettext_lazy("种")),
            ("recognised_by", gettext_lazy("回应过的会员"), gettext_lazy("位")),
            ("recognised_days", gettext_lazy("在不同的日子"), gettext_lazy("天")),
            ("violations", gettext_lazy("最多违规"), gettext_lazy("次")),
            ("contribution", gettext_lazy("贡献分"), gettext_lazy("分")),
        ),
    ),
    (
        "middle_exit",
        gettext_lazy("离开中环"),
        gettext_lazy("每一项都低于出门线，连续几周，才会走远。"),
        (
            ("low_water", gettext_lazy("出门线是门槛的"), gettext_lazy("倍")),
            ("runs", gettext_lazy("连续"), gettext_lazy("周")),
            ("stay_days", gettext_lazy("进来后至少"), gettext_lazy("天")),
        ),
    ),
    (
        "inner_exit",
        gettext_lazy("离开内环"),
        gettext_lazy("每季看一次，走远之前先告诉主理人。"),
        (
            ("low_water", gettext_lazy("出门线是门槛的"), gettext_lazy("倍")),
            ("review_days", gettext_lazy("每隔"), gettext_lazy("天")),
            ("stay_days", gettext_lazy("进来后至少"), gettext_lazy("天")),
            ("notice_days", gettext_lazy("提前"), gettext_lazy("天")),
        ),
    ),
)
BUDGET = (*(str(ring) for ring in ORDER), "floor", "exploration")


def policy(request: Asked) -> HttpResponse:
    """The rule in force, its versions, and for editors the form of the next one."""
    if request.method == "POST":
        return _publish(request)
    try:
        versions = queries.policies(request.viewer)
    except Refused as refused:
        if refused.code != "stores.no_brand":
            raise
        versions = []
    if not versions:
        return render(request, "hq/policy_none.html")
    body = asdict(queries.body_of(versions[0]))
    parts = [
        (
            heading,
            note,
            [(f"{part}.{name}", words, unit, body[part][name]) for name, words, unit in fields],
        )
        for part, heading, note, fields in PARTS
    ]
    context = {
        "newest": versions[0],
        "versions": versions,
        "parts": parts,
        "strategy": [
            (ring, body["strategy"][ring.value], body["budget"][ring.value]) for ring in reversed(ORDER)
        ],
        "budget": body["budget"],
        "capacity": body["capacity"],
    }
    return render(request, "hq/policy.html", context)


def _publish(request: Asked) -> HttpResponse:
    """A form carries the numbers that were on the screen; parts that it does not show keep their value."""
    form = request.POST
    body: dict[str, Any] = asdict(queries.body_of(queries.access_policy(request.viewer)))
    for part, values in body.items():
        for name, value in values.items():
            given = form.get(f"{part}.{name}")
            if given is not None and not isinstance(value, dict):
                values[name] = _read(f"{part}.{name}", given.strip(), value)
    expected = form.get("expected", "")
    made = rings.set_policy(
        viewer=request.viewer,
        body=body,
        note=form.get("note", ""),
        expected=int(expected) if expected.isdigit() else None,
    )
    flash(request, _("第 {n} 版已发布，下一轮重算时生效。").format(n=made.version))
    return redirect("hq.rings_policy")


def _read(field: str, given: str, before: object) -> object:
    if isinstance(before, str):
        return given
    try:
        return int(given) if isinstance(before, int) else float(given)
    except ValueError:
        raise Refused("input.bad", field=field, reason=_("这里要填数字")) from None


def shops(request: Asked) -> HttpResponse:
    """The stores in reach with how many people are at home in each."""
    viewer = request.viewer
    unsorted = stores.stores_for(viewer, unsorted=True)
    only = request.GET.get("unsorted") == "1"
    page = stores.stores_page(viewer, limit=50, cursor=request.GET.get("cursor") or None)
    counted = {row.code: row for row in queries.store_counts(viewer)}
    rows = unsorted if only else page.items
    context = {
        "rows": [(store, counted.get(store.code)) for store in rows],
        "cursor": None if only else page.cursor,
        "unsorted": len(unsorted),
        "only": only,
        "total": len(stores.stores_for(viewer)),
        "rings": [Ring.INNER, Ring.MIDDLE, Ring.OUTER],
    }
    return render(request, "hq/stores.html", context)


def trail(request: Asked) -> HttpResponse:
    """Who did what, newest first."""
    act = request.GET.get("act", "").strip()
    page = audit.entries(request.viewer, act=act, limit=50, cursor=request.GET.get("cursor") or None)
    context = {"rows": [(row, act_said(row.act)) for row in page.items], "cursor": page.cursor, "act": act}
    return render(request, "hq/audit.html", context)
