"""Who: the groups of roles that the rows of the permission table name, and the verbs."""

from tongxin.foundation.access import ANYONE, Verb
from tongxin.stores.terms import Role

Roles = frozenset[str]


def only(*roles: str) -> Roles:
    """The group of these roles."""
    return frozenset(str(r) for r in roles)


OPEN = only(ANYONE)
EVERYBODY = only(*Role)
MEMBERS = only(Role.MEMBER)
STAFF = only(
    Role.ADMIN,
    Role.HQ_EDITOR,
    Role.HQ_ANALYST,
    Role.REGION_MANAGER,
    Role.STORE_MANAGER,
    Role.CHAMPION,
    Role.DOOR,
    Role.AUDITOR,
)
HQ = only(Role.ADMIN, Role.HQ_EDITOR, Role.HQ_ANALYST)
HQ_AND_AUDIT = HQ | only(Role.AUDITOR)
EDITORS = only(Role.ADMIN, Role.HQ_EDITOR)
ADMINS = only(Role.ADMIN)
AUDITORS = only(Role.ADMIN, Role.AUDITOR)
MANAGERS = only(Role.ADMIN, Role.REGION_MANAGER, Role.STORE_MANAGER)
# Who works with members by name. Analysts see figures and pseudonyms only, the door sees who is on its list.
WITH_MEMBERS = only(Role.ADMIN, Role.HQ_EDITOR, Role.REGION_MANAGER, Role.STORE_MANAGER, Role.CHAMPION)
# An analyst reads people as pseudonyms: the query that answers sees to that.
READ_MEMBERS = WITH_MEMBERS | only(Role.HQ_ANALYST)
# Who works at a desk with figures of more than one day: headquarters, and managers for their own places.
DESK = HQ_AND_AUDIT | only(Role.REGION_MANAGER, Role.STORE_MANAGER)
CHAMPIONS = only(Role.CHAMPION, Role.STORE_MANAGER)
# Who takes money at a till; who reads the books and the budgets; who opens budgets and allows more.
TILLS = only(Role.ADMIN, Role.REGION_MANAGER, Role.STORE_MANAGER, Role.CHAMPION)
VOUCHER_READERS = TILLS | only(Role.HQ_EDITOR, Role.AUDITOR)
BOOKS = DESK
BUDGETS = WITH_MEMBERS | only(Role.AUDITOR, Role.HQ_ANALYST)
BUDGET_OWNERS = only(Role.ADMIN, Role.HQ_EDITOR, Role.REGION_MANAGER)
# Who makes and runs events at a store, and who may look at them there.
ORGANISERS = WITH_MEMBERS
KIT_READERS = DESK | only(Role.CHAMPION)
EVENT_READERS = STAFF | only(Role.DEVICE)
# Who works at the door; who only does that holds Role.DOOR and nothing else.
DOORKEEPERS = CHAMPIONS | only(Role.DOOR)
DOOR = DOORKEEPERS | only(Role.DEVICE)  # a device has no pages, only the API
GRANTERS = only(Role.ADMIN, Role.REGION_MANAGER, Role.STORE_MANAGER, Role.CHAMPION)

READ, CREATE, CHANGE = Verb.READ, Verb.CREATE, Verb.CHANGE
DECIDE, ERASE, EXPORT = Verb.DECIDE, Verb.ERASE, Verb.EXPORT
