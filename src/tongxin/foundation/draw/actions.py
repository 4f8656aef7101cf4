"""Committing to a draw and revealing it."""

import secrets
import uuid
from typing import Any

from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.draw import rules as arithmetic
from tongxin.foundation.draw.models import Draw
from tongxin.foundation.errors import Refused


def commit(*, viewer: Viewer, title: str, entrants: list[str], rules: dict[str, Any]) -> Draw:
    """Fix entrants, rules and a secret seed; its `commitment` is to be published now.

    `entrants` are opaque tickets. `rules` says how many win (`winners`) or how many `seats` there are for entrants that read
    `lot*3`, may name a public value of a later day (`beacon`) and holds whatever else is promised; none of it can change
    afterwards. Refuses `draw.nobody`, `draw.no_winners`.
    """
    if not entrants or len(set(entrants)) != len(entrants):
        raise Refused("draw.nobody")
    if not isinstance(rules.get("winners"), int) or rules["winners"] < 1:
        raise Refused("draw.no_winners")
    if not arithmetic.seated(entrants, rules):
        raise Refused("draw.no_winners")
    key, seed = uuid.uuid4(), secrets.token_hex(32)
    listed, ruled = arithmetic.entrants_hash(entrants), arithmetic.rules_hash(rules)
    with transaction.atomic():
        made = Draw.objects.create(
            public_id=key,
            title=title,
            entrants=sorted(entrants),
            entrants_hash=listed,
            rules=rules,
            rules_hash=ruled,
            commitment=arithmetic.commitment(draw=str(key), seed=seed, entrants=listed, rules=ruled),
            seed=seed,
            committed_at=clock.now(),
        )
        after = {"commitment": made.commitment, "entrants": len(entrants)}
        trail(viewer=viewer, act="draw.committed", subject=("draw", "draw", str(key)), after=after)
    return made


def reveal(*, viewer: Viewer, public_id: uuid.UUID, beacon: str = "") -> Draw:
    """Draw the winners and open the seed; once, a repeat answers the same.

    Refuses `absent`, `draw.beacon_needed`, and `draw.other_beacon` for a second try with another value.
    """
    with transaction.atomic():
        found = Draw.objects.select_for_update().filter(public_id=public_id).first()
        if found is None:
            raise Refused("absent")
        if found.revealed_at is not None:
            if beacon != found.beacon:
                raise Refused("draw.other_beacon")
            return found
        if found.rules.get("beacon") and not beacon:
            raise Refused("draw.beacon_needed")
        found.winners = list(arithmetic.drawn(found.entrants, found.rules, seed=found.seed, beacon=beacon))
        found.beacon, found.revealed_at = beacon, clock.now()
        found.save(update_fields=["winners", "beacon", "revealed_at"])
        after = {"winners": len(found.winners), "beacon": beacon}
        trail(viewer=viewer, act="draw.revealed", subject=("draw", "draw", str(public_id)), after=after)
    return found
