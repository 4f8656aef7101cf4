"""Who has become quiet, by their own rhythm; the plan that wakes them and what it brought; the word whether the job is solved."""

from datetime import timedelta

import pytest

from communities.factories import opened
from rings.chain import act, join, open_chain, self_of, staff
from tongxin.communities import actions, queries
from tongxin.communities.audiences import CommunityMembers
from tongxin.communities.erasing import CommunitiesEraser
from tongxin.communities.models import SolvedAnswer
from tongxin.communities.rules.waking import QUIET, Quiet, waking
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.measure.queries import plan_return
from tongxin.outreach import actions as outreach
from tongxin.outreach.models import Holdout, Send
from tongxin.people.actions import switch_personalisation
from tongxin.people.ports import Person
from tongxin.stores.terms import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = timedelta(days=1)
GUILT = ("怎么不", "好久没", "失望", "再不", "为什么不")


def refused(code):
    return pytest.raises(Refused, match=f"^{code}$")


@pytest.fixture
def world():
    """A community of one store, open for half a year."""
    stores = open_chain()
    with clock.held(clock.now() - 180 * DAY):
        return stores, opened(stores[0], name="读书会")


def comes_in(row, person):
    viewer = self_of(person)
    actions.apply(viewer=viewer, community_id=row.public_id, accepts=(1, clock.now()))
    return viewer


def test_by_their_own_rhythm_and_a_lurker_is_there(world):
    stores, row = world
    weekly, monthly, reader, once, off, fresh = (join(stores[0], nickname=name) for name in "周月读一关新")
    act(weekly, "posted", *range(40, 110, 7))  # forty days away from a weekly habit
    act(monthly, "posted", *range(40, 200, 30))  # forty days away from a monthly one
    act(reader, "posted", *range(40, 110, 7))
    act(reader, "read", 1, 8, 15, 22, 29)  # only reads since
    act(once, "posted", 90)
    act(off, "posted", *range(40, 110, 7))
    act(fresh, "posted", 2, 9, 16)
    for person in (weekly, monthly, reader, once, off, fresh):
        comes_in(row, person)
    champion = staff(Role.CHAMPION, stores[0])
    # control arm: with the switch on, `off` stands beside `weekly`
    assert {one.name for one in queries.dormant_members(champion, row.public_id).dormant} == {"周", "关"}
    switch_personalisation(viewer=self_of(off), customer=off, on=False)
    found = queries.dormant_members(champion, row.public_id)
    assert [(one.name, one.days) for one in found.dormant] == [("周", 40)]
    assert [one.name for one in found.at_risk] == [
        "月"
    ]  # the same silence says less of who comes once a month
    assert (found.members, found.once) == (4, 1)
    assert "周" in found.dormant[0].copy.zh
    assert found.dormant[0].last[0] == "发了帖"
    with refused("absent"):
        queries.dormant_members(staff(Role.CHAMPION, stores[1]), row.public_id)
    with refused("absent"):
        queries.dormant_members(staff(Role.HQ_ANALYST), row.public_id)
    key = f"{row.public_id}:dormant"
    assert list(CommunityMembers().persons(key, at=clock.now())) == [weekly.pk]
    act(weekly, "read", 0)  # back before the message goes
    assert CommunityMembers().still_in(key, [weekly.pk]) == frozenset()


@pytest.mark.parametrize("quiet", list(Quiet))
def test_the_copy_is_warm_short_and_without_guilt(quiet):
    said = waking(quiet, name="小满", community="读书会", did=("回了帖", "replied"))
    assert len(said.zh) <= 60
    assert not any(word in said.zh for word in GUILT)
    assert all(word in said.zh for word in ("小满", "读书会"))
    assert set(QUIET) == set(Quiet)


def test_a_plan_for_the_quiet_holds_a_share_out_and_tells_what_it_brought(world):
    stores, row = world
    people = [join(stores[0]) for _ in range(12)]
    for person in people:
        act(person, "posted", *range(60, 110, 10))
        comes_in(row, person)
    champion = staff(Role.CHAMPION, stores[0])
    message = actions.plan_waking(
        viewer=champion,
        community_id=row.public_id,
        state=Quiet.DORMANT,
        text="想来随时来",
        share_permille=500,
    )
    assert (message.state, Holdout.objects.get(message=message).share_permille) == ("draft", 500)
    outreach.approve_message(viewer=champion, public_id=message.public_id)
    outreach.expand(viewer=champion, public_id=message.public_id)
    arms = Send.objects.filter(message=message)
    assert arms.count() == 12
    told = plan_return(champion, message.public_id)
    assert told is not None
    assert told.effect is None  # its weeks are not over
    with clock.held(clock.now() + 10 * DAY):
        for person in people[:6]:
            act(person, "posted", 1)
    with clock.held(clock.now() + 29 * DAY):
        told = plan_return(champion, message.public_id)
        assert told.effect.given.people + told.effect.held.people == 12
        assert told.effect.given.back + told.effect.held.back == 6
        assert [one.message for one in queries.instruments(champion, row.public_id).plans] == [
            message.public_id
        ]
    with refused("absent"):
        actions.plan_waking(
            viewer=staff(Role.CHAMPION, stores[1]), community_id=row.public_id, state=Quiet.DORMANT, text="来"
        )


def test_is_the_job_solved_says_nothing_before_twenty(world):
    stores, row = world
    people = [join(stores[0]) for _ in range(20)]
    champion, month = staff(Role.CHAMPION, stores[0]), clock.month_start(clock.business_day(clock.now()))
    for n, person in enumerate(people[:17]):
        SolvedAnswer.objects.create(community=row, person=person, month=month, solved=n < 14, at=clock.now())
    for n, person in enumerate(people[17:], 17):
        viewer = comes_in(row, person)
        assert queries.solved_open(viewer, row.public_id)
        actions.say_solved(viewer=viewer, community_id=row.public_id, solved=False)
        actions.say_solved(
            viewer=viewer, community_id=row.public_id, solved=n == 17
        )  # the month's newest word
        assert not queries.solved_open(viewer, row.public_id)
        if n == 18:
            assert queries.instruments(champion, row.public_id).proof.share is None
    proof = queries.instruments(champion, row.public_id).proof
    assert (proof.answers, proof.share) == (20, 0.75)
    assert (proof.low < 0.6, proof.high > 0.85) == (True, True)
    with refused("communities.not_member"):
        actions.say_solved(viewer=self_of(join(stores[0])), community_id=row.public_id, solved=True)
    gone = Person((people[0].pk,), (people[0].public_id,), ())
    assert CommunitiesEraser().export(gone)["solved"][0]["solved"] is True
    CommunitiesEraser().erase(gone)
    assert SolvedAnswer.objects.count() == 19


def test_how_it_hangs_together(world):
    stores, row = world
    hub, *others = (join(stores[0]) for _ in range(6))
    for person in (hub, *others):
        comes_in(row, person)
    champion = staff(Role.CHAMPION, stores[0])
    assert queries.instruments(champion, row.public_id).web is None
    for other in others[:4]:
        act(other, "replied", 3, counterpart=hub.pk, community=row.pk)
    act(
        hub, "replied", 2, counterpart=join(stores[0]).pk, community=row.pk
    )  # somebody outside is no tie within
    found = queries.instruments(champion, row.public_id)
    assert (found.web.members, found.web.alone, found.web.parts) == (6, 1, 1)
    assert found.web.largest == pytest.approx(5 / 6)
    assert found.web.held == pytest.approx(1 / 6)
    assert (found.carried.active, found.carried.deeds, found.carried.half_by) == (5, 5, 3)
