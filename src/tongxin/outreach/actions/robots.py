"""Notices to colleagues: into the group of their store through its robot, or to each of them through the app. Letters, so never lost."""

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.conf import settings
from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.foundation.outbox.actions import post
from tongxin.foundation.plugs import wiring
from tongxin.kits.models import RecallWarning
from tongxin.outreach.channels.lettered import link
from tongxin.outreach.models import Robot
from tongxin.outreach.terms_handover import KEEPERS, ROBOT_HOST, ROBOT_PATH
from tongxin.stores.models import Staff, Store

KIND = "outreach.staff_notice"
ROBOT, APP = "robot", "wecom_app"
GOOD_FOR = timedelta(hours=12)
WARNED_LATELY = timedelta(days=2)


def add_robot(*, viewer: Viewer, store: Store | None, label: str, url: str) -> Robot:
    """The robot of a store's group of colleagues, or of headquarters'. Refuses `absent`, `wecom.robot_address`."""
    if not viewer.reaches(store.pk if store else None, KEEPERS):
        raise Refused("absent")
    address = url.strip()
    if not good_address(address):
        raise Refused("wecom.robot_address")
    with transaction.atomic():
        made = Robot.objects.create(
            store=store,
            label=(label.strip() or (store.name if store else "总部"))[:40],
            url=address,
            by=viewer.name,
            at=clock.now(),
        )
        trail(viewer=viewer, act="outreach.robot_added", subject=_subject(made), after={"label": made.label})
    return made


def good_address(url: str) -> bool:
    """Is it a robot's address at the platform, or (where one is set) at the fake?"""
    parts = urlsplit(url)
    known = {("https", ROBOT_HOST)}
    base = urlsplit(str(getattr(settings, "TONGXIN_WECOM_BASE", "") or ""))
    if base.hostname in {"127.0.0.1", "localhost"}:
        known.add((base.scheme, base.netloc))
    right = (parts.scheme, parts.netloc) in known and parts.path == ROBOT_PATH and not parts.fragment
    return right and bool(parse_qs(parts.query).get("key", [""])[0])


def close_robot(*, viewer: Viewer, public_id: UUID | str) -> Robot:
    """No notices there any more; its address is forgotten. Twice changes nothing. Refuses `absent`."""
    with transaction.atomic():
        try:
            wanted = public_id if isinstance(public_id, UUID) else UUID(str(public_id))
        except ValueError:
            raise Refused("absent") from None
        row = Robot.objects.select_for_update(no_key=True).filter(public_id=wanted).first()
        if row is None or not viewer.reaches(row.store_id, KEEPERS):
            raise Refused("absent")
        if row.closed_at is None:
            row.closed_at, row.url = clock.now(), ""
            row.save(update_fields=["closed_at", "url"])
            trail(viewer=viewer, act="outreach.robot_closed", subject=_subject(row))
    return row


def _subject(row: Robot) -> tuple[str, str, str]:
    return ("outreach", "robot", str(row.public_id))


def tell_staff(*, viewer: Viewer, store: Store | None, text: str, key: str, path: str = "") -> int:
    """Tell the colleagues of a store (None: headquarters), in the caller's transaction; the same key once. Answers how many letters.

    Into their group when it has a robot; otherwise to each colleague of the store through the app, when a corp is set up.
    """
    body = {"text": text, "url": link(path) if path else ""}
    robots = list(Robot.objects.filter(store=store, closed_at=None).order_by("id"))
    for one in robots:
        _post(viewer, ROBOT, str(one.public_id), body, f"staff:{key}:{one.pk}")
    if robots or store is None:
        return len(robots)
    return tell_colleagues(viewer=viewer, staff=_accounts(store), text=text, key=key, path=path)


def tell_colleagues(*, viewer: Viewer, staff: Sequence[Staff], text: str, key: str, path: str = "") -> int:
    """Tell these colleagues through the app; nobody without an account, and nobody when no corp is set up."""
    if not staff or not any(one.id == "wecom" and one.ready() for one in wiring().CHANNELS):
        return 0
    body = {"text": text, "url": link(path) if path else ""}
    known = [one for one in staff if one.wecom_userid and one.active]
    for one in known:
        _post(viewer, APP, one.wecom_userid, body, f"staff:{key}:{one.wecom_userid}")
    return len(known)


def _accounts(store: Store) -> list[Staff]:
    return list(Staff.objects.filter(store=store, active=True).exclude(wecom_userid="").order_by("id"))


def _post(viewer: Viewer, carrier: str, to: str, body: dict[str, str], key: str) -> None:
    until = clock.now() + GOOD_FOR
    post(viewer=viewer, kind=KIND, to=to, body=body, carrier=carrier, key=key[:200], expires_at=until)


def tell_recalls(*, viewer: Viewer) -> int:
    """Stores whose open event stands on a recalled kit are told, once; answers how many letters."""
    told = 0
    warned = RecallWarning.objects.filter(seen_at=None, at__gte=clock.now() - WARNED_LATELY)
    for row in warned.select_related("recall__version__kit", "store").order_by("id"):
        title = row.recall.version.kit.title
        with transaction.atomic():
            told += tell_staff(
                viewer=viewer,
                store=row.store,
                text=f"【请先停一停】总部召回了“{title}”：{row.recall.reason}。先看总部的说明，再决定活动怎么办。",
                key=f"recall:{row.public_id}",
                path="champion/",
            )
    return told
