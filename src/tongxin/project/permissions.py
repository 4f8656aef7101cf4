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
    Row("champion.today", "GET", READ, CHAMPIONS),
    Row("champion.person", "GET", READ, CHAMPIONS, "member"),
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
