"""Everybody's way to us, step by step: added a colleague, joined a group, through which code. The first step is never overwritten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tongxin.outreach.models import WecomCode, WecomTouch
from tongxin.outreach.terms_wecom import Source, TouchKind


@dataclass(frozen=True)
class Step:
    """Somebody came: by `state`, what the code carried, to a colleague or a group (`place`)."""

    external: str
    customer: int | None
    kind: TouchKind
    state: str
    place: str
    at: datetime


def note(steps: Sequence[Step]) -> int:
    """Write the steps down, in the caller's transaction; the same one once. Two statements."""
    if not steps:
        return 0
    codes = {
        row.state: row for row in WecomCode.objects.filter(state__in={s.state for s in steps if s.state})
    }
    rows = [
        WecomTouch(
            external=step.external,
            customer_id=step.customer,
            kind=step.kind,
            code=codes.get(step.state),
            source=codes[step.state].source if step.state in codes else Source.OTHER,
            store_id=codes[step.state].store_id if step.state in codes else None,
            place=step.place[:80],
            at=step.at,
        )
        for step in steps
    ]
    return len(WecomTouch.objects.bulk_create(rows, ignore_conflicts=True))
