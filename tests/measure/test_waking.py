"""唤醒回报: those told against those held out at random, in returns and purchases; nothing is said too early or of a bent draw."""

import json
from datetime import time, timedelta

import pytest

from rings.chain import SYSTEM, act, join, open_chain
from tongxin.connect.files.actions import Wish, import_files
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.measure import actions, queries
from tongxin.measure.rules_waking import Watched, compare, quantile
from tongxin.outreach import actions as outreach
from tongxin.outreach.actions import sequences
from tongxin.outreach.models import Enrolment, Message, Send, Sequence
from tongxin.outreach.rules import held_out
from tongxin.outreach.terms import MessageClass
from tongxin.outreach.terms_plans import Arm, SequenceKind
from tongxin.people.models import Customer
from tongxin.people.terms import Purpose

DAY = timedelta(days=1)
HEAD = "order_no,ordered_at,store_code,total_paid,member_code\n"


# ---- the rule, without a database


def people(held, *counts):
    """So many who (did nothing, came, came and bought for 10, for 30 yuan)."""
    kinds = ((False, 0, 0), (True, 0, 0), (True, 1, 1000), (True, 1, 3000))
    return [Watched(held, *kind) for kind, n in zip(kinds, counts, strict=True) for _ in range(n)]


@pytest.mark.parametrize(
    ("given", "held", "back", "buyers", "money"),
    [
        ((10, 10, 10, 10), (30, 0, 5, 5), (0.5, True), (0.25, True), (500.0, False)),
        ((20, 0, 10, 10), (20, 0, 10, 10), (0.0, False), (0.0, False), (0.0, False)),
        (
            (10, 26, 2, 2),
            (30, 6, 2, 2),
            (0.5, True),
            (0.0, False),
            None,
        ),  # four buyers on a side: no word of money
        ((10, 9, 0, 0), (40, 0, 0, 0), None, None, None),  # nineteen on a side
    ],
)
def test_what_lies_between_the_sides(given, held, back, buyers, money):
    found = compare(people(False, *given) + people(True, *held))
    for gap, told in ((found.back, back), (found.buyers, buyers), (found.net_fen, money)):
        assert (gap and (pytest.approx(gap.value), gap.clear)) == told
    assert found.given.net_fen == 1000 * given[2] + 3000 * given[3]


def test_the_interval_of_money_is_welchs():
    """Against SciPy: 40 and 60 people with unlike spreads."""
    stats = pytest.importorskip("scipy.stats")
    one, other = people(False, 10, 10, 10, 10), people(True, 40, 0, 10, 10)
    found = compare(one + other).net_fen
    low, high = stats.ttest_ind(
        [p.net_fen for p in one], [p.net_fen for p in other], equal_var=False
    ).confidence_interval()
    assert (found.low, found.high) == (pytest.approx(low, abs=0.1), pytest.approx(high, abs=0.1))
    assert quantile(15) == pytest.approx(stats.t.ppf(0.975, 15), abs=0.001)


pytestmark = pytest.mark.django_db

# ---- from an entry to an answer


@pytest.fixture
def woken(settings, tmp_path, noon):
    """Eighty-one long unseen in a sequence, half of them held out; all but one agree to be measured."""
    settings.HOME, settings.TONGXIN_LAKE = tmp_path / "home", tmp_path / "lake"
    here, _ = open_chain()
    members = [
        join(here, member_code=("till", f"m{n}"), consents={Purpose.MEASUREMENT: n > 0}, notice_version="1")
        for n in range(81)
    ]
    made = outreach.plan_sequence(
        viewer=SYSTEM, kind=SequenceKind.REACTIVATION, title="好久不见", message_class=MessageClass.COMMUNITY,
        channel="inbox", audience="store", audience_key=str(here.public_id), store=here, held_permille=500,
        until=clock.now() + 90 * DAY, steps=[outreach.StepIn(day=0, at=time(12), text="想你了")],
    )  # fmt: skip
    outreach.start_sequence(viewer=SYSTEM, public_id=made.public_id)
    sequences.run_sequences(viewer=SYSTEM)
    return made, members


def answered():
    asked = actions.ask_measurement(viewer=SYSTEM, kind="reactivation")
    kept = actions.run_measurement(measurement_id=asked.pk)
    assert (kept.state, kept.faults) == ("done", [])
    return kept


def test_more_come_back_and_buy_because_they_were_told(woken, tmp_path):
    made, members = woken
    held = set(Enrolment.objects.filter(sequence=made, arm=Arm.HELD).values_list("person", flat=True))
    told = [n for n, one in enumerate(members) if one.pk not in held and n]
    spared = [n for n, one in enumerate(members) if one.pk in held and n]
    entered = clock.now()
    assert queries.sequence_return(SYSTEM, made.public_id) is None
    early = answered()
    assert early.verdict == "cannot_be_said", "nobody's days are over"
    assert f"还在等的 {80} 人" in early.page["reasons"][0]["zh"]
    with clock.held(entered + 29 * DAY):
        for n in (0, *told[:-2]):  # all but two, and the one who does not agree
            act(members[n], "checked_in", 20)
        act(members[spared[0]], "checked_in", 30)  # before she entered
        act(members[spared[1]], "checked_in", 0.5)  # after her days
        rows = [f"T{n},{(entered + DAY).isoformat()},S1,{20 + n % 3},m{n}" for n in (0, *told[:12])]
        rows += [f"H{n},{(entered + DAY).isoformat()},S1,30,m{n}" for n in spared[:5]]
        rows.append(f"L1,{(entered - DAY).isoformat()},S1,900,m{spared[6]}")
        (tmp_path / "orders.csv").write_text(HEAD + "\n".join(rows) + "\n")
        import_files(viewer=SYSTEM, paths=[tmp_path / "orders.csv"], wish=Wish(source="till"))
        kept = answered()
        (row,) = kept.answer["plans"]
        net = sum((20 + n % 3) * 100 for n in told[:12])
        assert row["given"] == {"people": len(told), "back": len(told) - 2, "buyers": 12, "net_fen": net}
        assert row["held"] == {"people": len(spared), "back": 5, "buyers": 5, "net_fen": 15_000}
        assert row["back"]["value"] == pytest.approx((len(told) - 2) / len(told) - 5 / len(spared))
        assert row["back"]["low"] > 0.4
        assert row["net_fen"]["value"] == pytest.approx(net / len(told) - 15_000 / len(spared))
        assert kept.verdict == "said"
        assert kept.words["zh"].startswith("「好久不见」多回来 +")
        found = queries.sequence_return(SYSTEM, made.public_id)
        assert (found.measurement, found.told, len(found.said)) == (kept.public_id, True, 3)
        assert answered().fingerprint == kept.fingerprint
        text = json.dumps([kept.answer, kept.words, kept.page])
        assert not any(str(one.public_id) in text for one in members), "nobody is named"
        with pytest.raises(Refused, match="absent"):
            queries.sequence_return(SYSTEM, members[0].public_id)


def test_of_a_bent_draw_nothing_is_said(woken):
    """Control: the same people before somebody changed one arm by hand are compared."""
    made, _ = woken
    with clock.held(clock.now() + 29 * DAY):
        assert answered().verdict == "said"
        one = Enrolment.objects.filter(sequence=made, arm=Arm.HELD).first()
        Enrolment.objects.filter(pk=one.pk).update(arm=Arm.A)
        bent = answered()
        assert (bent.verdict, bent.answer["plans"][0]["back"]) == ("cannot_be_said", None)
        assert "1 人的分组和抽签复算不一致" in bent.page["reasons"][0]["zh"]


def test_who_works_here_is_in_neither_arm_and_without_a_holdout_there_is_no_row(woken):
    made, members = woken
    Customer.objects.filter(pk=members[1].pk).update(is_staff=True)
    with clock.held(clock.now() + 29 * DAY):
        row = answered().answer["plans"][0]
        assert row["given"]["people"] + row["held"]["people"] == 79
        Sequence.objects.filter(pk=made.pk).update(held_permille=0)
        none = answered()
        assert (none.verdict, none.answer["plans"]) == ("cannot_be_said", [])
        assert "还没有带对照组" in none.page["reasons"][0]["zh"]


def test_a_single_message_to_the_dormant_is_compared_too(woken):
    """Its arms are drawn anew from the seed of its holdout. Control: the same message to another audience is no waking."""
    made, members = woken
    Sequence.objects.filter(pk=made.pk).update(held_permille=0)
    message = outreach.plan_message(
        viewer=SYSTEM, message_class=MessageClass.COMMUNITY, channel="inbox", audience="store",
        audience_key=made.audience_key, text="想你了", title="唤醒", expires_at=clock.now() + DAY, store=made.store,
    )  # fmt: skip
    hold = outreach.open_holdout(
        viewer=SYSTEM, label="waking", share_permille=500, until=clock.now() + 42 * DAY, message=message
    )
    Send.objects.bulk_create(
        Send(
            key=f"w{one.pk}", person=one, kind="plan", message_class=message.message_class, message=message,
            subject_room="communities", subject_key="c", due_at=message.due_at, expires_at=message.expires_at,
            next_at=message.due_at, state="queued", actor="test", created_at=clock.now(),
        )
        for one in members
    )  # fmt: skip
    with clock.held(clock.now() + 29 * DAY):
        assert answered().answer["plans"] == []
        Message.objects.filter(pk=message.pk).update(audience_key="c:dormant")
        (row,) = answered().answer["plans"]
    held = sum(held_out(hold.seed, [str(one.public_id)], 500) for one in members[1:])
    assert (row["kind"], row["plan"]) == ("message", str(message.public_id))
    assert (row["held"]["people"], row["given"]["people"]) == (held, 80 - held)
    assert row["back"]["value"] == 0
