"""The published document of a draw. It is public by design: whoever has it can check it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tongxin.foundation.draw.models import Draw
from tongxin.foundation.draw.rules import SCHEMA, ranking
from tongxin.foundation.errors import Refused


def document(public_id: UUID) -> dict[str, Any]:
    """What `rules.verify` takes; before the reveal without seed and winners. Refuses `absent`."""
    found = _found(public_id)
    open_now = found.revealed_at is not None
    return {
        "schema": SCHEMA,
        "id": str(found.public_id),
        "title": found.title,
        "committed_at": found.committed_at.isoformat(),
        "commitment": found.commitment,
        "entrants": found.entrants,
        "entrants_hash": found.entrants_hash,
        "rules": found.rules,
        "rules_hash": found.rules_hash,
        "revealed_at": found.revealed_at.isoformat() if found.revealed_at else None,
        "seed": found.seed if open_now else "",
        "beacon": found.beacon,
        "winners": found.winners,
    }


def waiting_list(public_id: UUID) -> tuple[str, ...]:
    """Who comes after the winners, in order; empty before the reveal. Refuses `absent`."""
    found = _found(public_id)
    if found.revealed_at is None:
        return ()
    won = set(found.winners)
    return tuple(e for e in ranking(found.entrants, seed=found.seed, beacon=found.beacon) if e not in won)


def _found(public_id: UUID) -> Draw:
    found = Draw.objects.filter(public_id=public_id).first()
    if found is None:
        raise Refused("absent")
    return found


def committed_at(public_id: UUID) -> datetime:
    """Since when a draw's commitment stands. Refuses `absent`."""
    return _found(public_id).committed_at
