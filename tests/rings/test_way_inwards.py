"""One's own way: friendly words, the whole set of steps, the switch that turns it off; thanks with their cost and effect."""

from datetime import timedelta
from itertools import pairwise

import pytest

from rings.chain import SYSTEM, act, devote, join, open_chain, self_of, staff
from rings.worlds import POLICY, TODAY, anybody
from tongxin.commerce import actions as commerce
from tongxin.commerce.models import Envelope
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.people.actions import switch_personalisation
from tongxin.people.models import Customer
from tongxin.people.ports import Person
from tongxin.rings import actions, queries
from tongxin.rings.models import Invitation, Thanks
from tongxin.rings.queries import path
from tongxin.rings.rules import Trace, Traces, lines_of, weigh
from tongxin.rings.rules.friendly import DOES, LINES, NEUTRAL_STEP, PLACES
from tongxin.rings.rules.proof import REMEDIES, opens, plan_to, stands_alone, witness
from tongxin.rings.rules.thanks import Arm, effect
from tongxin.rings.terms import Gate, Ring, ThanksKind, ThanksState
from tongxin.stores.terms import Role

DAY = timedelta(days=1)
FORBIDDEN = ("环", "拉新", "转化", "ring", "tier", "level", "门槛")


def refused(code):
    return pytest.raises(Refused, match=f"^{code}$")


# ---- what an explanation proves, without a database


def test_the_named_evidence_alone_meets_each_line_and_the_named_steps_open_the_gate():
    """A small version of bench/rings_proof.py (10,000 there)."""
    lines = plans = 0
    for seed in range(60):
        traces = anybody(seed)
        evidence = weigh(traces, TODAY, POLICY)
        for ring in (Ring.MIDDLE, Ring.INNER):
            for line in lines_of(ring, evidence, POLICY):
                if line.met:
                    lines += 1
                    assert stands_alone(traces, TODAY, POLICY, line, ring), (seed, line)
            plan = plan_to(traces, TODAY, POLICY, Ring.OUTER if ring is Ring.MIDDLE else Ring.MIDDLE)
            plans += 1
            assert plan is not None
            assert opens(plan, traces, TODAY, POLICY), (seed, plan)
    assert lines > 150
    assert plans == 120


def test_control_arm_less_evidence_and_fewer_steps_prove_nothing():
    day = TODAY.toordinal()
    come = Traces(
        deeds=tuple(Trace("checked_in", day - 7 * n, 4, 56, 2.0, 1, 1) for n in range(3)), consented=True
    )
    shown = witness(come, TODAY, POLICY, Gate.WEEKS_56)
    one_less = Traces(deeds=shown.deeds[1:], consented=True)
    line = next(
        line
        for line in lines_of(Ring.MIDDLE, weigh(one_less, TODAY, POLICY), POLICY)
        if line.gate is Gate.WEEKS_56
    )
    assert not line.met
    plan = plan_to(Traces(consented=True), TODAY, POLICY, Ring.OUTER)
    assert plan is not None
    first = plan.steps[0]
    fewer = type(plan)(plan.ring, (type(first)(first.kind, first.count - 1, first.every),), plan.days)
    assert not opens(fewer, Traces(consented=True), TODAY, POLICY)


@pytest.mark.parametrize("gate", sorted({g for r in REMEDIES.values() for g in r}))
def test_every_line_that_can_be_mended_has_friendly_words(gate):
    assert gate in LINES or gate is Gate.VIOLATIONS


def test_no_friendly_word_names_a_ring_or_a_threshold():
    said = [word for table in (PLACES, LINES, DOES) for pair in table.values() for word in pair] + [
        *NEUTRAL_STEP
    ]
    assert [
        word for word in said if any(bad in word.lower().replace("sharing", "") for bad in FORBIDDEN)
    ] == []


@pytest.mark.parametrize(
    ("given", "held", "says"),
    [
        (Arm(10, 5), Arm(100, 5), None),  # too few
        (Arm(100, 40), Arm(100, 40), 0.0),
        (Arm(200, 120), Arm(100, 30), 0.3),
    ],
)
def test_effect_of_thanks(given, held, says):
    found = effect(given, held, 60_000)
    assert found.difference == (None if says is None else pytest.approx(says))
    if says == 0.3:
        assert found.low > 0.15
        assert found.high < 0.42
        assert found.per_return_fen == 1000
    else:
        assert found.per_return_fen is None


# ---- in the database


@pytest.fixture
def stores():
    return open_chain()


@pytest.fixture
def regular(stores):
    person = join(stores[0])
    act(person, "checked_in", 3, 10, 17)
    actions.recompute(viewer=SYSTEM)
    return person


pytestmark = [pytest.mark.usefixtures("noon")]


@pytest.mark.django_db
def test_ones_own_way_in_friendly_words(regular):
    mine = queries.my_path(self_of(regular))
    assert mine.personal
    assert mine.place[0] == "常来的伙伴"
    assert mine.next_place[0] == "一起出主意的人"
    assert mine.step[0]
    assert mine.steps
    lines = {line.said[0]: line for line in mine.footing}
    came = lines["近三个月有 3 天和我们在一起"]
    assert (came.met, [row.said[0] for row in came.rows]) == (False, ["到场签到"] * 3)
    words = " ".join([mine.step[0], mine.place[0], *(s[0] for s in mine.steps), *(s for s in lines)])
    assert not any(bad in words for bad in FORBIDDEN)


@pytest.mark.django_db
def test_the_switch_turns_everything_personal_off_at_once(stores):
    person = join(stores[0])
    devote(person, [join(stores[0]) for _ in range(6)])
    actions.recompute(viewer=SYSTEM)
    champion, me = staff(Role.CHAMPION, stores[0]), self_of(person)
    with clock.held(clock.now() + DAY):
        actions.recompute(viewer=SYSTEM)
        # control arm: while the switch is on, all of these speak of her
        assert [todo.customer for todo in queries.candidates(champion)] == [person.public_id]
        invitation = actions.invite(viewer=champion, customer=person.public_id, reason="常帮人")
        assert queries.my_invitation(me) is not None
        assert queries.my_path(me).personal
        assert queries.member_step(me) != NEUTRAL_STEP[0]
        switch_personalisation(viewer=me, customer=person, on=False)
        assert queries.my_invitation(me) is None
        assert queries.my_path(me) == path.NEUTRAL
        assert queries.member_step(me) == NEUTRAL_STEP[0]
        assert queries.candidates(champion) == []
        actions.withdraw(viewer=champion, invitation=invitation.public_id)
        with refused("rings.switched_off"):
            actions.invite(viewer=champion, customer=person.public_id, reason="常帮人")
        quiet = join(stores[0])
        assert queries.my_path(self_of(quiet)).personal  # a newcomer's page is personal, hers is not


@pytest.fixture
def envelope(stores):
    today = clock.business_day(clock.now())
    return commerce.open_envelope(
        viewer=SYSTEM,
        title="感谢",
        amount_fen=100_000,
        opens_on=today,
        closes_on=today + 90 * DAY,
        store=stores[0],
    )


@pytest.mark.django_db
def test_praise_is_seen_only_while_she_agrees(regular, stores):
    champion, me = staff(Role.CHAMPION, stores[0]), self_of(regular)
    made = actions.thank(
        viewer=champion, customer=regular.public_id, kind=ThanksKind.PRAISE, words="帮新邻居答了一晚上"
    )
    assert queries.praised(me, stores[0].pk) == []
    actions.answer_thanks(viewer=me, thanks=made.public_id, yes=True)
    assert [one.words for one in queries.praised(me, stores[0].pk)] == ["帮新邻居答了一晚上"]
    actions.answer_thanks(viewer=me, thanks=made.public_id, yes=False)
    assert queries.praised(me, stores[0].pk) == []
    assert Thanks.objects.get().state == ThanksState.WITHDRAWN
    with refused("absent"):
        actions.answer_thanks(viewer=self_of(join(stores[0])), thanks=made.public_id, yes=True)


@pytest.mark.django_db
def test_a_gift_costs_what_it_costs(regular, stores, envelope):
    champion = staff(Role.CHAMPION, stores[0])
    gift = {"viewer": champion, "customer": regular.public_id, "kind": ThanksKind.GIFT, "words": "谢谢你"}
    with refused("rings.envelope_needed"):
        actions.thank(**gift, cost_fen=1500)
    with refused("rings.cost_bad"):
        actions.thank(**gift, cost_fen=0, envelope=envelope.public_id)
    with refused("rings.words_needed"):
        actions.thank(**gift | {"words": " "}, cost_fen=1500, envelope=envelope.public_id)
    with refused("absent"):
        actions.thank(
            **gift | {"viewer": staff(Role.CHAMPION, stores[1])}, cost_fen=1500, envelope=envelope.public_id
        )
    assert Thanks.objects.count() == 0
    actions.thank(**gift, cost_fen=1500, envelope=envelope.public_id)
    assert Envelope.objects.get(pk=envelope.pk).spent_fen == 1500
    assert [(one.kind, one.words) for one in queries.my_thanks(self_of(regular))] == [
        (ThanksKind.GIFT, "谢谢你")
    ]


@pytest.mark.django_db
def test_a_programme_holds_a_share_out_and_tells_what_it_changed(stores, envelope):
    people = [join(stores[0]) for _ in range(80)]
    off = people[0]
    for person in people:
        act(person, "checked_in", 3, 10, 17)
    actions.recompute(viewer=SYSTEM)
    switch_personalisation(viewer=self_of(off), customer=off, on=False)
    champion = staff(Role.CHAMPION, stores[0])
    plan = {
        "viewer": champion,
        "title": "冬至小礼",
        "kind": ThanksKind.GIFT,
        "ring": Ring.MIDDLE,
        "words": "谢谢常来",
        "store": stores[0],
        "envelope": envelope.public_id,
        "cost_fen": 500,
    }
    for wrong, code in (
        ({"share_permille": 20}, "rings.programme_bad"),
        (
            {"share_permille": 500, "kind": ThanksKind.PRAISE, "cost_fen": 0, "envelope": None},
            "rings.programme_bad",
        ),
    ):
        with refused(code):
            actions.open_programme(**plan | wrong)
    made = actions.open_programme(**plan, share_permille=500)
    actions.run_programme(viewer=champion, programme=made.public_id)
    with refused("rings.programme_done"):
        actions.run_programme(viewer=champion, programme=made.public_id)
    rows = {row.customer_id: row.state for row in Thanks.objects.filter(programme=made)}
    given = [key for key, state in rows.items() if state == ThanksState.GIVEN]
    assert len(rows) == 79
    assert off.pk not in rows
    assert 20 <= len(given) <= 59
    assert Envelope.objects.get(pk=envelope.pk).spent_fen == 500 * len(given)
    held = Customer.objects.get(pk=next(key for key in rows if key not in given))
    assert queries.my_thanks(self_of(held)) == []
    with clock.held(clock.now() + 10 * DAY):
        for person in Customer.objects.filter(pk__in=given):
            act(person, "posted", 1)
    assert queries.programmes(champion)[0].effect is None  # its window is not over
    with clock.held(clock.now() + 29 * DAY):
        (told,) = queries.programmes(champion)
        assert told.effect.difference == 1.0
        assert told.effect.low > 0.8
        assert told.effect.per_return_fen == 500
        assert queries.programmes(staff(Role.CHAMPION, stores[1])) == []


@pytest.mark.django_db
def test_forgetting_takes_the_words_and_the_public_praise(regular, stores):
    champion = staff(Role.CHAMPION, stores[0])
    made = actions.thank(
        viewer=champion, customer=regular.public_id, kind=ThanksKind.PRAISE, words="帮人的人"
    )
    actions.answer_thanks(viewer=self_of(regular), thanks=made.public_id, yes=True)
    person = Person((regular.pk,), (regular.public_id,), ())
    eraser = actions.RingsEraser()
    assert eraser.export(person)["thanks"][0]["words"] == "帮人的人"
    eraser.erase(person)
    row = Thanks.objects.get()
    assert (row.words, row.state) == ("", ThanksState.WITHDRAWN)
    assert queries.praised(champion) == []
    assert not Invitation.objects.exclude(reason="").exists()


@pytest.mark.django_db
def test_months_add_up(stores):
    people = [join(stores[0]) for _ in range(3)]
    actions.recompute(viewer=SYSTEM)
    start = clock.now()
    with clock.held(start + 40 * DAY):
        act(people[0], "checked_in", 1, 8, 15)
        actions.recompute(viewer=SYSTEM)
        flows = queries.month_flows(staff(Role.HQ_ANALYST), months=2)
        moved = sum(flow.nearer for flow in flows)
        came = sum(sum(flow.came.values()) for flow in flows)
        assert (moved, came, flows[-1].stood) == (1, 3, {Ring.OUTER: 2, Ring.MIDDLE: 1, Ring.INNER: 0})
        for before, after in pairwise(flows):
            for ring in Ring:
                out = sum(
                    n for (origin, target), n in after.moves.items() if origin is ring and target is not ring
                )
                into = sum(
                    n for (origin, target), n in after.moves.items() if target is ring and origin is not ring
                )
                assert after.stood[ring] == (
                    before.stood[ring] - out + into + after.came.get(ring, 0) - after.left.get(ring, 0)
                )
        assert queries.month_flows(staff(Role.CHAMPION, stores[1]), months=2)[-1].stood[Ring.OUTER] == 0
