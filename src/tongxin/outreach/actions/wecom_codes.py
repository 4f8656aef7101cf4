"""Live codes: ordered here, made at the platform by a job, changed behind the same picture, closed."""

import secrets
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.outreach import rules_wecom
from tongxin.outreach.models import WecomCode
from tongxin.outreach.queries import wecom as kept
from tongxin.outreach.terms import PLANNERS
from tongxin.outreach.terms_wecom import INTO_GROUPS, CodeKind, CodeState, Source
from tongxin.stores.models import Staff, Store
from tongxin.stores.queries import access_store

MOST_USERS = 100
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that look alike in print


def order_code(
    *,
    viewer: Viewer,
    kind: CodeKind,
    source: Source,
    store: Store,
    label: str = "",
    about: tuple[str, str] = ("", ""),
    staff: Staff | None = None,
    room_name: str = "",
) -> WecomCode:
    """A code for a store (and an event). Posters and group codes lead into the store's groups, the others to its colleagues.

    A poster's code with `staff` leads to that colleague, whose welcome leads on into the group. It is live once the platform has made it. Refuses `absent`, `wecom.no_users`, `wecom.code_content` (no group to lead into).
    """
    place = access_store(viewer, store.public_id, roles=PLANNERS)
    users, chats = _content(kind, place, staff)
    key = "".join(secrets.choice(LETTERS) for _ in range(6))
    with transaction.atomic():
        row = WecomCode.objects.create(
            kind=kind,
            source=source,
            store=place,
            about_room=about[0],
            about_key=about[1],
            label=(label or place.name)[:30],
            users=users,
            chats=chats,
            room_name=(room_name or (f"{place.name} " if chats else ""))[:40],
            state=rules_wecom.carried(place.pk, about[1], key),
            by=viewer.name,
            created_at=clock.now(),
        )
        after = {"kind": str(kind), "source": str(source), "state": row.state}
        trail(viewer=viewer, act="outreach.code_made", subject=_subject(row), after=after)
    return row


def _content(kind: CodeKind, place: Store, staff: Staff | None) -> tuple[list[str], list[str]]:
    if kind is CodeKind.GROUP or (kind is CodeKind.POSTER and staff is None):
        chats = rules_wecom.behind(kept.rooms(place))
        if not chats:
            raise Refused("wecom.code_content")
        return [], chats
    if kind in {CodeKind.STAFF, CodeKind.POSTER}:
        if staff is None or not staff.active or staff.store_id != place.pk:
            raise Refused("wecom.code_content")
        users = [staff.wecom_userid] if staff.wecom_userid else []
    else:
        users = kept.accounts_of(place)[:MOST_USERS]
    if not users:
        raise Refused("wecom.no_users")
    return users, []


def _subject(row: WecomCode) -> tuple[str, str, str]:
    return ("outreach", "code", str(row.public_id))


def change_code(
    *,
    viewer: Viewer,
    public_id: UUID | str,
    users: Sequence[str] | None = None,
    chats: Sequence[str] | None = None,
) -> WecomCode:
    """Where it leads from now on, behind the same picture. Refuses `absent`, `wecom.code_closed`, `wecom.code_content`."""
    found = kept.access_code(viewer, public_id)
    with transaction.atomic():
        row = WecomCode.objects.select_for_update(no_key=True).get(pk=found.pk)
        if row.condition == CodeState.CLOSED:
            raise Refused("wecom.code_closed")
        into_groups = bool(row.chats)
        wanted = list((chats if into_groups else users) or ())
        known = kept.chats_of(row.store) if into_groups else set(kept.accounts_of(row.store))
        most = rules_wecom.BEHIND_A_CODE if into_groups else MOST_USERS
        if not wanted or not set(wanted) <= known or len(wanted) > most:
            raise Refused("wecom.code_content")
        if into_groups:
            row.chats = wanted
        else:
            row.users = wanted
        row.condition = CodeState.MAKING
        row.save(update_fields=["chats", "users", "condition"])
        trail(viewer=viewer, act="outreach.code_changed", subject=_subject(row), after={"state": row.state})
    return row


def close_code(*, viewer: Viewer, public_id: UUID | str) -> WecomCode:
    """It leads nowhere any more; who came through it stays known. Closing twice changes nothing. Refuses `absent`."""
    found = kept.access_code(viewer, public_id)
    with transaction.atomic():
        row = WecomCode.objects.select_for_update(no_key=True).get(pk=found.pk)
        if row.condition != CodeState.CLOSED:
            row.condition, row.closed_at = CodeState.CLOSED, clock.now()
            row.save(update_fields=["condition", "closed_at"])
            trail(viewer=viewer, act="outreach.code_closed", subject=_subject(row))
    return row


def made(code: int, config_id: str, picture: str = "") -> None:
    """The platform made it: one statement, before anything else is asked. A code that was closed meanwhile keeps its id too."""
    now = clock.now()
    WecomCode.objects.filter(pk=code, config_id="").update(config_id=config_id, picture=picture, made_at=now)


def live(code: int, *, users: Sequence[str], chats: Sequence[str], picture: str = "") -> None:
    """The platform has this content; what was changed meanwhile is still to be brought there."""
    same = WecomCode.objects.filter(pk=code, condition=CodeState.MAKING, users=list(users), chats=list(chats))
    same.exclude(config_id="").update(condition=CodeState.LIVE)
    if picture:
        WecomCode.objects.filter(pk=code).update(picture=picture)


def ended(code: int) -> None:
    """The platform has forgotten it."""
    WecomCode.objects.filter(pk=code, condition=CodeState.CLOSED).update(picture="")


def roll_over() -> int:
    """Codes whose first group is nearly full lead to the next one with room; answers how many change. The platform opens a new one
    by itself when all are full, and it joins the code's groups when we have seen it.
    """
    changed = 0
    live = WecomCode.objects.filter(condition=CodeState.LIVE, kind__in=list(INTO_GROUPS)).exclude(chats=[])
    for row in live.select_related("store"):
        wanted = rules_wecom.behind(kept.rooms(row.store, name=row.room_name.strip()))
        if wanted and wanted != row.chats:
            changed += WecomCode.objects.filter(pk=row.pk, condition=CodeState.LIVE, chats=row.chats).update(
                chats=wanted, condition=CodeState.MAKING
            )
    return changed
