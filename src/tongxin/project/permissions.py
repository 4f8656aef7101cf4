"""THE permission table: every route and method, who may, on what kind of object, under which scope of a token.

A manager can check it line by line. Roles are the closed list of `stores/terms.py`; how far a role *reaches* (which stores, which
person) is decided by the query that fetches the object, and what is out of reach answers as absent. A route without a row
is refused and fails the tests; so does a row without a route.
"""

from collections.abc import Mapping
from types import MappingProxyType

from tongxin.faces.api.scopes import Scope
from tongxin.foundation.access import ANYONE, Row, Verb
from tongxin.stores.terms import Role

Roles = frozenset[str]


def _roles(*roles: str) -> Roles:
    return frozenset(str(r) for r in roles)


OPEN = _roles(ANYONE)
EVERYBODY = _roles(*Role)
MEMBERS = _roles(Role.MEMBER)
STAFF = _roles(
    Role.ADMIN,
    Role.HQ_EDITOR,
    Role.HQ_ANALYST,
    Role.REGION_MANAGER,
    Role.STORE_MANAGER,
    Role.CHAMPION,
    Role.DOOR,
    Role.AUDITOR,
)
HQ = _roles(Role.ADMIN, Role.HQ_EDITOR, Role.HQ_ANALYST)
HQ_AND_AUDIT = HQ | _roles(Role.AUDITOR)
EDITORS = _roles(Role.ADMIN, Role.HQ_EDITOR)
ADMINS = _roles(Role.ADMIN)
AUDITORS = _roles(Role.ADMIN, Role.AUDITOR)
MANAGERS = _roles(Role.ADMIN, Role.REGION_MANAGER, Role.STORE_MANAGER)
# Who works with members by name. Analysts see figures and pseudonyms only, the door sees who is on its list.
WITH_MEMBERS = _roles(Role.ADMIN, Role.HQ_EDITOR, Role.REGION_MANAGER, Role.STORE_MANAGER, Role.CHAMPION)
# An analyst reads people as pseudonyms: the query that answers sees to that.
READ_MEMBERS = WITH_MEMBERS | _roles(Role.HQ_ANALYST)
# Who works at a desk with figures of more than one day: headquarters, and managers for their own places.
DESK = HQ_AND_AUDIT | _roles(Role.REGION_MANAGER, Role.STORE_MANAGER)
CHAMPIONS = _roles(Role.CHAMPION, Role.STORE_MANAGER)
# Who takes money at a till; who reads the books and the budgets; who opens budgets and allows more.
TILLS = _roles(Role.ADMIN, Role.REGION_MANAGER, Role.STORE_MANAGER, Role.CHAMPION)
VOUCHER_READERS = TILLS | _roles(Role.HQ_EDITOR, Role.AUDITOR)
BOOKS = DESK
BUDGETS = WITH_MEMBERS | _roles(Role.AUDITOR, Role.HQ_ANALYST)
BUDGET_OWNERS = _roles(Role.ADMIN, Role.HQ_EDITOR, Role.REGION_MANAGER)
# Who makes and runs events at a store, and who may look at them there.
ORGANISERS = WITH_MEMBERS
EVENT_READERS = STAFF | _roles(Role.DEVICE)
# Who works at the door; who only does that holds Role.DOOR and nothing else.
DOORKEEPERS = CHAMPIONS | _roles(Role.DOOR)
DOOR = DOORKEEPERS | _roles(Role.DEVICE)  # a device has no pages, only the API
GRANTERS = _roles(Role.ADMIN, Role.REGION_MANAGER, Role.STORE_MANAGER, Role.CHAMPION)

READ, CREATE, CHANGE = Verb.READ, Verb.CREATE, Verb.CHANGE
DECIDE, ERASE, EXPORT = Verb.DECIDE, Verb.ERASE, Verb.EXPORT

API: tuple[Row, ...] = (
    Row("api:openapi-json", "GET", READ, OPEN, note="the document says nothing about anybody"),
    Row("api:api-root", "GET", READ, OPEN, note="answers 404"),
    Row("api-docs", "GET", READ, OPEN),
    # people
    Row("api:members", "GET", READ, READ_MEMBERS, "", Scope.MEMBERS_READ),
    Row("api:members", "POST", CREATE, WITH_MEMBERS, "", Scope.MEMBERS_WRITE),
    Row("api:member", "GET", READ, READ_MEMBERS, "member", Scope.MEMBERS_READ),
    Row("api:member.timeline", "GET", READ, READ_MEMBERS, "member", Scope.MEMBERS_READ),
    Row("api:member.ring", "GET", READ, READ_MEMBERS, "member", Scope.RINGS_READ),
    Row("api:member.consent", "PUT", CHANGE, WITH_MEMBERS, "member", Scope.MEMBERS_WRITE),
    Row("api:member.merge", "POST", DECIDE, MANAGERS | EDITORS, "member", Scope.MEMBERS_WRITE),
    Row("api:member.unmerge", "POST", DECIDE, MANAGERS | EDITORS, "merge", Scope.MEMBERS_WRITE),
    Row("api:member.export", "POST", EXPORT, ADMINS, "member", Scope.MEMBERS_EXPORT),
    Row("api:member.erase", "POST", ERASE, ADMINS, "member", Scope.MEMBERS_ERASE),
    # the member's own
    Row("api:me", "GET", READ, MEMBERS, "", Scope.ME_READ),
    Row("api:me.ring", "GET", READ, MEMBERS, "", Scope.ME_READ),
    Row("api:me.timeline", "GET", READ, MEMBERS, "", Scope.ME_READ),
    Row("api:me.consents", "GET", READ, MEMBERS, "", Scope.ME_READ),
    Row("api:me.consent", "PUT", CHANGE, MEMBERS, "", Scope.ME_WRITE),
    Row("api:me.personalisation", "PUT", CHANGE, MEMBERS, "", Scope.ME_WRITE),
    Row("api:me.tag", "DELETE", CHANGE, MEMBERS, "tag", Scope.ME_WRITE),
    Row("api:me.export", "POST", EXPORT, MEMBERS, "", Scope.ME_READ),
    Row("api:me.erase", "POST", ERASE, MEMBERS, "", Scope.ME_WRITE),
    Row("api:me.companions", "GET", READ, MEMBERS, "", Scope.ME_READ),
    Row("api:me.companions", "POST", CREATE, MEMBERS, "", Scope.ME_WRITE),
    Row("api:me.companion", "DELETE", ERASE, MEMBERS, "companion", Scope.ME_WRITE),
    # places and those who work there
    Row("api:stores", "GET", READ, STAFF | _roles(Role.DEVICE), "", Scope.STORES_READ),
    Row("api:store", "GET", READ, STAFF | _roles(Role.DEVICE), "store", Scope.STORES_READ),
    Row("api:staff", "GET", READ, MANAGERS | EDITORS, "", Scope.STORES_READ),
    Row("api:grants", "GET", READ, GRANTERS | AUDITORS, "", Scope.GRANTS_READ),
    Row("api:grants", "POST", DECIDE, GRANTERS, "", Scope.GRANTS_WRITE),
    Row("api:grant", "DELETE", DECIDE, GRANTERS, "grant", Scope.GRANTS_WRITE),
    Row("api:devices", "GET", READ, MANAGERS, "", Scope.DEVICES_READ),
    Row("api:devices", "POST", CREATE, MANAGERS, "", Scope.DEVICES_WRITE),
    Row("api:device", "DELETE", DECIDE, MANAGERS, "device", Scope.DEVICES_WRITE),
    Row(
        "api:devices.activate",
        "POST",
        CREATE,
        OPEN,
        note="the enrolment code is the proof; tries are counted",
    ),
    # events
    Row("api:events", "GET", READ, EVENT_READERS | MEMBERS, "", Scope.EVENTS_READ),
    Row("api:events", "POST", CREATE, ORGANISERS, "", Scope.EVENTS_WRITE),
    Row(
        "api:event",
        "GET",
        READ,
        EVENT_READERS | MEMBERS,
        "published",
        Scope.EVENTS_READ,
        note="what is published is open",
    ),
    Row("api:event", "PATCH", CHANGE, ORGANISERS, "event", Scope.EVENTS_WRITE),
    Row("api:event.publish", "POST", DECIDE, ORGANISERS, "event", Scope.EVENTS_WRITE),
    Row("api:event.move", "POST", CHANGE, ORGANISERS, "event", Scope.EVENTS_WRITE),
    Row("api:event.resize", "POST", CHANGE, ORGANISERS, "event", Scope.EVENTS_WRITE),
    Row("api:event.cancel", "POST", DECIDE, ORGANISERS, "event", Scope.EVENTS_WRITE),
    Row("api:event.registrations", "GET", READ, ORGANISERS, "event", Scope.EVENTS_READ),
    Row("api:event.registrations", "POST", CREATE, MEMBERS | ORGANISERS, "joinable", Scope.EVENTS_WRITE),
    Row("api:registration", "GET", READ, MEMBERS | ORGANISERS, "registration", Scope.EVENTS_READ),
    Row("api:registration", "DELETE", CHANGE, MEMBERS | ORGANISERS, "registration", Scope.EVENTS_WRITE),
    Row("api:registration.approve", "POST", DECIDE, ORGANISERS, "applicant", Scope.EVENTS_WRITE),
    Row("api:registration.decline", "POST", DECIDE, ORGANISERS, "applicant", Scope.EVENTS_WRITE),
    Row("api:registration.accept", "POST", CHANGE, MEMBERS | ORGANISERS, "offer", Scope.EVENTS_WRITE),
    Row("api:registration.ticket", "GET", READ, MEMBERS, "registration", Scope.EVENTS_READ),
    Row("api:event.calendar", "GET", READ, EVENT_READERS | MEMBERS, "published", Scope.EVENTS_READ),
    Row("api:event.waitlist", "GET", READ, ORGANISERS, "event", Scope.EVENTS_READ),
    Row("api:registration.line", "GET", READ, MEMBERS | ORGANISERS, "waiter", Scope.EVENTS_READ),
    Row("api:registration.pick", "POST", DECIDE, ORGANISERS, "waiter", Scope.EVENTS_WRITE),
    Row(
        "api:event.lottery",
        "GET",
        READ,
        EVENT_READERS | MEMBERS,
        "raffle_of_all",
        Scope.EVENTS_READ,
        note="public",
    ),
    Row("api:event.lottery.commit", "POST", DECIDE, ORGANISERS, "raffle", Scope.EVENTS_WRITE),
    Row("api:event.lottery.draw", "POST", DECIDE, ORGANISERS, "closed_raffle", Scope.EVENTS_WRITE),
    Row("api:store.series", "GET", READ, EVENT_READERS, "store", Scope.EVENTS_READ),
    Row("api:series", "POST", CREATE, ORGANISERS, "", Scope.EVENTS_WRITE),
    Row("api:one_series", "PATCH", CHANGE, ORGANISERS, "series", Scope.EVENTS_WRITE),
    Row("api:series.publish", "POST", DECIDE, ORGANISERS, "series", Scope.EVENTS_WRITE),
    Row("api:series.end", "POST", DECIDE, ORGANISERS, "series", Scope.EVENTS_WRITE),
    Row("api:series.dates", "GET", READ, EVENT_READERS, "series", Scope.EVENTS_READ),
    Row("api:series.passes", "POST", CREATE, MEMBERS, "course", Scope.EVENTS_WRITE),
    Row("api:pass", "DELETE", CHANGE, MEMBERS, "pass", Scope.EVENTS_WRITE),
    Row("api:me.calendar", "POST", CREATE, MEMBERS, "", Scope.ME_WRITE),
    Row("api:me.calendar", "DELETE", CHANGE, MEMBERS, "", Scope.ME_WRITE),
    Row("api:store.calendar", "POST", CREATE, EVENT_READERS, "store", Scope.EVENTS_WRITE),
    # the door
    Row("api:checkins", "POST", CREATE, DOOR, "", Scope.CHECKINS_WRITE),
    Row("api:checkins.walk_in", "POST", CREATE, DOOR, "", Scope.CHECKINS_WRITE),
    Row("api:checkin.annul", "POST", CHANGE, DOOR, "scan", Scope.CHECKINS_WRITE),
    Row(
        "api:event.doors",
        "POST",
        CREATE,
        DOOR,
        "door_event",
        Scope.CHECKINS_WRITE,
        note="the signed list of the door",
    ),
    Row("api:door", "DELETE", DECIDE, CHAMPIONS, "door", Scope.CHECKINS_WRITE),
    Row("api:device.sync", "POST", CREATE, DOOR, "own_door", Scope.CHECKINS_WRITE),
    Row("api:event.conflicts", "GET", READ, CHAMPIONS, "event", Scope.EVENTS_READ),
    Row("api:conflict.resolve", "POST", DECIDE, CHAMPIONS, "door_conflict", Scope.CHECKINS_WRITE),
    # money
    Row("api:vouchers", "GET", READ, VOUCHER_READERS, "", Scope.MONEY_READ),
    Row("api:voucher", "GET", READ, VOUCHER_READERS, "voucher", Scope.MONEY_READ),
    Row(
        "api:voucher.redeem",
        "POST",
        CHANGE,
        TILLS,
        "spendable",
        Scope.MONEY_WRITE,
        note="the code is the proof",
    ),
    Row("api:voucher.reverse", "POST", CHANGE, TILLS, "spent", Scope.MONEY_WRITE),
    Row("api:me.vouchers", "GET", READ, MEMBERS, "", Scope.ME_READ),
    Row("api:store.promises", "GET", READ, TILLS, "store", Scope.MONEY_READ),
    Row("api:promise.paid", "POST", CHANGE, TILLS, "promise", Scope.MONEY_WRITE),
    Row("api:promise.unpaid", "POST", CHANGE, TILLS, "paid", Scope.MONEY_WRITE),
    Row("api:promise.refund", "POST", CHANGE, TILLS, "promise", Scope.MONEY_WRITE),
    Row("api:ledger.entries", "GET", READ, BOOKS, "", Scope.MONEY_READ),
    Row("api:envelopes", "GET", READ, BUDGETS, "", Scope.MONEY_READ),
    Row("api:envelopes", "POST", CREATE, BUDGET_OWNERS, "", Scope.MONEY_WRITE),
    Row("api:envelope.commitments", "POST", CREATE, WITH_MEMBERS, "envelope", Scope.MONEY_WRITE),
    Row("api:commitment.approve", "POST", DECIDE, BUDGET_OWNERS, "commitment", Scope.MONEY_WRITE),
    # messages
    Row("api:me.inbox", "GET", READ, MEMBERS, "", Scope.ME_READ),
    Row("api:me.inbox.read", "POST", CHANGE, MEMBERS, "inbox_item", Scope.ME_WRITE),
    Row("api:me.opt_outs", "GET", READ, MEMBERS, "", Scope.ME_READ),
    Row("api:me.opt_outs", "POST", CHANGE, MEMBERS, "", Scope.ME_WRITE),
    Row("api:messages", "GET", READ, WITH_MEMBERS, "", Scope.MESSAGES_READ),
    Row("api:messages", "POST", CREATE, WITH_MEMBERS, "", Scope.MESSAGES_WRITE),
    Row("api:message", "GET", READ, WITH_MEMBERS, "message", Scope.MESSAGES_READ),
    Row("api:message.approve", "POST", DECIDE, WITH_MEMBERS, "message", Scope.MESSAGES_WRITE),
    Row("api:message.cancel", "POST", DECIDE, WITH_MEMBERS, "message", Scope.MESSAGES_WRITE),
    Row("api:message.tasks", "GET", READ, WITH_MEMBERS, "message", Scope.MESSAGES_READ),
    Row("api:task.sent", "POST", CHANGE, CHAMPIONS | EDITORS, "task", Scope.MESSAGES_WRITE),
    # measuring
    Row("api:studies", "GET", READ, DESK, "", Scope.STUDIES_READ),
    Row("api:studies", "POST", CREATE, HQ, "", Scope.STUDIES_WRITE),
    Row("api:study", "GET", READ, DESK, "study", Scope.STUDIES_READ),
    Row("api:measurements", "GET", READ, DESK, "", Scope.STUDIES_READ),
    Row("api:measurements", "POST", CREATE, HQ, "", Scope.STUDIES_WRITE),
    Row("api:measurement", "GET", READ, DESK, "measurement", Scope.STUDIES_READ),
    Row("api:rings.policy", "GET", READ, DESK, "", Scope.RINGS_READ),
    Row("api:rings.policy", "PUT", DECIDE, EDITORS, "", Scope.RINGS_WRITE),
    Row("api:rings.counts", "GET", READ, STAFF - _roles(Role.DOOR), "", Scope.RINGS_READ),
    # the house itself
    Row("api:imports", "GET", READ, EDITORS | AUDITORS, "", Scope.IMPORTS_READ),
    Row("api:audit", "GET", READ, AUDITORS, "", Scope.AUDIT_READ),
    Row("api:webhooks", "GET", READ, ADMINS, "", Scope.WEBHOOKS_READ),
    Row("api:webhooks", "POST", CREATE, ADMINS, "", Scope.WEBHOOKS_WRITE),
    Row("api:webhook", "DELETE", DECIDE, ADMINS, "webhook", Scope.WEBHOOKS_WRITE),
    Row("api:webhook.rotate", "POST", DECIDE, ADMINS, "webhook", Scope.WEBHOOKS_WRITE),
    Row("api:webhook.deliveries", "GET", READ, ADMINS, "webhook", Scope.WEBHOOKS_READ),
)

PAGES: tuple[Row, ...] = (
    Row("healthz", "GET", READ, OPEN, note="for whoever watches over the installation"),
    Row("readyz", "GET", READ, OPEN, note="for whoever watches over the installation"),
    Row("home", "GET", READ, OPEN, note="sends everybody to their own first page"),
    Row("calendar", "GET", READ, OPEN, note="the address of a feed is the proof"),
    Row("enter.door", "GET", READ, OPEN),
    Row("enter.staff", "POST", CREATE, OPEN, note="the password is the proof; tries are counted"),
    Row("enter.factor", "GET", READ, OPEN, note="for who has shown a password"),
    Row("enter.factor", "POST", CREATE, OPEN),
    Row("enter.code", "POST", CREATE, OPEN, note="same answer for known and unknown phones"),
    Row("enter.member", "GET", READ, OPEN),
    Row("enter.member", "POST", CREATE, OPEN),
    Row("enter.leave", "POST", CHANGE, OPEN),
    Row("enter.demo", "GET", READ, OPEN, note="refuses outside a demo installation"),
    Row("enter.demo", "POST", CREATE, OPEN, note="refuses outside a demo installation"),
    Row("enter.language", "POST", CHANGE, OPEN, note="a cookie of the browser"),
    Row("enter.theme", "POST", CHANGE, OPEN, note="a cookie of the browser"),
    Row("hq.today", "GET", READ, DESK),
    Row("hq.people", "GET", READ, READ_MEMBERS),
    Row("hq.person", "GET", READ, READ_MEMBERS, "member"),
    Row("hq.person.invite", "POST", DECIDE, WITH_MEMBERS, "member"),
    Row("hq.person.confirm", "POST", DECIDE, WITH_MEMBERS, "member"),
    Row("hq.person.override", "POST", DECIDE, MANAGERS | EDITORS, "member"),
    Row("hq.person.release", "POST", DECIDE, MANAGERS | EDITORS, "member"),
    Row("hq.person.tag", "POST", CHANGE, WITH_MEMBERS, "member"),
    Row("hq.person.phone", "POST", READ, WITH_MEMBERS, "member", note="with a reason, written in the trail"),
    Row("hq.studies", "GET", READ, DESK),
    Row("hq.studies", "POST", CREATE, HQ),
    Row("hq.study", "GET", READ, DESK, "study"),
    Row("hq.study.report", "GET", READ, DESK, "study"),
    Row("hq.measures", "GET", READ, DESK),
    Row("hq.measures", "POST", CREATE, HQ),
    Row("hq.measure", "GET", READ, DESK, "measurement"),
    Row("hq.rings_policy", "GET", READ, DESK),
    Row("hq.rings_policy", "POST", DECIDE, EDITORS),
    Row("hq.import", "GET", READ, EDITORS | AUDITORS),
    Row("hq.import", "POST", CREATE, EDITORS),
    Row("hq.import.commit", "POST", CREATE, EDITORS),
    Row("hq.import.refused", "GET", EXPORT, EDITORS, "import"),
    Row("hq.stores", "GET", READ, DESK),
    Row("hq.audit", "GET", READ, AUDITORS),
    Row("hq.events", "GET", READ, DESK),
    Row("hq.event.new", "GET", READ, MANAGERS | EDITORS),
    Row("hq.event.new", "POST", CREATE, MANAGERS | EDITORS),
    Row("hq.event", "GET", READ, DESK, "event"),
    Row("hq.event.publish", "POST", DECIDE, MANAGERS | EDITORS, "event"),
    Row("hq.event.cancel", "POST", DECIDE, MANAGERS | EDITORS, "event"),
    Row("hq.event.draw", "POST", DECIDE, MANAGERS | EDITORS, "event"),
    Row("hq.event.export", "GET", EXPORT, MANAGERS | EDITORS, "event"),
    Row("hq.messages", "GET", READ, MANAGERS | EDITORS),
    Row("hq.messages", "POST", CREATE, MANAGERS | EDITORS),
    Row("hq.message", "GET", READ, MANAGERS | EDITORS, "message"),
    Row("hq.message.approve", "POST", DECIDE, MANAGERS | EDITORS, "message"),
    Row("hq.message.cancel", "POST", DECIDE, MANAGERS | EDITORS, "message"),
    Row("hq.envelopes", "GET", READ, DESK),
    Row(
        "hq.commitment", "POST", DECIDE, _roles(Role.ADMIN, Role.HQ_EDITOR, Role.REGION_MANAGER), "commitment"
    ),
    Row("champion.today", "GET", READ, CHAMPIONS),
    Row("champion.person", "GET", READ, CHAMPIONS, "member"),
    Row("champion.events", "GET", READ, CHAMPIONS),
    Row("champion.event.new", "GET", READ, CHAMPIONS),
    Row("champion.event.new", "POST", CREATE, CHAMPIONS),
    Row("champion.event", "GET", READ, CHAMPIONS, "event"),
    Row("champion.event.publish", "POST", DECIDE, CHAMPIONS, "event"),
    Row("champion.event.move", "POST", CHANGE, CHAMPIONS, "event"),
    Row("champion.event.resize", "POST", CHANGE, CHAMPIONS, "event"),
    Row("champion.event.cancel", "POST", DECIDE, CHAMPIONS, "event"),
    Row("champion.event.tell", "POST", CREATE, CHAMPIONS, "event"),
    Row("champion.guests", "GET", READ, CHAMPIONS, "event"),
    Row("champion.answer", "POST", DECIDE, CHAMPIONS, "applicant"),
    Row("champion.till", "GET", READ, CHAMPIONS),
    Row(
        "champion.voucher",
        "POST",
        CHANGE,
        CHAMPIONS,
        note="the code is the proof; it travels in the form only",
    ),
    Row("champion.promise", "GET", READ, CHAMPIONS, "promise"),
    Row("champion.promise.paid", "POST", CHANGE, CHAMPIONS, "promise"),
    Row("champion.promise.unpaid", "POST", CHANGE, CHAMPIONS, "promise"),
    Row("champion.promise.back", "POST", CHANGE, CHAMPIONS, "promise"),
    Row("champion.tasks", "GET", READ, CHAMPIONS),
    Row("champion.task", "GET", READ, CHAMPIONS, "task"),
    Row("champion.task.begin", "POST", CHANGE, CHAMPIONS, "task"),
    Row("champion.task.sent", "POST", CHANGE, CHAMPIONS, "task"),
    Row("champion.checkins", "GET", READ, DOORKEEPERS),
    Row("champion.checkin.worker", "GET", READ, OPEN, note="a script; it says nothing about anybody"),
    Row("champion.checkin", "GET", READ, DOORKEEPERS, "event"),
    Row(
        "champion.checkin.open", "POST", CREATE, DOORKEEPERS, "door_event", note="the signed list of the door"
    ),
    Row("champion.checkin.scan", "POST", CREATE, DOORKEEPERS, "door_event"),
    Row("champion.checkin.annul", "POST", CHANGE, DOORKEEPERS, "door_event"),
    Row("champion.checkin.walkin", "POST", CREATE, DOORKEEPERS, "door_event"),
    Row(
        "champion.checkin.find",
        "POST",
        READ,
        DOORKEEPERS,
        "door_event",
        note="words to search by travel in the form",
    ),
    Row("champion.checkin.sync", "POST", CREATE, DOORKEEPERS, "door_event"),
    Row(
        "champion.checkin.roster", "POST", READ, DOORKEEPERS, "door_event", note="every look is in the trail"
    ),
    Row("champion.checkin.conflicts", "GET", READ, CHAMPIONS, "event"),
    Row("champion.checkin.resolve", "POST", DECIDE, CHAMPIONS, "door_conflict"),
    Row("champion.checkin.revoke", "POST", DECIDE, CHAMPIONS, "door"),
    Row("member.home", "GET", READ, MEMBERS),
    Row("member.me", "GET", READ, MEMBERS),
    Row("member.consent", "POST", CHANGE, MEMBERS),
    Row("member.personalise", "POST", CHANGE, MEMBERS),
    Row("member.untag", "POST", CHANGE, MEMBERS, "tag"),
    Row("member.invitation", "POST", DECIDE, MEMBERS, note="the member's own open invitation"),
    Row("member.export", "POST", EXPORT, MEMBERS),
    Row("member.erase", "GET", READ, MEMBERS),
    Row("member.erase", "POST", ERASE, MEMBERS),
    Row("member.notice", "GET", READ, OPEN),
    Row("member.store", "GET", READ, OPEN, note="published events only"),
    Row("member.event", "GET", READ, OPEN, note="published events; a draft is absent but to its organisers"),
    Row("member.register", "POST", CREATE, MEMBERS, "joinable"),
    Row("member.events", "GET", READ, MEMBERS),
    Row("member.inbox", "GET", READ, MEMBERS),
    Row("member.inbox.read", "POST", CHANGE, MEMBERS),
    Row("member.inbox.item", "POST", CHANGE, MEMBERS, "inbox_item"),
    Row("member.hear", "POST", CHANGE, MEMBERS),
    Row("member.address", "POST", CHANGE, MEMBERS),
    Row("member.address.confirm", "GET", READ, OPEN, note="the signed link in a letter is the proof"),
    Row("member.address.confirm", "POST", CHANGE, OPEN, note="the signed link in a letter is the proof"),
    Row("member.calendar", "GET", READ, MEMBERS, "registration"),
    Row("member.stop", "GET", READ, OPEN, note="the signed link in a message is the proof"),
    Row("member.stop", "POST", CHANGE, OPEN, note="the signed link in a message is the proof"),
    Row("member.wallet", "GET", READ, MEMBERS),
    Row("member.ticket.worker", "GET", READ, OPEN, note="a script; it says nothing about anybody"),
    Row("member.ticket", "GET", READ, MEMBERS, "registration"),
    Row("member.registration", "GET", READ, MEMBERS, "registration"),
    Row("member.cancel", "POST", CHANGE, MEMBERS, "registration"),
    Row("member.accept", "POST", CHANGE, MEMBERS, "offer"),
    Row("member.decline", "POST", CHANGE, MEMBERS, "offer"),
)

TABLE: tuple[Row, ...] = API + PAGES

BY_ROUTE: Mapping[str, Mapping[str, Row]] = MappingProxyType(
    {
        route: MappingProxyType({row.method: row for row in TABLE if row.route == route})
        for route in {row.route for row in TABLE}
    }
)
NO_ROWS: Mapping[str, Row] = MappingProxyType({})


def row_for(route: str) -> Mapping[str, Row]:
    """The rows of a route by method; none for a route that is not in the table."""
    return BY_ROUTE.get(route, NO_ROWS)


def scopes() -> dict[tuple[str, str], str]:
    """(route, METHOD) → what a token must carry, for the API's own document."""
    return {(row.route, row.method): row.scope for row in API}
