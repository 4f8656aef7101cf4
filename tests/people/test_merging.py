"""Two entries, one person: reversible, in any order, sums unchanged."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from people.factories import CustomerFactory, account_of, member_viewer
from stores.factories import TESTS, StoreFactory, viewer
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.people import actions, ledger, queries
from tongxin.people.models import Consent, Customer, Deed, Identity, Merge
from tongxin.people.terms import MergeReason, Purpose
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db
SAME = MergeReason.SAME_PHONE


def merge(source, target, viewer=TESTS):
    return actions.merge(viewer=viewer, source=source, target=target, reason=SAME)


def refused(code, act):
    before = [list(Customer.objects.order_by("id").values()), Merge.objects.count()]
    with pytest.raises(Refused) as no:
        act()
    assert no.value.code == code
    assert [list(Customer.objects.order_by("id").values()), Merge.objects.count()] == before


def everything():
    """All that a merge must not rewrite, and all that an unmerge must restore."""
    return {
        "customers": list(Customer.objects.order_by("id").values("id", "survivor", "state", "personalise")),
        "identities": list(Identity.objects.order_by("id").values("id", "customer", "lookup")),
        "deeds": list(Deed.objects.order_by("id").values("id", "person")),
        "consents": list(Consent.objects.order_by("id").values("id", "customer")),
    }


def totals():
    """Weights and deeds over everybody: the same however entries are linked."""
    now = clock.now()
    rows = queries.live_deeds(now, now - timedelta(days=400))
    return len(rows), sum(row.weight for row in rows)


def deed(customer, n, kind="checked_in", **more):
    return ledger.record(
        viewer=TESTS,
        person=customer,
        kind=kind,
        occurred_at=clock.now(),
        source=("test", f"{customer.pk}-{n}"),
        **more,
    )


def test_reads_go_through_the_survivor_and_unmerge_restores_exactly():
    store, elsewhere = StoreFactory(), StoreFactory()
    old = CustomerFactory(member_code="old", home_store=elsewhere, nickname="小桃")
    new = CustomerFactory(member_code="new", home_store=store, nickname="桃子")
    deed(old, 1)
    deed(new, 1)
    champion, their = viewer(Role.CHAMPION, store=store), viewer(Role.CHAMPION, store=elsewhere)
    before, sums = everything(), totals()
    link = merge(old, new)
    assert queries.access_customer(champion, old.public_id) == new
    assert (
        queries.access_customer(their, old.public_id) == new
    )  # the champion of the old store does not lose her
    assert [line.id for line in queries.search_customers(TESTS).items] == [new.pk]
    assert [line.id for line in queries.search_customers(TESTS, "old").items] == [new.pk]
    assert [line.id for line in queries.search_customers(TESTS, "小桃").items] == [new.pk]
    card = queries.person_card(champion, old.public_id)
    assert {i.shown for i in card.identities} >= {"old", "new"}
    assert card.entries == 2
    assert len(queries.timeline(champion, new.public_id).items) == 4
    assert queries.people_by_code(["old", "new"], source="pos") == {"old": new.pk, "new": new.pk}
    assert queries.behind([new.pk]) == {new.pk: new.pk, old.pk: new.pk}
    assert {row.person for row in queries.live_deeds(clock.now(), clock.now() - timedelta(days=1))} == {
        new.pk
    }
    assert totals() == sums
    assert [m.public_id for m in queries.merges_of(champion, new.public_id)] == [link.public_id]
    after = everything()
    assert (after["identities"], after["deeds"], after["consents"]) == (
        before["identities"], before["deeds"], before["consents"]
    )  # fmt: skip
    actions.unmerge(viewer=TESTS, merge_id=link.public_id)
    assert everything() == before
    assert totals() == sums
    assert queries.access_customer(their, old.public_id) == old


def test_two_accounts_of_one_person_are_one_viewer():
    one, two = CustomerFactory(), CustomerFactory()
    accounts = account_of(one), account_of(two)
    link = merge(one, two)
    assert [queries.person_of(a) for a in accounts] == [two.pk, two.pk]
    assert queries.me(member_viewer(two)).entries == 2
    actions.unmerge(viewer=TESTS, merge_id=link.public_id)
    assert [queries.person_of(a) for a in accounts] == [one.pk, two.pk]


def test_chains_fold_onto_one_survivor_and_unfold_in_any_order():
    a, b, c = CustomerFactory(), CustomerFactory(), CustomerFactory()
    start = everything()
    first = merge(a, b)
    middle = everything()
    second = merge(b, c)
    assert queries.access_customer(TESTS, a.public_id) == c
    assert set(queries.cluster(c)) == {a.pk, b.pk, c.pk}
    actions.unmerge(viewer=TESTS, merge_id=second.public_id)
    assert everything() == middle
    again = merge(b, c)
    actions.unmerge(viewer=TESTS, merge_id=first.public_id)  # the inner link goes first
    assert queries.access_customer(TESTS, a.public_id) == a
    assert queries.cluster(c) == [c.pk, b.pk]
    actions.unmerge(viewer=TESTS, merge_id=again.public_id)
    assert everything() == start


def test_what_cannot_be_merged():
    a, b, c = CustomerFactory(), CustomerFactory(), CustomerFactory()
    refused("people.same_person", lambda: merge(a, a))
    link = merge(a, b)
    refused("people.same_person", lambda: merge(b, a))
    refused("people.same_person", lambda: merge(a, b))
    refused("people.already_merged", lambda: merge(a, c))
    refused("people.already_merged", lambda: merge(c, a))
    actions.unmerge(viewer=TESTS, merge_id=link.public_id)
    refused("people.not_merged", lambda: actions.unmerge(viewer=TESTS, merge_id=link.public_id))
    refused("absent", lambda: actions.unmerge(viewer=TESTS, merge_id="?"))
    refused("absent", lambda: actions.unmerge(viewer=TESTS, merge_id=a.public_id))


def test_merging_is_decided_by_those_who_lead_both_stores():
    store = StoreFactory()
    a, b, foreign = CustomerFactory(home_store=store), CustomerFactory(home_store=store), CustomerFactory()
    champion, manager = viewer(Role.CHAMPION, store=store), viewer(Role.STORE_MANAGER, store=store)
    refused("absent", lambda: merge(a, b, champion))
    refused("absent", lambda: merge(a, foreign, manager))
    refused("absent", lambda: merge(foreign, a, manager))
    link = merge(a, b, manager)
    refused("absent", lambda: actions.unmerge(viewer=champion, merge_id=link.public_id))
    stranger = viewer(Role.STORE_MANAGER)
    refused("absent", lambda: actions.unmerge(viewer=stranger, merge_id=link.public_id))


def test_the_switch_stays_off_when_either_turned_it_off_and_comes_back():
    a, b = CustomerFactory(), CustomerFactory()
    actions.switch_personalisation(viewer=member_viewer(a), customer=a, on=False)
    link = merge(a, b)
    assert queries.personalised([b.pk]) == frozenset()
    actions.unmerge(viewer=TESTS, merge_id=link.public_id)
    assert queries.personalised([a.pk, b.pk]) == {b.pk}
    # both off: nothing to give back
    actions.switch_personalisation(viewer=member_viewer(b), customer=b, on=False)
    link = merge(a, b)
    actions.unmerge(viewer=TESTS, merge_id=link.public_id)
    assert queries.personalised([a.pk, b.pk]) == frozenset()
    actions.switch_personalisation(viewer=member_viewer(b), customer=b, on=True)
    # turned by the member meanwhile: it stays as they turned it
    link = merge(a, b)
    actions.switch_personalisation(viewer=member_viewer(b), customer=b, on=False)
    actions.unmerge(viewer=TESTS, merge_id=link.public_id)
    assert queries.personalised([a.pk, b.pk]) == frozenset()


def test_the_newest_answer_of_either_entry_holds():
    a, b = CustomerFactory(), CustomerFactory()
    with clock.held(clock.now()) as now:
        for customer, granted in ((a, True), (b, True)):
            actions.set_consent(
                viewer=TESTS, customer=customer, purpose=Purpose.MEASUREMENT, granted=granted, notice_version="1", channel="paper"
            )  # fmt: skip
    with clock.held(now + timedelta(seconds=1)):
        actions.set_consent(
            viewer=TESTS,
            customer=a,
            purpose=Purpose.MEASUREMENT,
            granted=False,
            notice_version="1",
            channel="paper",
        )
        link = merge(a, b)
        assert queries.consented(Purpose.MEASUREMENT) == frozenset()
        actions.unmerge(viewer=TESTS, merge_id=link.public_id)
        assert queries.consented(Purpose.MEASUREMENT) == {b.pk}


def test_nobody_recognises_themselves_through_a_merge():
    a, b = CustomerFactory(), CustomerFactory()
    deed(a, 1, kind="reacted", counterpart=b)
    since = clock.now() - timedelta(days=1)
    assert [r.counterpart for r in queries.live_deeds(clock.now(), since, [a.pk]) if r.kind == "reacted"] == [
        b.pk
    ]
    merge(a, b)
    assert [r.counterpart for r in queries.live_deeds(clock.now(), since, [b.pk]) if r.kind == "reacted"] == [
        None
    ]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 4)), max_size=8))
def test_any_order_of_merging_and_unmerging_keeps_sums_and_can_be_undone(steps):
    """Model: a union of live links. Whatever is done, sums hold, survivors match the links, and undoing all restores the start."""
    with transaction.atomic():
        home = StoreFactory()
        people = [CustomerFactory(home_store=home) for _ in range(5)]
        for n, one in enumerate(people):
            deed(one, n)
        start, sums = everything(), totals()
        links = []
        for merging, i, j in steps:
            if merging:
                with suppress(Refused):  # the same person, or merged already: then nothing changes
                    links.append(merge(people[i], people[j]))
            elif links:
                actions.unmerge(viewer=TESTS, merge_id=links.pop(i % len(links)).public_id)
            assert totals() == sums
            target = {m.source_id: m.target_id for m in Merge.objects.filter(undone_at=None)}
            for one in people:
                root = one.pk
                while root in target:
                    root = target[root]
                kept = Customer.objects.get(pk=one.pk)
                assert (kept.survivor_id or kept.pk) == root
                assert (kept.state == "merged") == (root != one.pk)
        for link in links:
            actions.unmerge(viewer=TESTS, merge_id=link.public_id)
        assert everything() == start
        transaction.set_rollback(True)
