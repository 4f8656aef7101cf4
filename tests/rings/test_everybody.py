"""A whole chain from the copy: the same rings, memories and reasons as the rule gives row by row, night by night and made anew."""

import json
import random
from datetime import timedelta

import pytest
from django.db import transaction

from rings.chain import SYSTEM, act, join, open_chain, self_of, staff
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.people import ledger
from tongxin.people.actions import flag_staff, merge, switch_personalisation, unmerge
from tongxin.people.facts import BY_CODE
from tongxin.people.models import Deed
from tongxin.people.rules import DeedIn
from tongxin.people.terms import MergeReason
from tongxin.rings import actions, queries
from tongxin.rings.bulk import pages
from tongxin.rings.models import Override, Placement, Standing
from tongxin.rings.terms import OverrideReason, Ring
from tongxin.stores.terms import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = timedelta(days=1)
KINDS = (
    "read", "reacted", "reacted", "posted", "replied", "answered", "checked_in", "checked_in", "answer_accepted", "co_hosted",
    "featured", "registered",
)  # fmt: skip
PEOPLE = 14
NIGHTS = (0, 2, 9, 16, 23, 44)
LONGER = (0, 1, 2, 9, 16, 23, 30, 37, 38, 44, 51, 130, 137)
QUICK = {  # short windows and a quick way out, so that a few weeks see many moves
    "windows": {"rhythm": 14, "presence": 21, "verified": 30, "recognition": 21, "violations": 14, "commitment": 30},
    "middle": {"contribution": 14},
    "middle_exit": {"low_water": 1.0, "runs": 1, "stay_days": 5},
    "inner": {"days": 5, "weeks": 2, "recognised_by": 2, "recognised_days": 2, "contribution": 20},
}  # fmt: skip


@pytest.fixture(autouse=True)
def lake(settings, tmp_path):
    settings.TONGXIN_LAKE = tmp_path
    return tmp_path


def live(dice, people, stores, *, days, busy):
    """Deeds of the last days, known when they happened, some of them late; a few are taken back."""
    now, rows = clock.now(), []
    for place, person in enumerate(people):
        for age in range(days):
            while dice.random() < busy[place]:
                kind = dice.choice(KINDS) if dice.random() > 0.01 else "violation_upheld"
                late = dice.choice((0, 0, 0, 0, 3))
                at = now - age * DAY - timedelta(minutes=dice.randrange(1_440))
                other = dice.choice(people) if BY_CODE[kind].recognises else None
                rows.append(
                    DeedIn(
                        person=person.pk,
                        kind=kind,
                        occurred_at=at,
                        known_at=min(now, at + late * DAY),
                        counterpart=other and other.pk,
                        store=dice.choice([None, *stores]) and dice.choice(stores).pk,
                        device=dice.choice(("", "", "", f"phone-{place // 2}")) if place < 6 else "",
                        source_system="test",
                        source_id=f"{now:%Y%m%d}-{len(rows)}",
                    )
                )
    ledger.record_many(rows)
    for deed in dice.sample(list(Deed.objects.filter(reverses=None).order_by("id")), 4):
        if not Deed.objects.filter(reverses=deed).exists():
            ledger.reverse(viewer=SYSTEM, deed_id=deed.pk, reason="wrong")


def written():
    """All that a run leaves behind, without the numbers of rows."""
    places = [
        (row.customer_id, row.ring, row.period.lower, row.period.upper, row.cause, row.moved_from, shown(row.reasons))
        for row in Placement.objects.order_by("customer", "period")
    ]  # fmt: skip
    standings = sorted(Standing.objects.values_list())
    return places, standings, sorted(Override.objects.values_list("customer", "ended_at"))


def shown(reasons):
    """The reasons of a placement; those of newcomers at the edge are kept without lines."""
    return reasons["codes"] if "gates_not_met" in reasons.get("codes", ()) else reasons


def happen(night, people, stores):
    """What people do between two nights."""
    boss = staff(Role.ADMIN, name=f"boss{night}")
    if night == 2:
        actions.override(
            viewer=boss, customer=people[7].public_id, ring=Ring.INNER, reason=next(iter(OverrideReason)),
            until=clock.now() + 20 * DAY,
        )  # fmt: skip
        switch_personalisation(viewer=self_of(people[3]), customer=people[3], on=False)
    if night == 9:
        flag_staff(viewer=SYSTEM, customer=people[4], is_staff=True)
        return merge(viewer=boss, source=people[5], target=people[6], reason=MergeReason.SAME_PHONE)
    if night == 16:
        switch_personalisation(viewer=self_of(people[3]), customer=people[3], on=True)
    return None


def undone(do):
    """What a run leaves behind, and then it has not happened."""
    with transaction.atomic():
        mark = transaction.savepoint()
        do()
        told = written()
        transaction.savepoint_rollback(mark)
    return told


def chronicle(settings, lake, nights, seed, policy):
    """Nights of one world; after each, what the three ways leave behind: rows, a run made anew, and the nightly one that stays."""
    dice, stores = random.Random(seed), open_chain()
    stores[1].cutoff_hour = 4
    stores[1].save()
    people = [join(stores[n % 2]) for n in range(PEOPLE)]
    busy = [dice.choice((0.0, 0.05, 0.15, 0.3)) for _ in people]
    busy[0], busy[1] = 0.8, 0.7
    start, united, last = clock.now(), None, 0
    actions.set_policy(viewer=SYSTEM, body=policy)
    live(dice, people, stores, days=30, busy=busy)
    for night in nights:
        with clock.held(start + night * DAY):
            if 0 < night < 40:
                busy = [dice.choice((0.0, 0.1, one)) for one in busy[:-2]] + busy[-2:]
                live(dice, people, stores, days=night - last, busy=busy)
            last = night
            united = happen(night, people, stores) or united
            if night == 23:
                unmerge(viewer=staff(Role.ADMIN, name="undo"), merge_id=united.public_id)
            rows = undone(lambda: actions.recompute(viewer=SYSTEM))
            settings.TONGXIN_LAKE = lake / "anew"
            anew = undone(lambda: actions.place_everybody(viewer=SYSTEM, anew=True))
            settings.TONGXIN_LAKE = lake / "kept"
            actions.place_everybody(viewer=SYSTEM)
            yield night, rows, anew, written()


def told_apart(settings, lake, nights, seed, policy):
    """How many moves there were, where all three ways agree on every bit that is kept."""
    moves = 0
    for night, rows, anew, nightly in chronicle(settings, lake, nights, seed, policy):
        assert nightly == rows, night
        assert anew == rows, night
        kept, made = pages.opened(lake / "kept" / "rings"), pages.opened(lake / "anew" / "rings")
        assert all(kept.page(day).same(made.page(day)) for day in made.days() if day >= kept.first)
        moves = sum(row[5] != "" for row in nightly[0])
    trails = [json.loads(row.after) for row in Entry.objects.filter(act="rings.recomputed").order_by("id")]
    assert [told["disagreed"] for told in trails] == [0] * len(nights)
    assert [told["anew"] for told in trails] == [True] + [False] * (len(nights) - 1)
    assert queries.placement_faults() == []
    return moves


def test_night_by_night_is_the_rule_row_by_row_to_the_last_bit(settings, lake):
    """Late rows, reversals, a merge and its undoing, somebody who works here, a switch, an override: a small world of them."""
    assert told_apart(settings, lake, NIGHTS, 5, QUICK) > 6
    assert {"middle", "inner"} <= set(Placement.objects.values_list("ring", flat=True))


@pytest.mark.nightly
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_longer_lives_night_by_night(settings, lake, seed):
    """The small version is `test_night_by_night_is_the_rule_row_by_row_to_the_last_bit`."""
    assert told_apart(settings, lake, LONGER, seed, {}) > 3


def test_control_arm_a_day_that_is_not_added_is_missed(lake):
    store, _other = open_chain()
    person, start = join(store), clock.now()
    actions.place_everybody(viewer=SYSTEM)
    with clock.held(start + DAY):
        act(person, "checked_in", 0, 0.1, 0.2)
        actions.place_everybody(viewer=SYSTEM)  # today's rows are looked at as they are
    with clock.held(start + DAY):
        assert Placement.objects.get(period__upper_inf=True).ring == "outer", "on one day, seven points"
        act(person, "co_hosted", 0)
    with clock.held(start + 2 * DAY):
        (lake / "rings").mkdir(exist_ok=True)
        kept = json.loads((lake / "rings" / pages.MANIFEST).read_text("utf-8"))
        assert kept["through"] == start.date().isoformat()
        blind = kept | {"through": (start + DAY).date().isoformat()}
        (lake / "rings" / pages.MANIFEST).write_text(json.dumps(blind), "utf-8")
        missed = undone(lambda: actions.place_everybody(viewer=SYSTEM))
        (lake / "rings" / pages.MANIFEST).write_text(json.dumps(kept), "utf-8")
        rows = undone(lambda: actions.recompute(viewer=SYSTEM))
        actions.place_everybody(viewer=SYSTEM)
        assert written() == rows != missed
        assert Placement.objects.get(period__upper_inf=True).ring == "middle"


def test_a_million_newcomers_share_one_reason_which_can_be_decided_again(lake):
    store, _other = open_chain()
    quiet, busy = join(store), join(store)
    act(busy, "checked_in", 1, 8, 15)
    summary = actions.place_everybody(viewer=SYSTEM)
    assert (summary.people, summary.arrived, summary.rings) == (2, 2, {"outer": 1, "middle": 1, "inner": 0})
    bare = Placement.objects.get(customer=quiet)
    assert (bare.reasons["codes"], bare.reasons["bare"]) == (["gates_not_met"], True)
    assert len(Placement.objects.get(customer=busy).reasons["held"]) == 5
    assert all(queries.replays(row) for row in Placement.objects.select_related("customer__brand", "policy"))
    again = actions.place_everybody(viewer=SYSTEM)
    assert (again.people, again.arrived, again.nearer, again.farther) == (2, 0, 0, 0)


def test_an_announced_leave_is_told_and_a_broken_shelf_is_made_again(lake):
    store, _other = open_chain()
    person, start = join(store), clock.now()
    actions.place_everybody(viewer=SYSTEM)
    Placement.objects.update(ring="inner")
    Standing.objects.update(ring="inner", since=start)
    (lake / "rings").mkdir(exist_ok=True)
    (lake / "rings" / pages.MANIFEST).write_text("{", "utf-8")
    with clock.held(start + 80 * DAY):
        assert actions.place_everybody(viewer=SYSTEM).announced == 1
    assert Entry.objects.filter(act="rings.leave_announced", subject_id=str(person.public_id)).exists()
    with clock.held(start + 95 * DAY):
        assert actions.place_everybody(viewer=SYSTEM).farther == 1
