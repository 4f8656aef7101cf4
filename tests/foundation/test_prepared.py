"""Statements that are planned once: the same answers, the same counting, kept planned only here."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tongxin.foundation import prepared

pytestmark = pytest.mark.django_db
ADD = "SELECT %(a)s::int + %(b)s::int"


def kept_planned():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT statement FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1::int + $2::int%'"
        )
        return [row[0] for row in cursor.fetchall()]


def test_the_third_time_it_is_planned_and_answers_the_same():
    answers = [prepared.one(ADD, {"a": n, "b": 1}) for n in range(5)]
    assert answers == [(1,), (2,), (3,), (4,), (5,)]
    assert len(kept_planned()) == 1


def test_control_the_models_cursors_plan_anew():
    for n in range(5):
        with connection.cursor() as cursor:
            cursor.execute(ADD, {"a": n, "b": 1})
    assert kept_planned() == []


def test_rows_none_and_counts():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE few (n int) ON COMMIT DROP")
    assert prepared.one("SELECT n FROM few WHERE n = %s", [1]) is None
    assert prepared.do("INSERT INTO few VALUES (%s), (%s)", [1, 2]) == 2
    assert prepared.rows("SELECT n FROM few ORDER BY n", []) == [(1,), (2,)]
    assert prepared.do("UPDATE few SET n = n WHERE n > %s", [5]) == 0


def test_each_is_counted_and_told_by_its_text_also_when_it_is_kept_planned():
    with CaptureQueriesContext(connection) as seen:
        for n in range(4):
            prepared.one(ADD, {"a": n, "b": 1})
    assert [q["sql"] for q in seen.captured_queries] == ["SELECT $1::int + $2::int"] * 4


def test_a_value_is_never_read_as_sql():
    odd = "'; DROP TABLE people_customer; --"
    assert prepared.one("SELECT %s::text", [odd]) == (odd,)


def test_faults_are_djangos_and_a_rollback_forgets_no_answer():
    for _ in range(4):
        with pytest.raises(IntegrityError), transaction.atomic():
            prepared.do("INSERT INTO idempotency_kept (actor) VALUES (%s)", ["x"])
        assert prepared.one(ADD, {"a": 1, "b": 1}) == (2,)


def test_a_connection_keeps_one_cursor_a_statement_and_takes_a_new_one_for_one_that_was_closed():
    for n in range(3):
        assert prepared.one(ADD, {"a": n, "b": 1}) == (n + 1,)
    kept = connection.connection.__dict__["tongxin_cursors"]
    first = kept[ADD]
    assert prepared.one(ADD, {"a": 5, "b": 1}) == (6,)
    assert kept[ADD] is first
    first.close()
    assert prepared.one(ADD, {"a": 6, "b": 1}) == (7,)
    assert kept[ADD] is not first


def test_statements_without_end_do_not_pile_up():
    for n in range(3 * prepared.MOST):
        assert prepared.one(f"SELECT %s::int + {n}", [1]) == (n + 1,)
    assert len(connection.connection.__dict__["tongxin_cursors"]) <= prepared.MOST
