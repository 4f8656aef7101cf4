"""The WeCom channel: a colleague whose customer the member is gets a task in WeCom and confirms it there."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from tongxin.connect.wecom.config import configured
from tongxin.foundation.clock import now
from tongxin.outreach.actions import wecom_tasks as book
from tongxin.outreach.channels.lettered import link
from tongxin.outreach.models import Message, WecomContact, WecomTarget
from tongxin.outreach.ports import Check, Delivery, Limit, Receipt, TaskPlan
from tongxin.outreach.terms import DONE, Cap, SendState
from tongxin.outreach.terms_wecom import MOST_CUSTOMERS, REMINDERS, REMINDERS_WITHIN
from tongxin.stores.models import Staff

DAY = timedelta(days=1)
SENT_BY = "企业微信文档 92135（2025-11-17）"


class WeCom:
    """`CHANNELS = (…, WeCom())`; the job `wecom.carry` does what this writes down."""

    id = "wecom"
    caps = frozenset({Cap.DIRECT, Cap.STAFF_CONFIRM, Cap.DELIVERY_RESULT, Cap.MEDIA})

    def limits(self) -> Sequence[Limit]:
        """What the platform allows: policy with a date, since older texts say four a month."""
        return (
            Limit("person", DAY, 1, SENT_BY),
            Limit("person", 31 * DAY, 31, SENT_BY),
            Limit("task", timedelta(0), MOST_CUSTOMERS, SENT_BY),
            Limit("reminder", REMINDERS_WITHIN, REMINDERS, "remind_groupmsg_send"),
        )

    def ready(self) -> bool:
        """Is a corp configured?"""
        return configured().ready

    def reaches(self, persons: Collection[int]) -> frozenset[int]:
        """Who is a customer of some colleague."""
        return frozenset(
            survivor or entry
            for entry, survivor in _live(persons).values_list("customer", "customer__survivor")
        )

    def prepare(self, homes: Mapping[int, int | None], *, store: int | None) -> list[TaskPlan]:
        """How many people of which store; which colleague of it is decided when it goes."""
        counts = Counter(store or home for home in homes.values())
        return [TaskPlan(place, n) for place, n in sorted(counts.items(), key=lambda pair: pair[0] or 0)]

    def dispatch(self, deliveries: Sequence[Delivery]) -> list[Receipt]:
        """Gathered into one task a colleague and plan; the worker hands it over."""
        found = self._contacts(deliveries)
        posters = _posters(deliveries)
        parts: dict[book.Words, list[book.Handed]] = defaultdict(list)
        expires: dict[book.Words, datetime] = {}
        for one in deliveries:
            if one.person not in found:
                continue
            userid, external = found[one.person]
            words = book.Words(
                sender=userid,
                text=one.text,
                message=one.message,
                link=link(one.path)[:300] if one.path else "",
                poster=posters.get(one.message or 0),
            )
            parts[words].append(book.Handed(one.key, one.send, external))
            expires[words] = max(one.expires_at or one.at + book.LIVES, expires.get(words, one.at))
        book.gather(parts, at=now(), expires=expires)
        return [Receipt(SendState.QUEUED if one.person in found else SendState.FAILED) for one in deliveries]

    def _contacts(self, deliveries: Sequence[Delivery]) -> dict[int, tuple[str, str]]:
        """Person → (colleague, customer id): a colleague of the store if there is one, else who was added last."""
        stores = {one.person: one.store for one in deliveries}
        rows = list(
            _live(list(stores))
            .order_by("added_at", "id")
            .values_list("customer", "customer__survivor", "userid", "external")
        )
        homes = dict(
            Staff.objects.filter(wecom_userid__in={row[2] for row in rows}, active=True).values_list(
                "wecom_userid", "store"
            )
        )
        found: dict[int, tuple[bool, str, str]] = {}
        for entry, survivor, userid, external in rows:
            person = survivor or entry
            near = userid in homes and homes[userid] == stores.get(person)
            if person not in found or near or not found[person][0]:
                found[person] = (near, userid, external)
        return {person: (userid, external) for person, (_, userid, external) in found.items()}

    def poll(self, keys: Collection[str]) -> dict[str, SendState]:
        """What the worker wrote down."""
        rows = WecomTarget.objects.filter(delivery__in=list(keys), state__in=[*DONE])
        return {key: SendState(state) for key, state in rows.values_list("delivery", "state")}

    def remind(self, *, message: int) -> int:
        """The colleagues who have not confirmed a plan's tasks are to be nudged; answers how many tasks."""
        return book.ask_to_remind(message=message)

    def health(self) -> list[Check]:
        """Configured or not; `tongxin wecom check` looks further."""
        if not self.ready():
            return [
                Check(self.id, ok=True, detail="off: TONGXIN_WECOM_CORP and TONGXIN_WECOM_SECRET are not set")
            ]
        return [Check(self.id, ok=True, detail="tongxin wecom check looks further")]


def _live(persons: Collection[int]) -> QuerySet[WecomContact]:
    mine = Q(customer__in=persons) | Q(customer__survivor__in=persons)
    return WecomContact.objects.filter(mine, lost_at=None)


def _posters(deliveries: Sequence[Delivery]) -> dict[int, UUID | None]:
    wanted = {one.message for one in deliveries if one.message is not None}
    return dict(Message.objects.filter(id__in=wanted, poster__isnull=False).values_list("id", "poster"))
