"""What a token may carry. It never reaches further than its owner; a scope narrows it once more."""

from enum import StrEnum


class Scope(StrEnum):
    """A closed list; each route of the API asks for one of them (see the permission table)."""

    MEMBERS_READ = "members:read"
    MEMBERS_WRITE = "members:write"
    MEMBERS_EXPORT = "members:export"
    MEMBERS_ERASE = "members:erase"
    ME_READ = "me:read"
    ME_WRITE = "me:write"
    STORES_READ = "stores:read"
    GRANTS_READ = "grants:read"
    GRANTS_WRITE = "grants:write"
    DEVICES_READ = "devices:read"
    DEVICES_WRITE = "devices:write"
    EVENTS_READ = "events:read"
    EVENTS_WRITE = "events:write"
    KITS_READ = "kits:read"
    KITS_WRITE = "kits:write"
    CHECKS_READ = "checks:read"
    CHECKS_WRITE = "checks:write"
    CHECKINS_WRITE = "checkins:write"
    COMMUNITIES_READ = "communities:read"
    COMMUNITIES_WRITE = "communities:write"
    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    MONEY_READ = "money:read"
    MONEY_WRITE = "money:write"
    STUDIES_READ = "studies:read"
    STUDIES_WRITE = "studies:write"
    RINGS_READ = "rings:read"
    RINGS_WRITE = "rings:write"
    IMPORTS_READ = "imports:read"
    AUDIT_READ = "audit:read"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"


ALL = frozenset(str(s) for s in Scope)
