"""`tongxin audit minors`: every number of the account against a small world, nothing personal in it, and 1 when something is late."""

import json
from datetime import timedelta

import pytest
from django.db import connection

from events.after_setup import After
from stores.factories import TESTS
from tongxin.events import actions
from tongxin.events.queries.minors import minors
from tongxin.events.terms_after import PhotoState
from tongxin.faces.cli.main import run
from tongxin.foundation import clock
from tongxin.people import actions as people
from tongxin.people.actions.companions import open_roster

pytestmark = pytest.mark.django_db


@pytest.fixture
def after(noon):
    found = After(3, families=2)
    public = found.photo()
    found.seen(public, people=[0], children=[0])
    found.yes(public, 0, PhotoState.PUBLIC)
    found.yes(public, 0, PhotoState.PUBLIC, child=True)
    actions.set_photo_state(viewer=found.champion, photo_id=public.public_id, state=PhotoState.PUBLIC)
    found.seen(found.photo(), children=[1])
    with clock.held(found.event.starts_at):
        for _ in range(2):
            open_roster(
                viewer=found.champion,
                store=found.store,
                subject=("events", str(found.event.public_id)),
                starts_at=found.event.starts_at,
                ends_at=found.event.ends_at,
                guardians=[one.pk for one in found.members],
            )
    return found


def test_the_account_of_a_year(after):
    with clock.held(after.over):
        found = minors(2026)
    assert (found.added, found.taken_out, found.deleted_on_time) == (2, 0, 0)
    assert (found.companions.now, found.companions.unsealed, found.companions.late) == (2, 0, 0)
    assert (found.participants.now, found.participants.late) == (2, 0)
    assert [(row.purpose, row.standing, row.granted, row.withdrawn) for row in found.files] == [
        ("photo", 1, 1, 0),
        ("run_event", 2, 2, 0),
    ]
    assert [(row.who, row.times, row.children) for row in found.looks] == [(after.champion.name, 2, 4)]
    assert found.photos == {"private": 1, "group": 0, "public": 1, "advert": 0}
    assert (found.ok, found.late, found.faults) == (True, 0, 0)
    assert minors(2025).added == 0


def test_what_was_not_deleted_in_time_is_late_and_what_was_is_counted(after, capsys):
    last = after.event.ends_at + timedelta(days=33)
    with clock.held(last):
        found = minors(2026)
        assert (found.companions.late, found.participants.late, found.photos_late) == (2, 2, 1)
        assert run(["audit", "minors", "--year", "2026"]) == 1
        assert "过期未删" in capsys.readouterr().err
        people.tidy_companions(viewer=TESTS)
        actions.tidy_participants(viewer=TESTS)
        actions.tidy_photos(viewer=TESTS)
        found = minors(2026)
        assert (found.ok, found.deleted_on_time, found.participants_deleted, found.photos_removed) == (
            True,
            2,
            2,
            1,
        )
        assert run(["--lang", "en", "audit", "minors", "--year", "2026"]) == 0
    assert "Nothing late" in capsys.readouterr().out


def test_the_account_names_no_child_and_no_guardian(after, capsys):
    with clock.held(after.over):
        assert run(["audit", "minors", "--year", "2026", "--json"]) == 0
    text = capsys.readouterr().out
    assert json.loads(text)["ok"] is True
    for word in ("小豆", *(one.nickname for one in after.members), *(str(one) for one in after.children)):
        assert word not in text


def test_control_a_value_in_the_clear_and_a_photo_beyond_the_file_are_found(after):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE people_companion SET nickname = '小豆' WHERE id = (SELECT min(id) FROM people_companion)"
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE events_photo DISABLE TRIGGER events_photo_guarded")
        cursor.execute(
            "UPDATE events_photo SET state = 'advert', guardian_file_id = (SELECT max(id) FROM people_consent)"
        )
        cursor.execute("ALTER TABLE events_photo ENABLE TRIGGER events_photo_guarded")
    found = minors(2026)
    assert (found.companions.unsealed, found.photos_out_without_file, found.ok) == (1, 2, False)
