"""How a whole audience stands with the gate: what `evidence` looks up send by send, for many thousand people in one statement.

The rule stays the one of `rules.may_message`; people of whom everything is alike get one verdict together.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from tongxin.foundation import clock
from tongxin.outreach import rules
from tongxin.outreach.terms import MessageClass, SendState
from tongxin.people.terms import Purpose
from tongxin.stores.models import Brand, Store

PURPOSES: dict[MessageClass, Purpose] = {
    MessageClass.SERVICE: Purpose.RUN_EVENT,
    MessageClass.COMMUNITY: Purpose.GROUP_MESSAGE,
    MessageClass.PROMOTION: Purpose.GROUP_MESSAGE,
}
# What did not reach anybody disturbed nobody.
UNDISTURBED = (SendState.FAILED, SendState.CANCELLED, SendState.EXPIRED)
EXACT, HOURLY = "microseconds", "hour"
EXACT_UP_TO = 5000  # above so many people, what they were told is taken to the full hour after it

_STANDING = """
WITH a AS MATERIALIZED (SELECT unnest(%(people)s::bigint[]) AS root),
e AS MATERIALIZED (
    SELECT root, root AS id FROM a
    UNION ALL
    SELECT a.root, c.id FROM people_customer c JOIN a ON a.root = c.survivor_id WHERE c.survivor_id IS NOT NULL
), agreed AS (
    SELECT DISTINCT ON (e.root) e.root, k.granted FROM people_consent k JOIN e ON e.id = k.customer_id
    WHERE k.purpose = %(purpose)s AND k.companion IS NULL ORDER BY e.root, k.at DESC, k.id DESC
), refused AS (
    SELECT e.root, array_agg(DISTINCT o.channel) AS ways FROM outreach_optout o JOIN e ON e.id = o.person_id
    WHERE o.lifted_at IS NULL AND o.message_class = %(class)s GROUP BY e.root
), told AS (
    SELECT root, array_agg(message_class || '|' || at ORDER BY at, message_class) AS said FROM (
        SELECT e.root, s.message_class, (extract(epoch FROM CASE WHEN %(grain)s = 'hour'
            THEN date_trunc('hour', s.told_at - interval '1 microsecond') + interval '1 hour' ELSE s.told_at END) * 1000000)::bigint AS at
        FROM outreach_send s JOIN e ON e.id = s.person_id
        WHERE s.told_at > %(since)s AND s.state <> ALL(%(undisturbed)s)
        UNION ALL
        SELECT e.root, s.message_class, (extract(epoch FROM s.next_at) * 1000000)::bigint
        FROM outreach_send s JOIN e ON e.id = s.person_id
        WHERE %(ahead)s AND s.state = 'queued' AND s.handed_at IS NULL AND s.told_at IS NULL AND s.next_at <= %(at)s
            AND s.message_id IS DISTINCT FROM %(message)s AND s.message_class <> 'service'
    ) one GROUP BY root
), had AS (
    SELECT DISTINCT e.root FROM outreach_send s JOIN e ON e.id = s.person_id
    WHERE s.message_id = %(message)s AND s.told_at IS NOT NULL AND s.state <> ALL(%(undisturbed)s)
), held AS (
    SELECT DISTINCT e.root FROM e JOIN people_customer c ON c.id = e.id
    CROSS JOIN unnest(%(seeds)s::text[], %(shares)s::int[]) AS h(seed, share)
    CROSS JOIN LATERAL (SELECT encode(sha256(convert_to(h.seed || '|' || c.public_id::text, 'UTF8')), 'hex') AS hex) x
    WHERE ((('x' || substr(x.hex, 1, 8))::bit(32)::bigint %% 1000) * 296
        + ('x' || substr(x.hex, 9, 8))::bit(32)::bigint %% 1000) %% 1000 < h.share
)
SELECT a.root, c.home_store_id, c.state = 'erased', agreed.granted, refused.ways, told.said, had.root IS NOT NULL,
    held.root IS NOT NULL
FROM a JOIN people_customer c ON c.id = a.root
LEFT JOIN agreed ON agreed.root = a.root LEFT JOIN refused ON refused.root = a.root LEFT JOIN told ON told.root = a.root
LEFT JOIN had ON had.root = a.root LEFT JOIN held ON held.root = a.root
WHERE c.state <> 'merged' ORDER BY a.root
"""


@dataclass(frozen=True)
class Asked:
    """What is to be said: which class, by which ways (of one, any will do), in which plan, held out by which seeds."""

    message_class: MessageClass
    due_at: datetime
    expires_at: datetime
    ways: tuple[str, ...]
    message: int | None = None
    holdouts: tuple[tuple[str, int], ...] = ()
    kit_recalled: bool = False
    paused: bool = False


@dataclass(frozen=True)
class Stand:
    """One person, and what the gate says."""

    person: int
    home: int | None
    verdict: rules.Verdict
    past: tuple[rules.Past, ...]


@dataclass(frozen=True)
class Places:
    """The zone of each store, of the plan's own if it has one, and of the brand for who has no home."""

    zones: dict[int | None, str]
    store: int | None = None

    def zone(self, home: int | None) -> str:
        """The wall by which somebody's night is told."""
        return self.zones[self.store or home]


def places(store: int | None = None) -> Places:
    """Every store's zone, and the brand's."""
    zones: dict[int | None, str] = dict(Store.objects.values_list("id", "zone"))
    brand = Brand.objects.order_by("id").values_list("zone", flat=True).first()
    zones[None] = brand or clock.SHANGHAI
    return Places(zones, store)


def standing(
    persons: Sequence[int],
    asked: Asked,
    policy: rules.Policy,
    at: datetime,
    *,
    places: Places,
    reached: dict[str, Collection[int] | None],
    ahead: bool = False,
) -> Iterator[Stand]:
    """The verdict on each of these (surviving) people as of an instant; who was merged meanwhile is left out.

    `reached` says whom each way has an address of, None for everybody. `ahead` counts what is queued for them until then, too.
    """
    verdicts: dict[tuple[object, ...], tuple[rules.Verdict, tuple[rules.Past, ...]]] = {}
    for root, home, erased, agreed, refused, said, had, held in _rows(
        persons, asked, policy, at, ahead=ahead
    ):
        no = frozenset(refused or ())
        reachable = any(
            way not in no and (reached[way] is None or root in (reached[way] or ())) for way in asked.ways
        )
        zone = places.zone(home)
        alike = (zone, erased, agreed, "" in no, tuple(said or ()), had, held, reachable)
        if alike not in verdicts:
            past = _past(said)
            facts = rules.Facts(
                message_class=asked.message_class,
                zone=zone,
                due_at=asked.due_at,
                expires_at=asked.expires_at,
                erased=erased,
                consent=agreed,
                opted_out="" in no,
                held_out=held,
                twice=had,
                kit_recalled=asked.kit_recalled,
                paused=asked.paused,
                reachable=reachable,
                past=past,
            )
            verdicts[alike] = rules.may_message(facts, policy, at), past
        verdict, past = verdicts[alike]
        yield Stand(root, home, verdict, past)


def _past(said: Sequence[str] | None) -> tuple[rules.Past, ...]:
    found = []
    for one in said or ():
        word, _, micros = one.partition("|")
        when = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(micros))
        found.append(rules.Past(MessageClass(word), when))
    return tuple(found)


def _rows(
    persons: Sequence[int], asked: Asked, policy: rules.Policy, at: datetime, *, ahead: bool
) -> list[tuple[int, int | None, bool, bool | None, list[str] | None, list[str] | None, bool, bool]]:
    longest = timedelta(hours=max((line.hours for line in policy.lines), default=0))
    given: dict[str, Any] = {
        "people": list(persons),
        "purpose": str(PURPOSES[asked.message_class]),
        "class": str(asked.message_class),
        "grain": EXACT if len(persons) <= EXACT_UP_TO else HOURLY,
        "since": at - longest,
        "undisturbed": [str(one) for one in UNDISTURBED],
        "message": asked.message,
        "at": at,
        "ahead": ahead,
        "seeds": [seed for seed, _ in asked.holdouts],
        "shares": [share for _, share in asked.holdouts],
    }
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, given)
        return cursor.fetchall()
