"""The community notice board 社区告示板 of a store: what is on, the next ritual, whose face is on it, how fresh it is."""

from dataclasses import dataclass
from datetime import date, timedelta

from tongxin.champions.models import CheckAnswer
from tongxin.champions.queries.checks import live_answers, today_in
from tongxin.champions.terms import BOARD_DAYS, BOARD_ITEM, READERS, CheckWord
from tongxin.events.queries import listing
from tongxin.events.queries.listing import EventLine
from tongxin.events.queries.reviews import Nominee, nominees
from tongxin.events.terms import Kind, State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.stores.models import Store

STARS_FOR, STARS_MOST = timedelta(days=28), 3


@dataclass(frozen=True)
class Board:
    """A week of a store as it hangs on the wall. `fresh_on` is the last day on which somebody said that it is up to date;
    `stars` are the nominees of the last weeks, to be asked before a name goes on paper."""

    store: Store
    today: date
    until: date
    events: tuple[EventLine, ...]
    ritual: EventLine | None
    fresh_on: date | None
    stars: tuple[Nominee, ...]

    @property
    def stale_days(self) -> int | None:
        """How many days ago that was; None if never."""
        return None if self.fresh_on is None else (self.today - self.fresh_on).days


def board_of(viewer: Viewer, store: Store) -> Board:
    """The board of a store in reach, for the seven days that begin today. Refuses `absent`."""
    if not viewer.reaches(store.pk, READERS):
        raise Refused("absent")
    today = today_in(store)
    until = today + timedelta(days=BOARD_DAYS - 1)
    begin = clock.day_start(today, store.zone, store.cutoff_hour)
    end = clock.day_end(until, store.zone, store.cutoff_hour)
    shown = [
        line for line in listing.between(viewer, begin, end, store=store) if line.state == State.PUBLISHED
    ]
    now = clock.now()
    return Board(
        store=store,
        today=today,
        until=until,
        events=tuple(line for line in shown if line.ends_at > now),
        ritual=next((line for line in shown if line.kind == Kind.RITUAL and line.ends_at > now), None),
        fresh_on=fresh_on(store),
        stars=tuple(nominees(viewer, store, now - STARS_FOR, limit=STARS_MOST)),
    )


def fresh_on(store: Store) -> date | None:
    """The last day on which a store said that its notice board is up to date."""
    said = live_answers().filter(store=store, item=BOARD_ITEM, answer=CheckWord.YES)
    found: CheckAnswer | None = said.order_by("-day").first()
    return found.day if found else None
