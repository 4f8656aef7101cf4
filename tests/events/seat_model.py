"""What registration must answer, written a second time as a plain model: no database, no code of the room but its table-tested times.

`SeatMachine` performs random acts on the real thing, predicts each answer from the model, and compares every row and counter.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from access.actors import NOON
from events.factories import published
from people.factories import CustomerFactory
from stores.factories import TESTS
from tongxin.events import actions, queries
from tongxin.events.actions import Allotment, CompanionIn
from tongxin.events.models import Pool, Registration
from tongxin.events.rules.waiting import offer_ends
from tongxin.events.terms import Admission
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people import actions as people
from tongxin.people.terms import MergeReason

LIVE = ("applied", "waiting", "offered", "confirmed")
TAG = "tag:老友"
SOULS = 6
FITS = {
    "cancel": ("confirmed",),
    "leave": ("waiting", "offered"),
    "accept": ("offered",),
    "pick": ("waiting",),
    "yes": ("applied",),
    "no": ("applied",),
}
HOUR = timedelta(hours=1)


@dataclass
class Reg:
    """A registration in the model."""

    who: int
    party: int
    state: str
    at: Any
    number: int | None = None
    priority: int = 0
    pool: str | None = None
    until: Any = None
    key: Any = None


@dataclass
class Model:
    """The whole event in the model. `pools` are audience → [size, taken, held]; the line is one, whoever waits for what."""

    places: int
    kept: int
    starts: Any
    release: Any
    approval: bool
    state: str = "published"
    waited: int = 0
    released: bool = False
    regs: list[Reg] = field(default_factory=list)
    root: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pools = {"": [self.places - self.kept, 0, 0]}
        if self.kept:
            self.pools[TAG] = [self.kept, 0, 0]

    def free(self, pool: str) -> int:
        size, taken, held = self.pools[pool]
        return size - taken - held

    def open_to(self, who: int) -> list[str]:
        mine = [TAG] if TAG in self.pools and self.is_friend(who) else []
        return [*mine, ""]

    def is_friend(self, who: int) -> bool:
        """The even ones carry the tag; a merged person has the tags of all entries."""
        return any(one % 2 == 0 for one in range(SOULS) if self.of(one) == self.of(who))

    def of(self, who: int) -> int:
        return self.root.get(who, who)

    def line(self) -> list[Reg]:
        return sorted((r for r in self.regs if r.state == "waiting"), key=lambda r: (-r.priority, r.number))

    def pass_on(self, now: Any) -> None:
        if self.released and TAG in self.pools:
            n = self.free(TAG)
            self.pools[TAG][0] -= n
            self.pools[""][0] += n
        until = offer_ends(now, self.starts, clock.SHANGHAI)
        if self.state != "published" or until is None:
            return
        for reg in self.line():
            for pool in self.open_to(reg.who):
                usable = not (pool == TAG and self.released)
                if usable and self.free(pool) >= reg.party:
                    self.pools[pool][2] += reg.party
                    reg.state, reg.pool, reg.until = "offered", pool, until
                    break

    def place(self, who: int, party: int) -> tuple[str, str, int | None]:
        for pool in self.open_to(who):
            if self.free(pool) >= party:
                self.pools[pool][1] += party
                return "confirmed", pool, None
        self.waited += 1
        return "waiting", "", self.waited

    def closed(self, now: Any) -> str | None:
        if self.state == "cancelled":
            return "events.cancelled"
        return "events.past" if now >= self.starts else None

    def register(self, who: int, party: int, now: Any) -> str:
        mine = [r for r in self.regs if r.state in LIVE and self.of(r.who) == self.of(who)]
        refusal = self.closed(now) or ("events.registered" if mine else None)
        if refusal:
            return refusal
        reg = Reg(self.of(who), party, "applied", now)
        if not self.approval:
            if self.waited and any(self.free(p) >= party for p in self.open_to(who)):
                self.pass_on(now)
            reg.state, reg.pool, reg.number = self.place(who, party)
        self.regs.append(reg)
        return reg.state

    def gone(self, reg: Reg) -> None:
        if reg.state in {"confirmed", "offered"}:
            self.pools[reg.pool][1 if reg.state == "confirmed" else 2] -= reg.party

    def cancel(self, reg: Reg, now: Any) -> str:
        if reg.state == "cancelled":
            return "cancelled"
        if reg.state not in LIVE:
            return "events.seat_state"
        if now >= self.starts:
            return "events.past"
        self.gone(reg)
        seated, reg.state = reg.state in {"confirmed", "offered"}, "cancelled"
        if seated:
            self.pass_on(now)
        return "cancelled"

    def leave(self, reg: Reg, now: Any) -> str:
        if reg.state == "cancelled":
            return "cancelled"
        if reg.state not in {"waiting", "offered"}:
            return "events.offer_over"
        if now >= self.starts:
            return "events.past"
        offered = reg.state == "offered"
        self.gone(reg)
        reg.state, reg.until = "cancelled", None
        if offered:
            self.pass_on(now)
        return "cancelled"

    def over(self, reg: Reg, now: Any) -> bool:
        return now >= reg.until or now >= self.starts - HOUR

    def accept(self, reg: Reg, now: Any) -> str:
        if reg.state == "confirmed":
            return "confirmed"
        if refusal := self.closed(now):
            return refusal
        if reg.state == "offered" and not self.over(reg, now):
            self.gone(reg)
            self.pools[reg.pool][1] += reg.party
        elif reg.state == "waiting" and now >= self.starts - HOUR:
            pool = next((p for p in self.open_to(reg.who) if self.free(p) >= reg.party), None)
            if pool is None:
                return "events.full"
            self.pools[pool][1] += reg.party
            reg.pool = pool
        else:
            return "events.offer_over"
        reg.state, reg.until = "confirmed", None
        return "confirmed"

    def pick(self, reg: Reg, now: Any) -> str:
        if reg.state != "waiting":
            return "events.seat_state"
        reg.priority = 1
        self.pass_on(now)
        return reg.state

    def answer(self, reg: Reg, now: Any, *, yes: bool) -> str:
        if reg.state != "applied":
            return "events.seat_state"
        if self.state != "published" or now >= self.starts:
            return "events.past"
        reg.state = "declined"
        if yes:
            reg.state, reg.pool, reg.number = self.place(reg.who, reg.party)
        return reg.state

    def lapse(self, now: Any) -> int:
        n = 0
        due = [r for r in self.regs if r.state == "offered" and self.over(r, now)]
        for reg in due:
            if reg.state == "offered":
                self.gone(reg)
                reg.state, reg.until = "cancelled", None
                n += 1
                self.pass_on(now)
        return n

    def resize(self, pool: str, size: int, now: Any) -> str:
        if self.state != "published":
            return "events.state"
        if size < self.pools[pool][1] + self.pools[pool][2]:
            return "events.size_below_taken"
        self.pools[pool][0] = size
        self.pass_on(now)
        return "resized"

    def move(self, shift: timedelta, now: Any) -> str:
        if self.state != "published":
            return "events.state"
        if self.starts + shift <= now:
            return "events.past_start"
        self.starts += shift
        self.release += shift
        return "moved"

    def cancel_event(self) -> str:
        if self.state == "published":
            self.state = "cancelled"
            for reg in self.regs:
                if reg.state in LIVE:
                    reg.state = "removed"
            for pool in self.pools.values():
                pool[1] = pool[2] = 0
        return "cancelled"

    def release_due(self, now: Any) -> int:
        if self.state != "published" or self.released or TAG not in self.pools or now < self.release:
            return 0
        n, self.released = self.free(TAG), True
        self.pass_on(now)
        return n

    def one_place_each(self, now: Any) -> int:
        if self.state != "published" or now >= self.starts:
            return 0
        order = ("confirmed", "offered", "entered", "applied", "waiting")
        gone = 0
        for person in sorted({self.of(r.who) for r in self.regs}):
            mine = [r for r in self.regs if r.state in LIVE and self.of(r.who) == person]
            mine.sort(key=lambda r: order.index(r.state))
            for reg in mine[1:]:
                self.cancel(reg, now)
                gone += 1
        return gone


def viewer_of(person: int) -> Viewer:
    """A member, signed in."""
    return Viewer(account=None, name=f"member:{person}", person=person)


class SeatMachine(RuleBasedStateMachine):
    """Random acts on one event; each answer, row and counter is what the model says."""

    seen: Counter[str] = Counter()
    souls: list[Any] = []
    children: dict[int, list[Any]] = {}

    @classmethod
    def people(cls) -> None:
        """Six members with two children each; every other one is an old friend. Made once."""
        cls.souls, cls.children = [], {}
        for n in range(SOULS):
            one = CustomerFactory()
            cls.souls.append(one)
            me = viewer_of(one.pk)
            cls.children[n] = [
                people.add_companion(
                    viewer=me, nickname="娃", age_years=6, agreed=True, notice_version="1"
                ).public_id
                for _ in range(2)
            ]
            if n % 2 == 0:
                people.tag(viewer=TESTS, customer=one, label="老友")

    @initialize(
        places=st.integers(2, 4),
        kept=st.integers(0, 2),
        approval=st.sampled_from([False, False, True]),
        days=st.sampled_from([9, 4, 2]),
    )
    def publish(self, places: int, kept: int, approval: bool, days: int) -> None:
        self.now, self.links = NOON, []
        release = NOON + timedelta(hours=10)
        with clock.held(self.now):
            self.event = published(
                places=places,
                party_most=3,
                starts_at=NOON + timedelta(days=days),
                admission=Admission.APPROVAL if approval else Admission.FIRST_COME,
                allotments=(Allotment(TAG, kept, release),) if kept else (),
            )
        self.model = Model(places, kept, self.event.starts_at, release, approval)

    def done(self, act: Any, **asked: Any) -> Any:
        """What the room answers: a state, a count, or the code of a refusal."""
        with clock.held(self.now):
            try:
                answer = act(**asked)
            except Refused as refused:
                answer = refused.code
        said = (
            answer.state
            if isinstance(answer, Registration)
            else answer
            if isinstance(answer, str)
            else "done"
        )
        self.seen[f"{act.__name__}: {said}"] += 1
        return answer

    @rule(who=st.integers(0, SOULS - 1), children=st.sampled_from([0, 0, 0, 1, 2]))
    def register(self, who: int, children: int) -> None:
        self.enter(who, children)

    @rule(who=st.integers(0, SOULS - 1))
    def register_alone(self, who: int) -> None:
        self.enter(who, 0)

    def enter(self, who: int, children: int) -> None:
        me = viewer_of(self.souls[self.model.of(who)].pk)
        with_me = [CompanionIn(child) for child in self.children[who][:children]]
        made = self.done(actions.register, viewer=me, event_id=self.event.public_id, companions=with_me)
        said = self.model.register(who, 1 + children, self.now)
        if isinstance(made, Registration):
            self.model.regs[-1].key = made.public_id
            made = made.state
        assert made == said

    def on(self, pick: int, act: str) -> Reg | None:
        """Mostly one for whom the act makes sense, sometimes anyone."""
        fit = [r for r in self.model.regs if r.state in FITS[act]] if pick % 5 else []
        among = fit or self.model.regs
        return among[pick % len(among)] if among else None

    @rule(pick=st.integers(0, 50))
    def cancel(self, pick: int) -> None:
        self.answer(pick, "cancel")

    @rule(pick=st.integers(0, 50), act=st.sampled_from(["accept", "accept", "leave", "pick"]))
    def line(self, pick: int, act: str) -> None:
        self.answer(pick, act)

    @rule(pick=st.integers(0, 50), yes=st.sampled_from(["yes", "yes", "no"]))
    def champion(self, pick: int, yes: str) -> None:
        if self.model.approval:
            self.answer(pick, yes)

    def answer(self, pick: int, act: str) -> None:
        reg = self.on(pick, act)
        if reg is None:
            return
        known = {
            "cancel": (actions.cancel_registration, {}),
            "leave": (actions.leave, {}),
            "accept": (actions.accept, {}),
            "pick": (actions.pick, {"reason": "because"}),
            "yes": (actions.approve, {}),
            "no": (actions.decline, {}),
        }
        do, more = known[act]
        made = self.done(do, viewer=TESTS, registration_id=reg.key, **more)
        if act in {"yes", "no"}:
            said = self.model.answer(reg, self.now, yes=act == "yes")
        else:
            said = getattr(self.model, act)(reg, self.now)
        assert (made.state if isinstance(made, Registration) else made) == said

    @precondition(lambda self: self.model.regs)
    @rule(hours=st.sampled_from([1, 5, 13, 13, 30]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        assert self.done(actions.lapse, viewer=TESTS) == self.model.lapse(self.now)
        assert self.done(actions.release_due, viewer=TESTS) == self.model.release_due(self.now)

    @precondition(lambda self: len(self.model.regs) > 2)
    @rule(audience=st.sampled_from(["", TAG]), size=st.integers(0, 5))
    def resize(self, audience: str, size: int) -> None:
        if audience not in self.model.pools or (audience == TAG and self.model.released):
            return
        said = self.model.resize(audience, size, self.now)
        self.event.refresh_from_db()
        made = self.done(
            actions.resize, viewer=TESTS, event_id=self.event.public_id, version=self.event.version,
            audience=audience, size=size,
        )  # fmt: skip
        assert ("resized" if isinstance(made, Pool) else made) == said

    @precondition(lambda self: len(self.model.regs) > 1)
    @rule(hours=st.sampled_from([-20, -3, 3, 20]))
    def move(self, hours: int) -> None:
        said = self.model.move(timedelta(hours=hours), self.now)
        self.event.refresh_from_db()
        at = self.event.starts_at + timedelta(hours=hours)
        made = self.done(
            actions.move, viewer=TESTS, event_id=self.event.public_id, version=self.event.version,
            starts_at=at, ends_at=at + timedelta(hours=2),
        )  # fmt: skip
        assert (made if isinstance(made, str) else "moved") == said

    @precondition(lambda self: len(self.model.regs) > 6)
    @rule()
    def call_off(self) -> None:
        made = self.done(actions.cancel, viewer=TESTS, event_id=self.event.public_id, reason="rain")
        assert made.state == self.model.cancel_event()

    @rule(one=st.integers(0, SOULS - 1), other=st.integers(0, SOULS - 1))
    def merge(self, one: int, other: int) -> None:
        if self.model.of(one) != one or self.model.of(other) != other or one == other:
            return
        link = self.done(
            people.merge,
            viewer=TESTS,
            source=self.souls[one],
            target=self.souls[other],
            reason=MergeReason.SAME_PHONE,
        )
        self.links.append(link)
        for soul in range(SOULS):
            if self.model.of(soul) == one:
                self.model.root[soul] = other

    @precondition(lambda self: self.links)
    @rule()
    def one_place(self) -> None:
        assert self.done(actions.one_place_each, viewer=TESTS) == self.model.one_place_each(self.now)

    @invariant()
    def rows_are_what_the_model_says(self) -> None:
        if not hasattr(self, "model"):
            return
        rows = Registration.objects.filter(occurrence=self.event).order_by("id").select_related("pool")
        real = [
            (r.state, r.party, r.number, r.priority, r.pool.audience if r.pool and r.state in {"offered", "confirmed"} else None,
             r.offered_until if r.state == "offered" else None)
            for r in rows
        ]  # fmt: skip
        said = [
            (r.state, r.party, r.number, r.priority, r.pool if r.state in {"offered", "confirmed"} else None,
             r.until if r.state == "offered" else None)
            for r in self.model.regs
        ]  # fmt: skip
        assert real == said
        pools = {p.audience: [p.size, p.taken, p.held] for p in Pool.objects.filter(occurrence=self.event)}
        assert pools == self.model.pools
        assert queries.counters_wrong(self.event.public_id) == []

    def teardown(self) -> None:
        """The people go on into the next example as they were."""
        if hasattr(self, "event"):
            with clock.held(self.now):
                actions.cancel(viewer=TESTS, event_id=self.event.public_id, reason="over")
                for link in reversed(self.links):
                    people.unmerge(viewer=TESTS, merge_id=link.public_id)
