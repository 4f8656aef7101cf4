"""编辑台: what communities bring and when, the shelves it comes from, the mix aimed for; and the brand's own words of moderation."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.sentences import say
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.voices import actions, queries
from tongxin.voices.terms import (
    CONTENT_LABELS,
    EDITORS,
    ENTRY_LABELS,
    USUAL_MIX,
    ContentType,
)
from tongxin.voices.terms_moderation import (
    CATEGORY_LABELS,
    LEVEL_LABELS,
    USE_LABELS,
    WORD_MOST,
    Category,
    Level,
    WordUse,
)

BACK, AHEAD = timedelta(days=7), timedelta(days=28)
SHELF_MOST = 200


def editorial(request: Asked) -> HttpResponse:
    """The calendar of one community with its mix, the library and the words; a step of the forms comes back here."""
    viewer, asked = request.viewer, request.GET
    if request.method == "POST":
        return _step(request)
    mine = queries.kept(viewer)
    chosen = next((one for one in mine if str(one.id) == asked.get("community")), mine[0] if mine else None)
    everywhere = viewer.reaches(None, EDITORS)
    today = clock.business_day(clock.now())
    shelf = asked.get("shelf", "")
    context: dict[str, Any] = {
        "under": "hq.desk",
        "mine": mine,
        "chosen": chosen,
        "today": today,
        "contents": list(CONTENT_LABELS.items()),
        "shelf": shelf if shelf in set(ContentType) else "",
        "everywhere": everywhere,
        "items": [
            (one, CONTENT_LABELS[one.content])
            for one in queries.library(viewer, limit=SHELF_MOST).items
            if shelf not in set(ContentType) or one.content == shelf
        ],
    }
    if chosen is not None:
        mix = queries.content_mix(viewer, chosen.id)
        found = queries.calendar(viewer, chosen.id, since=today - BACK, until=today + AHEAD)
        context |= {
            "entries": [(one, CONTENT_LABELS[one.content], ENTRY_LABELS[one.state]) for one in found],
            "mix": mix,
            "shares": [(one, CONTENT_LABELS[one.content]) for one in mix.shares],
            "next": CONTENT_LABELS[mix.next],
        }
    if everywhere:
        context |= {
            "words": [
                (
                    one,
                    USE_LABELS[one.use],
                    CATEGORY_LABELS[one.category] if one.category else None,
                    LEVEL_LABELS[one.level] if one.level else None,
                )
                for one in queries.brand_words(viewer)
            ],
            "uses": list(USE_LABELS.items()),
            "categories": list(CATEGORY_LABELS.items()),
            "levels": list(LEVEL_LABELS.items()),
            "word_most": WORD_MOST,
        }
    return render(request, "hq/editorial.html", context)


def _step(request: Asked) -> HttpResponse:
    posted = request.POST
    step = STEPS.get(posted.get("step", ""), _unknown)
    try:
        flash(request, step(request))
    except Refused as refused:
        if refused.code == "absent":
            raise
        flash(request, say(refused, request.viewer.language))
    query = QueryDict(mutable=True)
    query.update({key: posted[key] for key in ("community", "shelf") if posted.get(key)})
    return redirect(reverse("hq.editorial") + (f"?{query.urlencode()}" if query else ""))


def _plan(request: Asked) -> str:
    posted = request.POST
    piece = posted.get("item", "")
    actions.plan_entry(
        viewer=request.viewer,
        community_id=_id(posted.get("community", "")),
        on=_day(posted.get("on", "")),
        title=posted.get("title", ""),
        content=_content(posted.get("content", "")) if posted.get("content") else None,
        draft=posted.get("draft", ""),
        item_id=_id(piece) if piece else None,
    )
    return _("排好了。")


def _bring(request: Asked) -> str:
    actions.publish_entry(viewer=request.viewer, entry_id=_id(request.POST.get("entry", "")))
    return _("发出去了。")


def _drop(request: Asked) -> str:
    actions.drop_entry(viewer=request.viewer, entry_id=_id(request.POST.get("entry", "")))
    return _("这一条不发了。")


def _mix(request: Asked) -> str:
    posted = request.POST
    targets = {key: _share(posted.get(f"share-{key}", "")) for key in ContentType}
    own = {} if targets == USUAL_MIX else targets
    actions.set_mix(viewer=request.viewer, community_id=_id(posted.get("community", "")), targets=own)
    return _("比例已更新。")


def _shelve(request: Asked) -> str:
    posted = request.POST
    actions.add_item(
        viewer=request.viewer,
        content=_content(posted.get("content", "")),
        title=posted.get("title", ""),
        body=posted.get("body", ""),
    )
    return _("已放进内容库。")


def _retire(request: Asked) -> str:
    actions.retire_item(viewer=request.viewer, item_id=_id(request.POST.get("item", "")))
    return _("已移出内容库，排好的不受影响。")


def _word(request: Asked) -> str:
    posted = request.POST
    use = WordUse.LAWFUL if posted.get("use") == WordUse.LAWFUL else WordUse.WATCHED
    category, level = posted.get("category", ""), posted.get("level", "")
    actions.add_word(
        viewer=request.viewer,
        text=posted.get("text", ""),
        use=use,
        category=Category(category) if category in set(Category) else None,
        level=Level(level) if level in set(Level) else None,
        since=_day(posted["since"]) if posted.get("since") else None,
        until=_day(posted["until"]) if posted.get("until") else None,
    )
    return _("词表已更新，之后写的按新词表看。")


def _unword(request: Asked) -> str:
    actions.end_word(viewer=request.viewer, word_id=_id(request.POST.get("word", "")))
    return _("这个词停用了。")


def _unknown(request: Asked) -> str:
    raise Refused("input.bad", field="step", reason="?")


STEPS = {
    "plan": _plan, "bring": _bring, "drop": _drop, "mix": _mix, "shelve": _shelve, "retire": _retire, "word": _word, "unword": _unword,
}  # fmt: skip


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused("absent") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("input.bad", field="date", reason="YYYY-MM-DD") from None


def _content(text: str) -> ContentType:
    if text not in set(ContentType):
        raise Refused("input.bad", field="content", reason="?")
    return ContentType(text)


def _share(text: str) -> int:
    if not text.isdecimal() or int(text) > 100:
        raise Refused("voices.mix")
    return int(text)
