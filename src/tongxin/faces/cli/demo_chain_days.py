"""The days of the simulated chain: kits in three versions, rituals, tastings, draws, doors, daily checks, ring runs.

Every act is planned for its moment and done in the order of the moments, with the clock held there. Nothing happens after `now`.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import uuid5

import numpy as np

from tongxin.events import actions as events
from tongxin.events.actions import EntryIn, Round
from tongxin.events.queries.calendar import calendar
from tongxin.events.rules.lottery import entrant
from tongxin.events.terms import Admission, Did, Via, Why
from tongxin.faces.cli import demo_chain_checks as checks
from tongxin.faces.cli import demo_chain_talk as talk
from tongxin.faces.cli.demo_chain_people import Chain
from tongxin.faces.cli.demo_life import BUILDER
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.kits import actions as kits
from tongxin.kits import queries as kit_queries
from tongxin.outreach import actions as outreach
from tongxin.rings import actions as rings

if TYPE_CHECKING:
    from tongxin.faces.cli.demo_chain import Size

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
LESSON, TEA, TASTING = "little-baker", "mums-morning-tea", "tasting"
VERSIONS = (0, 4, 8)  # months in which a version of the lesson is released
CHANGES = ("第一版", "糖霜改成小支装，孩子自己挤", "先讲故事再进烤箱，等得住")
ADOPTS = (0, 0, 1, 2, 4, 6, 8)  # months in which stores begin their ritual, in turn
DATES = (
    "1SA",
    "2SU",
    "3SA",
    "4SU",
    "2SA",
    "1SU",
    "4SA",
    "3SU",
)  # of a store's ritual in each month: some every week
SEATS = 14
COMES = 0.85
EAGER = 0.85  # log odds of wanting to come a deviation of the trait: the draw must undo that
CLOSES = 3 * DAY
KEEN_EVERY = 2
TALKED = 4  # months of talk before the end: what a ring looks at


class Days:
    """A year of the chain. `came` is the month (of the year) of everybody's first visit, `won` who was drawn and when."""

    def __init__(
        self, chain: Chain, size: Size, first: date, now: datetime, rng: np.random.Generator
    ) -> None:
        self.chain, self.size, self.first, self.now, self.rng = chain, size, first, now, rng
        self.came = np.full(len(chain.members), -1)
        self.won: list[tuple[int, int]] = []
        self.counts = dict.fromkeys(
            (
                "members",
                "stores",
                "events",
                "registrations",
                "checked_in",
                "draws",
                "won",
                "lost",
                "checks",
                "talk",
            ),
            0,
        ) | {"members": len(chain.members), "stores": len(chain.stores)}
        self._plans: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = count()
        self._versions: list[Any] = []
        self._months = [first]
        while self._months[-1] <= clock.business_day(now):
            self._months.append(clock.month_start(self._months[-1] + 31 * DAY))

    def live(self) -> None:
        """Do everything, moment by moment."""
        for month, day in enumerate(self._months[:-1]):
            begin = clock.day_start(day) + 9 * HOUR
            self.at(begin, partial(self._open_month, month))
            if month >= self.size.months - TALKED:
                self.at(begin + talk.DAYS * DAY, self._talk)
        for n, (store, month) in enumerate(self._draws()):
            hour = clock.day_start(self._months[month]) + 14 * HOUR
            self._lottery(store, month, hour + (18 + n % 6) * DAY)
        soon = clock.day_start(clock.business_day(self.now)) + 6 * DAY + 14 * HOUR
        for n in range(self.size.open_draws):  # people have entered, nothing is drawn yet
            self._lottery(n * 5 % self.size.stores, len(self._months) - 2, soon)
        for n in range(self.size.tastings):
            self._tasting(n)
        for back in range(self.size.check_days):
            self.at(self.now - back * DAY - MINUTE, partial(self._checks, back))
        while self._plans and self._plans[0][0] <= self.now:
            at, _, act = heapq.heappop(self._plans)
            with clock.held(at):
                act()
        with clock.held(self.now):
            self._close()

    def at(self, when: datetime, act: Callable[[], None]) -> None:
        """Plan an act."""
        heapq.heappush(self._plans, (when, next(self._numbers), act))

    # ---- months

    def _open_month(self, month: int) -> None:
        """Versions are released, stores begin their ritual, series are carried on, guests of the month register."""
        if month in VERSIONS:
            self._release(VERSIONS.index(month))
        for n, store in enumerate(self.chain.stores):
            if ADOPTS[n % len(ADOPTS)] == month:
                self._ritual(n, store)
        events.extend_all(viewer=BUILDER)
        self._close()
        begin = clock.day_start(self._months[month])
        for line in calendar(BUILDER, begin, clock.day_start(self._months[month + 1]), limit=500).lines:
            if line.series and line.state == "published":
                self._guests(line, month)
        if month and month % 3 == 0:
            rings.recompute(viewer=BUILDER)

    def _talk(self) -> None:
        """Who has come to something talks, with the others of the same store."""
        groups = [
            [self.chain.members[who].pk for who in self._people(home) if self.came[who] >= 0]
            for home in range(self.size.stores)
        ]
        keen = {
            people[-1] for people in groups[::KEEN_EVERY] if people
        }  # a regular: their number is the last
        self.counts["talk"] += talk.a_month(groups, keen, clock.now(), self.rng)

    def _close(self) -> None:
        while events.end_due(viewer=BUILDER):
            pass
        outreach.drain()

    def _release(self, n: int) -> None:
        if not self._versions:
            made = {kit.code: kit for kit in kits.seed(viewer=BUILDER)}
            self._kits = {code: kit.public_id for code, kit in made.items()}
            self._versions.append(kit_queries.version_to_take(BUILDER, self._kits[LESSON], 1))
            return
        lesson, before = self._kits[LESSON], self._versions[-1].content
        steps = [dict(step) for step in before["outline"]]
        steps[0]["note"] = CHANGES[n]
        draft = kit_queries.draft_of(BUILDER, lesson)
        changed = kits.change_draft(
            viewer=BUILDER, kit_id=lesson, revision=draft.revision, content={**before, "outline": steps}
        )
        self._versions.append(
            kits.release(viewer=BUILDER, kit_id=lesson, revision=changed.revision, note=CHANGES[n])
        )

    # ---- rituals and tastings

    def _ritual(self, n: int, store: Any) -> None:
        code = LESSON if n % 3 else TEA
        version = (
            self._versions[-1]
            if code == LESSON
            else kit_queries.version_to_take(BUILDER, self._kits[TEA], None)
        )
        made = events.open_series_from_kit(
            viewer=BUILDER,
            store=store,
            version_id=version.public_id,
            round_=Round(
                rule=f"FREQ=MONTHLY;BYDAY={DATES[n % len(DATES)]}",
                starts_on=clock.business_day(clock.now()),
                each={"simulated": True},
            ),
        )
        events.publish_series(viewer=BUILDER, series_id=made.opened.series.public_id)
        self.counts["events"] += len(made.opened.occurrences)
        if len(self._versions) == 1 and n % 5 == 2 and code == LESSON:
            at = clock.day_start(self._months[min(VERSIONS[-1], len(self._months) - 1)]) + 10 * HOUR
            self.at(at, lambda: self._upgrade(made.instance))

    def _upgrade(self, instance: Any) -> None:
        found = kit_queries.access_instance(BUILDER, instance.public_id)
        events.upgrade_kit(
            viewer=BUILDER,
            instance_id=found.public_id,
            revision=found.revision,
            to=self._versions[-1].public_id,
        )

    def _guests(self, line: Any, month: int) -> None:
        """A few regulars of the store come to its ritual."""
        home = next(n for n, store in enumerate(self.chain.stores) if store.pk == line.store)
        guests = self._people(home)[-self.size.regulars :]
        self.at(max(line.starts_at - 8 * DAY, clock.now()), lambda: self._signs_up(line, guests, month))

    def _tasting(self, n: int) -> None:
        store = self.chain.stores[(n * 7 + 3) % self.size.stores]
        home = (n * 7 + 3) % self.size.stores
        month = int(self.rng.integers(0, len(self._months) - 1))
        starts = clock.day_start(self._months[month]) + (20 + n % 8) * DAY + 15 * HOUR
        ahead = starts - 9 * DAY

        def act() -> None:
            version = kit_queries.version_to_take(BUILDER, self._kits[TASTING], None)
            made = events.draft_from_kit(
                viewer=BUILDER, store=store, version_id=version.public_id, starts_at=starts, simulated=True
            )
            event = events.publish(viewer=BUILDER, event_id=made.occurrence.public_id)
            self.counts["events"] += 1
            guests = self._people(home)[-self.size.regulars :]
            self.at(starts - 4 * DAY, lambda: self._signs_up(event, guests, month))

        self.at(ahead, act)

    def _signs_up(self, event: Any, guests: Any, month: int) -> None:
        seats = [(int(who), self._register(event, int(who))) for who in guests]
        taken = [(who, seat) for who, seat in seats if seat is not None]
        self.at(event.starts_at - 20 * MINUTE, lambda: self._door(event, taken, month))

    def _register(self, event: Any, who: int) -> Any:
        try:
            seat = events.register(
                viewer=BUILDER, event_id=event.public_id, person=self.chain.members[who].pk, channel="counter"
            )
        except Refused:  # somebody was quicker
            return None
        self.counts["registrations"] += 1
        return seat

    # ---- draws

    def _draws(self) -> list[tuple[int, int]]:
        """Which store draws in which month: months whose three months afterwards are whole."""
        last = self.size.months - 4
        return [(n % self.size.stores, 1 + n % max(1, last)) for n in range(self.size.draws)]

    def _people(self, home: int) -> np.ndarray:
        return np.arange(home * self.size.members, (home + 1) * self.size.members)

    def _lottery(self, home: int, month: int, starts: datetime) -> None:
        store = self.chain.stores[home]

        def publish() -> None:
            made = events.draft_from_kit(
                viewer=BUILDER,
                store=store,
                version_id=self._versions[-1].public_id,
                starts_at=starts,
                overrides={"places": SEATS},
                simulated=True,
            ).occurrence
            events.change(
                viewer=BUILDER,
                event_id=made.public_id,
                version=made.version,
                admission=Admission.LOTTERY,
                closes_at=starts - CLOSES,
                details=made.details | {"draw": {"contact": "到店找主理人"}},
            )
            event = events.publish(viewer=BUILDER, event_id=made.public_id)
            self.counts["events"] += 1
            self.at(starts - 8 * DAY, lambda: self._enter(event, home, month))

        self.at(starts - 12 * DAY, publish)

    def _enter(self, event: Any, home: int, month: int) -> None:
        near = self._people(home)[: self.size.members - self.size.regulars]
        keys = EAGER * self.chain.lived.trait[near] + self.rng.gumbel(size=len(near))
        chosen = near[np.argsort(-keys)[: self.size.entrants]]
        seats = {}
        for who in chosen:
            if (seat := self._register(event, int(who))) is not None:
                seats[entrant(event.public_id, seat.public_id, seat.party)] = (int(who), seat)
        closes = event.starts_at - CLOSES
        self.at(closes, lambda: self._commit(event))
        self.at(closes + HOUR, lambda: self._draw(event, seats, month))

    def _commit(self, event: Any) -> None:
        events.commit_draw(viewer=BUILDER, event_id=event.public_id)

    def _draw(self, event: Any, seats: dict[str, tuple[int, Any]], month: int) -> None:
        drawn = events.draw_seats(viewer=BUILDER, event_id=event.public_id)
        won = [seats[one] for one in drawn["winners"]]
        self.won += [(who, month) for who, _ in won]
        self.counts["draws"] += 1
        self.counts["won"] += len(won)
        self.counts["lost"] += len(seats) - len(won)
        self.at(event.starts_at - 20 * MINUTE, lambda: self._door(event, won, month))

    # ---- doors and days

    def _door(self, event: Any, seats: list[tuple[int, Any]], month: int) -> None:
        """One phone lets in who comes, and hands its journal in."""
        door, _ = events.open_door(viewer=BUILDER, event_id=event.public_id)
        journal = []
        for who, seat in seats:
            if self.rng.random() >= COMES:
                continue
            nonce = uuid5(seat.public_id, "chain")
            journal.append(
                EntryIn(nonce, Did.ADMITTED, Why.OK, clock.now(), Via.SEARCH, registration=seat.public_id)
            )
            if self.came[who] < 0:
                self.came[who] = month
        if journal:
            events.sync(viewer=BUILDER, door_id=door.public_id, journal=journal)
        self.counts["checked_in"] += len(journal)

    def _checks(self, back: int) -> None:
        self.counts["checks"] += checks.a_day(self.chain.stores, back, self.rng)
