"""触达: messages to members and into groups, planned, foreseen, approved; and how far each is."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.hq import audiences
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.outreach import queries
from tongxin.outreach.actions.plans import approve_message, cancel_message, plan_message
from tongxin.outreach.actions.reminding import remind
from tongxin.outreach.channels import INBOX, LABELS, MANUAL
from tongxin.outreach.rules import with_code
from tongxin.outreach.terms import (
    CAP_LABELS,
    CLASS_LABELS,
    REASON_LABELS,
    SECOND_PERSON_OVER,
    STATE_LABELS,
    MessageClass,
    SendState,
)
from tongxin.outreach.terms_plans import SHORT_TEXT, TARGET_LABELS, TOPIC_LABELS, Target, Topic, ended
from tongxin.stores import queries as stores

PAGE = 30
CHANNELS = (MANUAL, INBOX)
CLASSES = (MessageClass.COMMUNITY, MessageClass.PROMOTION)
LASTS = timedelta(days=2)  # what nobody has sent until then is not sent any more
AHEAD = timedelta(days=28)
OPEN = {SendState.DRAFT, SendState.APPROVED, SendState.QUEUED, SendState.AWAITING_STAFF}


def messages(request: Asked) -> HttpResponse:
    """What was planned, newest first, what the next weeks bring, and a form for the next."""
    fault, status = "", 200
    if request.method == "POST":
        try:
            made = _planned(request)
        except Refused as refused:
            fault, status = say(refused, request.viewer.language), status_of(refused)
        else:
            flash(request, _("写好了，看一眼再批准。"))
            return redirect("hq.message", made)
    found = queries.messages_for(request.viewer, limit=PAGE, cursor=request.GET.get("cursor") or None)
    now = clock.now()
    context = {
        "rows": [
            (row, STATE_LABELS[SendState(row.state)], LABELS.get(row.channel, ("", "")))
            for row in found.items
        ],
        "cursor": found.cursor,
        "ahead": [
            (one, TOPIC_LABELS[one.topic], STATE_LABELS[one.state])
            for one in queries.planned_days(request.viewer, now, now + AHEAD)
        ],
        "audiences": audiences.choices(request.viewer),
        "channels": [(name, LABELS[name]) for name in _channels()],
        "classes": [(one, CLASS_LABELS[one]) for one in CLASSES],
        "topics": TOPIC_LABELS.items(),
        "short": SHORT_TEXT,
        "typed": request.POST,
        "fault": fault,
    }
    return render(request, "hq/messages.html", context, status=status)


def _channels() -> list[str]:
    """What a plan can go by: by hand, into the inbox, and WeCom where it is on the list."""
    return [*CHANNELS, *(name for name in ("wecom",) if name in LABELS)]


def _planned(request: Asked) -> UUID:
    form = request.POST
    picked = audiences.chosen(form.get("audience", ""))
    store = audiences.store_of(request.viewer, picked)
    given, topic = form.get("message_class", ""), form.get("topic", "")
    if given not in set(CLASSES) or form.get("channel") not in _channels() or topic not in set(Topic):
        raise Refused("input.bad", field=_("种类"), reason=_("请选一项。"))
    channel = form["channel"]
    if picked.target is Target.GROUPS and channel == "wecom":
        channel = MANUAL  # a group's task is a colleague's either way; where a corp is set up they confirm it in WeCom
    due = _due(form.get("due", ""))
    made = plan_message(
        viewer=request.viewer,
        message_class=MessageClass(given),
        channel=channel,
        target=picked.target,
        audience=picked.audience,
        audience_key=picked.key,
        text=form.get("text", ""),
        title=form.get("title", "").strip()[:80],
        topic=Topic(topic),
        path=_path(form.get("path", "")),
        code=form.get("code", ""),
        voucher=form.get("voucher", ""),
        due_at=due,
        expires_at=(due or clock.now()) + LASTS,
        store=store,
    )
    return made.public_id


def _due(text: str) -> datetime | None:
    """When it is due by the brand's wall; nothing is now. Refuses `input.bad`."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(stores.the_brand().zone))
    except ValueError:
        raise Refused("input.bad", field=_("什么时候发"), reason=_("请填日期和时间。")) from None


def _path(text: str) -> str:
    """A page of ours, by its path. Refuses `input.bad` for another site's."""
    path = text.strip()[:200]
    if path and (not path.startswith("/") or path.startswith("//")):
        raise Refused("input.bad", field=_("链接"), reason=_("请填本站的地址，以 / 开头。"))
    return path


def message(request: Asked, message_id: UUID) -> HttpResponse:
    """One plan: the words on a phone, what would become of it, how far it is, who was not told and why."""
    viewer = request.viewer
    row = queries.access_message(viewer, message_id)
    progress = queries.message_progress(viewer, message_id)
    draft = row.state == SendState.DRAFT
    told = queries.forecast(viewer, message_id) if draft or row.state == SendState.APPROVED else None
    own = viewer.account == row.author_id and viewer.name == row.author
    by_store = [] if draft else queries.progress_by_store(viewer, message_id, limit=60)
    context = {
        "row": row,
        "link": with_code(row.path, row.code),
        "state": STATE_LABELS[SendState(row.state)],
        "channel": LABELS.get(row.channel, (row.channel, row.channel)),
        "target": TARGET_LABELS[Target(row.target)],
        "topic": TOPIC_LABELS[Topic(row.topic)],
        "class_said": CLASS_LABELS[MessageClass(row.message_class)],
        "progress": progress,
        "states": [(STATE_LABELS[state], n) for state, n in sorted(progress.states.items())],
        "dropped": [(REASON_LABELS[why], n) for why, n in progress.dropped.items()],
        "held": [(REASON_LABELS[why], n) for why, n in progress.held.items()],
        "told": told,
        "quotas": [(one, capped(one.message_class, one.hours, one.most)) for one in told.quotas]
        if told
        else [],
        "told_held": [(REASON_LABELS[why], n) for why, n in told.held.items()] if told else [],
        "told_dropped": [(REASON_LABELS[why], n) for why, n in told.dropped.items()] if told else [],
        "day_most": max((n for _day, n in told.by_day), default=1) if told else 1,
        "longer": max(len(row.text) - SHORT_TEXT, 0),
        "by_store": by_store,
        "waits": sum(one.waiting for one in by_store),
        "reminders": queries.reminders_left(viewer, message_id),
        "two": told is not None and told.total > SECOND_PERSON_OVER,
        "own": own,
        "why": ended(row.reason) if row.reason else None,
        "draft": draft,
        "expanding": row.state == SendState.APPROVED and row.expanded > 0,
        "open": row.state in OPEN,
    }
    return render(request, "hq/message.html", context)


def capped(message_class: MessageClass | None, hours: int, most: int) -> tuple[str, str]:
    """A line of the policy in both languages; its ground is a Chinese one and stays so."""
    zh, en = (
        ("社群和促销消息", "community and promotion")
        if message_class is None
        else CLASS_LABELS[message_class]
    )
    days = f"{hours // 24}" if hours % 24 == 0 else f"{hours / 24:.1f}"
    return f"{zh}：{days} 天最多 {most} 条", f"{en}: at most {most} in {days} days"


def approve(request: Asked, message_id: UUID) -> HttpResponse:
    """It may go."""
    approve_message(viewer=request.viewer, public_id=message_id)
    flash(request, _("已批准，到时间就发。"))
    return redirect("hq.message", message_id)


def cancel(request: Asked, message_id: UUID) -> HttpResponse:
    """Nothing more of it goes."""
    spared = cancel_message(
        viewer=request.viewer, public_id=message_id, reason=request.POST.get("reason", "")
    )
    flash(request, _("停了，{n} 位不会再收到。").format(n=spared))
    return redirect("hq.message", message_id)


def nudge(request: Asked, message_id: UUID) -> HttpResponse:
    """催一下: the stores that have not sent yet."""
    n = remind(viewer=request.viewer, public_id=message_id)
    flash(request, _("提醒了，还有 {n} 家没发。").format(n=n))
    return redirect("hq.message", message_id)


def ways(request: Asked) -> HttpResponse:
    """The channels: what each can do, what limits it, how it is."""
    listed = [(one, [CAP_LABELS[cap] for cap in one.caps]) for one in queries.ways(request.viewer)]
    caps = [(one, capped(one.message_class, one.hours, one.most)) for one in queries.caps_now(request.viewer)]
    context = {"ways": listed, "caps": caps, "under": "hq.messages"}
    return render(request, "hq/ways.html", context)
