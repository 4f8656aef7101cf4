"""What every page knows: who looks, in which language and theme, where one can go from here."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tongxin.foundation.access import ANONYMOUS, Viewer
from tongxin.foundation.errors import Refused
from tongxin.stores import queries as stores
from tongxin.stores.terms import ROLE_LABELS, Role

THEMES = ("light", "dark")
THEME_COOKIE = "tongxin_theme"
FLASH = "tongxin_said"

ADMIN, EDITOR, ANALYST, AUDITOR = Role.ADMIN, Role.HQ_EDITOR, Role.HQ_ANALYST, Role.AUDITOR
REGION, MANAGER, CHAMPION = Role.REGION_MANAGER, Role.STORE_MANAGER, Role.CHAMPION
DESK = frozenset({ADMIN, EDITOR, ANALYST, AUDITOR, REGION, MANAGER})
READS_PEOPLE = frozenset({ADMIN, EDITOR, ANALYST, REGION, MANAGER})
DECIDES = frozenset({ADMIN, EDITOR, REGION, MANAGER})
WORKS_WITH_PEOPLE = DECIDES | {CHAMPION}
ASKS_STUDIES = frozenset({ADMIN, EDITOR, ANALYST})
EDITORS = frozenset({ADMIN, EDITOR})


@dataclass(frozen=True)
class Door:
    """One entry of the rail: only what exists and is open to the looking role is shown."""

    route: str
    icon: str
    label: str | Promise  # spoken in the language of the page
    roles: frozenset[Role]


RAIL = (
    Door("hq.today", "today", _("今日"), DESK),
    Door("hq.people", "people", _("成员"), READS_PEOPLE),
    Door("hq.communities", "fire", _("社群"), DESK),
    Door("hq.desk", "voice", _("审核台"), DECIDES),
    Door("hq.stars", "heart", _("之星"), DESK),
    Door("hq.kits", "kit", _("工具包"), DESK),
    Door("hq.events", "cal", _("活动"), DESK),
    Door("hq.feedback", "star", _("回访"), DESK),
    Door("hq.messages", "send", _("触达"), DECIDES),
    Door("hq.studies", "study", _("研究"), DESK),
    Door("hq.measures", "flag", _("衡量"), DESK),
    Door("hq.rings_policy", "circle", _("圈层规则"), DESK),
    Door("hq.stores", "shop", _("门店"), DESK),
    Door("hq.checks", "check", _("体检"), DESK),
    Door("hq.champions", "me", _("主理人"), DESK),
    Door("hq.envelopes", "bag", _("预算"), DESK),
    Door("hq.import", "upload", _("导入"), frozenset({ADMIN, EDITOR, AUDITOR})),
    Door("hq.audit", "list", _("审计"), frozenset({ADMIN, AUDITOR})),
    Door("hq.grants", "lock", _("权限"), frozenset({ADMIN})),
)


def flash(request: HttpRequest, text: str) -> None:
    """Say something once, on the next page."""
    request.session[FLASH] = text


def _said_once(request: HttpRequest) -> str:
    session = getattr(request, "session", None)
    return str(session.pop(FLASH)) if session is not None and FLASH in session else ""


def page(request: HttpRequest) -> dict[str, object]:
    """Values for every template. Nothing here asks the database before a template uses it."""
    viewer: Viewer = getattr(request, "viewer", ANONYMOUS)
    theme = request.COOKIES.get(THEME_COOKIE, "")
    match = getattr(request, "resolver_match", None)
    route = match.view_name if match else ""
    return {
        "viewer": viewer,
        "theme": theme if theme in THEMES else "",
        "route": route,
        "rail": [door for door in RAIL if viewer.roles & door.roles],
        "english": (get_language() or "zh").startswith("en"),
        "demo": settings.DEMO,
        "role_said": next((ROLE_LABELS[r] for r in Role if r in viewer.roles), ("", "")),
        "currency": SimpleLazyObject(_currency),
        "brand_name": SimpleLazyObject(_brand),
        "said_once": _said_once(request),
        "here": request.get_full_path(),
        "may": {
            "decide": bool(viewer.roles & DECIDES),
            "work": bool(viewer.roles & WORKS_WITH_PEOPLE),
            "ask": bool(viewer.roles & ASKS_STUDIES),
            "edit": bool(viewer.roles & EDITORS),
            "read_people": bool(viewer.roles & READS_PEOPLE),
            "import": bool(viewer.roles & EDITORS),
        },
    }


def _currency() -> str:
    try:
        return stores.the_brand().currency
    except Refused:
        return "CNY"


def _brand() -> str:
    try:
        return stores.the_brand().name
    except Refused:
        return "同心"
