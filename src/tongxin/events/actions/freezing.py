"""At publication the rules of a draw are written down for good."""

from datetime import datetime

from tongxin.events.formats import FORMATS
from tongxin.events.models import Lottery, Occurrence, Pool
from tongxin.events.rules.lottery import LotteryFacts, freeze
from tongxin.events.terms import KIND_LABELS, Kind
from tongxin.foundation import clock
from tongxin.foundation.draw.rules import rules_hash
from tongxin.foundation.errors import Refused

# Of the occurrence's details under "draw": contact, value_fen, draws_at, beacon, reserve, said.
KEY = "draw"


def freeze_rules(*, occurrence: Occurrence) -> Lottery:
    """The fifteen points, the seats and the beacon of an event with a draw, and their hash. In the caller's transaction.

    Refuses `events.draw_rules` with what is missing, `events.draw_times`, `events.draw_prize`, `events.draw_kept`.
    """
    verdict = freeze(_facts(occurrence))
    if verdict.code or verdict.draws_at is None:
        raise Refused(verdict.code, **verdict.data)
    return Lottery.objects.create(
        occurrence=occurrence,
        rules=verdict.rules,
        rules_hash=rules_hash(verdict.rules),
        draws_at=verdict.draws_at,
        frozen_at=clock.now(),
    )


def _facts(event: Occurrence) -> LotteryFacts:
    own = event.details.get(KEY) or {}
    pools = list(Pool.objects.filter(occurrence=event))
    store, known = event.store, FORMATS[event.format]
    draws_at = own.get("draws_at")
    return LotteryFacts(
        title=event.title,
        kind=f"{KIND_LABELS[Kind(event.kind)][0]}·{known.zh}",
        unit=known.unit_zh,
        organiser=store.name,
        contact=str(own.get("contact") or store.address),
        place=event.place or event.online_url or store.name,
        zone=store.zone,
        seats=sum(pool.size for pool in pools),
        kept=sum(pool.size for pool in pools if pool.audience),
        party_most=event.party_most,
        fee_fen=event.fee_fen,
        value_fen=max(int(own.get("value_fen") or 0), event.fee_fen, event.voucher_fen),
        closes_at=event.closes_at,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        draws_at=datetime.fromisoformat(draws_at) if draws_at else None,
        beacon=str(own.get("beacon") or ""),
        reserve=bool(own.get("reserve", True)),
        said={str(k): str(v) for k, v in (own.get("said") or {}).items()},
    )
