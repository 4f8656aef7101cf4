"""One factory per kind of thing: which one an actor has, and which one is somebody else's.

`None` where an actor has none (a champion holds no webhook) or where nothing is foreign to them (headquarters).
Longer than six hundred lines: the matrix, the doors of pages and the API read one table of all kinds, each with its few lines.
"""

import io
import uuid
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

import duckdb
import pyarrow as pa
from django.db.models import F
from PIL import Image

from access.actors import FAR, HERE, JOB, NEAR, NOON, Actor, World
from events.factories import published
from kits.kitchen import content
from rings.chain import devote
from tongxin.amplify import actions as amplify
from tongxin.amplify import queries as amplified
from tongxin.amplify.actions import outside as others
from tongxin.amplify.models import Poll, PoolShare, Referral, Star
from tongxin.amplify.models import Pool as SharedPool
from tongxin.amplify.terms import Scope as Out
from tongxin.amplify.terms_demand import PollKind
from tongxin.amplify.terms_outside import Inside, Platform
from tongxin.amplify.terms_teachers import Specialty
from tongxin.champions import actions as champions
from tongxin.champions import queries as days
from tongxin.champions.actions import AnswerIn
from tongxin.champions.models import Handover, Invite
from tongxin.champions.terms import CheckWord, InviteReason
from tongxin.commerce import actions as money
from tongxin.commerce import queries as commerce
from tongxin.commerce.terms import PartnerKind
from tongxin.communities import actions as communities
from tongxin.communities import queries as community_queries
from tongxin.communities.actions import CommunityIn
from tongxin.communities.terms import Part
from tongxin.events import actions as events
from tongxin.events.actions import SeriesIn
from tongxin.events.models import (
    Attendance,
    DoorConflict,
    Occurrence,
    Photo,
    Pool,
    Registration,
    SurveyInvite,
)
from tongxin.events.terms import Did, Seat, Why
from tongxin.events.terms_after import PhotoState
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.accounts.actions import create_account
from tongxin.foundation.accounts.queries import account_by_handle, entry_of_secret
from tongxin.foundation.accounts.terms import AccountKind
from tongxin.foundation.draw import actions as draws
from tongxin.foundation.webhooks import actions as webhooks
from tongxin.kits import actions as kits
from tongxin.kits import queries as kit_queries
from tongxin.kits.models import RecallWarning, Use
from tongxin.measure import actions as measure
from tongxin.measure.queries.segments import home as segment_home
from tongxin.measure.segments.preparing import Given, prepare
from tongxin.outreach import actions as outreach
from tongxin.outreach.models import InboxItem, Message, Task
from tongxin.outreach.terms import MessageClass
from tongxin.outreach.terms_plans import SequenceKind
from tongxin.people import actions as people
from tongxin.people import queries as persons
from tongxin.people.terms import MergeReason, Purpose
from tongxin.project.doors import viewer_of
from tongxin.rings import actions as rings
from tongxin.rings.models import Invitation, Policy
from tongxin.rings.terms import ThanksKind
from tongxin.stores import queries as stores
from tongxin.stores.actions import grant as grant_role
from tongxin.stores.actions import upsert_staff
from tongxin.stores.models import Staff
from tongxin.stores.rules import StaffRow
from tongxin.stores.terms import Role
from tongxin.voices import actions as voices
from tongxin.voices.actions import challenges, contests, moderating
from tongxin.voices.actions import states as post_states
from tongxin.voices.actions.editing import locked as post_locked
from tongxin.voices.models import Appeal, Case, Contest, Entry, Item, Post
from tongxin.voices.rules.judging import Judgement
from tongxin.voices.terms import ContentType, PostKind, PostState
from tongxin.voices.terms_moderation import Category, Level, Verdict

RAFFLE: dict[str, Any] = {
    "draw": {"contact": "021-5555 0101", "draws_at": (NOON + timedelta(minutes=45)).isoformat()}
}
HQ = {"admin", "hq_editor", "hq_analyst", "auditor"}
MEMBER = "member"


@dataclass(frozen=True)
class Things:
    """What a request is about: the actor's own, and a foreign one."""

    own: str | None
    foreign: str | None = None


def _homes(actor: Actor) -> tuple[tuple[int, int], tuple[int, int] | None]:
    if actor.role in HQ or actor.home is None:
        return HERE, None
    return actor.home, FAR if actor.home == HERE else HERE


def _by_store(world: World, actor: Actor, pick: Any) -> Things:
    own, foreign = _homes(actor)
    return Things(pick(world.store(own)), None if foreign is None else pick(world.store(foreign)))


def store(world: World, actor: Actor) -> Things:
    return _by_store(world, actor, lambda s: s["id"])


def member(world: World, actor: Actor) -> Things:
    # The last one: the first three are actors themselves.
    return _by_store(world, actor, lambda s: s["members"][-1]["id"])


def device(world: World, actor: Actor) -> Things:
    return _by_store(world, actor, lambda s: s["device"]["id"])


def grant(world: World, actor: Actor) -> Things:
    if (
        actor.role == "champion"
    ):  # sees and gives back their own; whom they let in at the door is the manager's to end
        own, foreign = _homes(actor)
        return Things(
            next(c["grant"] for c in world.store(own)["champions"] if c["handle"] == actor.handle),
            world.store(foreign)["door"]["grant"],
        )
    return _by_store(world, actor, lambda s: s["door"]["grant"])


def merge(world: World, actor: Actor) -> Things:
    return _by_store(world, actor, lambda s: _merge(world, s)["id"])


def merged_target(world: World, merge_id: str) -> str:
    return next(m["target"] for m in world.made["merges"].values() if m["id"] == merge_id)


def _merge(world: World, s: dict[str, Any]) -> dict[str, str]:
    made = world.made.setdefault("merges", {})
    if s["id"] not in made:
        source, target = (persons.access_customer(JOB, s["members"][i]["id"]) for i in (3, 4))
        link = people.merge(viewer=JOB, source=source, target=target, reason=MergeReason.MEMBER_ASKED)
        made[s["id"]] = {"id": str(link.public_id), "target": str(target.public_id)}
    return made[s["id"]]


def webhook(world: World, actor: Actor) -> Things:
    if "webhook" not in world.made:
        made, _ = webhooks.subscribe(viewer=JOB, url="https://93.184.215.14/hook", acts=["accounts.*"])
        world.made["webhook"] = str(made.public_id)
    return Things(world.made["webhook"])


def study(world: World, actor: Actor) -> Things:
    return _by_store(world, actor, lambda s: _study(world, s))


def _study(world: World, s: dict[str, Any]) -> str:
    made = world.made.setdefault("studies", {})
    if s["id"] not in made:
        planned = measure.plan_study(viewer=JOB, title=s["mark"], store=stores.access_store(JOB, s["id"]))
        made[s["id"]] = str(planned.public_id)
    return made[s["id"]]


def measurement(world: World, actor: Actor) -> Things:
    return _by_store(world, actor, lambda s: _measurement(world, s))


def _measurement(world: World, s: dict[str, Any]) -> str:
    made = world.made.setdefault("measurements", {})
    if s["id"] not in made:
        asked = measure.ask_measurement(
            viewer=JOB, kind="concentration", store=stores.access_store(JOB, s["id"])
        )
        made[s["id"]] = str(asked.public_id)
    return made[s["id"]]


def sheet(world: World) -> None:
    """The sheet behind segments, over nobody: rules are counted, and whom they mean is another test's question."""
    if "sheet" in world.made:
        return
    nobody = {
        "person": "int64",
        "usable": "bool",
        "store": "int32",
        "ring": "int8",
        "tenure": "int32",
        "paid": "bool",
    }
    nobody |= {f"consent_{purpose.value}": "bool" for purpose in Purpose}
    empty = pa.table(
        {name: pa.array([], kind if kind != "bool" else "bool") for name, kind in nobody.items()}
    )
    roots = pa.table({"entry": pa.array([], "int64"), "root": pa.array([], "int64")})
    words: dict[str, dict[str, str]] = {"store": {}, "community": {}, "category": {}}
    with duckdb.connect() as con:
        prepare(con, Given((), empty, roots, words), segment_home(), ends=NOON, now=NOON)
    world.made["sheet"] = {"": ""}


def segment(world: World, actor: Actor) -> Things:
    return _by_store(world, actor, lambda s: _segment(world, s))


def _segment(world: World, s: dict[str, Any]) -> str:
    sheet(world)
    made = world.made.setdefault("segments", {})
    if s["id"] not in made:
        shop = stores.access_store(JOB, s["id"])
        kept = measure.save_segment(viewer=JOB, name=s["mark"], rule="天数(91) >= 1", store=shop)
        made[s["id"]] = str(kept.public_id)
    return made[s["id"]]


def candidate(world: World, actor: Actor) -> Things:
    return _by_store(world, actor, lambda s: _candidate(world, s))


def _candidate(world: World, s: dict[str, Any]) -> str:
    """Somebody of the store whom the rule proposes for the inner ring."""
    made = world.made.setdefault("candidates", {})
    if s["id"] not in made:
        person, *others = (persons.access_customer(JOB, one["id"]) for one in reversed(s["members"]))
        shop = stores.access_store(JOB, s["id"])
        others += [
            people.register_member(viewer=JOB, home_store=shop) for _ in range(max(0, 6 - len(others)))
        ]
        devote(person, others[:6])
        rings.recompute(viewer=JOB, persons=[person.pk])
        for policy in Policy.objects.all():  # an actor of the matrix has the one seat of the store already
            policy.body["capacity"]["at_least"] = 5
            policy.save(update_fields=["body"])
        made[s["id"]] = str(person.public_id)
    return made[s["id"]]


def my_thanks(world: World, actor: Actor) -> Things:
    made = world.made.setdefault("thanks", {})

    def pick(one: dict[str, Any]) -> str:
        if one["id"] not in made:
            kept = rings.thank(viewer=JOB, customer=one["id"], kind=ThanksKind.PRAISE, words="谢谢你")
            made[one["id"]] = str(kept.public_id)
        return made[one["id"]]

    return _of_member(world, actor, pick)


def my_ring_invitation(world: World, actor: Actor) -> Things:
    """One's own open invitation; the address names none, so nobody else's can be meant."""
    mine = next((m for m in world.store(HERE)["members"] if m["handle"] == actor.handle), None)
    if mine is None:
        return Things(None)
    made = world.made.setdefault("ring_invitations", {})
    if mine["id"] not in made:
        person = persons.access_customer(JOB, mine["id"])
        kept = Invitation.objects.create(
            customer=person,
            store=person.home_store,
            state="invited",
            policy=rings.ensure_policy(viewer=JOB),
            invited_by="xiaoman",
            invited_at=NOON,
            expires_at=NOON + timedelta(days=30),
            reason="常帮人",
        )
        made[mine["id"]] = str(kept.public_id)
    return Things(made[mine["id"]])


def _of_member(world: World, actor: Actor, pick: Any) -> Things:
    others = world.store(FAR)["members"][0]
    mine = next((m for m in world.store(HERE)["members"] if m["handle"] == actor.handle), None)
    return Things(None if mine is None else pick(mine), pick(others))


def tag(world: World, actor: Actor) -> Things:
    return _of_member(world, actor, lambda m: m["tag"])


def companion(world: World, actor: Actor) -> Things:
    return _of_member(world, actor, lambda m: (m["companions"] or [None])[0])


def event(world: World, actor: Actor) -> Things:
    """A published event of a store."""
    return _by_store(world, actor, lambda s: _event(world, s))


def _event(world: World, s: dict[str, Any], **more: Any) -> str:
    made = world.made.setdefault("events", {})
    key = (s["id"], *sorted(more.items()))
    if key not in made:
        found = published(stores.access_store(JOB, s["id"]), title=s["mark"], party_most=3, **more)
        made[key] = str(found.public_id)
    return made[key]


def seen_by_all(world: World, actor: Actor) -> Things:
    """A published event is nobody's secret: no store is foreign to it."""
    own, _ = _homes(actor)
    return Things(_event(world, world.store(own)))


def joinable(world: World, actor: Actor) -> Things:
    """An event that an actor can register for: members everywhere, staff on behalf of a member of theirs."""
    own, _ = _homes(actor)
    return Things(_event(world, world.store(own), theme="joinable"))


def _registered(world: World, actor: Actor, s: dict[str, Any], n: int, **more: Any) -> str:
    made = world.made.setdefault("registrations", {})
    key = (s["id"], n, *sorted(more.items()))
    if key not in made:
        person = persons.access_customer(JOB, s["members"][n]["id"]).pk
        found = events.register(viewer=JOB, event_id=_event(world, s, theme=f"of {n}", **more), person=person)
        made[key] = str(found.public_id)
    return made[key]


def _of_guest(world: World, actor: Actor, **more: Any) -> Things:
    if actor.role == MEMBER:
        at = next(i for i, m in enumerate(world.store(HERE)["members"]) if m["handle"] == actor.handle)
        here, far = world.store(HERE), world.store(FAR)
        return Things(_registered(world, actor, here, at, **more), _registered(world, actor, far, 5, **more))
    return _by_store(world, actor, lambda s: _registered(world, actor, s, 5, **more))


def registration(world: World, actor: Actor) -> Things:
    """A confirmed place: the member's own, or one at an event of the actor's store."""
    return _of_guest(world, actor)


def applicant(world: World, actor: Actor) -> Things:
    """Somebody whose wish is to be answered."""
    return _of_guest(world, actor, admission="approval")


def over_event(world: World, actor: Actor) -> Things:
    """An event that ended yesterday; the member actors of its store came, and a guest."""
    return _by_store(world, actor, lambda s: _over(world, s))


def _over(world: World, s: dict[str, Any], kind: str = "over") -> str:
    def make(s: dict[str, Any]) -> str:
        shop = stores.access_store(JOB, s["id"])
        begins = NOON - timedelta(hours=26)
        with clock.held(NOON - timedelta(days=3)):
            found = published(
                shop, title=s["mark"], theme=kind, starts_at=begins, ends_at=begins + timedelta(hours=2)
            )
            for n in (0, 1, 2, 5):
                person = persons.access_customer(JOB, s["members"][n]["id"])
                seat = events.register(viewer=JOB, event_id=found.public_id, person=person.pk)
                Attendance.objects.create(
                    registration=seat, occurrence=found, person=person, counted=uuid.uuid4(), at=begins
                )
        return str(found.public_id)

    return _made(world, f"{kind} events", s, make)


def listed_event(world: World, actor: Actor) -> Things:
    """One whose survey is published and not yet drawn."""
    return _by_store(world, actor, lambda s: _listed(world, s))


def _listed(world: World, s: dict[str, Any]) -> str:
    def make(s: dict[str, Any]) -> str:
        key = _over(world, s, "listed")
        with clock.held(NOON - timedelta(hours=20)):
            events.draw_survey(viewer=JOB, event_id=uuid.UUID(key))
        return key

    return _made(world, "listed surveys", s, make)


def _asked_event(world: World, s: dict[str, Any]) -> str:
    def make(s: dict[str, Any]) -> str:
        key = _over(world, s, "asked")
        with clock.held(NOON - timedelta(hours=20)):
            events.draw_survey(viewer=JOB, event_id=uuid.UUID(key))
        with clock.held(NOON - timedelta(hours=18)):
            events.reveal_survey(viewer=JOB, event_id=uuid.UUID(key))
        return key

    return _made(world, "asked surveys", s, make)


def asked_event(world: World, actor: Actor) -> Things:
    """One whose survey is drawn: its document is nobody's secret."""
    own, _ = _homes(actor)
    return Things(_asked_event(world, world.store(own)))


def _guest_number(world: World, actor: Actor) -> int:
    return next(i for i, m in enumerate(world.store(HERE)["members"]) if m["handle"] == actor.handle)


def my_survey(world: World, actor: Actor) -> Things:
    """What the member was drawn to answer, and what somebody else was."""
    if actor.role != MEMBER:
        return Things(None)
    return Things(
        _invite_of(world, world.store(HERE), _guest_number(world, actor)),
        _invite_of(world, world.store(FAR), 5),
    )


def _invite_of(world: World, s: dict[str, Any], n: int) -> str:
    person = persons.access_customer(JOB, s["members"][n]["id"])
    found = SurveyInvite.objects.get(survey__occurrence__public_id=_asked_event(world, s), person=person)
    return str(found.public_id)


def event_photo(world: World, actor: Actor) -> Things:
    """A photo of biscuits: it may go anywhere, and is still private."""
    return _by_store(world, actor, lambda s: _photo(world, s, "private"))


def shown_photo(world: World, actor: Actor) -> Things:
    """One that is public already."""
    return _by_store(world, actor, lambda s: _photo(world, s, "public"))


def public_photo(world: World, actor: Actor) -> Things:
    """One that anybody may see: no store is foreign to it."""
    own, _ = _homes(actor)
    return Things(_photo(world, world.store(own), "public"))


def _photo(world: World, s: dict[str, Any], state: str, guest: int | None = None) -> str:
    def make(s: dict[str, Any]) -> str:
        out = io.BytesIO()
        Image.new("RGB", (8, 8)).save(out, "PNG")
        key = uuid.UUID(_over(world, s))
        made = events.add_photo(viewer=JOB, event_id=key, data=out.getvalue())
        seats = Registration.objects.filter(occurrence=made.occurrence).order_by("id")
        seen = [] if guest is None else [seats[guest].public_id]
        events.say_seen(viewer=JOB, photo_id=made.public_id, registrations=seen, child_visible=False)
        if state != "private":
            events.set_photo_state(viewer=JOB, photo_id=made.public_id, state=PhotoState(state))
        return str(Photo.objects.get(pk=made.pk).public_id)

    return _made(world, f"{state} photos {guest}", s, make)


def my_photo(world: World, actor: Actor) -> Things:
    """A photo in which the member is seen, and one in which somebody else is."""
    if actor.role != MEMBER:
        return Things(None)
    return Things(
        _photo(world, world.store(HERE), "private", _guest_number(world, actor)),
        _photo(world, world.store(FAR), "private", 3),
    )


def offer(world: World, actor: Actor) -> Things:
    """Somebody from the waiting list to whom a seat is offered."""
    things = _of_guest(world, actor, summary="offered")
    for one in (things.own, things.foreign):
        if one is not None and one not in world.made.setdefault("offers", set()):
            world.made["offers"].add(one)
            _offered(one)
    return things


def _offered(one: str) -> None:
    found = Registration.objects.select_related("occurrence__store").get(public_id=one)
    Pool.objects.filter(pk=found.pool_id).update(taken=F("taken") - found.party, held=F("held") + found.party)
    Registration.objects.filter(pk=found.pk).update(
        state=Seat.OFFERED, offered_until=found.occurrence.starts_at - timedelta(hours=1)
    )


def _once(world: World, kind: str, s: dict[str, Any], make: Any) -> str:
    """One of a kind for each store, made once."""
    made = world.made.setdefault(kind, {})
    if s["id"] not in made:
        made[s["id"]] = str(make(stores.access_store(JOB, s["id"]), s))
    return made[s["id"]]


def paid(world: World, actor: Actor) -> Things:
    """A fee that was paid, of a member at home in the actor's store."""
    return _by_store(world, actor, lambda s: _once(world, "paid", s, _paid))


def _paid(store: Any, s: dict[str, Any]) -> Any:
    person = persons.access_customer(JOB, s["members"][5]["id"]).pk
    made = money.promise(
        viewer=JOB,
        person=person,
        store=store,
        subject=("events", s["id"]),
        under=("events", s["id"]),
        fee_fen=3900,
        voucher_fen=3900,
        terms={"zh": s["mark"]},
        valid_days=30,
    )
    return money.mark_paid(
        viewer=JOB, promise_id=made.public_id, receipt=f"R-{s['code']}", store=store
    ).public_id


def voucher(world: World, actor: Actor) -> Things:
    """A voucher that was granted."""
    return _by_store(world, actor, lambda s: _granted(world, s))


def _granted(world: World, s: dict[str, Any]) -> str:
    _once(world, "paid", s, _paid)
    return _once(world, "vouchers", s, lambda store, s: _attended(s))


def _attended(s: dict[str, Any]) -> Any:
    held = money.attended(viewer=JOB, subject=("events", s["id"]), at=clock.now())
    assert held is not None
    return held.public_id


def spendable(world: World, actor: Actor) -> Things:
    """A voucher whose code somebody shows: any till of the chain takes it."""
    return Things(voucher(world, actor).own)


def spent(world: World, actor: Actor) -> Things:
    """A voucher that was redeemed in the actor's store."""
    return _by_store(world, actor, lambda s: _redeemed(world, s))


def _redeemed(world: World, s: dict[str, Any]) -> str:
    def make(store: Any, s: dict[str, Any]) -> Any:
        person = persons.access_customer(JOB, s["members"][5]["id"]).pk
        subject = ("events", f"spent {s['id']}")
        held = money.promise(
            viewer=JOB, person=person, store=store, subject=subject, under=subject, fee_fen=100, voucher_fen=100,
            terms={"zh": s["mark"]}, valid_days=30,
        )  # fmt: skip
        money.mark_paid(viewer=JOB, promise_id=held.public_id, receipt=f"S-{s['code']}", store=store)
        granted = money.attended(viewer=JOB, subject=subject, at=clock.now())
        assert granted is not None
        money.redeem(viewer=JOB, code=granted.code, store=store, receipt=f"T-{s['code']}")
        return granted.public_id

    return _once(world, "spent", s, make)


def envelope(world: World, actor: Actor) -> Things:
    """A budget of a store."""
    return _by_store(world, actor, lambda s: _once(world, "envelopes", s, _budget))


def _budget(store: Any, s: dict[str, Any]) -> Any:
    today = clock.business_day(clock.now())
    return money.open_envelope(
        viewer=JOB,
        title=s["mark"],
        amount_fen=100_000,
        opens_on=today,
        closes_on=today + timedelta(days=90),
        store=store,
        ring="inner",
    ).public_id


# ---- what the pages of till, outreach and budgets are about


def promise(world: World, actor: Actor) -> Things:
    """A fee that a store has still to collect."""
    more = {"fee_fen": 3900, "voucher_fen": 3900}
    return _by_store(world, actor, lambda s: _promise(_registered(world, actor, s, 5, **more)))


def _promise(registration: str) -> str:
    found = commerce.promise_for(("events", registration))
    assert found is not None
    return str(found.public_id)


def message(world: World, actor: Actor) -> Things:
    """A message of a store that nobody has approved."""
    return _by_store(world, actor, lambda s: _made(world, "messages", s, _planned))


def _planned(s: dict[str, Any]) -> str:
    made = outreach.plan_message(
        viewer=JOB,
        message_class=MessageClass.COMMUNITY,
        channel="manual",
        audience="store",
        audience_key=s["id"],
        text=s["mark"],
        expires_at=clock.now() + timedelta(days=2),
        store=stores.access_store(JOB, s["id"]),
    )
    return str(made.public_id)


def task(world: World, actor: Actor) -> Things:
    """A task on the desk of a store."""
    return _by_store(world, actor, lambda s: _made(world, "tasks", s, _tasked))


def _tasked(s: dict[str, Any]) -> str:
    plan = Message.objects.get(public_id=_planned(s))
    now = clock.now()
    made = Task.objects.create(
        message=plan, store=plan.store, channel="manual", created_at=now, expires_at=now + timedelta(days=1)
    )
    return str(made.public_id)


def sent_by_hand(world: World, actor: Actor) -> Things:
    """A message of a store whose task waits for a colleague; a new one for each, since reminders are counted."""
    return _by_store(world, actor, _waiting_for_hands)


def _waiting_for_hands(s: dict[str, Any]) -> str:
    return str(Task.objects.get(public_id=_tasked(s)).message.public_id)


def sequence(world: World, actor: Actor) -> Things:
    """A sequence of a store that nobody has started."""
    return _by_store(world, actor, lambda s: _made(world, "sequences", s, _sequenced))


def _sequenced(s: dict[str, Any]) -> str:
    made = outreach.plan_sequence(
        viewer=JOB,
        kind=SequenceKind.ONBOARDING,
        title=s["mark"],
        message_class=MessageClass.COMMUNITY,
        channel="inbox",
        audience="store",
        audience_key=s["id"],
        steps=[outreach.StepIn(day=0, at=time(10), text=s["mark"])],
        until=clock.now() + timedelta(days=90),
        store=stores.access_store(JOB, s["id"]),
    )
    return str(made.public_id)


def inbox_item(world: World, actor: Actor) -> Things:
    """Something in a member's inbox."""
    things = registration(world, actor)
    if "told" not in world.made:
        world.made["told"] = outreach.drain()
    return Things(*(one and _told(one) for one in (things.own, things.foreign)))


def _told(registration: str) -> str:
    """What the registration's notice left in the inbox; what is written down and due is sent first."""
    person = Registration.objects.get(public_id=registration).person_id
    if not InboxItem.objects.filter(person=person).exists():
        outreach.drain()
    return str(InboxItem.objects.filter(person=person).order_by("id")[0].public_id)


def commitment(world: World, actor: Actor) -> Things:
    """A request above an envelope, asked by a job of ours."""
    return _by_store(world, actor, lambda s: _made(world, "commitments", s, _asked))


def _asked(s: dict[str, Any]) -> str:
    today = clock.business_day(clock.now())
    envelope = money.open_envelope(
        viewer=JOB,
        title=s["mark"],
        amount_fen=100,
        opens_on=today,
        closes_on=today + timedelta(days=30),
        store=stores.access_store(JOB, s["id"]),
    )
    made = money.commit(
        viewer=JOB,
        envelope_id=envelope.public_id,
        amount_fen=500,
        subject=("events", s["id"]),
        note=s["mark"],
        ask=True,
    )
    return str(made.public_id)


def _made(world: World, kind: str, s: dict[str, Any], make: Any) -> str:
    kept = world.made.setdefault(kind, {})
    if s["id"] not in kept:
        kept[s["id"]] = make(s)
    return str(kept[s["id"]])


def door_event(world: World, actor: Actor) -> Things:
    """An event whose door is open."""
    begins = NOON + timedelta(hours=2, minutes=30)
    return _by_store(world, actor, lambda s: _event(world, s, theme="door", starts_at=begins))


def door(world: World, actor: Actor) -> Things:
    """A phone that checks people in at a store."""
    return _by_store(world, actor, lambda s: _door(world, actor, s))


def _door(world: World, actor: Actor, s: dict[str, Any]) -> str:
    made = world.made.setdefault("doors", {})
    if s["id"] not in made:
        event_id = _event(world, s, theme="door", starts_at=NOON + timedelta(hours=2, minutes=30))
        opened, _ = events.open_door(viewer=JOB, event_id=uuid.UUID(event_id))
        made[s["id"]] = str(opened.public_id)
    return made[s["id"]]


def door_conflict(world: World, actor: Actor) -> Things:
    """Something that the doors of a store disagree about."""
    return _by_store(world, actor, lambda s: _door_conflict(world, actor, s))


def _door_conflict(world: World, actor: Actor, s: dict[str, Any]) -> str:
    made = world.made.setdefault("door_conflicts", {})
    if s["id"] not in made:
        line = events.EntryIn(uuid.uuid4(), Did.ADMITTED, Why.OK, NOON + timedelta(hours=1), ticket="TX1.A.A")
        events.sync(viewer=JOB, door_id=uuid.UUID(_door(world, actor, s)), journal=[line])
        made[s["id"]] = str(DoorConflict.objects.get(scan=line.nonce).public_id)
    return made[s["id"]]


def as_viewer(actor: Actor) -> Viewer:
    """The actor as an action sees them."""
    entry = entry_of_secret(actor.token)
    assert entry is not None
    return viewer_of(entry, "zh")


def own_door(world: World, actor: Actor) -> Things:
    """A phone that the actor opened the door on, and one of another store."""
    if actor.role not in {"champion", "store_manager", "door", "device"} or not actor.scoped:
        return door(world, actor)
    made = world.made.setdefault("own_doors", {})
    if actor.name not in made:
        event_id = uuid.UUID(str(door_event(world, actor).own))
        made[actor.name] = str(events.open_door(viewer=as_viewer(actor), event_id=event_id)[0].public_id)
    _, foreign = _homes(actor)
    return Things(made[actor.name], _door(world, actor, world.store(foreign)) if foreign else None)


def scan(world: World, actor: Actor) -> Things:
    """A check-in at the actor's own door, and one at another store's."""
    own, foreign = _homes(actor)
    return Things(
        _scan(world, actor, world.store(own)), _scan(world, actor, world.store(foreign)) if foreign else None
    )


def _scan(world: World, actor: Actor, s: dict[str, Any]) -> str:
    made = world.made.setdefault("scans", {})
    own = own_door(world, actor).own if s["id"] == world.store(_homes(actor)[0])["id"] else None
    if (s["id"], own) not in made:
        event_id = _event(world, s, theme="door", starts_at=NOON + timedelta(hours=2, minutes=30))
        found = guest_at_door(world, actor, s)
        nonce = uuid.uuid4()
        mine = own is not None and own in world.made.get("own_doors", {}).values()
        events.check_in(
            viewer=as_viewer(actor) if mine else JOB,
            event_id=uuid.UUID(event_id),
            nonce=nonce,
            registration=uuid.UUID(found),
            door_id=uuid.UUID(own) if mine and own else None,
            forced=True,
        )
        made[s["id"], own] = str(nonce)
    return made[s["id"], own]


def guest_at_door(world: World, actor: Actor, s: dict[str, Any]) -> str:
    """Somebody with a place at the event whose door is open."""
    made = world.made.setdefault("guests_at_door", {})
    if s["id"] not in made:
        event_id = _event(world, s, theme="door", starts_at=NOON + timedelta(hours=2, minutes=30))
        person = persons.access_customer(JOB, s["members"][5]["id"]).pk
        made[s["id"]] = str(
            events.register(viewer=JOB, event_id=uuid.UUID(event_id), person=person).public_id
        )
    return made[s["id"]]


def raffle(world: World, actor: Actor) -> Things:
    """An event that gives its seats by lottery: somebody is in the draw, registration has closed."""
    return _by_store(world, actor, lambda s: _raffle(world, s))


def raffle_of_all(world: World, actor: Actor) -> Things:
    """What is published of a draw is public."""
    return Things(raffle(world, actor).own)


def closed_raffle(world: World, actor: Actor) -> Things:
    """The same, its list of entrants published."""
    return _by_store(world, actor, lambda s: _closed_raffle(world, s))


def _raffle(world: World, s: dict[str, Any], kind: str = "raffles") -> str:
    made = world.made.setdefault(kind, {})
    if s["id"] not in made:
        with clock.held(NOON + timedelta(minutes=5)):
            found = published(
                stores.access_store(JOB, s["id"]),
                title=s["mark"],
                theme=kind,
                admission="lottery",
                closes_at=NOON + timedelta(minutes=20),
                details=RAFFLE,
            )
            person = persons.access_customer(JOB, s["members"][5]["id"]).pk
            events.register(viewer=JOB, event_id=found.public_id, person=person)
        made[s["id"]] = str(found.public_id)
    return made[s["id"]]


def _closed_raffle(world: World, s: dict[str, Any]) -> str:
    key = _raffle(world, s, "closed raffles")
    with clock.held(
        NOON + timedelta(minutes=30)
    ):  # the list stands open for half an hour before anything is drawn
        events.commit_draw(viewer=JOB, event_id=uuid.UUID(key))
    return key


def waiter(world: World, actor: Actor) -> Things:
    """Somebody who waits for a seat: the member themself, or a guest of the actor's store."""
    if actor.role == MEMBER:
        at = next(i for i, m in enumerate(world.store(HERE)["members"]) if m["handle"] == actor.handle)
        return Things(_waiter(world, world.store(HERE), at), _waiter(world, world.store(FAR), 5))
    return _by_store(world, actor, lambda s: _waiter(world, s, 5))


def _waiter(world: World, s: dict[str, Any], n: int) -> str:
    made = world.made.setdefault("waiters", {})
    if (s["id"], n) not in made:
        found = published(stores.access_store(JOB, s["id"]), title=s["mark"], theme=f"full {n}", places=1)
        seated, waits = (persons.access_customer(JOB, s["members"][i]["id"]).pk for i in (4, n))
        events.register(viewer=JOB, event_id=found.public_id, person=seated)
        made[s["id"], n] = str(events.register(viewer=JOB, event_id=found.public_id, person=waits).public_id)
    return made[s["id"], n]


def series(world: World, actor: Actor) -> Things:
    """A weekly series of a store, its dates still drafts."""
    return _by_store(world, actor, lambda s: _series(world, s))


def _series(world: World, s: dict[str, Any], kind: str = "series") -> str:
    made = world.made.setdefault(kind, {})
    if s["id"] not in made:
        plan = SeriesIn(
            title=s["mark"], format="tea", rule="FREQ=WEEKLY;BYDAY=WE;COUNT=4", starts_on=date(2026, 3, 11),
            start_time=time(10), minutes=90, places=12,
        )  # fmt: skip
        found = events.open_series(viewer=JOB, store=stores.access_store(JOB, s["id"]), series=plan)
        made[s["id"]] = str(found.series.public_id)
    return made[s["id"]]


def course(world: World, actor: Actor) -> Things:
    """A published series: any member may take it."""
    own, _ = _homes(actor)
    key = _series(world, world.store(own), "courses")
    events.publish_series(viewer=JOB, series_id=uuid.UUID(key))
    return Things(key)


def taken_pass(world: World, actor: Actor) -> Things:
    """A course that the member takes, and one of somebody elsewhere."""

    def take(s: dict[str, Any], n: int) -> str:
        made = world.made.setdefault("passes", {})
        if (s["id"], n) not in made:
            key = uuid.UUID(_series(world, s, f"course of {n}"))
            events.publish_series(viewer=JOB, series_id=key)
            person = persons.access_customer(JOB, s["members"][n]["id"]).pk
            made[s["id"], n] = str(events.take_pass(viewer=JOB, series_id=key, person=person).public_id)
        return made[s["id"], n]

    at = next((i for i, m in enumerate(world.store(HERE)["members"]) if m["handle"] == actor.handle), None)
    return Things(None if at is None else take(world.store(HERE), at), take(world.store(FAR), 5))


def sale(world: World, actor: Actor) -> Things:
    """A sale to buy together: published, so nobody's secret."""
    own, _ = _homes(actor)
    return Things(_sale(world, world.store(own)))


def _sale(world: World, s: dict[str, Any]) -> str:
    details = {"item": "橙子", "price_fen": 2990, "pay": "till", "group_size": 3, "group_hours": 24}
    made = world.made.setdefault("sales", {})
    if s["id"] not in made:
        found = published(
            stores.access_store(JOB, s["id"]), title=s["mark"], format="group_buy", details=details
        )
        made[s["id"]] = str(found.public_id)
    return made[s["id"]]


def group(world: World, actor: Actor) -> Things:
    """A group that somebody else opened: whoever has its address may look and join."""
    own, _ = _homes(actor)
    s = world.store(own)
    made = world.made.setdefault("groups", {})
    if s["id"] not in made:
        who = _buyer(world, s)
        made[s["id"]] = str(events.open_group(viewer=who, event_id=uuid.UUID(_sale(world, s))).public_id)
    return Things(made[s["id"]])


def _buyer(world: World, s: dict[str, Any]) -> Viewer:
    entry = entry_of_secret(s["members"][5]["token"])
    assert entry is not None
    return viewer_of(entry, "zh")


def proposal(world: World, actor: Actor) -> Things:
    """A ritual that somebody offers to host: the member's own (in another store), or one to the actor's store."""
    if actor.role != MEMBER:
        return proposal_to_answer(world, actor)
    made = world.made.setdefault("own proposals", {})
    if actor.name not in made:
        made[actor.name] = _proposed(as_viewer(actor), world.store(NEAR) | {"mark": "我的茶会"})
    return Things(made[actor.name], proposal_to_answer(world, world.actors["champion_elsewhere"]).own)


def proposal_to_answer(world: World, actor: Actor) -> Things:
    """A ritual that a member offers to host in a store, and nobody has answered."""
    return _by_store(
        world, actor, lambda s: _made(world, "proposals", s, lambda s: _proposed(_buyer(world, s), s))
    )


def _proposed(who: Viewer, s: dict[str, Any]) -> str:
    wish = events.ProposalIn(
        format="tea", title=s["mark"], wished_at=NOON + timedelta(days=5), minutes=60, places=8
    )
    made = events.propose_ritual(viewer=who, store=stores.access_store(JOB, s["id"]), proposal=wish)
    return str(made.public_id)


def partner(world: World, actor: Actor) -> Things:
    """A neighbour of a store."""
    return _by_store(world, actor, lambda s: _once(world, "partners", s, _partner))


def _partner(store: Any, s: dict[str, Any]) -> Any:
    return money.note_partner(
        viewer=JOB, store=store, kind=PartnerKind.SCHOOL, name=s["mark"], contact=s["mark"]
    ).public_id


def sponsorship(world: World, actor: Actor) -> Things:
    """A local event that a store supports."""
    return _by_store(world, actor, lambda s: _once(world, "sponsorships", s, _sponsored))


def _sponsored(store: Any, s: dict[str, Any]) -> Any:
    day = date(2026, 4, 18)
    return money.plan_sponsorship(
        viewer=JOB,
        store=store,
        title=s["mark"],
        starts_on=day,
        ends_on=day,
        key=s["id"],
        we_hope={"visitors": 9},
    ).public_id


# ---- what the pages of series, sales and budgets are about


def series_date(world: World, actor: Actor) -> Things:
    """One date of a series of a store."""
    return _by_store(world, actor, lambda s: _first_date(_series(world, s)))


def _first_date(series: str) -> str:
    rows = Occurrence.objects.filter(series__public_id=series).order_by("starts_at")
    return str(rows.values_list("public_id", flat=True)[0])


def pass_of_store(world: World, actor: Actor) -> Things:
    """A pass that somebody holds of a series of the actor's store."""
    return _by_store(
        world, actor, lambda s: _made(world, "passes of stores", s, lambda s: _held_pass(world, s))
    )


def _held_pass(world: World, s: dict[str, Any]) -> str:
    key = uuid.UUID(_series(world, s, "course of the store"))
    events.publish_series(viewer=JOB, series_id=key)
    person = persons.access_customer(JOB, s["members"][4]["id"]).pk
    return str(events.take_pass(viewer=JOB, series_id=key, person=person).public_id)


def sale_here(world: World, actor: Actor) -> Things:
    """A sale of the actor's store, as who runs it sees it."""
    return _by_store(world, actor, lambda s: _sale(world, s))


def held(world: World, actor: Actor) -> Things:
    """A part of an envelope that was set aside."""
    return _by_store(world, actor, lambda s: _made(world, "held", s, lambda s: _held(world, actor, s)))


def _held(world: World, actor: Actor, s: dict[str, Any]) -> str:
    made = money.commit(
        viewer=JOB,
        envelope_id=_once(world, "envelopes", s, _budget),
        amount_fen=500,
        subject=("events", f"held {s['id']}"),
        note=s["mark"],
    )
    return str(made.public_id)


# ---- kits: one for each store, released, with a second draft


def kit(world: World, actor: Actor) -> Things:
    """A kit that is offered to the store alone; its draft goes on after the release."""
    return _by_store(world, actor, lambda s: _made(world, "kits", s, lambda s: _kit(s, "kit")))


def _kit(s: dict[str, Any], what: str) -> str:
    found = kits.make_kit(viewer=JOB, code=f"{what}-{s['id'][:8]}", content=content())
    kits.release(viewer=JOB, kit_id=found.public_id, revision=1)
    kits.change_draft(viewer=JOB, kit_id=found.public_id, revision=1, content=content(places=13))
    kits.offer(viewer=JOB, kit_id=found.public_id, stores=[uuid.UUID(s["id"])])
    return str(found.public_id)


def kit_version(world: World, actor: Actor) -> Things:
    """The version of it."""
    return _by_store(world, actor, lambda s: _kit_version(_made(world, "kits", s, lambda s: _kit(s, "kit"))))


def _kit_version(kit_id: str) -> str:
    return str(kit_queries.version_numbered(JOB, kit_id, 1).public_id)


def kit_report(world: World, actor: Actor) -> Things:
    """A step that the store reported."""
    return _by_store(world, actor, lambda s: _made(world, "kit reports", s, lambda s: _kit_report(world, s)))


def _kit_report(world: World, s: dict[str, Any]) -> str:
    version = _kit_version(_made(world, "kits", s, lambda s: _kit(s, "kit")))
    made = kits.report_step(
        viewer=JOB,
        version_id=version,
        store=stores.access_store(JOB, s["id"]),
        step="outline.dough",
        sentence=s["mark"],
    )
    return str(made.public_id)


def kit_instance(world: World, actor: Actor) -> Things:
    """What the store has adopted for an event."""
    return _by_store(world, actor, lambda s: str(_from_kit(world, s, "instances").instance.public_id))


def kit_event(world: World, actor: Actor) -> Things:
    """The event of it."""
    return _by_store(world, actor, lambda s: str(_from_kit(world, s, "instances").occurrence.public_id))


def _from_kit(world: World, s: dict[str, Any], what: str) -> Any:
    made = world.made.setdefault(f"kit {what}", {})
    if s["id"] not in made:
        made[s["id"]] = events.draft_from_kit(
            viewer=JOB,
            store=stores.access_store(JOB, s["id"]),
            version_id=_kit_version(_kit(s, what)),
            starts_at=NOON + timedelta(days=5, hours=-2),
        )
    return made[s["id"]]


def kit_warning(world: World, actor: Actor) -> Things:
    """The store is told of a recall."""
    return _by_store(
        world, actor, lambda s: _made(world, "kit warnings", s, lambda s: _kit_warning(world, s))
    )


def _kit_warning(world: World, s: dict[str, Any]) -> str:
    used = _from_kit(world, s, "recalled")
    made = kits.recall(viewer=JOB, version_id=used.instance.version.public_id, reason="糖霜批次有问题")
    return str(RecallWarning.objects.get(recall=made).public_id)


def _answer(world: World, s: dict[str, Any], answers: dict[str, AnswerIn], item: str) -> str:
    shop = stores.access_store(JOB, s["id"])
    champions.answer_check(viewer=JOB, store=shop, answers=answers)
    return str(next(line.id for line in days.day_of(JOB, shop).lines if line.key == item))


def concern(world: World, actor: Actor) -> Things:
    """A store said that it could not, and why."""
    said = {"board": AnswerIn(CheckWord.NO, "告示板要换")}
    return _by_store(
        world, actor, lambda s: _made(world, "concerns", s, lambda s: _answer(world, s, said, "board"))
    )


def check_photo(world: World, actor: Actor) -> Things:
    """An answer with a photo."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    said = {"invited": AnswerIn(CheckWord.YES, photo=out.getvalue())}
    return _by_store(
        world, actor, lambda s: _made(world, "check photos", s, lambda s: _answer(world, s, said, "invited"))
    )


def to_invite(world: World, actor: Actor) -> Things:
    """Somebody whom a store was told to invite today."""
    return _by_store(world, actor, lambda s: _made(world, "to invite", s, _to_invite))


def _to_invite(s: dict[str, Any]) -> str:
    shop = stores.access_store(JOB, s["id"])
    made = Invite.objects.create(
        store=shop,
        day=days.today_in(shop),
        place=1,
        person=persons.access_customer(JOB, s["members"][-1]["id"]),
        why=InviteReason.NEW,
        facts={"since": 3},
        picked_at=clock.now(),
    )
    return str(made.public_id)


def kit_use(world: World, actor: Actor) -> Things:
    """An event with a kit of which a step is due."""
    return _by_store(world, actor, lambda s: _made(world, "kit uses", s, lambda s: _kit_use(world, s)))


def _kit_use(world: World, s: dict[str, Any]) -> str:
    used = Use.objects.get(key=str(_from_kit(world, s, "steps").occurrence.public_id))
    Use.objects.filter(pk=used.pk).update(
        starts_at=NOON - timedelta(days=1), ends_at=NOON - timedelta(hours=22)
    )
    return str(used.public_id)


def waiting_grant(world: World, actor: Actor) -> Things:
    """An analyst's grant that another administrator gave."""
    if "waiting grant" not in world.made:
        giver, analyst = (
            create_account(viewer=JOB, handle=f"grant-{what}", kind=AccountKind.STAFF)
            for what in ("giver", "new")
        )
        brand = stores.the_brand()
        grant_role(viewer=JOB, account=giver, role=Role.ADMIN, brand=brand)
        made = grant_role(viewer=stores.viewer_for(giver), account=analyst, role=Role.HQ_ANALYST, brand=brand)
        world.made["waiting grant"] = str(made.public_id)
    return Things(world.made["waiting grant"])


def champion_grant(world: World, actor: Actor) -> Things:
    """The grant of a champion who may leave: not one of the actors."""
    return _by_store(world, actor, lambda s: str(_champion(world, s, "leaver").public_id))


def trainee(world: World, actor: Actor) -> Things:
    """A champion who has learnt the card."""
    return _by_store(world, actor, lambda s: _made(world, "trainees", s, lambda s: _trainee(world, s)))


def _champion(world: World, s: dict[str, Any], what: str) -> Any:
    made = world.made.setdefault(f"champion {what}", {})
    if s["id"] not in made:
        account = create_account(viewer=JOB, handle=f"{what}-{s['id'][:8]}", kind=AccountKind.STAFF)
        shop = stores.access_store(JOB, s["id"])
        made[s["id"]] = grant_role(viewer=JOB, account=account, role=Role.CHAMPION, store=shop)
    return made[s["id"]]


def _trainee(world: World, s: dict[str, Any]) -> str:
    account = _champion(world, s, "trainee").account
    viewer = stores.viewer_for(account)
    for lesson in days.my_training(viewer).version.items:
        champions.read_lesson(viewer=viewer, item=lesson.key)
    return str(account.public_id)


def handover(world: World, actor: Actor) -> Things:
    """What somebody left to the actor; to nobody where the actor is none of the store."""
    return _by_store(
        world,
        actor,
        lambda s: _made(world, f"handovers {actor.name}", s, lambda s: _handover(world, s, actor)),
    )


def _handover(world: World, s: dict[str, Any], actor: Actor) -> str:
    gone = _champion(world, s, f"gone {actor.name}")
    heir = account_by_handle(JOB, actor.handle) if actor.handle else None
    shop = stores.access_store(JOB, s["id"])
    row = Handover.objects.create(
        store=shop,
        grant=gone,
        leaver=gone.account,
        successor=heir,
        last_day=days.today_in(shop),
        ends_at=clock.now(),
        handed=[{"kind": "concern", "key": s["id"], "said": s["mark"], "at": ""}],
        by="test",
        at=clock.now(),
    )
    return str(row.public_id)


# ---- communities

WEANING = {
    "who": "0–2 岁宝宝的家庭",
    "when": "添加辅食的时候",
    "wants": "解决辅食喂养难题",
    "so_that": "宝宝吃得好",
    "proof": "每周一问",
}
WHY = [("application", {"questions": [{"name": "why", "zh": "为什么想来"}]})]
SAID = {"application": {"why": "想学做辅食"}}


def _founded(world: World, s: dict[str, Any], what: str, *, open_up: bool = True, gated: bool = False) -> str:
    kept = world.made.setdefault(f"communities {what}", {})
    if s["id"] not in kept:
        row = communities.found(
            viewer=JOB,
            store=stores.access_store(JOB, s["id"]),
            community=CommunityIn(name=f"{s['id'][:6]} {what}"[:40], slogan=s["mark"], purpose=WEANING),
        )
        communities.publish_rules(viewer=JOB, community_id=row.public_id, lines=["只聊喂养"])
        if gated:
            communities.set_gates(viewer=JOB, community_id=row.public_id, gates=WHY)
        if open_up:
            communities.open_up(viewer=JOB, community_id=row.public_id)
        kept[s["id"]] = str(row.public_id)
    return str(kept[s["id"]])


def _comes_in(who: Viewer, community: str) -> uuid.UUID:
    key = uuid.UUID(community)
    communities.accept_rules(viewer=who, community_id=key, number=1, shown_at=clock.now())
    communities.apply(viewer=who, community_id=key)
    return community_queries.my_membership(who, community_queries.community_to_join(who, key)).public_id


def community(world: World, actor: Actor) -> Things:
    """A community of a store that people can join."""
    return _by_store(world, actor, lambda s: _founded(world, s, "open"))


def community_draft(world: World, actor: Actor) -> Things:
    """A community that is being prepared."""
    return _by_store(world, actor, lambda s: _founded(world, s, "draft", open_up=False))


def open_community(world: World, actor: Actor) -> Things:
    """One that everybody may see; a draft of another store is absent."""
    return Things(community(world, actor).own, _hidden(world, actor))


def _hidden(world: World, actor: Actor) -> str | None:
    foreign = _homes(actor)[1]
    return None if foreign is None else _founded(world, world.store(foreign), "draft", open_up=False)


def my_community(world: World, actor: Actor) -> Things:
    """One that the member is in."""
    if actor.role != MEMBER:
        return Things(None)
    made = world.made.setdefault("my communities", {})
    if actor.name not in made:
        made[actor.name] = _founded(world, world.store(HERE), f"of {actor.name}")
        _comes_in(as_viewer(actor), made[actor.name])
    return Things(made[actor.name], _hidden(world, actor))


def community_to_invite_to(world: World, actor: Actor) -> Things:
    """One of the store; for a member one that they moderate."""
    if actor.role != MEMBER:
        return Things(community(world, actor).own, _hidden(world, actor))
    return Things(_moderated(world, actor), _hidden(world, actor))


def _moderated(world: World, actor: Actor) -> str:
    made = world.made.setdefault("moderated communities", {})
    if actor.name not in made:
        made[actor.name] = _founded(world, world.store(HERE), f"by {actor.name}")
        term = _comes_in(as_viewer(actor), made[actor.name])
        key = uuid.UUID(made[actor.name])
        until = clock.now() + timedelta(days=90)
        communities.give_part(viewer=JOB, community_id=key, part=Part.MODERATOR, membership=term, until=until)
        communities.set_gates(viewer=JOB, community_id=key, gates=WHY)
    return str(made[actor.name])


def community_member(world: World, actor: Actor) -> Things:
    """Somebody who is in a community of a store."""
    return _by_store(
        world,
        actor,
        lambda s: _made(
            world,
            "community members",
            s,
            lambda s: str(_comes_in(_buyer(world, s), _founded(world, s, "full"))),
        ),
    )


def _applied(who: Viewer, community_id: str, *, said: bool = True) -> str:
    made = communities.apply(viewer=who, community_id=uuid.UUID(community_id), answers=SAID if said else None)
    return str(made.public_id)


def application_to_decide(world: World, actor: Actor) -> Things:
    """An application that waits for an answer: in a community of the store, or in one that the member moderates."""
    if actor.role != MEMBER:
        return _by_store(world, actor, lambda s: _waiting(world, s))
    made = world.made.setdefault("applications to moderators", {})
    if actor.name not in made:
        made[actor.name] = _applied(_buyer(world, world.store(HERE)), _moderated(world, actor))
    return Things(made[actor.name], _waiting(world, world.store(FAR)))


def _waiting(world: World, s: dict[str, Any]) -> str:
    return _made(
        world,
        "applications",
        s,
        lambda s: _applied(_buyer(world, s), _founded(world, s, "gated", gated=True)),
    )


def application_mine(world: World, actor: Actor) -> Things:
    """The member's own application, with a question to answer."""
    if actor.role != MEMBER:
        return Things(None)
    made = world.made.setdefault("own applications", {})
    if actor.name not in made:
        gated = _founded(world, world.store(HERE), "gated", gated=True)
        made[actor.name] = _applied(as_viewer(actor), gated, said=False)
    return Things(made[actor.name], _waiting(world, world.store(FAR)))


def application(world: World, actor: Actor) -> Things:
    """One's own application, or one to a store in reach."""
    if actor.role != MEMBER:
        return application_to_decide(world, actor)
    return application_mine(world, actor)


# ---- voices


def talked_in(world: World, actor: Actor) -> Things:
    """A community in which one may talk: a member's own, or one of the store."""
    if actor.role == MEMBER:
        return my_community(world, actor)
    return Things(community(world, actor).own, _hidden(world, actor))


def _said(world: World, community_id: str, who: Viewer, **more: Any) -> Post:
    """Something that is seen, whoever said it."""
    words = f"说点什么 {len(world.made.setdefault('said', {}))}"
    world.made["said"][words] = True
    post = voices.write_post(viewer=who, community_id=uuid.UUID(community_id), body=words, **more)
    if post.state == PostState.WAITING:
        post_states.move(viewer=JOB, post=post_locked(post), state=PostState.PUBLISHED)
    # two days ago: what the matrix writes itself is not too fast
    Post.objects.filter(pk=post.pk).update(written_at=clock.now() - timedelta(days=2))
    return post


def _talk(world: World, actor: Actor, what: str, make: Any) -> Things:
    """Made once by the actor (`None` for who has no community here), and the same by another store."""
    own, _ = _homes(actor)
    far = world.store(FAR if own == HERE else HERE)
    kept = world.made.setdefault(f"talk {what}", {})

    def of(key: str, where: str, who: Viewer) -> str:
        if key not in kept:
            kept[key] = str(make(where, who))
        return str(kept[key])

    foreign = None if actor.role in HQ else of(far["id"], _founded(world, far, "open"), JOB)
    if actor.role == MEMBER:
        where = my_community(world, actor).own
        assert where is not None  # every member of the matrix is in one
        return Things(of(actor.name, where, as_viewer(actor)), foreign)
    here = world.store(own)
    return Things(of(here["id"], _founded(world, here, "open"), JOB), foreign)


def post_there(world: World, actor: Actor) -> Things:
    """Something that the community said."""
    return _talk(world, actor, "post", lambda where, _: _said(world, where, JOB).public_id)


def post_of_mine(world: World, actor: Actor) -> Things:
    """Something that one said oneself; staff for the community."""
    return _talk(world, actor, "own post", lambda where, who: _said(world, where, who).public_id)


def post_fresh(world: World, actor: Actor) -> Things:
    """Something that the community said a moment ago and nobody has reported."""
    own, foreign = my_community(world, actor).own, _homes(actor)[1]
    far = world.store(foreign or FAR)
    return Things(
        None if own is None else str(_said(world, own, JOB).public_id),
        None if foreign is None else str(_said(world, _founded(world, far, "open"), JOB).public_id),
    )


def _case(world: World, where: str) -> str:
    waits = Judgement("waiting", ("advert",))
    return str(moderating.opened(viewer=JOB, post=_said(world, where, JOB), judgement=waits).public_id)


def case_there(world: World, actor: Actor) -> Things:
    """A case that nobody has decided: of a community of the store, or of one that the member moderates."""
    if actor.role == MEMBER:
        far = _founded(world, world.store(FAR), "open")
        return Things(_case(world, _moderated(world, actor)), _case(world, far))
    return _by_store(world, actor, lambda s: _case(world, _founded(world, s, "open")))


def _appealed(case: str) -> str:
    moderating.decide(viewer=JOB, case_id=uuid.UUID(case), verdict=Verdict.HIDE, reason="换个说法")
    row = Case.objects.get(public_id=case)
    Appeal.objects.create(case=row, said="再看看", at=clock.now(), due_at=clock.now() + timedelta(days=3))
    return case


def case_appealed(world: World, actor: Actor) -> Things:
    """A case whose author asks somebody else to look again."""
    found = case_there(world, actor)
    return Things(
        None if found.own is None else _appealed(found.own),
        None if found.foreign is None else _appealed(found.foreign),
    )


def own_case(world: World, actor: Actor) -> Things:
    """A decision on the member's own words, and one on somebody else's."""
    if actor.role != MEMBER:
        return Things(None)

    def decided(where: str, who: Viewer) -> str:
        post = _said(world, where, who)
        made = moderating.opened(viewer=JOB, post=post, judgement=Judgement("waiting", ("advert",)))
        moderating.decide(viewer=JOB, case_id=made.public_id, verdict=Verdict.HIDE, reason="换个说法")
        return str(made.public_id)

    where = my_community(world, actor).own
    assert where is not None  # every member of the matrix is in one
    return Things(decided(where, as_viewer(actor)), decided(where, JOB))


def challenge_there(world: World, actor: Actor, what: str = "challenge") -> Things:
    """A challenge of the member's own community, which they take part in; of one of the store for staff."""

    def made(where: str, who: Viewer) -> uuid.UUID:
        day = clock.business_day(clock.now())
        row = challenges.open_challenge(
            viewer=JOB,
            community_id=uuid.UUID(where),
            title="一周三次新食材",
            starts_on=day - timedelta(days=5),
            ends_on=day + timedelta(days=27),
        )
        if who.person is not None:
            challenges.join_challenge(viewer=who, challenge_id=row.public_id)
        return row.public_id

    return _talk(world, actor, what, made)


def challenge_over(world: World, actor: Actor) -> Things:
    """Another one, to be left or closed."""
    return challenge_there(world, actor, "challenge that ends")


def contest_there(world: World, actor: Actor) -> Things:
    """A contest that takes entries."""

    def made(where: str, _: Viewer) -> uuid.UUID:
        return contests.open_contest(viewer=JOB, contest_id=_contest(where)).public_id

    return _talk(world, actor, "contest", made)


def contest_draft(world: World, actor: Actor) -> Things:
    """A contest that is being prepared; each time another."""
    return _by_store(world, actor, lambda s: str(_contest(_founded(world, s, "open"))))


def contest_voting(world: World, actor: Actor) -> Things:
    """A contest with an entry by somebody else, in which members vote."""

    def made(where: str, _: Viewer) -> uuid.UUID:
        row = contests.open_contest(viewer=JOB, contest_id=_contest(where))
        post, by = _said(world, where, JOB), _buyer(world, world.store(HERE)).person
        Entry.objects.create(contest=row, post=post, person_id=by, number=1, at=clock.now())
        Contest.objects.filter(pk=row.pk).update(entries_until=clock.now())
        return contests.move_on(viewer=JOB, contest_id=row.public_id).public_id

    return _talk(world, actor, "contest with votes", made)


def _contest(where: str) -> uuid.UUID:
    return contests.make_contest(
        viewer=JOB,
        community_id=uuid.UUID(where),
        title="最好看的辅食",
        prize="烘焙课一席",
        entries_until=clock.now() + timedelta(days=7),
        votes_until=clock.now() + timedelta(days=14),
    ).public_id


def voice_sorted(world: World, actor: Actor) -> Things:
    """A complaint that nobody answers for."""
    return voice_there(world, actor, state="sorted", label="gripe")


def voice_there(world: World, actor: Actor, **more: str) -> Things:
    """Something that members said to us, and nobody has sorted."""

    def made(s: dict[str, Any]) -> str:
        post = _said(world, _founded(world, s, "open"), JOB)
        given = {"state": "unsure"} | more
        row = Item.objects.create(
            post=post, community_id=post.community_id, model="test", found_at=clock.now(), **given
        )
        return str(row.public_id)

    return _by_store(world, actor, made)


def answer_to_me(world: World, actor: Actor) -> Things:
    """The community's answer to a question that one asked."""

    def made(where: str, who: Viewer) -> uuid.UUID:
        question = _said(world, where, who, kind=PostKind.QUESTION)
        return voices.reply(viewer=JOB, post_id=question.public_id, body="试试先蒸后打").public_id

    return _talk(world, actor, "answer", made)


def _pixels() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    return out.getvalue()


def post_photo(world: World, actor: Actor) -> Things:
    """A photo of one's own post."""

    def made(where: str, who: Viewer) -> uuid.UUID:
        post = _said(world, where, who)
        return voices.add_photo(viewer=who, post_id=post.public_id, data=_pixels()).public_id

    return _talk(world, actor, "photo", made)


def topic_there(world: World, actor: Actor) -> Things:
    """A topic of a community."""

    def made(where: str, _: Viewer) -> uuid.UUID:
        return voices.open_topic(viewer=JOB, community_id=uuid.UUID(where), name="第一口肉泥").public_id

    return _talk(world, actor, "topic", made)


def calendar_entry(world: World, actor: Actor) -> Things:
    """Something planned to be brought."""

    def made(where: str, _: Viewer) -> uuid.UUID:
        return voices.plan_entry(
            viewer=JOB,
            community_id=uuid.UUID(where),
            on=date(2026, 3, 9),
            title="三种稠度",
            content=ContentType.TIP,
        ).public_id

    return _talk(world, actor, "entry", made)


def library_item(world: World, actor: Actor) -> Things:
    """A piece of the content library."""
    made = world.made.setdefault("library", {})
    if "one" not in made:
        made["one"] = voices.add_item(
            viewer=JOB, content=ContentType.TIP, title="三种稠度", body="先稀后稠"
        ).public_id
    return Things(str(made["one"]))


def brand_word(world: World, actor: Actor) -> Things:
    """A word of the brand's own list."""
    made = world.made.setdefault("word", {})
    if "one" not in made:
        made["one"] = voices.add_word(
            viewer=JOB, text="隔壁那家店", category=Category.ADVERT, level=Level.HOLD
        ).public_id
    return Things(str(made["one"]))


# ---- amplify


def _starred(who: Viewer) -> Star:
    """Somebody who was asked and said yes, with words that all members may see."""
    customer = persons.access_customer(JOB, persons.me(who).public_id)
    there = Star.objects.filter(person=customer, state__in=["accepted", "shown"]).first()
    if there is not None:
        return there
    star = Star.objects.filter(person=customer, state="invited").first() or amplify.invite_star(
        viewer=JOB, customer=customer.public_id, why="常帮人"
    )
    amplify.accept_star(viewer=who, shown_as="小林")
    work = amplify.add_work(viewer=who, words="一口一口来")
    amplify.license_work(
        viewer=who, work_id=work.public_id, scope=Out.PUBLIC, until=clock.now() + timedelta(days=90)
    )
    return star


def _of_buyer(world: World, what: str, actor: Actor, make: Any) -> Things:
    """Made by the last member of a store."""
    return _by_store(world, actor, lambda s: _made(world, what, s, lambda s: make(s, _buyer(world, s))))


def star(world: World, actor: Actor) -> Things:
    """A member who waits to be shown."""
    return _of_buyer(world, "stars", actor, lambda _, who: _starred(who).public_id)


def star_work(world: World, actor: Actor) -> Things:
    """A photo of a Star that all members may see; the foreign one was taken back."""

    def made(s: dict[str, Any], taken_back: bool) -> str:
        who = _buyer(world, s)
        where = _founded(world, s, "starred")
        _comes_in(who, where)
        post = _said(world, where, who)
        photo = voices.add_photo(viewer=who, post_id=post.public_id, data=_pixels(), show=True)
        one = _starred(who).public_id
        work = amplify.add_work(viewer=who, photo=photo.public_id)
        until = clock.now() + timedelta(days=90)
        amplify.license_work(viewer=who, work_id=work.public_id, scope=Out.PUBLIC, until=until)
        if Star.objects.get(public_id=one).state == "accepted":
            amplify.show_star(viewer=JOB, star_id=one)
        if taken_back:
            amplify.withdraw_licence(viewer=who, work_id=work.public_id)
        return str(work.public_id)

    kept = world.made.setdefault("star works", {})
    if not kept:
        kept["own"], kept["foreign"] = made(world.store(HERE), False), made(world.store(FAR), True)
    return Things(kept["own"], kept["foreign"])


def my_star(world: World, actor: Actor, body: dict[str, Any], state: str = "invited") -> dict[str, Any]:
    """The body, once the member has been asked (or has said yes) and can answer; nobody else can."""
    who = as_viewer(actor) if actor.role == MEMBER else None
    if who is None:
        return body
    there = amplified.my_star(who)
    if there is not None and "do" in body and there.state != "invited":
        return {"do": "end"}
    if there is not None and (state != "accepted" or there.state in {"accepted", "shown"}):
        return body
    if state == "accepted":
        _starred(who)
    else:
        customer = persons.access_customer(JOB, persons.me(who).public_id)
        amplify.invite_star(viewer=JOB, customer=customer.public_id, why="常帮人")
    return body


def my_star_work(world: World, actor: Actor) -> Things:
    """A work of the member's own, and somebody else's."""
    kept = world.made.setdefault("own star works", {})

    def work(name: str, who: Viewer) -> str:
        if name not in kept:
            _starred(who)
            mine = amplified.my_star(who)
            assert mine is not None  # made just now
            kept[name] = str(mine.works[0].id)
        return str(kept[name])

    foreign = work("far", _buyer(world, world.store(FAR)))
    return Things(work(actor.name, as_viewer(actor)) if actor.role == MEMBER else None, foreign)


def margin_set(body: Any = None) -> Any:
    """The body, once it is published what of a sale is margin."""
    today = clock.business_day(clock.now())
    if not amplified.margin_rules(JOB):
        amplify.set_margin(viewer=JOB, since=today, high_permille=300, other_permille=300)
    return body


def held_friend(world: World, actor: Actor) -> Things:
    """A friend who was brought and is held for a person to look at."""

    def made(s: dict[str, Any], who: Viewer) -> uuid.UUID:
        entry = entry_of_secret(s["members"][4]["token"])
        assert entry is not None
        margin_set()
        code = amplify.my_code(viewer=viewer_of(entry, "zh")).code
        row = amplify.name_friend(viewer=who, code=code)
        Referral.objects.filter(pk=row.pk).update(state="held", flags=["burst"])
        return row.public_id

    return _of_buyer(world, "held friends", actor, made)


def panel(world: World, actor: Actor) -> Things:
    """A panel of a store."""
    return _by_store(world, actor, lambda s: _made(world, "panels", s, lambda s: str(_panelled(s))))


def _panelled(s: dict[str, Any]) -> uuid.UUID:
    shop = stores.access_store(JOB, s["id"])
    given = {"name": "共创会", "about": "先试新品", "confidential": "上市前不外传", "seats": 9}
    return amplify.open_panel(viewer=JOB, store=shop, **given).public_id


def _seated(world: World, s: dict[str, Any], who: Viewer, *, sits: bool) -> uuid.UUID:
    """A seat, taken or offered; for who sits, the trial that is open."""
    where = _panelled(s)
    customer = persons.access_customer(JOB, persons.me(who).public_id).public_id
    seat = amplify.offer_seat(viewer=JOB, panel_id=where, customer=customer, why="爱出主意")
    if not sits:
        return seat.public_id
    amplify.answer_seat(viewer=who, seat_id=seat.public_id, yes=True, keeps=True)
    until = clock.now() + timedelta(days=9)
    given = {"product": "小馒头", "questions": ["好嚼吗"], "until": until}
    return amplify.open_trial(viewer=JOB, panel_id=where, **given).public_id


def _own_seat(world: World, actor: Actor, *, sits: bool) -> Things:
    kept = world.made.setdefault(f"seats {sits}", {})
    if "far" not in kept:
        kept["far"] = str(_seated(world, world.store(FAR), _buyer(world, world.store(FAR)), sits=sits))
    if actor.role == MEMBER and actor.name not in kept:
        kept[actor.name] = str(_seated(world, world.store(HERE), as_viewer(actor), sits=sits))
    return Things(kept.get(actor.name), kept["far"])


def my_seat(world: World, actor: Actor) -> Things:
    """A seat that the member was offered."""
    return _own_seat(world, actor, sits=False)


def my_trial(world: World, actor: Actor) -> Things:
    """A product to try by who sits."""
    return _own_seat(world, actor, sits=True)


def idea(world: World, actor: Actor) -> Things:
    """An idea that waits for an answer."""
    return _of_buyer(
        world, "ideas", actor, lambda _, who: amplify.give_idea(viewer=who, words="想要小包装").public_id
    )


def open_poll(world: World, actor: Actor) -> Things:
    """Something everybody is asked."""
    kept = world.made.setdefault("polls", {})
    if "one" not in kept:
        until = clock.now() + timedelta(days=9)
        given = {"kind": PollKind.WANT, "title": "要多大袋", "options": ["小", "大"], "closes_at": until}
        kept["one"] = str(amplify.open_poll(viewer=JOB, **given).public_id)
    return Things(kept["one"])


def closed_poll(world: World, actor: Actor) -> Things:
    """A poll of a store that is over and waits for its answer."""

    def made(s: dict[str, Any]) -> uuid.UUID:
        now = clock.now()
        given = {"kind": PollKind.WANT, "title": "要多大袋", "options": ["小", "大"]}
        shop = stores.access_store(JOB, s["id"])
        row = amplify.open_poll(viewer=JOB, store=shop, closes_at=now + timedelta(days=1), **given)
        times = {"opened_at": now - timedelta(days=9), "closes_at": now - timedelta(days=1)}
        Poll.objects.filter(pk=row.pk).update(**times)
        return row.public_id

    return _by_store(world, actor, lambda s: _made(world, "closed polls", s, lambda s: str(made(s))))


def shortlist(world: World, actor: Actor) -> Things:
    """A list of a store whose lot may be opened."""

    def made(s: dict[str, Any]) -> uuid.UUID:
        row = amplify.ask_shortlist(viewer=JOB, size=5, per_store=1, store=stores.access_store(JOB, s["id"]))
        row.tickets = {"t1": persons.access_customer(JOB, s["members"][0]["id"]).pk}
        row.draw = draws.commit(
            viewer=JOB, title="shortlist", entrants=["t1"], rules={"winners": 1}
        ).public_id
        row.state, row.listed_at = "listed", clock.now() - timedelta(hours=2)
        row.save()
        return row.public_id

    return _by_store(world, actor, lambda s: _made(world, "shortlists", s, lambda s: str(made(s))))


def agreed(body: Any = None) -> Any:
    """The body, once there is an agreement for ambassadors."""
    if amplified.agreement_now() is None:
        amplify.publish_agreement(viewer=JOB, body="说清楚自己是大使", perks=[])
    return body


def applicant_ambassador(world: World, actor: Actor) -> Things:
    """Somebody who wants to be an ambassador."""
    agreed()
    return _of_buyer(
        world,
        "ambassadors",
        actor,
        lambda _, who: amplify.apply_ambassador(viewer=who, why="想带邻居").public_id,
    )


def store_teacher(world: World, actor: Actor) -> Things:
    """A member of a store with a page as a teacher."""

    def made(_: dict[str, Any], who: Viewer) -> uuid.UUID:
        _asked_to_teach(who)
        return amplify.accept_teaching(viewer=who, shown_as="小林老师", words="从一炉饼干开始").public_id

    return _of_buyer(world, "teachers", actor, made)


def _asked_to_teach(who: Viewer) -> None:
    if amplified.my_teaching(who) is None:
        given = {"specialties": [Specialty.BAKING], "why": "烤得好"}
        amplify.invite_teacher(viewer=JOB, customer=persons.me(who).public_id, **given)


def asked_to_teach(actor: Actor, body: Any) -> Any:
    """The body, once the member was asked to teach."""
    if actor.role == MEMBER:
        _asked_to_teach(as_viewer(actor))
    return body


def any_teacher(world: World, actor: Actor) -> Things:
    """A teacher's page; all members see it."""
    kept = world.made.setdefault("any teacher", {})
    if "one" not in kept:
        who = _buyer(world, world.store(HERE))
        _asked_to_teach(who)
        made = amplify.accept_teaching(viewer=who, shown_as="小林老师", words="从一炉饼干开始")
        kept["one"] = str(made.public_id)
    return Things(kept["one"])


def shares_owed(world: World, body: Any = None) -> Any:
    """The body, once a member is owed a share of a pool that was shared out."""
    now = clock.now()
    pool = _pool_over(now)
    who = persons.access_customer(JOB, world.store(HERE)["members"][0]["id"])
    PoolShare.objects.create(pool=pool, person=who, points=5, fen=5000, at=now)
    SharedPool.objects.filter(pk=pool.pk).update(settled_at=now, settled_by="system:tests")
    return body


def _pool_over(now: Any) -> SharedPool:
    return SharedPool.objects.create(
        title="上一季",
        pool_fen=5000,
        points={"answered": 5},
        published_by="system:tests",
        published_at=now - timedelta(days=40),
        since=now - timedelta(days=40),
        until=now - timedelta(days=1),
    )


def pool_over(world: World, actor: Actor) -> Things:
    """A pool that is over and waits to be shared out."""
    kept = world.made.setdefault("pools over", {})
    if "one" not in kept:
        kept["one"] = str(_pool_over(clock.now()).public_id)
    return Things(kept["one"])


def payout(world: World, actor: Actor) -> Things:
    """A payout that was approved and waits to be paid."""
    kept = world.made.setdefault("payouts", {})
    if "one" not in kept:
        shares_owed(world)
        row = amplify.draw_up_payout(viewer=JOB)
        amplify.approve_payout(viewer=JOB, payout_id=row.public_id)
        kept["one"] = str(row.public_id)
    return Things(kept["one"])


def outside_seen(world: World, actor: Actor) -> Things:
    """Somebody else's community whose host knows who of us is inside."""
    kept = world.made.setdefault("outside", {})
    if "one" not in kept:
        given = {"name": "城西宝妈互助群", "platform": Platform.WECHAT, "about": "辅食和遛娃", "claimed": 400}
        row = others.list_outside(viewer=JOB, **given)
        upsert_staff(viewer=JOB, rows=[StaffRow("inside-1", "小陈")])
        told = {"role": Inside.OBSERVER, "told_on": clock.business_day(clock.now()), "told_how": "私信"}
        others.enter(viewer=JOB, community_id=row.public_id, staff=Staff.objects.get(code="inside-1"), **told)
        kept["one"] = str(row.public_id)
    return Things(kept["one"])


FACTORIES = {
    "outside": outside_seen,
    "closed_poll": closed_poll,
    "shortlist": shortlist,
    "applicant_ambassador": applicant_ambassador,
    "store_teacher": store_teacher,
    "teacher": any_teacher,
    "pool_over": pool_over,
    "payout": payout,
    "my_star_work": my_star_work,
    "held_friend": held_friend,
    "panel": panel,
    "my_seat": my_seat,
    "my_trial": my_trial,
    "idea": idea,
    "open_poll": open_poll,
    "star": star,
    "star_work": star_work,
    "talked_in": talked_in,
    "case_appealed": case_appealed,
    "case_there": case_there,
    "challenge_over": challenge_over,
    "contest_draft": contest_draft,
    "contest_voting": contest_voting,
    "voice_sorted": voice_sorted,
    "challenge_there": challenge_there,
    "contest_there": contest_there,
    "own_case": own_case,
    "post_fresh": post_fresh,
    "voice_there": voice_there,
    "post_there": post_there,
    "post_of_mine": post_of_mine,
    "answer_to_me": answer_to_me,
    "post_photo": post_photo,
    "topic_there": topic_there,
    "calendar_entry": calendar_entry,
    "library_item": library_item,
    "brand_word": brand_word,
    "over_event": over_event,
    "listed_event": listed_event,
    "asked_event": asked_event,
    "my_survey": my_survey,
    "event_photo": event_photo,
    "shown_photo": shown_photo,
    "public_photo": public_photo,
    "my_photo": my_photo,
    "community": community,
    "community_draft": community_draft,
    "open_community": open_community,
    "my_community": my_community,
    "community_to_invite_to": community_to_invite_to,
    "community_member": community_member,
    "application": application,
    "application_mine": application_mine,
    "application_to_decide": application_to_decide,
    "kit_use": kit_use,
    "champion_grant": champion_grant,
    "waiting_grant": waiting_grant,
    "trainee": trainee,
    "handover": handover,
    "concern": concern,
    "check_photo": check_photo,
    "to_invite": to_invite,
    "kit": kit,
    "kit_version": kit_version,
    "kit_report": kit_report,
    "kit_instance": kit_instance,
    "kit_event": kit_event,
    "kit_warning": kit_warning,
    "series_date": series_date,
    "pass_of_store": pass_of_store,
    "sale_here": sale_here,
    "held": held,
    "sale": sale,
    "group": group,
    "proposal": proposal,
    "proposal_to_answer": proposal_to_answer,
    "partner": partner,
    "sponsorship": sponsorship,
    "raffle": raffle,
    "raffle_of_all": raffle_of_all,
    "closed_raffle": closed_raffle,
    "waiter": waiter,
    "series": series,
    "course": course,
    "pass": taken_pass,
    "own_door": own_door,
    "scan": scan,
    "door_event": door_event,
    "door": door,
    "door_conflict": door_conflict,
    "promise": promise,
    "message": message,
    "task": task,
    "sent_by_hand": sent_by_hand,
    "sequence": sequence,
    "inbox_item": inbox_item,
    "commitment": commitment,
    "paid": paid,
    "voucher": voucher,
    "spendable": spendable,
    "spent": spent,
    "envelope": envelope,
    "event": event,
    "published": seen_by_all,
    "joinable": joinable,
    "registration": registration,
    "applicant": applicant,
    "offer": offer,
    "store": store,
    "member": member,
    "device": device,
    "grant": grant,
    "merge": merge,
    "webhook": webhook,
    "study": study,
    "measurement": measurement,
    "segment": segment,
    "candidate": candidate,
    "my_thanks": my_thanks,
    "my_ring_invitation": my_ring_invitation,
    "tag": tag,
    "companion": companion,
}


def absent() -> str:
    return str(uuid.uuid4())
