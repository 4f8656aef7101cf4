"""Answering the daily check, writing its list, answering what came back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from django.db import transaction

from tongxin.champions import queries
from tongxin.champions.models import CheckAnswer, CheckList, ConcernAnswer
from tongxin.champions.queries.checks import live_answers
from tongxin.champions.rules import checks as rules
from tongxin.champions.terms import CHECKERS, EDITORS, PHOTO, SENTENCE_LONGEST, CheckWord
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.foundation.locks import advisory
from tongxin.foundation.media.actions import remove, store_image
from tongxin.stores.models import Store
from tongxin.stores.queries import the_brand


@dataclass(frozen=True)
class AnswerIn:
    """What is said to one item; `photo` are the bytes of a picture as it came."""

    answer: CheckWord
    sentence: str = ""
    photo: bytes | None = None


def answer_check(
    *, viewer: Viewer, store: Store, answers: Mapping[str, AnswerIn], day: date | None = None
) -> int:
    """The champion's answers to today's list, some or all; answers how many rows were written.

    Said again it changes nothing; said otherwise on the same day it is a correction beside the first. A new answer without a
    photo keeps the one that is there. Refuses `absent`, `champions.nothing`, `champions.no_item`, `champions.day_over`, and
    what `store_image` refuses.
    """
    if not viewer.reaches(store.pk, CHECKERS):
        raise Refused("absent")
    if not answers:
        raise Refused("champions.nothing")
    today = queries.today_in(store)
    if day is not None and day != today:
        raise Refused("champions.day_over")
    listed = queries.list_for(store.brand, today)
    if unknown := sorted(answers.keys() - {item.key for item in listed.items}):
        raise Refused("champions.no_item", item=unknown[0][:24])
    photos = _painted(viewer, answers)  # before the lock: painting takes a second
    try:
        with advisory(f"champions.check:{store.pk}:{today}"):
            written = _write(
                viewer=viewer, store=store, today=today, number=listed.number, answers=answers, photos=photos
            )
    except BaseException:
        for photo in photos.values():
            remove(viewer=viewer, public_id=photo, reason="check_not_kept")
        raise
    return written


def _painted(viewer: Viewer, answers: Mapping[str, AnswerIn]) -> dict[str, UUID]:
    found: dict[str, UUID] = {}
    try:
        for key, given in answers.items():
            if given.photo:
                found[key] = store_image(viewer=viewer, data=given.photo, purpose=PHOTO).public_id
    except Refused:
        for photo in found.values():
            remove(viewer=viewer, public_id=photo, reason="check_not_kept")
        raise
    return found


def _write(
    *,
    viewer: Viewer,
    store: Store,
    today: date,
    number: int,
    answers: Mapping[str, AnswerIn],
    photos: Mapping[str, UUID],
) -> int:
    standing = {row.item: row for row in live_answers().filter(store=store, day=today)}
    rows = []
    for key, given in answers.items():
        before = standing.get(key)
        sentence = given.sentence.strip()[:SENTENCE_LONGEST]
        if before and key not in photos and (before.answer, before.sentence) == (given.answer, sentence):
            continue
        rows.append(
            CheckAnswer(
                store=store,
                day=today,
                list=number,
                item=key,
                answer=given.answer,
                sentence=sentence,
                photo=photos.get(key) or (before.photo if before else None),
                corrects=before,
                by=viewer.name,
                at=clock.now(),
            )
        )
    if rows:
        CheckAnswer.objects.bulk_create(rows)
        trail(
            viewer=viewer,
            act="champions.checked",
            subject=("champions", "check", f"{store.public_id}/{today}"),
            after={"answers": {row.item: str(row.answer) for row in rows}},
        )
    return len(rows)


def publish_list(
    *, viewer: Viewer, items: Sequence[tuple[str, str]], since: date, expected: int | None = None
) -> CheckList:
    """The items (zh, en) that hold for every store from a day on; days before keep theirs.

    Refuses `forbidden`, `champions.items`, `champions.since` (today or earlier), `edit.stale` when somebody published after
    `expected`.
    """
    if not viewer.reaches(None, EDITORS):
        raise Refused("forbidden")
    brand = the_brand()
    with advisory("champions.list"):
        lists = queries.lists_for(brand)
        before = lists[-1] if lists else rules.FIRST
        if expected is not None and expected != before.number:
            raise Refused("edit.stale")
        kept = rules.listed_items(items, before)
        rules.check_since(since, clock.business_day(clock.now(), brand.zone))
        made = CheckList.objects.create(
            brand=brand,
            number=before.number + 1,
            since=since,
            items=[asdict(item) for item in kept],
            made_by=viewer.name,
            made_at=clock.now(),
        )
        trail(
            viewer=viewer,
            act="champions.list_published",
            subject=("champions", "list", str(made.public_id)),
            after={"number": made.number, "since": since.isoformat(), "items": [item.zh for item in kept]},
        )
    return made


def settle_concern(*, viewer: Viewer, answer_id: UUID | str, reply: str) -> ConcernAnswer:
    """What headquarters says to a no with a sentence, once. Refuses `absent`, `champions.no_concern`, `champions.settled`, `input.bad`."""
    said = reply.strip()[:SENTENCE_LONGEST]
    if not said:
        raise Refused("input.bad", field="reply", reason="1–200")
    with transaction.atomic():
        found = queries.access_concern(viewer, answer_id)
        made, new = ConcernAnswer.objects.get_or_create(
            concern=found, defaults={"reply": said, "by": viewer.name, "at": clock.now()}
        )
        if not new:
            raise Refused("champions.settled")
        trail(
            viewer=viewer,
            act="champions.concern_settled",
            subject=("champions", "check", str(found.public_id)),
        )
    return made
