"""Thanking members: praise in public with their consent, small gifts out of a budget, inside events; many at once with a holdout."""

import secrets
from uuid import UUID

from django.db import transaction

from tongxin.commerce import actions as commerce
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.outreach.rules import held_out
from tongxin.people.queries import access_customer
from tongxin.rings.actions.inner import INVITERS
from tongxin.rings.models import Programme, Thanks
from tongxin.rings.queries.thanks import access_programme, access_thanks, audience_of
from tongxin.rings.terms import DEAREST_GIFT_FEN, THANKS_STATES, Ring, ThanksKind, ThanksState
from tongxin.stores.models import Store
from tongxin.stores.queries import the_brand

ROOM = "rings"
LONGEST = 200
BATCH = 2000


def thank(
    *,
    viewer: Viewer,
    customer: UUID | str,
    kind: ThanksKind,
    words: str,
    envelope: UUID | str | None = None,
    cost_fen: int = 0,
    about: tuple[str, str] = ("", ""),
) -> Thanks:
    """Thank one member. Praise waits for her consent; a gift is paid out of an envelope at once; `about` names an inside event.

    Refuses `absent`, `forbidden`, `rings.words_needed`, `rings.cost_bad`, `rings.envelope_needed` and what the envelope refuses.
    """
    said = _words(words)
    _cost(kind, envelope, cost_fen)
    with transaction.atomic():
        person = access_customer(viewer, customer, verb=Verb.CHANGE)
        if not viewer.reaches(person.home_store_id, INVITERS):
            raise Refused("forbidden")
        made = Thanks.objects.create(
            customer=person,
            store=person.home_store,
            kind=kind,
            state=ThanksState.ASKED if kind is ThanksKind.PRAISE else ThanksState.GIVEN,
            words=said,
            about_room=about[0][:32],
            about_key=about[1][:120],
            cost_fen=cost_fen,
            by_name=viewer.name,
            at=clock.now(),
        )
        if cost_fen and envelope is not None:
            made.commitment = _pay(viewer, envelope, cost_fen, made.public_id)
            made.save(update_fields=["commitment"])
        _tell(viewer, made, "rings.thanked", kind=str(kind), fen=cost_fen)
    return made


def answer_thanks(*, viewer: Viewer, thanks: UUID | str, yes: bool) -> Thanks:
    """The member lets others see the praise, or not, or takes it back: it is gone from every page with this answer.

    Refuses `absent` for anybody else, `rings.thanks_state`.
    """
    with transaction.atomic():
        found = Thanks.objects.select_for_update(no_key=True).get(pk=access_thanks(viewer, thanks).pk)
        state = ThanksState(found.state)
        open_to = {ThanksState.ASKED, ThanksState.DECLINED, ThanksState.WITHDRAWN} if yes else {
            ThanksState.ASKED,
            ThanksState.PUBLIC,
        }  # fmt: skip
        if found.kind != ThanksKind.PRAISE or state not in open_to:
            raise Refused("rings.thanks_state", state=THANKS_STATES[state][0])
        if yes:
            found.state = ThanksState.PUBLIC
        else:
            found.state = ThanksState.WITHDRAWN if state is ThanksState.PUBLIC else ThanksState.DECLINED
        found.answered_at = clock.now()
        found.save(update_fields=["state", "answered_at"])
        _tell(viewer, found, "rings.thanks_answered", state=str(found.state))
    return found


def open_programme(
    *,
    viewer: Viewer,
    title: str,
    kind: ThanksKind,
    ring: Ring,
    words: str,
    share_permille: int,
    store: Store | None = None,
    envelope: UUID | str | None = None,
    cost_fen: int = 0,
) -> Programme:
    """Plan thanks for everybody in a ring, with a random share (5–50 %) held out; nothing is given yet.

    Refuses `forbidden`, `rings.programme_bad`, `rings.words_needed`, `rings.cost_bad`, `rings.envelope_needed`.
    """
    said = _words(words)
    _cost(kind, envelope, cost_fen)
    if not viewer.reaches(store.pk if store else None, INVITERS):
        raise Refused("forbidden")
    if kind is ThanksKind.PRAISE:
        raise Refused("rings.programme_bad", field="kind")
    if not 50 <= share_permille <= 500:
        raise Refused("rings.programme_bad", field="share_permille")
    if not title.strip():
        raise Refused("rings.programme_bad", field="title")
    with transaction.atomic():
        made = Programme.objects.create(
            brand=the_brand(),
            store=store,
            title=title.strip()[:80],
            kind=kind,
            ring=ring,
            words=said,
            envelope=None if envelope is None else UUID(str(envelope)),
            cost_fen=cost_fen,
            share_permille=share_permille,
            seed=secrets.token_hex(16),
            opened_by=viewer.name,
            opened_at=clock.now(),
        )
        trail(
            viewer=viewer,
            act="rings.programme_opened",
            subject=(ROOM, "programme", str(made.public_id)),
            after={"kind": str(kind), "ring": str(ring), "held_permille": share_permille, "fen": cost_fen},
        )
    return made


def run_programme(*, viewer: Viewer, programme: UUID | str) -> Programme:
    """Give and hold out, once: who is held out follows from seed and public id alone, so anybody can work it out again.

    Who switched personalisation off is in neither arm. Refuses `absent`, `forbidden`, `rings.programme_done` and what the envelope
    refuses.
    """
    with transaction.atomic():
        found = Programme.objects.select_for_update(no_key=True).get(
            pk=access_programme(viewer, programme).pk
        )
        if not viewer.reaches(found.store_id, INVITERS):
            raise Refused("forbidden")
        if found.run_at is not None:
            raise Refused("rings.programme_done")
        now = clock.now()
        rows = [
            Thanks(
                customer_id=person,
                store_id=store,
                programme=found,
                kind=found.kind,
                state=ThanksState.HELD if held else ThanksState.GIVEN,
                words="" if held else found.words,
                cost_fen=0 if held else found.cost_fen,
                by_name=viewer.name,
                at=now,
            )
            for person, public_id, store in audience_of(found)
            for held in (held_out(found.seed, [str(public_id)], found.share_permille),)
        ]
        total = sum(row.cost_fen for row in rows)
        if total and found.envelope is not None:
            found.commitment = _pay(viewer, found.envelope, total, found.public_id)
        Thanks.objects.bulk_create(rows, batch_size=BATCH)
        found.run_at = now
        found.save(update_fields=["run_at", "commitment"])
        given = sum(row.state == ThanksState.GIVEN for row in rows)
        trail(
            viewer=viewer,
            act="rings.programme_run",
            subject=(ROOM, "programme", str(found.public_id)),
            after={"given": given, "held": len(rows) - given, "fen": total},
        )
    return found


def _words(words: str) -> str:
    said = words.strip()[:LONGEST]
    if len(said) < 2:
        raise Refused("rings.words_needed")
    return said


def _cost(kind: ThanksKind, envelope: UUID | str | None, cost_fen: int) -> None:
    if cost_fen < 0 or cost_fen > DEAREST_GIFT_FEN or (kind is ThanksKind.GIFT and cost_fen == 0):
        raise Refused("rings.cost_bad", most=DEAREST_GIFT_FEN // 100)
    if cost_fen and envelope is None:
        raise Refused("rings.envelope_needed")


def _pay(viewer: Viewer, envelope: UUID | str, fen: int, key: UUID) -> UUID:
    """Set aside and spend in one go: a gift handed over is money gone."""
    part = commerce.commit(
        viewer=viewer, envelope_id=envelope, amount_fen=fen, subject=(ROOM, f"thanks:{key}")
    )
    commerce.spend(viewer=viewer, commitment_id=part.public_id, amount_fen=fen, key="given")
    return part.public_id


def _tell(viewer: Viewer, made: Thanks, act: str, **after: object) -> None:
    trail(viewer=viewer, act=act, subject=(ROOM, "thanks", str(made.public_id)), after=after)
