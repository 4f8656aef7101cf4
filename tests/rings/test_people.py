"""People's words: invitations into the inner ring, overrides, policy versions, forgetting; and who may see what."""

from datetime import timedelta

import pytest

from rings.chain import SYSTEM, act, devote, join, open_chain, self_of, staff
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.people.actions import flag_staff, switch_personalisation
from tongxin.people.models import Deed
from tongxin.people.ports import Person
from tongxin.rings import actions, queries, terms
from tongxin.rings.models import Invitation, Override, Placement, Standing
from tongxin.rings.queries import lists
from tongxin.rings.terms import Cause, OverrideReason, Ring
from tongxin.stores.terms import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = timedelta(days=1)
CARE = OverrideReason.CARE
WHY = "常帮大家解答辅食问题"


@pytest.fixture
def stores():
    return open_chain()


@pytest.fixture
def devoted(stores):
    """A candidate of store 1, placed, with six neighbours who recognised her."""
    neighbours = [join(stores[0]) for _ in range(6)]
    person = join(stores[0])
    devote(person, neighbours)
    actions.recompute(viewer=SYSTEM)
    with clock.held(clock.now() + timedelta(hours=1)):
        yield person


def refused(code):
    return pytest.raises(Refused, match=f"^{code}$")


def test_proposed_confirmed_offered_accepted(devoted, stores):
    champion = staff(Role.CHAMPION, stores[0])
    actions.recompute(viewer=SYSTEM)
    assert [todo.customer for todo in queries.candidates(champion)] == [devoted.public_id]
    invitation = actions.invite(viewer=champion, customer=devoted.public_id, reason=WHY, seat=True)
    assert queries.candidates(champion) == []
    assert [todo.invitation for todo in queries.invitations(champion)] == [invitation.public_id]
    assert queries.my_invitation(self_of(devoted)) == invitation
    assert (invitation.reason, invitation.invited_by, {line["met"] for line in invitation.evidence}) == (
        WHY,
        champion.name,
        {True},
    )
    assert queries.ring_of(champion, devoted).ring is Ring.MIDDLE  # one word is not enough
    with refused("rings.invitation_state"):
        actions.confirm(viewer=champion, invitation=invitation.public_id)
    taken = actions.accept(viewer=self_of(devoted), invitation=invitation.public_id, seat=True)
    assert (taken.state, taken.seat_taken) == ("confirmed", True)
    view = queries.ring_of(champion, devoted)
    assert (view.ring, view.cause, view.by) == (Ring.INNER, Cause.HUMAN, champion.name)
    assert queries.invitations(champion) == []
    acts = list(Entry.objects.filter(act__startswith="rings.").values_list("act", flat=True).order_by("id"))
    assert acts[-5:] == [
        "rings.invited",
        "rings.seat_offered",
        "rings.invitation_accepted",
        "rings.moved",
        "rings.confirmed",
    ]
    assert queries.placement_faults() == []
    with clock.held(clock.now() + 7 * DAY):
        assert actions.recompute(viewer=SYSTEM).rings["inner"] == 1


def offered(devoted, by):
    return actions.invite(viewer=by, customer=devoted.public_id, reason=WHY)


def invited(devoted, by):
    """An invitation that she accepted."""
    return actions.accept(viewer=self_of(devoted), invitation=offered(devoted, by).public_id)


def waiting(devoted, by):
    """One that she accepted and that could not be finished at once: a rule was broken in between."""
    invitation = offered(devoted, by)
    act(devoted, "violation_upheld", 0)
    return actions.accept(viewer=self_of(devoted), invitation=invitation.public_id)


def test_nobody_slips_in(devoted, stores):
    champion, far = staff(Role.CHAMPION, stores[0]), staff(Role.CHAMPION, stores[1])
    quiet = join(stores[0])
    with refused("rings.not_placed"):
        offered(quiet, champion)
    actions.recompute(viewer=SYSTEM)
    with refused("rings.not_a_candidate"):
        offered(quiet, champion)
    with refused("absent"):
        offered(devoted, far)
    with refused("absent"):
        offered(devoted, staff(Role.HQ_ANALYST))
    for shy in ("", " x "):
        with refused("rings.reason_needed"):
            actions.invite(viewer=champion, customer=devoted.public_id, reason=shy)
    with refused("rings.person_needed"):
        offered(devoted, SYSTEM)
    invitation = waiting(devoted, champion)
    assert invitation.state == "accepted"
    with refused("rings.not_a_candidate"):
        offered(devoted, champion)
    with refused("absent"):
        actions.confirm(viewer=far, invitation=invitation.public_id)
    with refused("rings.person_needed"):
        actions.confirm(viewer=SYSTEM, invitation=invitation.public_id)
    with refused("rings.own_confirmation"):
        actions.confirm(viewer=self_of(devoted), invitation=invitation.public_id)
    with refused("forbidden"):
        actions.confirm(viewer=staff(Role.HQ_ANALYST), invitation=invitation.public_id)
    with refused("absent"):
        actions.accept(viewer=self_of(quiet), invitation=invitation.public_id)
    for unknown in ("nonsense", "00000000-0000-0000-0000-000000000000"):
        with refused("absent"):
            actions.confirm(viewer=champion, invitation=unknown)
    assert queries.ring_of(champion, devoted).ring is Ring.MIDDLE


def test_own_account_is_oneself(devoted, stores):
    champion = staff(Role.CHAMPION, stores[0])
    invitation = offered(devoted, champion)
    devoted.account_id = champion.account
    devoted.save()
    accepted = actions.accept(viewer=self_of(devoted), invitation=invitation.public_id)
    assert (
        accepted.state == "accepted"
    )  # her own word as a colleague does not count: somebody else has to look
    with refused("rings.own_confirmation"):
        actions.confirm(viewer=champion, invitation=invitation.public_id)
    with refused("rings.own_confirmation"):
        offered(devoted, champion)
    actions.confirm(viewer=staff(Role.STORE_MANAGER, stores[0], name="dian"), invitation=invitation.public_id)
    assert queries.ring_of(champion, devoted).ring is Ring.INNER


def test_the_gates_must_still_hold_when_she_says_yes(devoted, stores):
    champion = staff(Role.CHAMPION, stores[0])
    invitation = waiting(devoted, champion)
    assert queries.ring_of(champion, devoted).ring is Ring.MIDDLE
    with refused("rings.not_a_candidate"):
        actions.confirm(viewer=champion, invitation=invitation.public_id)


def test_control_arm_without_a_broken_rule_the_same_yes_lets_her_in(devoted, stores):
    champion = staff(Role.CHAMPION, stores[0])
    assert invited(devoted, champion).state == "confirmed"
    assert queries.ring_of(champion, devoted).ring is Ring.INNER


def test_seats_are_few(devoted, stores):
    champion = staff(Role.CHAMPION, stores[0])
    second = join(stores[0])
    devote(second, [join(stores[0]) for _ in range(6)])
    actions.recompute(viewer=SYSTEM, persons=[second.pk])
    with clock.held(clock.now() + timedelta(hours=1)):
        first, other = offered(devoted, champion), offered(second, champion)
        actions.accept(viewer=self_of(devoted), invitation=first.public_id)
        second_word = actions.accept(viewer=self_of(second), invitation=other.public_id)
        assert second_word.state == "accepted"  # her yes is kept until a seat is free
        with refused("rings.full"):
            actions.confirm(viewer=champion, invitation=second_word.public_id)
        with refused("rings.full"):
            actions.override(
                viewer=staff(Role.ADMIN),
                customer=second.public_id,
                ring=Ring.INNER,
                reason=CARE,
                until=clock.now() + DAY,
            )
        actions.withdraw(viewer=champion, invitation=second_word.public_id)
        with refused("rings.full"):
            offered(second, champion)


def test_seats_of_those_without_a_store(devoted):
    devoted.home_store = None
    devoted.save()
    hq = staff(Role.HQ_EDITOR)
    invited(devoted, hq)
    assert queries.ring_of(hq, devoted).ring is Ring.INNER


def test_a_no_is_kept_and_costs_nothing(devoted, stores):
    champion = staff(Role.CHAMPION, stores[0])
    invitation = offered(devoted, champion)
    actions.decline(viewer=self_of(devoted), invitation=invitation.public_id)
    assert Deed.objects.get(kind="refused").weight == 0
    with refused("rings.invitation_state"):
        actions.accept(viewer=self_of(devoted), invitation=invitation.public_id)
    offered(devoted, champion)


def test_invitations_run_out_and_can_be_taken_back(devoted, stores):
    champion = staff(Role.CHAMPION, stores[0])
    old = offered(devoted, champion)
    with clock.held(clock.now() + 31 * DAY):
        with refused("rings.invitation_expired"):
            actions.accept(viewer=self_of(devoted), invitation=old.public_id)
        assert queries.invitations(champion) == []
        assert queries.my_invitation(self_of(devoted)) is None
    Invitation.objects.update(expires_at=clock.now())
    again = offered(devoted, champion)
    assert Invitation.objects.get(pk=old.pk).state == "expired"
    with refused("forbidden"):
        actions.withdraw(viewer=self_of(devoted), invitation=again.public_id)
    actions.withdraw(viewer=champion, invitation=again.public_id, reason="moved away")
    with refused("rings.invitation_state"):
        actions.withdraw(viewer=champion, invitation=again.public_id)


def test_the_champion_hears_before_somebody_leaves_the_inner_ring(devoted, stores):
    champion = staff(Role.CHAMPION, stores[0])
    start = clock.now()
    invited(devoted, champion)
    rings = {}
    for week in range(10, 30):
        with clock.held(start + week * 7 * DAY):
            actions.recompute(viewer=SYSTEM)
            if (todo := queries.leaving_soon(champion)) and "told" not in rings:
                rings["told"] = week
                assert [t.customer for t in todo] == [devoted.public_id]
            if queries.ring_of(champion, devoted).ring is not Ring.INNER:
                rings["left"] = week
                break
    assert rings["left"] >= rings["told"] + 2
    assert rings["left"] >= 13
    assert Entry.objects.filter(act="rings.leave_announced").count() == 1
    assert Standing.objects.get(customer=devoted).ring == "middle"


# ---- overrides


def test_an_override_stands_and_the_rule_runs_in_its_shadow(stores):
    person, manager = join(stores[0]), staff(Role.STORE_MANAGER, stores[0])
    actions.recompute(viewer=SYSTEM)
    with clock.held(clock.now() + DAY):
        made = actions.override(
            viewer=manager,
            customer=person.public_id,
            ring=Ring.MIDDLE,
            reason=CARE,
            until=clock.now() + 30 * DAY,
            note="奶奶",
        )
        assert (made.auto_ring, made.by_name) == ("outer", manager.name)
        view = queries.ring_of(manager, person)
        assert (view.ring, view.cause, view.by) == (Ring.MIDDLE, Cause.OVERRIDE, manager.name)
        assert queries.placement_faults() == []
        assert queries.override_rates(manager) == [queries.chain.OverrideRate("古墩路店", 1, 1)]
        assert queries.override_rates(manager)[0].alarm
    with clock.held(clock.now() + 8 * DAY):
        assert actions.recompute(viewer=SYSTEM).overridden == 1
        assert queries.explain(manager, person).auto is Ring.OUTER
        assert queries.explain(manager, person).as_json()["override"]["auto_ring"] == "outer"
    with clock.held(clock.now() + 32 * DAY):
        assert actions.recompute(viewer=SYSTEM).farther == 1
        codes = Placement.objects.get(customer=person, period__upper_inf=True).reasons["codes"]
        assert codes == ["override_ended", "gates_not_met"]
        assert Override.objects.get().ended_at == clock.now()


def test_overrides_are_refused_where_they_must_be(stores):
    person, manager = join(stores[0]), staff(Role.STORE_MANAGER, stores[0])
    wish = {"customer": person.public_id, "ring": Ring.MIDDLE, "reason": CARE, "until": clock.now() + DAY}
    with refused("rings.not_placed"):
        actions.override(viewer=manager, **wish)
    actions.recompute(viewer=SYSTEM)
    with clock.held(clock.now() + timedelta(hours=1)):
        for viewer in (
            staff(Role.CHAMPION, stores[0]),
            staff(Role.STORE_MANAGER, stores[1]),
            self_of(person),
        ):
            with refused("absent"):
                actions.override(viewer=viewer, **wish)
        with refused("rings.person_needed"):
            actions.override(viewer=SYSTEM, **wish)
        with refused("rings.override_past"):
            actions.override(viewer=manager, **wish | {"until": clock.now()})
        with refused("rings.override_too_long"):
            actions.override(viewer=manager, **wish | {"until": clock.now() + 183 * DAY})
        with refused("rings.override_none"):
            actions.end_override(viewer=manager, customer=person.public_id)
        assert Override.objects.count() == 0
        switch_personalisation(viewer=self_of(person), customer=person, on=False)
        with refused("rings.switched_off"):
            actions.override(viewer=manager, **wish)
        switch_personalisation(viewer=self_of(person), customer=person, on=True)
        flag_staff(viewer=SYSTEM, customer=person, is_staff=True)
        with refused("rings.staff"):
            actions.override(viewer=manager, **wish)


def test_overrides_follow_one_another_and_can_be_ended(stores):
    person, manager = join(stores[0]), staff(Role.STORE_MANAGER, stores[0])
    actions.recompute(viewer=SYSTEM)
    for hour, ring in enumerate((Ring.MIDDLE, Ring.MIDDLE, Ring.INNER), start=1):
        with clock.held(clock.now() + timedelta(hours=hour)):
            until = clock.now() + DAY
            actions.override(viewer=manager, customer=person.public_id, ring=ring, reason=CARE, until=until)
    assert Override.objects.filter(ended_at=None).count() == 1
    with clock.held(clock.now() + timedelta(hours=5)):
        actions.end_override(viewer=manager, customer=person.public_id)
        assert [period.ring for period in queries.history(manager, person)] == [
            Ring.OUTER, Ring.INNER, Ring.MIDDLE, Ring.OUTER,
        ]  # fmt: skip
        assert queries.history(manager, person)[0].cause is Cause.HUMAN


def test_switching_off_ends_an_override(stores):
    person, manager = join(stores[0]), staff(Role.STORE_MANAGER, stores[0])
    actions.recompute(viewer=SYSTEM)
    with clock.held(clock.now() + DAY):
        until = clock.now() + 100 * DAY
        actions.override(
            viewer=manager, customer=person.public_id, ring=Ring.MIDDLE, reason=CARE, until=until
        )
        switch_personalisation(viewer=self_of(person), customer=person, on=False)
        assert queries.ring_of(manager, person).ring is Ring.OUTER
    with clock.held(clock.now() + 2 * DAY):
        actions.recompute(viewer=SYSTEM)
        assert Override.objects.get().ended_at is not None
        assert queries.placement_faults() == []


def test_history_is_not_rewritten_behind_a_persons_word(stores):
    person, manager = join(stores[0]), staff(Role.STORE_MANAGER, stores[0])
    actions.recompute(viewer=SYSTEM)
    with clock.held(clock.now() + 2 * DAY):
        until = clock.now() + 100 * DAY
        actions.override(
            viewer=manager, customer=person.public_id, ring=Ring.MIDDLE, reason=CARE, until=until
        )
        summary = actions.recompute(viewer=SYSTEM, as_of=clock.now() - DAY)
        assert (summary.people, summary.farther) == (1, 0)
        assert queries.ring_of(manager, person).ring is Ring.MIDDLE


# ---- policy


def test_versions_are_kept_and_old_placements_keep_theirs(stores):
    person = join(stores[0])
    act(person, "checked_in", 1, 8, 15)
    with refused("rings.no_policy"):
        queries.access_policy(staff(Role.ADMIN))
    actions.recompute(viewer=SYSTEM)
    editor = staff(Role.HQ_EDITOR)
    body = {"middle": {"contribution": 12}, "budget": {"outer": 20, "middle": 50, "inner": 30}}
    with refused("rings.policy_stale"):
        actions.set_policy(viewer=editor, body=body, expected=0)
    made = actions.set_policy(viewer=editor, body=body, note="试行", expected=1)
    assert (made.version, made.author_name, made.note) == (2, editor.name, "试行")
    assert actions.set_policy(viewer=editor, body=body).version == 2, "the same words are no new version"
    with refused("rings.policy_bad"):
        actions.set_policy(viewer=editor, body={"budget": {"outer": 90}})
    for viewer in (staff(Role.CHAMPION, stores[0]), staff(Role.HQ_ANALYST)):
        with refused("forbidden"):
            actions.set_policy(viewer=viewer, body={})
    assert [row.version for row in queries.policies(editor)] == [2, 1]
    assert queries.ring_of(editor, person).version == 1
    told = Entry.objects.filter(act="rings.policy_published").order_by("-id").first()
    assert '"middle"' in told.after
    assert '"inner_exit"' not in told.after
    assert queries.access_policy(editor).version == 2
    assert queries.access_policy(editor, 1).version == 1
    with refused("absent"):
        queries.access_policy(editor, 9)
    for look in (queries.policies, queries.access_policy):
        with refused("forbidden"):
            look(staff(Role.CHAMPION, stores[0]))


# ---- reading


def test_counts_flows_and_diagram_are_cut_to_the_reach(stores):
    near, far = join(stores[0]), join(stores[1])
    join(stores[1])
    actions.recompute(viewer=SYSTEM)
    with clock.held(clock.now() + 7 * DAY):
        for person in (near, far):
            act(person, "checked_in", 1, 2, 3)
        actions.recompute(viewer=SYSTEM)
        champion = staff(Role.CHAMPION, stores[0])
        assert queries.counts(SYSTEM) == {Ring.OUTER: 1, Ring.MIDDLE: 2, Ring.INNER: 0}
        assert queries.counts(champion) == {Ring.OUTER: 0, Ring.MIDDLE: 1, Ring.INNER: 0}
        assert queries.counts(staff(Role.DOOR, stores[0])) == dict.fromkeys(Ring, 0)
        assert queries.counts(SYSTEM, clock.now() - DAY)[Ring.OUTER] == 3
        flows = queries.flows(champion, clock.now() - 3 * DAY)
        assert (flows.steps, flows.arrived, flows.nearer, flows.farther) == (
            {(Ring.OUTER, Ring.MIDDLE): 1},
            0,
            1,
            0,
        )
        assert queries.flows(SYSTEM, clock.now() - 9 * DAY).arrived == 3
        drawn = queries.ring_diagram(champion)
        assert (drawn.total, drawn.unit, drawn.arrived) == (1, 1, 1)
        assert [(w.people, w.figures, w.nearer) for w in drawn.walkers] == [(1, 1, True)]
        stores_seen = queries.store_counts(SYSTEM)
        assert [(s.code, s.total) for s in stores_seen] == [("S2", 2), ("S1", 1)]
        assert [s.code for s in queries.store_counts(champion)] == ["S1"]
        assert len(queries.runs(SYSTEM)) == 2
        assert queries.runs(champion) == []


def test_foreign_people_are_absent_and_the_analyst_sees_no_names(stores):
    person = join(stores[0])
    actions.recompute(viewer=SYSTEM)
    far, analyst = staff(Role.CHAMPION, stores[1]), staff(Role.HQ_ANALYST)
    for look in (queries.ring_of, queries.explain, queries.history):
        with refused("absent"):
            look(far, person)
        assert look(SYSTEM, person)
    assert queries.counts(analyst)[Ring.OUTER] == 1
    Standing.objects.update(candidate=True, ring="middle")
    assert len(queries.candidates(SYSTEM)) == 1
    assert queries.candidates(analyst) == []


def test_explanations_in_both_languages_and_as_json(devoted, stores):
    champion = staff(Role.CHAMPION, stores[0])
    told = queries.explain(champion, devoted)
    assert told.placed.ring is Ring.MIDDLE
    assert told.nearest is None
    assert told.candidate
    plain = told.as_json()
    assert plain["ring"] == "middle"
    assert plain["nearest"] is None
    assert {line["gate"] for line in plain["gates"]} == {line.gate for line in told.gates}
    quiet = join(stores[0])
    early = queries.explain(champion, quiet)
    assert (early.placed.ring, early.history, queries.ring_of(champion, quiet)) == (Ring.OUTER, (), None)
    actions.recompute(viewer=SYSTEM)
    assert queries.explain(champion, quiet).said_step == "再参加 3 次活动（每周一次），即可进入中环 互动层。"
    assert queries.explain(champion, quiet).as_json()["nearest"]["deed"] == "checked_in"
    said = queries.member_step(self_of(quiet))
    assert said == "再来参加 3 次活动，期待和你更熟。"
    with refused("absent"):
        queries.member_step(champion)


# ---- forgetting


def test_forgetting_leaves_numbers_without_a_person(devoted, stores):
    champion = staff(Role.CHAMPION, stores[0])
    invited(devoted, champion)
    manager = staff(Role.STORE_MANAGER, stores[0])
    until = clock.now() + DAY
    actions.override(
        viewer=manager, customer=devoted.public_id, ring=Ring.OUTER, reason=CARE, until=until, note="secret"
    )
    person = Person((devoted.pk,), (devoted.public_id,), ())
    held = actions.RingsEraser().export(person)
    assert [row["ring"] for row in held["placements"]] == ["middle", "outer"]  # inner for no time at all
    assert held["overrides"][0]["note"] == "secret"
    assert (held["invitations"][0]["state"], held["invitations"][0]["reason"]) == ("confirmed", WHY)
    with clock.held(clock.now() + timedelta(minutes=1)):
        assert actions.RingsEraser().erase(person) == 6
        assert actions.RingsEraser().erase(person) == 0
    assert not Placement.objects.filter(customer=devoted, period__upper_inf=True).exists()
    assert {row.reasons == {} for row in Placement.objects.filter(customer=devoted)} == {True}
    assert Override.objects.get().note == ""
    assert not Standing.objects.filter(customer=devoted).exists()


def test_every_code_has_its_words():
    assert set(terms.REASONS) == set(terms.Reason)
    assert set(terms.CAUSES) == set(terms.Cause)
    assert set(terms.MOVES) == set(terms.Move)
    assert set(terms.OVERRIDE_REASONS) == set(terms.OverrideReason)
    assert set(terms.INVITATION_STATES) == set(terms.InvitationState)


def test_lists_of_people_by_ring_within_reach(stores):
    near, off = join(stores[0], nickname="小满"), join(stores[0])
    far = join(stores[1])
    for person in (near, off, far):
        act(person, "checked_in", 1, 8, 15)
    actions.recompute(viewer=SYSTEM)
    switch_personalisation(viewer=self_of(off), customer=off, on=False)
    champion, analyst = staff(Role.CHAMPION, stores[0]), staff(Role.HQ_ANALYST)
    people = [near.pk, off.pk, far.pk]
    assert lists.rings_of(champion, people) == {near.pk: Ring.MIDDLE, off.pk: Ring.OUTER}
    assert [line.name for line in lists.people_in(champion, Ring.MIDDLE).items] == ["小满"]
    assert [line.id for line in lists.people_in(SYSTEM, Ring.OUTER).items] == [off.pk]
    assert {line.id for line in lists.people_in(analyst, Ring.MIDDLE).items} == {near.pk, far.pk}
    assert "小满" not in {line.name for line in lists.people_in(analyst, Ring.MIDDLE).items}


def test_who_may_change_but_not_invite_is_told_so(devoted, stores):
    with refused("forbidden"):
        offered(devoted, self_of(devoted))


def test_an_erased_or_foreign_person_has_no_judgement(devoted, stores):
    champion = staff(Role.CHAMPION, stores[0])
    invitation = waiting(devoted, champion)
    Standing.objects.filter(customer=devoted).delete()
    with refused("rings.not_placed"):
        actions.confirm(viewer=champion, invitation=invitation.public_id)


def test_a_colleague_leaves_with_the_override(stores):
    person, manager = join(stores[0]), staff(Role.STORE_MANAGER, stores[0])
    actions.recompute(viewer=SYSTEM)
    with clock.held(clock.now() + DAY):
        until = clock.now() + 100 * DAY
        actions.override(
            viewer=manager, customer=person.public_id, ring=Ring.MIDDLE, reason=CARE, until=until
        )
        assert queries.replays(Placement.objects.get(customer=person, period__upper_inf=True)), (
            "a person's word"
        )
        flag_staff(viewer=SYSTEM, customer=person, is_staff=True)
    with clock.held(clock.now() + 2 * DAY):
        assert actions.recompute(viewer=SYSTEM).left == 1
        assert Override.objects.get().ended_at == clock.now()
        assert actions.recompute(viewer=SYSTEM, persons=[person.pk]).staff in (0, 1)
        assert queries.placement_faults() == []
