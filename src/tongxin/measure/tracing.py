"""From lake, book, vouchers and codes to what the tracing rules ask for. Job worker only; reads, never writes.

A buyer enters only with a yes to measurement; staff and erased people never. Codes and links need no buyer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tongxin.commerce.actions import connect_lake
from tongxin.commerce.models import Voucher
from tongxin.commerce.queries.vouchers import code_hash
from tongxin.commerce.rules.promises import plain_code
from tongxin.measure.rules_traced import Clue, Order, Policy, Thing
from tongxin.measure.terms import TEACHING_SOURCES
from tongxin.measure.terms_traced import Way, Why
from tongxin.outreach.models import Message, WecomCode, WecomContact, WecomGroup, WecomTouch
from tongxin.outreach.terms_wecom import TouchKind
from tongxin.people.models import Customer, Identity, Subject
from tongxin.people.queries import consented, live_deeds
from tongxin.people.terms import CustomerState, IdentityKind, Purpose
from tongxin.stores.models import Store

Key = tuple[str, str, str]
Codes = tuple[tuple[str, ...], str]  # typed on the order, and of the link it came by
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
MEETS = {"checked_in": Why.CAME, "joined": Why.JOINED}
NO_MEETING = frozenset({"campaign"})  # a mailing that was redeemed met nobody


@dataclass(frozen=True)
class Evidence:
    """Everything the rules ask for, and the names of the things."""

    orders: tuple[Order, ...]
    marks: Mapping[Key, Sequence[Clue]]
    meetings: Mapping[int, Sequence[Clue]]
    names: Mapping[Thing, str]
    simulated: bool


def gather(*, as_of: datetime, policy: Policy, stores: frozenset[int] | None) -> Evidence:
    """The orders of the period with their codes, and the meetings of their buyers."""
    since = as_of - timedelta(days=policy.period_days)
    reach = timedelta(days=policy.window_days)
    reader = _Reader(since - reach, as_of)
    orders, codes, teaching = _orders(since, as_of, stores, reader.people)
    bought = {order.person for order in orders if order.person is not None}
    marks = reader.marks(orders, codes)
    meetings = reader.meetings(bought)
    used = {thing for clues in (*marks.values(), *meetings.values()) for one in clues for thing in one.things}
    acted = Customer.objects.filter(pk__in=list(bought)[:1], simulated=True).exists()
    names = {thing: reader.names.get(thing, thing[1]) for thing in used}
    return Evidence(tuple(orders), marks, meetings, names, teaching or acted)


def purchases(since: datetime, until: datetime) -> tuple[list[Order], frozenset[int], bool]:
    """The orders of an interval with their buyers, the (surviving) people who agree to be measured, and is it made for teaching."""
    people = _People()
    orders, _codes, teaching = _orders(since, until, None, people)
    return orders, frozenset(people.roots.values()), teaching


# ---- the lake

_ORDERS = """
    SELECT o.source, o.store_code, o.order_no, epoch_us(o.ordered_at) AS at_us, o.total_paid_fen, o.refunded_fen, o.member_code, o.coupon_codes,
        o.link_code
    FROM net_orders o WHERE o.ordered_at > $since AND o.ordered_at <= $until
"""


def _orders(
    since: datetime, until: datetime, stores: frozenset[int] | None, people: _People
) -> tuple[list[Order], dict[Key, Codes], bool]:
    wanted = (
        None if stores is None else set(Store.objects.filter(pk__in=stores).values_list("code", flat=True))
    )
    con = connect_lake("400MB")
    try:
        rows = con.execute(_ORDERS, {"since": since, "until": until}).fetchall()
    finally:
        con.close()
    orders, codes, teaching = [], {}, False
    for source, store, number, at_us, paid, refunded, member, coupons, link in rows:
        if wanted is not None and store not in wanted:
            continue
        at = BEGINNING + timedelta(
            microseconds=at_us
        )  # exact, and without the time-zone package that fetching stamps needs
        order = Order(source, store, number, at, paid, refunded, people.find(source, member))
        orders.append(order)
        teaching |= source in TEACHING_SOURCES
        if coupons or link:
            codes[order.key] = split_codes(coupons or ""), (link or "").strip()
    return orders, codes, teaching


def split_codes(text: str) -> tuple[str, ...]:
    """The codes that stand in one cell.

    >>> split_codes("A1, A2；B2")
    ('A1', 'A2', 'B2')
    """
    for mark in "，;；、|\n":
        text = text.replace(mark, ",")
    return tuple(code.strip() for code in text.split(",") if code.strip())


class _People:
    """Member codes → surviving entries of those who agree to measurement and do not work here."""

    def __init__(self) -> None:
        live = dict(
            Customer.objects.filter(is_staff=False)
            .exclude(state=CustomerState.ERASED)
            .values_list("id", "survivor")
        )
        agreed = consented(Purpose.MEASUREMENT)
        self.roots = {one: root or one for one, root in live.items() if (root or one) in agreed}
        self._own: dict[tuple[str, str], int] = {}
        self._any: dict[str, set[int]] = defaultdict(set)
        codes = Identity.objects.filter(kind=IdentityKind.MEMBER_CODE)
        for source, code, customer in codes.values_list("source", "lookup", "customer").iterator(
            chunk_size=50_000
        ):
            root = self.roots.get(customer)
            if root is not None:
                self._own[source, code] = root
            self._any[code].add(root or -customer)

    def find(self, source: str, code: str | None) -> int | None:
        """As in the daily summary: the code's own issuer first, then anybody whose code it is alone."""
        if not code:
            return None
        if (source, code) in self._own:
            return self._own[source, code]
        found = self._any.get(code, set())
        only = next(iter(found)) if len(found) == 1 else 0
        return only if only > 0 else None


# ---- book, vouchers, codes


class _Reader:
    """Clues by their kinds; learns the names of things on the way."""

    def __init__(self, since: datetime, until: datetime) -> None:
        self.since, self.until = since, until
        self.people = _People()
        self.names: dict[Thing, str] = {}
        self._communities: dict[int, Thing] = {}
        self._of_event: dict[Thing, Thing] = {}
        found = [one for one in live_deeds(until, since) if one.kind in MEETS and one.subject is not None]
        subjects = Subject.objects.filter(pk__in={one.subject for one in found}).exclude(kind__in=NO_MEETING)
        self._subjects = {one.pk: one for one in subjects}
        self._deeds = [one for one in found if one.subject in self._subjects]
        self._learn()

    def _learn(self) -> None:
        for subject in Subject.objects.filter(room="communities", kind="community"):
            self.names["community", subject.key] = subject.title
        for one in self._deeds:
            subject = self._subjects[one.subject or 0]
            if subject.kind == "community" and one.community is not None:
                self._communities[one.community] = ("community", subject.key)
        for one in self._deeds:
            subject = self._subjects[one.subject or 0]
            if subject.kind != "community" and one.community is not None:
                self._of_event[self._event(subject)] = self._community(one.community)

    def _event(self, subject: Subject) -> Thing:
        thing = ("event", subject.key)
        self.names[thing] = subject.title
        return thing

    def _community(self, number: int) -> Thing:
        thing = self._communities.get(number, ("community", f"#{number}"))
        self.names.setdefault(thing, thing[1])
        return thing

    def meetings(self, persons: Iterable[int]) -> dict[int, list[Clue]]:
        """Who came, who joined, who came into a group: by person, in order of time."""
        wanted = set(persons)
        found: dict[int, list[Clue]] = defaultdict(list)
        for one in self._deeds:
            if one.person not in wanted:
                continue
            subject = self._subjects[one.subject or 0]
            things = []
            if subject.kind != "community":
                things.append(self._event(subject))
            if one.community is not None:
                things.append(self._community(one.community))
            elif subject.kind == "community":
                things.append(("community", subject.key))
            found[one.person].append(Clue(Way.WINDOW, MEETS[one.kind], tuple(things), one.occurred_at))
        for person, clue in self._joined_groups():
            if person in wanted:
                found[person].append(clue)
        return {person: sorted(clues, key=_when) for person, clues in found.items()}

    def _joined_groups(self) -> Iterable[tuple[int, Clue]]:
        rows = list(
            WecomTouch.objects.filter(kind=TouchKind.JOINED, at__gt=self.since, at__lte=self.until)
            .select_related("code")
            .order_by("at", "id")
        )
        known = dict(
            WecomContact.objects.filter(
                external__in={row.external for row in rows}, customer__isnull=False
            ).values_list("external", "customer")
        )
        titles = dict(
            WecomGroup.objects.filter(chat_id__in={row.place for row in rows}).values_list("chat_id", "name")
        )
        for row in rows:
            person = self.people.roots.get(row.customer_id or known.get(row.external) or 0)
            if person is None:
                continue
            group: Thing = ("group", row.place)
            self.names[group] = titles.get(row.place) or row.place
            things = (group, *(self._about(row.code) if row.code else ()))
            yield person, Clue(Way.WINDOW, Why.GROUP, things, row.at)

    def _about(self, code: WecomCode | Message) -> tuple[Thing, ...]:
        """What a code or a plan is about: an event with its community, or a community."""
        return self._thing(code.about_room, code.about_key)

    def _thing(self, room: str, key: str) -> tuple[Thing, ...]:
        if room == "communities" and key:
            return (("community", key),)
        if room == "events" and key:
            event: Thing = ("event", key)
            if event not in self.names:
                title = Subject.objects.filter(room=room, key=key).values_list("title", flat=True).first()
                self.names[event] = title or key
            return (event, self._of_event[event]) if event in self._of_event else (event,)
        return ()

    def marks(self, orders: Iterable[Order], codes: Mapping[Key, Codes]) -> dict[Key, list[Clue]]:
        """Vouchers that were spent with an order, and codes and links that stand on it."""
        found: dict[Key, list[Clue]] = defaultdict(list)
        spent = self._spent()
        for order in orders:
            if things := spent.get((order.store, _receipt(order.number))):
                found[order.key].append(Clue(Way.CODE, Why.VOUCHER, things))
        typed = {code for row, _ in codes.values() for code in row}
        vouchers = self._vouchers(typed)
        known = self._known(typed | {link for _, link in codes.values()})
        for key, (row, link) in codes.items():
            for code in row:
                if things := vouchers.get(code):
                    found[key].append(Clue(Way.CODE, Why.VOUCHER, things))
                if things := known.get(code):
                    found[key].append(Clue(Way.CODE, Why.CODE, things))
            if things := known.get(link):
                found[key].append(Clue(Way.LINK, Why.LINK, things))
        return found

    def _spent(self) -> dict[tuple[str, str], tuple[Thing, ...]]:
        """By till and receipt: the event behind the voucher that was spent there."""
        rows = Voucher.objects.filter(redeemed_at__gt=self.since, redeemed_at__lte=self.until).exclude(
            receipt=""
        )
        columns = ("redeemed_store__code", "receipt", "promise__under_room", "promise__under_key")
        return {
            (store, _receipt(receipt)): things
            for store, receipt, room, key in rows.order_by("id").values_list(*columns)
            if (things := self._thing(room, key))
        }

    def _vouchers(self, codes: Iterable[str]) -> dict[str, tuple[Thing, ...]]:
        hashes = {code_hash(plain): code for code in codes if (plain := plain_code(code))}
        rows = Voucher.objects.filter(code_hash__in=hashes).values_list(
            "code_hash", "promise__under_room", "promise__under_key"
        )
        return {hashes[digest]: things for digest, room, key in rows if (things := self._thing(room, key))}

    def _known(self, codes: Iterable[str]) -> dict[str, tuple[Thing, ...]]:
        """Channel codes of live codes and of plans, with what they are about."""
        bare = set(codes) - {""}
        found: dict[str, tuple[Thing, ...]] = {}
        for live in WecomCode.objects.filter(state__in=bare).order_by("id"):
            found[live.state] = (("code", live.state), *self._about(live))
            self.names["code", live.state] = live.label
        for plan in Message.objects.filter(code__in=bare).order_by("id"):
            found.setdefault(plan.code, (("code", plan.code), *self._about(plan)))
            self.names.setdefault(("code", plan.code), plan.title or plan.code)
        return found


def _receipt(number: str) -> str:
    """An order number as the till's receipt numbers are kept."""
    return "".join(number.split()).upper()


def _when(clue: Clue) -> datetime:
    assert clue.at is not None
    return clue.at
