"""The trail: written with the act, chained afterwards, and every way to tamper is found."""

import json
import threading
from importlib import import_module

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from tongxin.foundation import clock
from tongxin.foundation.access import ANONYMOUS, Grant, Viewer, system
from tongxin.foundation.audit import rules, signing, tasks
from tongxin.foundation.audit.actions import seal, trail
from tongxin.foundation.audit.models import Entry, Head
from tongxin.foundation.audit.queries import content_of, entries, last_position, sealed_after, verify
from tongxin.foundation.audit.terms import ACTS, FAULTS_ZH, REFUSALS, Fault
from tongxin.foundation.errors import Refused

CHAMPION = Viewer(
    account=7,
    name="champion-3",
    grants=(Grant("champion", places=frozenset({3})),),
    person=9,
    device=2,
    brand=1,
)
AUDITOR = Viewer(account=8, name="auditor", grants=(Grant("auditor", everywhere=True),))


def acts(count):
    for n in range(count):
        trail(
            viewer=CHAMPION,
            act="kits.released",
            subject=("kits", "kit", n),
            after={"state": "released", "n": n},
        )


def tamper(sql, *params):
    """What somebody with the database's password can do: switch the trigger off."""
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE audit_entry DISABLE TRIGGER USER; ALTER TABLE audit_head DISABLE TRIGGER USER"
        )
        cursor.execute(sql, params)
        cursor.execute(
            "ALTER TABLE audit_entry ENABLE TRIGGER USER; ALTER TABLE audit_head ENABLE TRIGGER USER"
        )


@pytest.mark.django_db
def test_a_row_says_who_what_and_when(noon):
    trail(
        viewer=CHAMPION, act="people.merged", subject=("people", "customer", 5),
        before={"state": "live"}, after={"into": 6, "at": noon}, reason="same phone",
    )  # fmt: skip
    row = Entry.objects.get()
    assert (row.account, row.person, row.device, row.brand, row.actor) == (7, 9, 2, 1, "champion-3")
    assert (row.act, row.subject_room, row.subject_kind, row.subject_id) == (
        "people.merged",
        "people",
        "customer",
        "5",
    )
    assert json.loads(row.after) == {"into": 6, "at": "2026-03-05T04:00:00Z"}
    assert (row.at, row.position, row.chain) == (noon, None, "")


@pytest.mark.django_db(transaction=True)
def test_a_trail_outside_a_transaction_is_a_fault_of_the_caller():
    with pytest.raises(RuntimeError):
        acts(1)
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_trail_goes_with_its_act():
    with transaction.atomic():
        acts(1)
        assert Entry.objects.exists()  # control: it was there
        transaction.set_rollback(True)
    assert not Entry.objects.exists()


@pytest.mark.django_db
def test_sealing_chains_in_batches_and_names_the_tail():
    acts(7)
    assert verify().unsealed == tuple(Entry.objects.order_by("id").values_list("id", flat=True))
    assert seal(batch=3) == 7
    acts(2)
    verdict = verify()
    assert (verdict.ok, verdict.sealed, len(verdict.unsealed)) == (True, 7, 2)
    assert verdict.head.startswith("7:")
    assert seal(batch=2) == 2
    assert seal() == 0
    assert [h.position for h in Head.objects.order_by("position")] == [3, 6, 7, 9]
    assert [e.position for e in sealed_after(7, 10)] == [8, 9]
    assert last_position() == 9


@pytest.mark.django_db
def test_the_job_seals_until_it_is_told_to_stop(monkeypatch):
    monkeypatch.setattr(tasks, "EVERY", 0.01)
    rounds = iter([False, False, True])

    class Context:
        def should_abort(self):
            acts(1)  # somebody goes on working meanwhile
            return next(rounds)

    assert tasks.seal(Context(), timestamp=0) == 2


@pytest.mark.django_db
def test_an_empty_trail_verifies():
    verdict = verify()
    assert (verdict.ok, verdict.sealed, verdict.head) == (True, 0, f"0:{rules.GENESIS}")
    assert last_position() == 0


@pytest.mark.django_db(transaction=True)
def test_a_row_that_commits_late_is_chained_later_and_never_skipped():
    begun, go_on = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            trail(viewer=CHAMPION, act="a.slow", subject=("a", "a", 1))
            begun.set()
            go_on.wait(10)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    begun.wait(10)
    with transaction.atomic():
        trail(viewer=CHAMPION, act="a.quick", subject=("a", "a", 2))
    assert seal() == 1
    go_on.set()
    thread.join(10)
    slow_row, quick_row = Entry.objects.order_by("id")
    assert (slow_row.act, slow_row.position, quick_row.position) == ("a.slow", None, 1)
    # control: a sealer that remembers the last id it saw never sees the slow row
    assert not Entry.objects.filter(id__gt=quick_row.id).exists()
    assert seal() == 1
    assert verify().ok
    assert Entry.objects.get(act="a.slow").position == 2


@pytest.mark.django_db(transaction=True)
def test_two_sealers_at_once_make_one_chain():
    with transaction.atomic():
        acts(60)
    counts = []

    def work():
        counts.append(seal(batch=7))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sum(counts) == 60
    assert verify().ok


SWAP = """
    UPDATE audit_entry SET position = CASE position WHEN 2 THEN -3 ELSE -2 END WHERE position IN (2, 3);
    UPDATE audit_entry SET position = -position WHERE position < 0
"""
TAMPERINGS = [
    ("a flipped byte in a sealed row", "UPDATE audit_entry SET after = replace(after, 'released', 'releasee') WHERE position = 2",
     {Fault.CONTENT}),
    ("another actor", "UPDATE audit_entry SET actor = 'somebody' WHERE position = 4", {Fault.CONTENT}),
    ("the time moved by a microsecond", "UPDATE audit_entry SET at = at + interval '1 microsecond' WHERE position = 1",
     {Fault.CONTENT}),
    ("content and its hash rewritten", None, {Fault.CHAIN}),
    ("a removed row", "DELETE FROM audit_entry WHERE position = 3", {Fault.MISSING}),
    ("the last rows removed", "DELETE FROM audit_entry WHERE position >= 3", {Fault.HEAD}),
    ("two rows swapped", SWAP, {Fault.CHAIN, Fault.HEAD}),
    ("a head signed by nobody", "UPDATE audit_head SET signature = repeat('0', 128) WHERE position = 4", {Fault.SIGNATURE}),
    ("a head with a broken signature", "UPDATE audit_head SET signature = 'zz' WHERE position = 4", {Fault.SIGNATURE}),
    ("a head of another chain", "UPDATE audit_head SET chain = repeat('0', 64) WHERE position = 4",
     {Fault.SIGNATURE, Fault.HEAD}),
    ("the head removed", "DELETE FROM audit_head WHERE position = 4", {Fault.UNSIGNED}),
    ("a change in the unsealed tail", "UPDATE audit_entry SET reason = 'x' WHERE position IS NULL", {Fault.CONTENT}),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("what", "sql", "found"), TAMPERINGS, ids=[row[0] for row in TAMPERINGS])
def test_tampering_is_found(what, sql, found):
    acts(4)
    seal(batch=2)
    acts(1)
    assert verify().ok  # control: nothing is found where nothing was done
    if sql is None:
        row = Entry.objects.get(position=2)
        row.actor = "somebody"
        tamper(
            "UPDATE audit_entry SET actor = 'somebody', content = %s WHERE position = 2",
            rules.content_hash(content_of(row)),
        )
    else:
        tamper(sql)
    verdict = verify()
    assert not verdict.ok
    assert {finding.fault for finding in verdict.faults} == found


@pytest.mark.django_db
def test_a_chain_rebuilt_from_the_middle_does_not_fit_the_signed_head():
    acts(4)
    seal()
    chain = rules.GENESIS
    for row in Entry.objects.order_by("position"):
        row.actor = "somebody" if row.position == 2 else row.actor
        row.content = rules.content_hash(content_of(row))
        chain = rules.link(chain, row.position, row.content)
        tamper(
            "UPDATE audit_entry SET actor=%s, content=%s, chain=%s WHERE id=%s",
            row.actor,
            row.content,
            chain,
            row.pk,
        )
    assert {f.fault for f in verify().faults} == {Fault.HEAD}


@pytest.mark.django_db
def test_a_rewritten_end_with_its_heads_is_found_by_a_noted_head():
    acts(4)
    seal(batch=2)
    noted = verify().head
    assert verify(noted=noted).ok
    tamper("DELETE FROM audit_entry WHERE position > 2")
    tamper("DELETE FROM audit_head WHERE position > 2")
    assert verify().ok  # control: without a note outside, a cut end with its heads looks whole
    assert {f.fault for f in verify(noted=noted).faults} == {Fault.NOTED}


@pytest.mark.django_db
def test_heads_of_another_installation_are_not_ours(settings):
    acts(1)
    seal()
    ours = signing.public_key()
    settings.TONGXIN_AUDIT_KEY = "another"
    assert signing.public_key() != ours
    assert [f.fault for f in verify().faults] == [Fault.SIGNATURE]


APPEND_ONLY = [
    "UPDATE audit_entry SET reason = 'x'",
    "UPDATE audit_entry SET position = 9, reason = 'x' WHERE position IS NULL",
    "UPDATE audit_entry SET position = 9 WHERE position = 1",
    "UPDATE audit_entry SET chain = '' WHERE position = 1",
    "DELETE FROM audit_entry",
    "UPDATE audit_head SET chain = ''",
    "DELETE FROM audit_head",
]


@pytest.mark.django_db
@pytest.mark.parametrize("sql", APPEND_ONLY)
def test_the_database_itself_refuses(sql):
    acts(1)
    seal()
    acts(1)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    tamper(sql)  # control: without the trigger the same statement goes through


@pytest.mark.django_db(transaction=True)
def test_truncate_is_refused_everywhere_but_in_test_databases():
    """The exemption goes by the database's name, so this needs one that is not called test_…."""
    sql = import_module("tongxin.foundation.audit.migrations.0002_append_only").APPEND_ONLY
    name = "audit_keep_check"
    parameters = connection.get_connection_params() | {"dbname": "postgres"}
    parameters = {k: v for k, v in parameters.items() if k in {"dbname", "user", "password", "host", "port"}}
    with psycopg.connect(**parameters, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name}")
        server.execute(f"CREATE DATABASE {name}")
        try:
            with psycopg.connect(**parameters | {"dbname": name}) as there:
                there.execute("CREATE TABLE audit_entry (id int, position int, chain text)")
                there.execute("CREATE TABLE audit_head (id int)")
                there.execute("TRUNCATE audit_entry")  # control
                there.execute(sql)
                for table in ("audit_entry", "audit_head"):
                    with pytest.raises(psycopg.errors.IntegrityConstraintViolation), there.transaction():
                        there.execute(f"TRUNCATE {table}")
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE audit_entry, audit_head")


@pytest.mark.django_db
def test_only_auditors_read_the_trail(noon):
    acts(3)
    with clock.held(noon.replace(hour=10)):
        trail(viewer=CHAMPION, act="kits.recalled", subject=("kits", "kit", 1))
    for viewer in (
        CHAMPION,
        ANONYMOUS,
        Viewer(account=1, name="m", grants=(Grant("hq_editor", everywhere=True),)),
    ):
        with pytest.raises(Refused) as refused:
            entries(viewer)
        assert refused.value.code == "forbidden"
    for viewer in (AUDITOR, system("audit")):
        assert [e.act for e in entries(viewer).items] == ["kits.recalled"] + ["kits.released"] * 3
    assert len(entries(AUDITOR, act="kits.recalled").items) == 1
    assert len(entries(AUDITOR, subject=("kits", "kit", 1)).items) == 2
    assert len(entries(AUDITOR, since=noon.replace(hour=9)).items) == 1
    first = entries(AUDITOR, limit=3)
    assert [e.act for e in entries(AUDITOR, limit=3, cursor=first.cursor).items] == ["kits.released"]


def test_each_fault_has_its_words():
    assert set(FAULTS_ZH) == set(Fault)
    assert ACTS == REFUSALS == {}


@pytest.mark.django_db
def test_migration_goes_back():
    acts(1)
    with connection.cursor() as cursor:
        cursor.execute(import_module("tongxin.foundation.audit.migrations.0002_append_only").BACK)
        cursor.execute("UPDATE audit_entry SET reason = 'x'")
        assert cursor.rowcount == 1
