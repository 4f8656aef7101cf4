"""A model of membership in one community: random people join, accept, leave, are removed and come back; rules change; days pass."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from communities.factories import opened
from people.factories import CustomerFactory
from stores.factories import TESTS
from tongxin.communities import actions, queries
from tongxin.communities.models import Membership
from tongxin.communities.queries import active
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused

PEOPLE = 2
WHO = st.integers(0, PEOPLE - 1)


class MembershipMachine(RuleBasedStateMachine):
    """What the room does beside what the model says it does."""

    people: list

    @classmethod
    def make_people(cls):
        cls.people = [CustomerFactory() for _ in range(PEOPLE)]

    def __init__(self):
        super().__init__()
        self.start = clock.now()
        self.days = 0
        self.community = opened()
        self.number = self.needs = 1
        self.accepted = dict.fromkeys(range(PEOPLE), 0)
        self.inside = {}
        self.rests = {}
        self.periods = {n: [] for n in range(PEOPLE)}
        self.asked = set()

    def viewer(self, n):
        return Viewer(account=None, name=f"member:{n}", person=self.people[n].pk)

    @property
    def now(self):
        return self.start + timedelta(days=self.days)

    def act(self, act, **given):
        """What came of it: nothing, or the code of the refusal."""
        with clock.held(self.now):
            try:
                act(**given)
            except Refused as refused:
                return refused.code
        return None

    @rule(n=st.integers(1, 20))
    def days_pass(self, n):
        self.days += n

    @rule(n=WHO)
    def applies(self, n):
        code = self.act(actions.apply, viewer=self.viewer(n), community_id=self.community.public_id)
        if n in self.inside:
            assert code == "communities.member"
        elif self.rests.get(n, self.now) > self.now:
            assert code == "communities.resting"
        else:
            assert code is None
            self.asked.add(n)
            self.comes_in(n)

    def comes_in(self, n):
        if n in self.asked and self.accepted[n] >= self.needs:
            self.asked.discard(n)
            self.inside[n] = self.now

    @rule(n=WHO)
    def accepts(self, n):
        code = self.act(
            actions.accept_rules,
            viewer=self.viewer(n),
            community_id=self.community.public_id,
            number=self.number,
            shown_at=self.now,
        )
        assert code is None
        new = self.accepted[n] < self.number
        self.accepted[n] = self.number
        if new:
            self.comes_in(n)

    @rule(mandatory=st.booleans())
    def rules_change(self, mandatory):
        given = {"viewer": TESTS, "community_id": self.community.public_id, "lines": ["新的"]}
        assert self.act(actions.publish_rules, mandatory=mandatory, **given) is None
        self.number += 1
        if mandatory:
            self.needs = self.number

    @rule(n=WHO)
    def comes_in_with_one_form(self, n):
        given = {"viewer": self.viewer(n), "community_id": self.community.public_id}
        code = self.act(actions.apply, accepts=(self.number, self.now), **given)
        if n in self.inside:
            assert code == "communities.member"
        elif self.rests.get(n, self.now) > self.now:
            assert code == "communities.resting"
        else:
            assert code is None
            self.accepted[n] = self.number
            self.asked.add(n)
            self.comes_in(n)

    def gone(self, n):
        self.periods[n].append((self.inside.pop(n), self.now))

    @rule(n=WHO)
    def leaves(self, n):
        code = self.act(actions.leave, viewer=self.viewer(n), community_id=self.community.public_id)
        assert code == (None if n in self.inside else "communities.not_member")
        if code is None:
            self.gone(n)

    @rule(n=WHO, rests=st.sampled_from([0, 5, 30]))
    def is_removed(self, n, rests):
        if n not in self.inside:
            return
        row = queries.open_membership(self.community, self.people[n].pk)
        code = self.act(
            actions.remove, viewer=TESTS, membership_id=row.public_id, reason="发广告", rests_days=rests
        )
        assert code is None
        if rests:
            self.rests[n] = max(self.rests.get(n, self.now), self.now + timedelta(days=rests))
        self.gone(n)

    @invariant()
    def periods_are_the_models_and_never_overlap(self):
        for n in range(PEOPLE):
            kept = list(
                Membership.objects.filter(community=self.community, person=self.people[n])
                .order_by("joined_at", "id")
                .values_list("joined_at", "ended_at")
            )
            told = self.periods[n] + ([(self.inside[n], None)] if n in self.inside else [])
            assert sorted(kept, key=str) == sorted(told, key=str)
            for before, after in pairwise(kept):
                assert before[1] is not None
                assert before[1] <= after[0]

    @invariant()
    def nobody_is_active_with_unaccepted_rules(self):
        with clock.held(self.now):
            found = set(active.active_members(self.community.pk).values_list("person", flat=True))
        assert found == {self.people[n].pk for n in self.inside if self.accepted[n] >= self.needs}
