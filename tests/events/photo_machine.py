"""Photos and consent as random acts on the real thing, each answer predicted by a model that knows only who said what.

`Walk` tries every way out: moving, editing who is seen, scheduling, reposting at an event and on a kit's shelf, and merely looking.
"""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from access.actors import NOON
from events.after_setup import After
from events.factories import published
from stores.factories import TESTS
from tongxin.events import actions, queries
from tongxin.events.models import Photo
from tongxin.events.queries.photos import visible
from tongxin.events.terms_after import LADDER, USES, PhotoState
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.kits.models import Kit
from tongxin.people import actions as people
from tongxin.people.models import Companion
from tongxin.people.terms import Purpose

PRIVATE, GROUP, PUBLIC, ADVERT = LADDER
SOULS = ("mei", "bo", "child")  # two guests, and the child of the first
HOUR = timedelta(hours=1)


class Walk(RuleBasedStateMachine):
    """One photo, two guests, one child."""

    now = NOON

    def __init__(self):
        super().__init__()
        self._held = clock.held(
            Walk.now
        )  # goes on from walk to walk: the answers of the last one are in the past
        self._held.__enter__()

    def teardown(self):
        self._held.__exit__(None, None, None)

    @classmethod
    def world(cls):
        """The evening and its people, once; every walk has a photo of its own and begins with a no of everybody."""
        Walk.now = NOON
        with clock.held(NOON):
            cls.after = After(2, families=1)
            cls.other = published(cls.after.store)
            Kit.objects.create(code="baker", title="小小烘焙师", made_by="tests", made_at=NOON)

    @initialize()
    def begin(self):
        self.tick(HOUR)
        for who in SOULS:
            self.at_all(who, granted=False)
        self.photo = self.after.photo()
        self.said = False
        self.seen: set[str] = set()
        self.child_visible, self.strangers = True, False
        self.record = dict.fromkeys(SOULS, False)
        self.uses: dict[str, set[PhotoState]] = {one: set() for one in SOULS}
        self.state, self.later, self.later_at = PRIVATE, None, None

    # ---- the model

    def furthest(self):
        if not self.said or self.strangers or self.child_visible != ("child" in self.seen):
            return PRIVATE
        for inner, use in zip(LADDER, USES, strict=False):
            if not all(self.record[one] and use in self.uses[one] for one in self.seen):
                return inner
        return ADVERT

    def settle(self):
        self.state = min(self.state, self.furthest(), key=lambda one: one.reach)

    def tries(self, act, expected):
        try:
            act()
        except Refused as refused:
            got = refused.code
        else:
            got = None
        assert got == expected, (got, expected)

    def why(self):
        named = self.said and not self.strangers and self.child_visible == ("child" in self.seen)
        return "events.photo_consent" if named else "events.photo_unseen"

    def at_all(self, who, *, granted):
        n = 1 if who == "bo" else 0
        people.set_consent(
            viewer=self.after.viewers[n],
            customer=self.after.members[n],
            purpose=Purpose.PHOTO,
            granted=granted,
            notice_version="privacy/1",
            channel="member_page",
            companion=Companion.objects.get(public_id=self.after.children[0]) if who == "child" else None,
        )

    def tick(self, by):
        Walk.now += by
        self._held.__exit__(None, None, None)
        self._held = clock.held(self.now)
        self._held.__enter__()

    # ---- the acts

    @rule(
        seen=st.sets(st.sampled_from(SOULS)),
        wrong=st.sampled_from([False, False, False, False, True]),
        strangers=st.sampled_from([False, False, False, True]),
    )
    def names(self, seen, wrong, strangers):
        self.edit(seen, wrong=wrong, strangers=strangers)

    def edit(self, seen, *, wrong, strangers):
        visible = ("child" in seen) != wrong
        self.after.seen(
            self.photo,
            people=[n for n, one in enumerate(("mei", "bo")) if one in seen],
            children=[0] if "child" in seen else [],
            child_visible=visible,
            strangers=strangers,
        )
        self.said, self.seen, self.strangers = True, set(seen), strangers
        self.child_visible = visible or "child" in seen
        if self.state is not PRIVATE:
            self.later = self.later_at = None
        self.settle()

    @rule(who=st.sampled_from(SOULS), use=st.sampled_from(USES), granted=st.sampled_from([True, True, False]))
    def one_answers(self, who, use, granted):
        self.answer(who, use, granted=granted)

    def answer(self, who, use, *, granted):
        n = 1 if who == "bo" else 0
        given = {
            "viewer": self.after.viewers[n],
            "photo_id": self.photo.public_id,
            "use": use,
            "granted": granted,
            "companion": self.after.children[0] if who == "child" else None,
        }
        if who not in self.seen:
            self.tries(lambda: actions.answer_photo(**given), "absent")
            return
        actions.answer_photo(**given)
        if granted:
            self.record[who] = True
            self.uses[who] |= {one for one in USES if one.reach <= use.reach}
        else:
            self.uses[who] -= {one for one in USES if one.reach >= use.reach}
        before = self.state
        self.settle()
        if self.state is not before:
            self.later = self.later_at = None

    @rule(seen=st.sets(st.sampled_from(SOULS), min_size=1), state=st.sampled_from(USES))
    def go_out(self, seen, state):
        self.edit(seen, wrong=False, strangers=False)
        self.all_agree(state)
        self.move(state)

    def all_agree(self, use):
        for who in sorted(self.seen):
            self.answer(who, use, granted=True)

    @rule(who=st.sampled_from(SOULS))
    def refuse_photos_at_all(self, who):
        self.at_all(who, granted=False)
        self.record[who], self.uses[who] = False, set()
        # The kept state follows with the job; what is served follows at once (the invariant below looks before the job).
        self.looks()
        actions.settle_photos(viewer=TESTS)
        before = self.state
        self.settle()
        if self.state is not before:
            self.later = self.later_at = None

    @rule(state=st.sampled_from(LADDER))
    def moves(self, state):
        self.move(state)

    def move(self, state):
        fits = state.reach <= self.furthest().reach
        same = self.state is state and self.later is None
        self.tries(
            lambda: actions.set_photo_state(
                viewer=self.after.champion, photo_id=self.photo.public_id, state=state
            ),
            None if fits or same else self.why(),
        )
        if fits:
            self.state, self.later, self.later_at = state, None, None

    @rule(state=st.sampled_from(USES))
    def schedule(self, state):
        fits = state.reach <= self.furthest().reach
        at = self.now + HOUR
        self.tries(
            lambda: actions.set_photo_state(
                viewer=self.after.champion, photo_id=self.photo.public_id, state=state, at=at
            ),
            None if fits else self.why(),
        )
        if fits:
            self.later, self.later_at = state, at

    @rule()
    def an_hour_goes_by(self):
        self.tick(HOUR)
        actions.move_photos_due(viewer=TESTS)
        if self.later is not None and self.later_at <= self.now:
            self.state = min(self.later, self.furthest(), key=lambda one: one.reach)
            self.later = self.later_at = None

    @rule(shelf=st.booleans())
    def repost(self, shelf):
        needed = ADVERT if shelf else PUBLIC
        where = {"kit": "baker"} if shelf else {"event_id": self.other.public_id}
        self.tries(
            lambda: actions.show_photo(viewer=TESTS, photo_id=self.photo.public_id, **where),
            None if self.state.reach >= needed.reach else "events.photo_inwards",
        )

    # ---- what must hold after each

    def looks(self):
        """Nothing is shown further out than everybody seen agrees to, wherever one looks."""
        far = min(self.state, self.furthest(), key=lambda one: one.reach)
        row = Photo.objects.get(pk=self.photo.pk)
        assert bool(visible([row], GROUP)) == (far.reach >= GROUP.reach)
        assert bool(visible([row], PUBLIC)) == (far.reach >= PUBLIC.reach)
        shown = queries.wall(self.after.viewers[1], self.other.public_id)
        assert self.photo.public_id not in {one.public_id for one in shown} or far.reach >= PUBLIC.reach
        shelved = {one.public_id for one in queries.shelf(TESTS, "baker")}
        assert self.photo.public_id not in shelved or far is ADVERT
        line = queries.photo_line(self.after.champion, self.photo.public_id)
        assert (line.state, line.furthest) == (far, self.furthest())

    @invariant()
    def as_the_model_says(self):
        if not hasattr(self, "state"):
            return
        row = Photo.objects.get(pk=self.photo.pk)
        assert (row.state, row.later) == (self.state, self.later or ""), (row.state, row.later)
        assert not (row.child_visible and row.state != PRIVATE and row.guardian_file_id is None)
        self.looks()
