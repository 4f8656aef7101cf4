"""A table that the database keeps as it was; the same one without the guard is the control arm."""

import pytest
from django.db import IntegrityError, connection, transaction

from tongxin.foundation.append_only import append_only, never_emptied

pytestmark = pytest.mark.django_db
CHANGES = {
    "update": "UPDATE kept_notes SET words = 'other'",
    "delete": "DELETE FROM kept_notes",
    "truncate": "TRUNCATE kept_notes",
}


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def notes():
    run("CREATE TABLE kept_notes (id bigint PRIMARY KEY, words text)")
    run("INSERT INTO kept_notes VALUES (1, 'first')")


def applied(operation, *, back=False):
    with connection.schema_editor(atomic=False) as editor:
        (operation.database_backwards if back else operation.database_forwards)("x", editor, None, None)


@pytest.mark.usefixtures("notes")
@pytest.mark.parametrize("change", ["update", "delete"])
def test_rows_stay_as_they_were_and_more_may_come(change):
    applied(append_only("kept_notes"))
    with pytest.raises(IntegrityError, match="kept_notes is append-only"), transaction.atomic():
        run(CHANGES[change])
    run("INSERT INTO kept_notes VALUES (2, 'second')")


@pytest.mark.usefixtures("notes")
def test_nobody_empties_it_but_the_tests_of_a_test_database():
    for guard in (append_only, never_emptied):
        operation = guard("kept_notes")
        assert "BEFORE TRUNCATE ON kept_notes" in operation.sql
        applied(operation)
        run(CHANGES["truncate"])  # this is a test database; elsewhere the function raises
        with connection.cursor() as cursor:
            cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'tongxin_append_only'")
            assert "current_database() LIKE 'test" in cursor.fetchone()[0]
        applied(operation, back=True)


@pytest.mark.usefixtures("notes")
@pytest.mark.parametrize("change", sorted(CHANGES))
def test_control_without_the_guard_and_after_going_back_everything_goes(change):
    operation = append_only("kept_notes")
    applied(operation)
    applied(operation, back=True)
    run(CHANGES[change])


@pytest.mark.parametrize("name", ["", "a b", "x;drop table y", "备注"])
def test_only_names_of_tables(name):
    with pytest.raises(ValueError, match="no name"):
        append_only(name)
