"""`tongxin incident`: a drill. Whom a misused account concerns, by proof and by reach; exports; time limits; papers for their owner only."""

import csv
import json
import stat
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction

from people.factories import CustomerFactory
from stores.factories import TESTS, AccountFactory, StoreFactory, viewer
from tongxin.amplify.models import Panel, PanelSeat
from tongxin.faces.cli.main import run
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import seal, trail
from tongxin.foundation.audit.models import Entry
from tongxin.people.actions.incidents import draw_up_incident
from tongxin.people.queries.incident import Scope
from tongxin.people.rules_incident import due
from tongxin.people.terms_incident import Touched

KNOWN = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("people", "children", "codes"),
    [
        (1, False, ["stop", "authority", "people"]),
        (1, True, ["stop", "authority", "guardians", "people"]),
        (999_999, False, ["stop", "authority", "people"]),
        (1_000_000, False, ["stop", "cyber", "authority", "people"]),
        (0, False, []),
    ],
)
def test_what_is_due_and_in_which_order(people, children, codes):
    found = due(known_at=KNOWN, now=KNOWN, people=people, children=children, day=date(2026, 3, 5))
    assert [one.duty.code for one in found] == codes


@pytest.mark.parametrize(("hours", "late"), [(0, 0), (1, 0), (1.01, 1), (24.01, 2), (73, 3)])
def test_what_is_late(hours, late):
    found = due(
        known_at=KNOWN, now=KNOWN + timedelta(hours=hours), people=5, children=False, day=date(2026, 3, 5)
    )
    assert sum(one.late for one in found) == late


@pytest.fixture
def town(db, noon):
    """Two stores, three members of the first and one of the second; the champion of the first has looked at one of them."""
    here, there = StoreFactory(), StoreFactory()
    mine = [CustomerFactory(home_store=here) for _ in range(3)]
    other = CustomerFactory(home_store=there)
    account = AccountFactory(handle="lin")
    champion = viewer("champion", store=here, account=account)
    trail(
        viewer=champion, act="people.phone_revealed", subject=("people", "customer", str(mine[0].public_id))
    )
    with transaction.atomic():
        seal()
    return mine, other, account


def scope(**more):
    given = {"accounts": (), "since": KNOWN - timedelta(days=1), "until": KNOWN + timedelta(days=1)}
    return Scope(**(given | more))


def test_what_was_seen_and_what_was_in_reach(town):
    mine, _, account = town
    made = draw_up_incident(viewer=TESTS, scope=scope(accounts=(account.pk,)))
    how = {one.public_id: one.how for one in made.found.people}
    assert how == {mine[0].public_id: Touched.SEEN} | dict.fromkeys(
        (one.public_id for one in mine[1:]), Touched.IN_REACH
    )
    assert made.found.people[0].acts == ("people.phone_revealed",)
    (proof,) = made.found.proofs
    assert (proof.act, len(proof.content)) == ("people.phone_revealed", 64)
    held = {one.table: one for one in made.found.held}
    assert held["people.Customer"].people == 3
    last = Entry.objects.order_by("-id").first()
    assert (last.act, json.loads(last.after)["people"]) == ("people.incident_drawn_up", 3)
    assert str(mine[0].public_id) not in last.after


def test_outside_the_time_nothing_was_seen(town):
    _, _, account = town
    early = scope(accounts=(account.pk,), since=KNOWN - timedelta(days=9), until=KNOWN - timedelta(days=8))
    assert draw_up_incident(viewer=TESTS, scope=early).found.people == ()


def test_a_member_who_was_named_brings_who_looked(town):
    mine, other, _ = town
    made = draw_up_incident(viewer=TESTS, scope=scope(members=(str(mine[0].public_id), "nobody")))
    assert [(one.public_id, one.how) for one in made.found.people] == [(mine[0].public_id, Touched.NAMED)]
    assert made.found.unknown == ("nobody",)
    assert "people.phone_revealed" in {one.act for one in made.found.proofs}
    assert other.public_id not in {one.public_id for one in made.found.people}


@pytest.mark.parametrize(("tables", "people"), [({"members": 4}, 4), ({"stores": 2}, 0)])
def test_an_export_of_members_concerns_everybody_in_it(town, tables, people):
    trail(
        viewer=TESTS, act="connect.exported", subject=("connect", "export", "csv"), after={"tables": tables}
    )
    entry = Entry.objects.get(act="connect.exported")
    made = draw_up_incident(viewer=TESTS, scope=scope(entries=(entry.public_id,)))
    assert len(made.found.people) == people


def test_the_people_of_an_event_whose_list_was_read(town):
    """A list is found through what hangs on it, whichever room it is of: here a panel with its seat."""
    mine, _, account = town
    panel = Panel.objects.create(
        name="x", about="x", confidential="x", seats=2, opened_by="t", opened_at=clock.now()
    )
    PanelSeat.objects.create(
        panel=panel,
        person=mine[1],
        state="invited",
        why="x",
        invited_by="t",
        invited_at=clock.now(),
        until=clock.now(),
    )
    who = Viewer(account=account.pk, name="lin")
    trail(viewer=who, act="amplify.panel_opened", subject=("amplify", "panel", str(panel.public_id)))
    made = draw_up_incident(viewer=TESTS, scope=scope(accounts=(account.pk,)))
    assert {one.public_id for one in made.found.people if one.how is Touched.SEEN} == {
        mine[0].public_id,
        mine[1].public_id,
    }


def test_the_papers(town, tmp_path, capsys):
    mine, _, _ = town
    out = tmp_path / "papers"
    assert run(["incident", "--account", "lin", "--out", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["people"], said["by"]["seen"], said["evidence"]["chain_ok"]) == (3, 1, True)
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in out.iterdir()} == {0o600}
    assert sorted(one.name for one in out.iterdir()) == [
        "evidence.csv",
        "incident.json",
        "letter-authority.zh.md",
        "letter-people.zh.md",
        "log.jsonl",
        "people.csv",
    ]
    with (out / "people.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["member"] for row in rows} == {str(one.public_id) for one in mine}
    letter = (out / "letter-people.zh.md").read_text()
    assert all(
        part in letter for part in ("种类", "原因", "可能的影响", "我们已经做的", "您可以做的", "联系")
    )
    whole = "".join(one.read_text() for one in out.iterdir())
    assert not any(one.nickname and one.nickname in whole for one in mine), "no names in the papers"
    assert run(["incident", "--account", "lin", "--out", str(out)]) == 2  # nothing is written over


def test_wrong_usage_and_what_is_late(town, capsys):
    assert run(["incident"]) == 2
    assert run(["incident", "--account", "nobody"]) == 2
    assert run(["incident", "--account", "lin", "--since", "yesterday"]) == 2
    assert run(["incident", "--account", "lin", "--known", "2026-03-01T09:00"]) == 1
    assert "已过时限" in capsys.readouterr().err
