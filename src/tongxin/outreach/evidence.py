"""What the gate wants to know, looked up for many sends at once: the number of statements does not grow with theirs."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q

from tongxin.foundation.plugs import wiring
from tongxin.kits import queries as kits
from tongxin.outreach import rules
from tongxin.outreach.channels import INBOX, LISTED
from tongxin.outreach.models import Enrolment, Holdout, OptOut, Send
from tongxin.outreach.ports import Channel
from tongxin.outreach.queries.caps import caps
from tongxin.outreach.standing import PURPOSES, UNDISTURBED
from tongxin.outreach.terms import Cap, MessageClass, SendState
from tongxin.outreach.terms_plans import Arm, SequenceState
from tongxin.people.models import Customer
from tongxin.people.terms import CustomerState
from tongxin.stores.models import Store
from tongxin.stores.queries import the_brand

_ANSWERS = """
SELECT DISTINCT ON (person, purpose) coalesce(c.survivor_id, c.id) AS person, k.purpose, k.granted
FROM people_consent k JOIN people_customer c ON c.id = k.customer_id
WHERE k.customer_id = ANY(%s) AND k.purpose = ANY(%s) AND k.companion IS NULL
ORDER BY person, purpose, k.at DESC, k.id DESC
"""


@dataclass
class People:
    """The entries that are each of the people meant: entry → surviving entry, and what the gate needs of them."""

    roots: dict[int, int] = field(default_factory=dict)
    names: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    homes: dict[int, int | None] = field(default_factory=dict)
    erased: set[int] = field(default_factory=set)
    languages: dict[int, str] = field(default_factory=dict)  # of those who have one


def roots_of(persons: Iterable[int]) -> dict[int, int]:
    """Entry → the surviving entry that stands for it."""
    rows = Customer.objects.filter(id__in=set(persons)).values_list("id", "survivor")
    return {entry: survivor or entry for entry, survivor in rows}


def people_behind(roots: Collection[int]) -> People:
    """Everything of these surviving people in one statement."""
    found = People()
    rows = (
        Customer.objects.filter(Q(id__in=roots) | Q(survivor__in=roots))
        .order_by("id")
        .values_list("id", "survivor", "public_id", "home_store", "state", "language")
    )
    for entry, survivor, public_id, home, state, language in rows:
        root = survivor or entry
        found.roots[entry] = root
        found.names[root].append(str(public_id))
        if language and (entry == root or root not in found.languages):
            found.languages[root] = language
        if entry == root:
            found.homes[root] = home
            if state == CustomerState.ERASED:
                found.erased.add(root)
    return found


@dataclass
class Evidence:
    """Facts and ways of each send, and the policy that holds."""

    now: datetime
    people: People
    policy: rules.Policy
    channels: Mapping[str, Channel]
    answers: Mapping[tuple[int, str], bool]
    optouts: Mapping[int, set[tuple[str, str]]]
    past: dict[int, list[tuple[int, rules.Past]]]
    had: Mapping[int, set[tuple[int, int]]]
    zones: Mapping[int | None, str]
    holdouts: Sequence[Holdout]
    inside: Mapping[tuple[str, str], frozenset[int]]
    reached: Mapping[str, frozenset[int]]
    recalled: frozenset[tuple[str, str]] = frozenset()
    held: frozenset[tuple[int, int]] = frozenset()

    def root(self, send: Send) -> int:
        """The surviving entry that a send is for."""
        return self.people.roots[send.person_id]

    def ways(self, send: Send) -> tuple[str, ...]:
        """The channels a send would take now, the leading one last: the inbox, and one that leaves the house."""
        person = self.root(send)
        wanted = send.message.channel if send.message else None
        if wanted is not None and Cap.STAFF_CONFIRM in self._caps(wanted):
            names: list[str] = [wanted]
        else:
            outer = [wanted] if wanted else [way.id for way in LISTED if way.notices]
            names = [INBOX, *[name for name in outer if name != INBOX][: len(outer)]]
        no = self.optouts.get(person, set())
        open_ways = [
            name
            for name in names
            if (send.message_class, name) not in no and person in self.reached.get(name, frozenset())
        ]
        return tuple(open_ways[:2])

    def _caps(self, name: str) -> frozenset[Cap]:
        return self.channels[name].caps if name in self.channels else frozenset()

    def facts(self, send: Send) -> rules.Facts:
        """What the gate is asked with."""
        person = self.root(send)
        message_class = MessageClass(send.message_class)
        message = send.message
        kind = wiring().MESSAGE_KINDS.get(send.kind)
        return rules.Facts(
            message_class=message_class,
            zone=self.zones[send.store_id or self.people.homes[person]],
            due_at=send.due_at,
            expires_at=send.expires_at,
            urgent=message_class is MessageClass.SERVICE and kind is not None and kind.urgent,
            cancelled=send.state == SendState.CANCELLED
            or (message is not None and message.state == SendState.CANCELLED),
            erased=person in self.people.erased,
            consent=self.answers.get((person, PURPOSES[message_class])),
            opted_out=(message_class, "") in self.optouts.get(person, set()),
            in_audience=message is None
            or person in self.inside.get((message.audience, message.audience_key), frozenset()),
            held_out=any(
                hold.message_id in {None, send.message_id}
                and rules.held_out(hold.seed, self.people.names[person], hold.share_permille)
                for hold in self.holdouts
            )
            or (message is not None and (message.sequence_id, person) in self.held),
            twice=message is not None
            and any(other != send.pk for plan, other in self.had.get(person, ()) if plan == message.pk),
            kit_recalled=(send.subject_room, send.subject_key) in self.recalled,
            paused=message is not None
            and message.sequence is not None
            and message.sequence.state == SequenceState.PAUSED,
            reachable=bool(self.ways(send)),
            past=tuple(one for other, one in self.past.get(person, ()) if other != send.pk),
        )

    def note(self, send: Send) -> None:
        """A send was let through just now: the next one of the same person is judged with it."""
        person = self.root(send)
        past = rules.Past(MessageClass(send.message_class), self.now)
        self.past.setdefault(person, []).append((send.pk, past))
        if send.message_id is not None:
            self.had.setdefault(person, set()).add((send.message_id, send.pk))  # type: ignore[attr-defined]  # a dict


def look(
    sends: Sequence[Send], now: datetime, *, channels: Mapping[str, Channel], people: People
) -> Evidence:
    """Everything about these sends (fetched with their `message` and its sequence) as the database says it now."""
    entries = list(people.roots)
    roots = frozenset(people.roots.values())
    policy = caps(now)
    had = _had(sends, entries, people)
    return Evidence(
        now=now,
        people=people,
        policy=policy,
        channels=channels,
        answers=_answers(entries),
        optouts=_optouts(entries, people),
        past=_past(entries, people, policy, now),
        had=had,
        zones=_zones(sends, people),
        holdouts=list(Holdout.objects.filter(since__lte=now, until__gt=now)),
        inside=_inside(sends, people),
        reached={
            name: channel.reaches(roots) if channel.ready() else frozenset()
            for name, channel in channels.items()
        },
        recalled=kits.recalled({(send.subject_room, send.subject_key) for send in sends}),
        held=_held(sends, entries, people),
    )


def _answers(entries: list[int]) -> dict[tuple[int, str], bool]:
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERS, [entries, sorted({str(one) for one in PURPOSES.values()})])
        return {(person, purpose): granted for person, purpose, granted in cursor.fetchall()}


def _optouts(entries: list[int], people: People) -> dict[int, set[tuple[str, str]]]:
    found: dict[int, set[tuple[str, str]]] = defaultdict(set)
    rows = OptOut.objects.filter(person__in=entries, lifted_at=None)
    for person, message_class, channel in rows.values_list("person", "message_class", "channel"):
        found[people.roots[person]].add((message_class, channel))
    return found


def _past(
    entries: list[int], people: People, policy: rules.Policy, now: datetime
) -> dict[int, list[tuple[int, rules.Past]]]:
    longest = timedelta(hours=max((line.hours for line in policy.lines), default=0))
    found: dict[int, list[tuple[int, rules.Past]]] = defaultdict(list)
    rows = Send.objects.filter(person__in=entries, told_at__gt=now - longest).exclude(state__in=UNDISTURBED)
    for key, person, message_class, at in rows.values_list("id", "person", "message_class", "told_at"):
        if at is not None:
            found[people.roots[person]].append((key, rules.Past(MessageClass(message_class), at)))
    return found


def _had(sends: Sequence[Send], entries: list[int], people: People) -> dict[int, set[tuple[int, int]]]:
    found: dict[int, set[tuple[int, int]]] = defaultdict(set)
    plans = {send.message_id for send in sends if send.message_id is not None}
    if plans:
        rows = Send.objects.filter(message__in=plans, person__in=entries, told_at__isnull=False)
        for plan, person, key in rows.exclude(state__in=UNDISTURBED).values_list("message", "person", "id"):
            found[people.roots[person]].add((plan, key))
    return found


def _held(sends: Sequence[Send], entries: list[int], people: People) -> frozenset[tuple[int, int]]:
    """(sequence, person) of those whom the draw of a sequence left out, asked only when there is one."""
    told = {send.message.sequence_id for send in sends if send.message is not None} - {None}
    if not told:
        return frozenset()
    rows = Enrolment.objects.filter(sequence__in=told, person__in=entries, arm=Arm.HELD)
    return frozenset(
        (sequence, people.roots[person])
        for sequence, person in rows.values_list("sequence", "person")
        if person is not None
    )


def _zones(sends: Sequence[Send], people: People) -> dict[int | None, str]:
    stores = {send.store_id or people.homes[people.roots[send.person_id]] for send in sends}
    zones: dict[int | None, str] = dict(
        Store.objects.filter(id__in=[key for key in stores if key is not None]).values_list("id", "zone")
    )
    if None in stores:
        zones[None] = the_brand().zone
    return zones


def _inside(sends: Sequence[Send], people: People) -> dict[tuple[str, str], frozenset[int]]:
    wanted: dict[tuple[str, str], set[int]] = defaultdict(set)
    for send in sends:
        if send.message is not None:
            wanted[send.message.audience, send.message.audience_key].add(people.roots[send.person_id])
    sources = wiring().AUDIENCES
    return {
        (name, key): sources[name].still_in(key, persons) if name in sources else frozenset()
        for (name, key), persons in wanted.items()
    }
