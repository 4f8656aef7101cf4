"""系列: what newcomers, people long not seen and groups are told day by day; planned, started, paused, ended."""

from datetime import time, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.faces.hq import audiences
from tongxin.faces.sentences import say, status_of
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.measure import queries as measure
from tongxin.outreach import queries
from tongxin.outreach.actions.sequences import (
    StepIn,
    end_sequence,
    pause_sequence,
    plan_sequence,
    resume_sequence,
    start_sequence,
)
from tongxin.outreach.channels import INBOX, LABELS, MANUAL
from tongxin.outreach.terms import CLASS_LABELS, REASON_LABELS, STATE_LABELS, MessageClass
from tongxin.outreach.terms_plans import (
    ARM_LABELS,
    KIND_LABELS,
    MOOD_LABELS,
    SEQUENCE_LABELS,
    TARGET_LABELS,
    Arm,
    GroupMood,
    SequenceKind,
    SequenceState,
    Target,
    ended,
)

PAGE = 30
ROWS = 4  # steps in the form; more by the API
LASTS = timedelta(days=180)
UNDER = "hq.messages"


def sequences(request: Asked) -> HttpResponse:
    """The sequences in reach, and a form for another."""
    fault, status = "", 200
    if request.method == "POST":
        try:
            made = _planned(request)
        except Refused as refused:
            fault, status = say(refused, request.viewer.language), status_of(refused)
        else:
            flash(request, _("写好了，看一眼再启动。"))
            return redirect("hq.sequence", made)
    found = queries.sequences_for(request.viewer, limit=PAGE, cursor=request.GET.get("cursor") or None)
    context = {
        "rows": [
            (
                row,
                KIND_LABELS[SequenceKind(row.kind)],
                SEQUENCE_LABELS[row.state],
                TARGET_LABELS[Target(row.target)],
            )
            for row in found.items
        ],
        "cursor": found.cursor,
        "kinds": KIND_LABELS.items(),
        "audiences": audiences.choices(request.viewer),
        "classes": [(one, CLASS_LABELS[one]) for one in (MessageClass.COMMUNITY, MessageClass.PROMOTION)],
        "channels": [(name, LABELS[name]) for name in (INBOX, MANUAL)],
        "arms": ((("", ("两组都说", "both arms"))), *((one, ARM_LABELS[one]) for one in (Arm.A, Arm.B))),
        "moods": MOOD_LABELS.items(),
        "steps": _typed_steps(request),
        "typed": request.POST,
        "fault": fault,
        "under": UNDER,
    }
    return render(request, "hq/sequences.html", context, status=status)


def _typed_steps(request: Asked) -> list[dict[str, Any]]:
    form = request.POST
    days = (0, 1, 3, 7)
    return [
        {
            "n": n,
            "day": form.get(f"day{n}", days[n - 1]),
            "at": form.get(f"at{n}", "10:00"),
            "text": form.get(f"text{n}", ""),
            "arm": form.get(f"arm{n}", ""),
            "mood": form.get(f"mood{n}", ""),
        }
        for n in range(1, ROWS + 1)
    ]


def _planned(request: Asked) -> UUID:
    form = request.POST
    picked = audiences.chosen(form.get("audience", ""))
    kind, message_class = form.get("kind", ""), form.get("message_class", "")
    if kind not in set(SequenceKind) or message_class not in {MessageClass.COMMUNITY, MessageClass.PROMOTION}:
        raise Refused("input.bad", field=_("种类"), reason=_("请选一项。"))
    if (kind == SequenceKind.GROUP_SOP) != (picked.target is Target.GROUPS):
        raise Refused("outreach.no_audience")
    steps = [_step(one) for one in _typed_steps(request) if one["text"].strip()]
    held = form.get("held", "0")
    made = plan_sequence(
        viewer=request.viewer,
        kind=SequenceKind(kind),
        title=form.get("title", "").strip()[:80],
        message_class=MessageClass(message_class),
        channel=form.get("channel", ""),
        audience=picked.audience,
        audience_key=picked.key,
        steps=steps,
        until=clock.now() + LASTS,
        store=audiences.store_of(request.viewer, picked),
        arms=2 if any(one.arm for one in steps) else 1,
        held_permille=int(held) * 10 if held.isdecimal() and len(held) < 3 else -1,
    )
    return made.public_id


def _step(one: dict[str, Any]) -> StepIn:
    """A step as it was typed. Refuses `input.bad`."""
    arm, mood = one["arm"], one["mood"]
    try:
        day, at = int(one["day"]), time.fromisoformat(one["at"])
    except (TypeError, ValueError):
        raise Refused("input.bad", field=_("第几天"), reason=_("请填天数和时间。")) from None
    if arm not in {"", Arm.A, Arm.B} or mood not in set(GroupMood):
        raise Refused("input.bad", field=_("第几天"), reason=_("请选一项。"))
    return StepIn(day=day, at=at, text=one["text"], arm=arm, mood=mood)


def sequence(request: Asked, sequence_id: UUID) -> HttpResponse:
    """One sequence: its steps and what became of them, its arms."""
    row = queries.access_sequence(request.viewer, sequence_id)
    state = SequenceState(row.state)
    context = {
        "row": row,
        "kind": KIND_LABELS[SequenceKind(row.kind)],
        "why": ended(row.reason) if row.reason else None,
        "state": SEQUENCE_LABELS[state],
        "target": TARGET_LABELS[Target(row.target)],
        "class_said": CLASS_LABELS[MessageClass(row.message_class)],
        "channel": LABELS.get(row.channel, (row.channel, row.channel)),
        "steps": [
            (
                one,
                ARM_LABELS[Arm(one.arm)] if one.arm else None,
                MOOD_LABELS[GroupMood(one.mood)] if one.mood else None,
                [(STATE_LABELS[what], n) for what, n in sorted(one.states.items())],
                [(REASON_LABELS[why], n) for why, n in sorted(one.held.items())],
            )
            for one in queries.steps_of(request.viewer, sequence_id)
        ],
        "arms": [(ARM_LABELS[one.arm], one.many) for one in queries.arms_in(request.viewer, sequence_id)],
        "watched": row.kind == SequenceKind.REACTIVATION and row.held_permille > 0,
        "brought": measure.sequence_return(request.viewer, sequence_id),
        "moves": {
            SequenceState.DRAFT: ("start", "end"),
            SequenceState.RUNNING: ("pause", "end"),
            SequenceState.PAUSED: ("resume", "end"),
        }.get(state, ()),
        "under": UNDER,
    }
    return render(request, "hq/sequence.html", context)


def move(request: Asked, sequence_id: UUID) -> HttpResponse:
    """Start, pause, resume or end it."""
    act, reason = request.POST.get("act", ""), request.POST.get("reason", "")
    viewer = request.viewer
    if act == "start":
        start_sequence(viewer=viewer, public_id=sequence_id)
    elif act == "pause":
        pause_sequence(viewer=viewer, public_id=sequence_id, reason=reason)
    elif act == "resume":
        resume_sequence(viewer=viewer, public_id=sequence_id)
    elif act == "end":
        end_sequence(viewer=viewer, public_id=sequence_id, reason=reason)
    else:
        raise Refused("input.bad", field="act", reason=_("请选一项。"))
    flash(request, _("好的，马上生效。"))
    return redirect("hq.sequence", sequence_id)
