"""From canonical tables to the facts of communities."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from ees_facts import LAST, stamp, table

from tongxin.compass.dataset import open_sources
from tongxin.compass.errors import BadInput
from tongxin.compass.indices import collect, compute, reference

TODAY = (LAST - date(1970, 1, 1)).days
PARTS = ("member_code", "what", "what_code", "status", "happened_at", "store_code", "community_code")
TIES = ("from_member_code", "to_member_code", "kind", "at", "community_code")


def tables(**change):
    parts = [
        ("a", "event", "E1", "registered", stamp(43), "S1", "K1"),
        ("a", "event", "E1", "checked_in", stamp(40), "S1", "K1"),
        ("b", "event", "E1", "checked_in", stamp(40), "S1", "K1"),
        ("c", "event", "E1", "no_show", stamp(40), "S1", "K1"),
        ("z", "event", "E1", "checked_in", stamp(40), "S1", ""),
        ("b", "event", "E2", "checked_in", stamp(200), "S2", "K2"),
        ("old", "event", "E0", "checked_in", stamp(400), "S2", "K2"),
    ]
    ties = [
        ("a", "b", "reply", stamp(30), "K1"),
        ("b", "a", "reply", stamp(29), "K1"),
        ("a", "b", "accepted", stamp(20), "K1"),
        ("a", "new", "referral", stamp(70), "K1"),
        ("a", "late", "referral", stamp(35), None),
        ("b", "none", "referral", stamp(35), None),
    ]
    orders = [
        ("O1", stamp(60), "S1", "new", "12"), ("O2", stamp(5), "S1", "late", "12"), ("O3", stamp(0), "S1", None, "3"),
        ("O4", stamp(1), "S1", "a", "3"),
    ]  # fmt: skip
    found = {
        "members": table([("a", "S1", "138"), ("b", "S2", "139"), ("c", "S1", None), ("new", "S1", "138")], "member_code", "home_store_code", "phone"),
        "staff": table([("W", "店员", "S1", "c")], "staff_code", "name", "store_code", "member_code"),
        "participation": table(parts, *PARTS),
        "ties": table(ties, *TIES),
        "orders": table(orders, "order_no", "ordered_at", "store_code", "member_code", "total_paid"),
    } | change  # fmt: skip
    return {name: one for name, one in found.items() if one is not None}


def communities(**change):
    found = collect.communities(open_sources(tables(**change)))
    return {each.code: each for each in found}


CODES = ["a", "b", "c", "late", "new", "none", "z"]


def test_members_join_with_their_first_trace_and_outsiders_stay_outside():
    found = communities()
    assert list(found) == ["K1", "K2"]
    one = found["K1"]
    assert one.as_of == TODAY
    joined = dict(zip(CODES, (TODAY - one.joined).tolist(), strict=True))
    assert {code: joined[code] for code in ("a", "b", "c", "new")} == {"a": 70, "b": 40, "c": 40, "new": 70}
    assert one.joined[CODES.index("z")] == -1
    assert one.staff.tolist() == [code == "c" for code in CODES]
    assert [CODES[p] for p in one.eligible] == ["a", "b", "new"]
    assert one.place[CODES.index("a")] != one.place[CODES.index("b")]
    assert one.identity[CODES.index("a")] == one.identity[CODES.index("new")]  # the same phone
    assert TODAY - one.opened == 70


def test_deeds_registrations_attendance_contacts_outputs():
    one = communities()["K1"]
    deeds = sorted((CODES[p], str(k)) for p, k in zip(one.deeds.person, one.deeds.kind, strict=True))
    assert deeds == [
        ("a", "accepted"),
        ("a", "event"),
        ("a", "referral"),
        ("a", "reply"),
        ("b", "event"),
        ("b", "reply"),
    ]
    came = dict(
        zip([CODES[p] for p in one.registrations.person], one.registrations.came.tolist(), strict=True)
    )
    assert came == {"a": True, "b": True, "c": False}
    assert {CODES[p] for p in one.attendance.person} == {
        "a",
        "b",
        "z",
    }  # the friend from outside was there too
    assert len(one.contacts.kind) == 6
    assert (CODES[one.outputs.person[0]], CODES[one.outputs.other[0]]) == ("b", "a")  # a accepted b's answer
    assert len(communities()["K2"].outputs.person) == 0 if communities()["K2"].outputs else True


def test_an_invitee_counts_with_a_settled_purchase():
    found = communities()["K1"].invitees
    rows = dict(zip((TODAY - found.joined).tolist(), found.acted.tolist(), strict=True))
    assert rows[70] == TODAY - 60  # bought ten days later, past the refund window
    assert set(found.acted[found.joined == TODAY - 35].tolist()) == {-1}  # bought five days ago; or never


def test_without_phones_stores_ties_or_orders():
    bare = communities(members=table([("a",)], "member_code"), staff=None, ties=None, orders=None)["K1"]
    assert len(set(bare.identity.tolist())) == len(bare.joined)
    assert (bare.place == -1).all()
    assert bare.invitees is None
    assert bare.outputs is None
    assert bare.as_of == TODAY - 40
    only_ties = communities(participation=None)
    assert only_ties["K1"].registrations is None
    with pytest.raises(BadInput, match="community_code"):
        collect.communities(
            open_sources(
                tables(participation=tables()["participation"].drop_columns(["community_code"]), ties=None)
            )
        )


def test_another_day_and_a_type():
    found = collect.communities(
        open_sources(tables()), as_of=LAST - timedelta(days=100), kinds={"K2": "parents"}
    )
    assert [(each.code, each.kind) for each in found] == [("K2", "parents")]


def test_row_order_does_not_reach_the_facts():
    def key(each):
        return [getattr(each, name).tolist() for name in ("joined", "staff", "identity", "place")] + [
            column.tolist()
            for part in (each.deeds, each.attendance, each.contacts, each.outputs, each.invitees)
            if part is not None
            for column in vars(part).values()
        ]

    first = communities()
    mixed = communities(
        **{
            name: one.take(pa.array(np.random.default_rng(2).permutation(len(one))))
            for name, one in tables().items()
        }
    )
    assert {code: key(each) for code, each in mixed.items()} == {
        code: key(each) for code, each in first.items()
    }


def test_a_chain_from_tables_to_indices():
    rng = np.random.default_rng(4)
    parts, ties = [], []
    for k in range(6):
        people = [f"K{k}M{n:02d}" for n in range(40)]
        for n, code in enumerate(people):
            for e in range(1 + rng.poisson(1 + k / 3)):
                status = "checked_in" if rng.random() < 0.7 else "no_show"
                parts.append(
                    (
                        code,
                        "event",
                        f"E{k}{e}{n % 4}",
                        status,
                        stamp(rng.integers(30, 90)),
                        f"S{k % 2}",
                        f"K{k}",
                    )
                )
            other = people[rng.integers(40)]
            if other != code:
                ties += [
                    (code, other, "reply", stamp(30 + n), f"K{k}"),
                    (other, code, "reply", stamp(30 + n), f"K{k}"),
                ]
    sources = {
        "members": table(
            [(code, "S1") for code in sorted({row[0] for row in parts})], "member_code", "home_store_code"
        ),
        "participation": table(list({row[:4]: row for row in parts}.values()), *PARTS),
        "ties": table(list({row[:4]: row for row in ties}.values()), *TIES),
    }
    found = collect.communities(open_sources(sources), as_of=LAST)
    frozen = reference.freeze(found, "now")
    shown = [compute.run(each, frozen) for each in found]
    assert len(shown) == 6
    assert {each.members for each in shown} == {40}
    assert shown[0].of("participation").components[0].raw > 0.5
    assert shown[0].of("influence").reasons[-1].code == "I3"  # nobody referred anybody
