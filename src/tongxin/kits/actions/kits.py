"""Headquarters' side: making a kit, drafting, releasing, offering, allowing a word, recalling."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.kits import queries
from tongxin.kits.actions.copy import check_copy
from tongxin.kits.models import CopyException, Draft, Kit, Offer, Recall, RecallWarning, Use, Version
from tongxin.kits.rules.content import KEY, checked, copy_of, fingerprint
from tongxin.kits.rules.faults import CODE, EMPTY, bad
from tongxin.kits.terms import EDITORS, Standing
from tongxin.stores.models import Store


def subject_of(kit: Kit) -> tuple[str, str, str]:
    """What the trail calls a kit."""
    return ("kits", "kit", str(kit.public_id))


def make_kit(*, viewer: Viewer, code: str, content: Mapping[str, Any]) -> Kit:
    """A new kit with a first draft. Refuses `forbidden`, `kits.code_taken`, `kits.content`, `kits.must_lock`."""
    if not viewer.reaches(None, EDITORS):
        raise Refused("forbidden")
    if not KEY.fullmatch(code.replace("-", "_")):
        raise bad("code", CODE)
    made = checked(content)
    now = clock.now()
    with transaction.atomic():
        kit, new = Kit.objects.get_or_create(
            code=code, defaults={"title": made["title"], "made_by": viewer.name, "made_at": now}
        )
        if not new:
            raise Refused("kits.code_taken", taken=code)
        Draft.objects.create(kit=kit, content=made, changed_by=viewer.name, changed_at=now)
        trail(viewer=viewer, act="kits.made", subject=subject_of(kit), after={"code": code})
    return kit


def change_draft(*, viewer: Viewer, kit_id: UUID | str, revision: int, content: Mapping[str, Any]) -> Draft:
    """What the next version will say. Refuses `absent`, `forbidden`, `edit.stale`, `kits.content`, `kits.must_lock`."""
    made = checked(content)
    with transaction.atomic():
        kit, draft = _locked(viewer, kit_id)
        if draft.revision != revision:
            raise Refused("edit.stale", version=draft.revision)
        draft.content, draft.revision = made, revision + 1
        draft.changed_by, draft.changed_at = viewer.name, clock.now()
        draft.save()
        Kit.objects.filter(pk=kit.pk).update(title=made["title"])
        trail(viewer=viewer, act="kits.drafted", subject=subject_of(kit), after={"revision": draft.revision})
    return draft


def release(*, viewer: Viewer, kit_id: UUID | str, revision: int, note: str = "") -> Version:
    """The draft becomes a version that nobody can change, with its hash.

    Refuses `absent`, `forbidden`, `edit.stale`, `kits.unchanged`, `kits.copy_forbidden`.
    """
    with transaction.atomic():
        kit, draft = _locked(viewer, kit_id)
        if draft.revision != revision:
            raise Refused("edit.stale", version=draft.revision)
        check_copy(kit=kit, texts=copy_of(draft.content), content=draft.content)
        last = Version.objects.filter(kit=kit).order_by("-number").first()
        said = fingerprint(draft.content)
        if last is not None and last.hash == said and queries.recall_of(last.pk) is None:
            raise Refused("kits.unchanged")
        made = Version.objects.create(
            kit=kit,
            number=1 if last is None else last.number + 1,
            content=draft.content,
            hash=said,
            note=note.strip()[:200],
            released_by=viewer.name,
            released_at=clock.now(),
        )
        trail(
            viewer=viewer,
            act="kits.released",
            subject=subject_of(kit),
            after={"version": made.number, "hash": said},
        )
    return made


def offer(
    *,
    viewer: Viewer,
    kit_id: UUID | str,
    everywhere: bool | None = None,
    stores: Collection[UUID] = (),
    region: str = "",
) -> int:
    """Give the kit to every store, or to some more (by id, or those of a region); answers to how many more.

    Refuses `absent`, `forbidden`, `input.bad` when nobody is named.
    """
    with transaction.atomic():
        kit = queries.access_kit(viewer, kit_id, Verb.CHANGE)
        if everywhere is not None:
            Kit.objects.filter(pk=kit.pk).update(everywhere=everywhere)
        rows = Store.objects.filter(public_id__in=list(stores)) if stores else Store.objects.none()
        if len(rows) != len(set(stores)):
            raise Refused("absent")
        wanted = list(rows.values_list("pk", flat=True))
        if region:
            wanted += list(Store.objects.filter(region__code=region).values_list("pk", flat=True))
        if everywhere is None and not wanted:
            raise Refused("input.bad", field="stores", reason="everywhere, stores, region")
        before = Offer.objects.filter(kit=kit).count()
        Offer.objects.bulk_create(
            [Offer(kit=kit, store_id=store, at=clock.now()) for store in sorted(set(wanted))],
            ignore_conflicts=True,
        )
        more = Offer.objects.filter(kit=kit).count() - before
        trail(
            viewer=viewer,
            act="kits.offered",
            subject=subject_of(kit),
            after={"everywhere": everywhere, "stores": more, "region": region},
        )
    return more


def record_exception(*, viewer: Viewer, kit_id: UUID | str, word: str, why: str) -> CopyException:
    """A word of the linter's list is lawful in this kit's copy, and why (a brand name, a fact). Kept for good.

    Refuses `absent`, `forbidden`, `kits.reason_missing`, `kits.content` without a word.
    """
    said, ground = word.strip()[:40], why.strip()[:200]
    if not said:
        raise bad("word", EMPTY)
    if not ground:
        raise Refused("kits.reason_missing")
    with transaction.atomic():
        kit = queries.access_kit(viewer, kit_id, Verb.DECIDE)
        made, new = CopyException.objects.get_or_create(
            kit=kit, word=said, defaults={"why": ground, "by": viewer.name, "at": clock.now()}
        )
        if new:
            trail(
                viewer=viewer,
                act="kits.exception_recorded",
                subject=subject_of(kit),
                after={"word": said},
                reason=ground,
            )
    return made


def recall(*, viewer: Viewer, version_id: UUID | str, reason: str) -> Recall:
    """Nobody may use a version any more: no new adoption from this instant, letters of its events wait, and the champions of
    events that are open or running are warned. Said twice it changes nothing. Refuses `absent`, `forbidden`,
    `kits.reason_missing`."""
    why = reason.strip()[:200]
    if not why:
        raise Refused("kits.reason_missing")
    with transaction.atomic():
        found = queries.access_version(viewer, version_id, Verb.DECIDE)
        # Whoever is adopting holds a share of this row: their instance is there before us, or they see the recall.
        Version.objects.select_for_update().get(pk=found.pk)
        now = clock.now()
        made, new = Recall.objects.get_or_create(
            version=found, defaults={"reason": why, "by": viewer.name, "at": now}
        )
        if not new:
            return made
        uses = Use.objects.filter(
            version=found, standing__in=[Standing.PLANNED, Standing.OPEN], ends_at__gt=now
        )
        warned = RecallWarning.objects.bulk_create(
            [
                RecallWarning(recall=made, use_id=use, store_id=store, at=now)
                for use, store in uses.values_list("pk", "store")
            ]
        )
        trail(
            viewer=viewer,
            act="kits.recalled",
            subject=subject_of(found.kit),
            after={"version": found.number, "warned": len(warned)},
            reason=why,
        )
    return made


def _locked(viewer: Viewer, kit_id: UUID | str) -> tuple[Kit, Draft]:
    kit = queries.access_kit(viewer, kit_id, Verb.CHANGE)
    return kit, Draft.objects.select_for_update().get(kit=kit)
