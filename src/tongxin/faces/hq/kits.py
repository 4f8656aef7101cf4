"""工具包: what headquarters cooks. The list, the editor with its timeline and phone, versions with their differences, who uses what."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.events.actions.kit_links import day_words
from tongxin.faces import kit_form
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.kit_posters import template_names
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.kits import actions, queries
from tongxin.kits.copylint import lint
from tongxin.kits.poster.templates import DEFAULT
from tongxin.kits.rules.content import EMOJI, Content, planned
from tongxin.kits.rules.naming import PARTS
from tongxin.kits.rules.warming import filled, money
from tongxin.kits.terms import (
    ALLOW_LABELS,
    COPY_MOST,
    EDITORS,
    FIRST_DAY,
    LAST_DAY,
    OVERSEERS,
    TO_LABELS,
    Allow,
    To,
)
from tongxin.stores import queries as stores

PAGE = 30
SHOPS = 60  # to choose from for the preview
NEXT_WEEK = timedelta(days=7)  # the preview shows an event a week from now
UNDER = "hq.kits"
# What the phone can show: the copy by whom it is for, or the poster.
SHOWS: dict[str, tuple[str, str]] = {
    To.STORE: ("店群", "store"),
    To.REGISTERED: ("已报名", "registered"),
    To.CAME: ("到场", "came"),
    "poster": ("海报", "poster"),
}


def listing(request: Asked) -> HttpResponse:
    """All kits, and a form for the next."""
    fault, status = "", 200
    if request.method == "POST":
        try:
            made = _made(request)
        except Refused as refused:
            fault, status = say(refused, request.viewer.language), status_of(refused)
        else:
            return redirect("hq.kit", made) if made else redirect("hq.kits")
    found = queries.kits_for(request.viewer, limit=PAGE, cursor=request.GET.get("cursor") or None)
    context = {
        "rows": found.items,
        "cursor": found.cursor,
        "may": request.viewer.reaches(None, EDITORS),
        "typed": request.POST,
        "fault": fault,
    }
    return render(request, "hq/kits.html", context, status=status)


def _made(request: Asked) -> UUID | None:
    if request.POST.get("do") == "seed":
        made = actions.seed(viewer=request.viewer)
        flash(request, _("起步工具包已经放好了。") if made else _("起步工具包早就在了。"))
        return None
    title = request.POST.get("title", "").strip()
    content = kit_form.BLANK | {"title": title}
    kit = actions.make_kit(viewer=request.viewer, code=request.POST.get("code", "").strip(), content=content)
    return kit.public_id


@dataclass(frozen=True)
class Day:
    """One day of the timeline."""

    number: int
    said: str
    names: str


def kit(request: Asked, kit_id: UUID, fault: str = "", part: str = "", status: int = 200) -> HttpResponse:
    """The editor: who uses which version, the rhythm of the copy, outline, materials, what a store may change, and the phone."""
    viewer = request.viewer
    line = queries.kit_line(viewer, kit_id)
    versions = queries.versions_of(viewer, kit_id)
    overseer = viewer.reaches(None, OVERSEERS)
    draft = queries.draft_of(viewer, kit_id) if overseer else None
    content: Content = draft.content if draft else line.newest.content if line.newest else {}
    sent = request.POST if part else {}
    last = versions[0].version.content if versions else None
    roll = queries.rollout(viewer, kit_id)
    context = {
        "line": line,
        "kit": line.kit,
        "versions": versions,
        "draft": draft,
        "revision": draft.revision if draft else 0,
        "content": content,
        "diff": queries.differences(last, content) if last and draft else (),
        "behind": sum(one.stores for one in versions),
        "may": viewer.reaches(None, EDITORS),
        "roll": roll,
        "users": who_uses(roll),
        "part": part,
        "fault": fault,
        "under": UNDER,
        **_shown(request, content, queries.exceptions_of(viewer, kit_id), sent, part),
    }
    return render(request, "hq/kit.html", context, status=status)


def _shown(
    request: Asked, content: Content, exceptions: Sequence[Any], sent: Mapping[str, str], part: str
) -> dict[str, Any]:
    def mine(name: str) -> Mapping[str, str]:
        return sent if part == name else {}

    chosen = request.GET.get("show", "")
    show = chosen if chosen in SHOWS else To.STORE
    costs = planned(content)
    total = sum(one.fen for one in costs)
    rows = {row["key"]: row for row in content["materials"]}
    return {
        "days": _days(content),
        "copies": _copies(content, [one.word for one in exceptions]),
        "exceptions": exceptions,
        "phone": _phone(request.viewer, content, show, request.GET.get("store", "")),
        "show": show,
        "shows": list(SHOWS.items()),
        "templates": template_names(),
        "look": content["poster"][0]["template"] if content["poster"] else DEFAULT,
        "outline_minutes": sum(step["minutes"] for step in content["outline"]),
        "steps": [(step, _rule(content, f"outline.{step['key']}.")) for step in content["outline"]],
        "materials": [(one, rows[one.key], _rule(content, f"materials.{one.key}.")) for one in costs],
        "total": total,
        "each": total // content["places"],
        "over": total > content["budget_fen"],
        "plain": kit_form.plain_cells(content, mine("plain")),
        "parts": [
            (name, words, kit_form.part_rows(content, name, mine(name))) for name, (words, _) in PARTS.items()
        ],
        "allow": kit_form.allow_rows(content),
        "lockable": kit_form.lockable(content),
        "rules": list(ALLOW_LABELS.items()),
    }


def _rule(content: Content, prefix: str) -> tuple[Allow, tuple[str, str]]:
    """The widest thing that a store may do with a row."""
    found = {rule["rule"] for path, rule in content["allow"].items() if path.startswith(prefix)}
    best = Allow.FREE if "free" in found else Allow.RANGE if "range" in found else Allow.LOCKED
    return best, ALLOW_LABELS[best]


def _days(content: Content) -> list[Day]:
    found = []
    for number in range(FIRST_DAY, LAST_DAY + 1):
        names = "、".join(row["title"] for row in content["warmup"] if row["day"] == number)
        found.append(Day(number, day_number(number), names))
    return found


def day_number(number: int) -> str:
    """A day of the rhythm: −7, 0, +3."""
    return f"{'−' if number < 0 else '+' if number > 0 else ''}{abs(number)}"


def _copies(content: Content, allowed: Collection[str] = ()) -> list[dict[str, Any]]:
    return [
        row
        | {
            "to_said": TO_LABELS[To(row["to"])],
            "rule": _rule(content, f"warmup.{row['key']}."),
            "day_said": day_number(row["day"]),
            "length": len(row["text"]),
            "most": COPY_MOST,
            "emoji": len(EMOJI.findall(row["text"])),
            "found": lint(row["text"], allowed=allowed),
        }
        for row in sorted(content["warmup"], key=lambda row: (row["day"], row["time"]))
    ]


@dataclass(frozen=True)
class Users:
    """A stretch of the bar: a version (None: nobody's), its stores, and its width in twenty-fourths."""

    version: int | None
    stores: int
    width: int


def who_uses(roll: queries.Rollout) -> list[Users]:
    """The bar of a kit: every version in use, the newest first, and who was offered it and uses none."""
    parts: list[tuple[int | None, int]] = [*roll.users]
    if (unused := roll.offered - roll.adopted) > 0:
        parts.append((None, unused))
    total = sum(n for _, n in parts)
    return [Users(version, n, max(1, round(24 * n / total))) for version, n in parts if n]


@dataclass(frozen=True)
class Phone:
    """What the phone shows: the copy as it would read at one store a week from now."""

    store: str
    store_id: str
    lines: tuple[tuple[str, str, str], ...]
    others: tuple[tuple[str, str], ...]


def _phone(viewer: Viewer, content: Content, show: str, wanted: str) -> Phone:
    shops = [shop for shop in stores.stores_for(viewer) if not shop.unsorted][:SHOPS]
    shop = next((one for one in shops if str(one.public_id) == wanted), shops[0] if shops else None)
    name, zone = (shop.name, shop.zone) if shop else (_("门店"), clock.SHANGHAI)
    day = clock.business_day(clock.now(), zone) + NEXT_WEEK
    starts = datetime.combine(day, time.fromisoformat(content["start_time"]), tzinfo=ZoneInfo(zone))
    date, hour = day_words(starts, zone)
    fields = {
        "活动名": content["title"],
        "活动日期": date,
        "开始时间": hour,
        "门店": name,
        "名额": str(content["places"]),
        "材料费": money(content["fee_fen"]),
        "主理人": _("主理人"),
    }
    rows = sorted(content["warmup"], key=lambda row: (row["day"], row["time"]))
    return Phone(
        name,
        str(shop.public_id) if shop else "",
        tuple(
            (
                f"{day_words(starts + timedelta(days=row['day']), zone)[0]} {row['time']}",
                row["title"],
                filled(row["text"], fields),
            )
            for row in rows
            if row["to"] == show
        ),
        tuple((str(one.public_id), one.name) for one in shops),
    )


def change(request: Asked, kit_id: UUID) -> HttpResponse:
    """One part of the draft as it was typed; somebody else's change in between is shown beside one's own."""
    part = request.POST.get("part", "")
    try:
        draft = queries.draft_of(request.viewer, kit_id)
        actions.change_draft(
            viewer=request.viewer,
            kit_id=kit_id,
            revision=_number(request.POST.get("revision", "")),
            content=kit_form.changed(draft.content, part, request.POST),
        )
    except Refused as refused:
        return _again(request, kit_id, refused, part)
    flash(request, _("存好了。"))
    return redirect("hq.kit", kit_id)


def _number(raw: str) -> int:
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 10 else 0


def _again(request: Asked, kit_id: UUID, refused: Refused, part: str) -> HttpResponse:
    if refused.code in {"absent", "forbidden"}:
        raise refused
    return kit(request, kit_id, say(refused, request.viewer.language), part or "release", status_of(refused))


def release(request: Asked, kit_id: UUID) -> HttpResponse:
    """The draft becomes a version; with `everywhere` it is offered to every store at once."""
    form = request.POST
    try:
        made = actions.release(
            viewer=request.viewer,
            kit_id=kit_id,
            revision=_number(form.get("revision", "")),
            note=form.get("note", ""),
        )
        if form.get("everywhere") == "yes":
            actions.offer(viewer=request.viewer, kit_id=kit_id, everywhere=True)
    except Refused as refused:
        return _again(request, kit_id, refused, "")
    flash(request, _("v{n} 发布好了，从此不能再改。").format(n=made.number))
    return redirect("hq.kit", kit_id)


def allow_word(request: Asked, kit_id: UUID) -> HttpResponse:
    """A word of the advertising-law list that is lawful here, and why."""
    form = request.POST
    try:
        actions.record_exception(
            viewer=request.viewer, kit_id=kit_id, word=form.get("word", ""), why=form.get("why", "")
        )
    except Refused as refused:
        return _again(request, kit_id, refused, "")
    flash(request, _("例外记下了。"))
    return redirect("hq.kit", kit_id)


def version(request: Asked, version_id: UUID, fault: str = "", status: int = 200) -> HttpResponse:
    """A released version: what changed since the one before, who uses it; for editors, its recall."""
    viewer = request.viewer
    found = queries.access_version(viewer, version_id)
    lines = queries.versions_of(viewer, found.kit.public_id)
    context = {
        "found": found,
        "recall": queries.recall_of(found.pk),
        "line": next(line for line in lines if line.version.pk == found.pk),
        "lines": lines,
        "changes": queries.differences_since(viewer, version_id, None),
        "copies": _copies(found.content),
        "may": viewer.reaches(None, EDITORS),
        "fault": fault,
        "under": UNDER,
    }
    return render(request, "hq/kit_version.html", context, status=status)


def recall(request: Asked, version_id: UUID) -> HttpResponse:
    """Nobody uses it any more."""
    try:
        actions.recall(viewer=request.viewer, version_id=version_id, reason=request.POST.get("reason", ""))
    except Refused as refused:
        if refused.code in {"absent", "forbidden"}:
            raise
        return version(request, version_id, say(refused, request.viewer.language), status_of(refused))
    flash(request, _("召回了：没发的消息都停住，有活动的门店会看到提醒。"))
    return redirect("hq.kit_version", version_id)
