"""The editorial calendar: planned, moved, published as a post of the community, dropped; the mix and the library beside it."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import F

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.stores.queries import the_brand
from tongxin.voices.actions.writing import words, write_post
from tongxin.voices.models import CalendarEntry, LibraryItem, MixTarget
from tongxin.voices.queries.editing import access_entry, access_item, keeps
from tongxin.voices.rules.mix import whole
from tongxin.voices.terms import BODY_MOST, EDITORS, TITLE_MOST, ContentType, EntryState

ROOM = "voices"


def plan_entry(
    *,
    viewer: Viewer,
    community_id: UUID,
    on: date,
    title: str,
    content: ContentType | None = None,
    draft: str = "",
    item_id: UUID | None = None,
) -> CalendarEntry:
    """Say what the community brings on a day; from a piece of the library its type and words are taken where none are given.

    Refuses `absent`, `input.bad`, `voices.too_long`.
    """
    with transaction.atomic():
        community = keeps(viewer, community_id)
        item = None if item_id is None else _item(item_id)
        if content is None and item is None:
            raise Refused("input.bad", field="content", reason="?")
        entry = CalendarEntry.objects.create(
            community=community,
            item=item,
            content=content or (item.content if item else ""),
            title=_title(title or (item.title if item else "")),
            draft=_draft(draft or (item.body if item else "")),
            on=on,
            made_by=viewer.name,
            made_at=clock.now(),
        )
        _trail(viewer, entry, "voices.entry_planned", {"content": str(entry.content), "on": on.isoformat()})
    return entry


def change_entry(
    *,
    viewer: Viewer,
    entry_id: UUID,
    on: date,
    title: str,
    draft: str = "",
    version: int | None = None,
) -> CalendarEntry:
    """Another day, another title, other words. Refuses `absent`, `edit.stale`, `voices.entry_done`, `input.bad`, `voices.too_long`."""
    with transaction.atomic():
        entry = _locked(viewer, entry_id)
        if version is not None and entry.version != version:
            raise Refused("edit.stale")
        entry.on, entry.title, entry.draft, entry.version = (
            on,
            _title(title),
            _draft(draft),
            entry.version + 1,
        )
        entry.save(update_fields=["on", "title", "draft", "version"])
        _trail(viewer, entry, "voices.entry_moved", {"on": on.isoformat(), "version": entry.version})
    return entry


def drop_entry(*, viewer: Viewer, entry_id: UUID) -> CalendarEntry:
    """It is not brought after all. Refuses `absent`, `voices.entry_done`."""
    with transaction.atomic():
        entry = _locked(viewer, entry_id)
        entry.state, entry.version = EntryState.DROPPED, entry.version + 1
        entry.save(update_fields=["state", "version"])
        _trail(viewer, entry, "voices.entry_dropped", {})
    return entry


def publish_entry(
    *, viewer: Viewer, entry_id: UUID, body: str = "", topic: UUID | None = None, public: bool = False
) -> CalendarEntry:
    """Bring it: a post of the community with these words, or with those of the draft; once. Counts for the mix.

    Refuses `absent`, `voices.entry_done`, and as `write_post`.
    """
    with transaction.atomic():
        entry = _locked(viewer, entry_id)
        entry.post = write_post(
            viewer=viewer,
            community_id=entry.community.public_id,
            body=words(body.strip() or entry.draft or entry.title),
            topic=topic,
            public=public,
            content=ContentType(entry.content),
        )
        entry.state, entry.version = EntryState.PUBLISHED, entry.version + 1
        entry.save(update_fields=["post", "state", "version"])
        if entry.item_id is not None:
            LibraryItem.objects.filter(pk=entry.item_id).update(used=F("used") + 1)
        _trail(viewer, entry, "voices.entry_published", {"post": str(entry.post.public_id)})
    return entry


def set_mix(*, viewer: Viewer, community_id: UUID, targets: Mapping[ContentType, int]) -> None:
    """The shares that a community aims for, in per cent; none goes back to the usual ones. Refuses `absent`, `voices.mix`."""
    if targets and not whole(targets):
        raise Refused("voices.mix")
    with transaction.atomic():
        community = keeps(viewer, community_id)
        MixTarget.objects.filter(community=community).delete()
        MixTarget.objects.bulk_create(
            [
                MixTarget(community=community, content=key, share=share)
                for key, share in targets.items()
                if share
            ]
        )
        trail(
            viewer=viewer,
            act="voices.mix_set",
            subject=(ROOM, "community", str(community.public_id)),
            after={str(key): share for key, share in targets.items()},
        )


def add_item(*, viewer: Viewer, content: ContentType, title: str, body: str) -> LibraryItem:
    """Put a piece on a shelf, for all communities: by who edits for the whole brand. Refuses `absent`, `input.bad`, `voices.too_long`."""
    if not viewer.reaches(None, EDITORS):
        raise Refused("absent")
    with transaction.atomic():
        item = LibraryItem.objects.create(
            brand=the_brand(),
            content=content,
            title=_title(title),
            body=words(body),
            made_by=viewer.name,
            made_at=clock.now(),
        )
        trail(
            viewer=viewer,
            act="voices.library_added",
            subject=(ROOM, "library", str(item.public_id)),
            after={"content": str(content)},
        )
    return item


def retire_item(*, viewer: Viewer, item_id: UUID) -> LibraryItem:
    """Take a piece off its shelf; what was planned from it stays. Refuses `absent`."""
    with transaction.atomic():
        item = access_item(viewer, item_id)
        item.retired_at = clock.now()
        item.save(update_fields=["retired_at"])
        trail(viewer=viewer, act="voices.library_retired", subject=(ROOM, "library", str(item.public_id)))
    return item


def _item(item_id: UUID) -> LibraryItem:
    found = LibraryItem.objects.filter(public_id=item_id, retired_at=None).first()
    if found is None:
        raise Refused("absent")
    return found


def _locked(viewer: Viewer, entry_id: UUID) -> CalendarEntry:
    found = access_entry(viewer, entry_id)
    entry = (
        CalendarEntry.objects.select_for_update(no_key=True, of=("self",))
        .select_related("community")
        .get(pk=found.pk)
    )
    if entry.state != EntryState.PLANNED:
        raise Refused("voices.entry_done")
    return entry


def _title(title: str) -> str:
    title = title.strip()
    if not 1 <= len(title) <= TITLE_MOST:
        raise Refused("input.bad", field="title", reason=f"1–{TITLE_MOST}")
    return title


def _draft(draft: str) -> str:
    if len(draft.strip()) > BODY_MOST:
        raise Refused("voices.too_long", most=BODY_MOST)
    return draft.strip()


def _trail(viewer: Viewer, entry: CalendarEntry, act: str, after: dict[str, object]) -> None:
    community = {"community": str(entry.community.public_id)}
    trail(viewer=viewer, act=act, subject=(ROOM, "entry", str(entry.public_id)), after=community | after)
