"""Statements of the quick paths: PostgreSQL plans each once a connection, afterwards it is only handed the values.

A check-in asks the same few questions all evening. Composed by the model and planned anew they cost four times the processor
time on both sides. Written by hand and asked here, they are counted, logged and killed in tests like any other statement.
Every value is a parameter of the protocol: where PostgreSQL cannot see its type (a NULL in a SELECT list), say it with a cast.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper

Values = Mapping[str, Any] | Sequence[Any]


class _Cursor(ServerBindingCursor):  # django-stubs know neither its driver's side nor the wrapper below
    """Remembers what was asked: the driver forgets it for a statement that is kept planned, and Django's log reads it there."""

    def _convert_query(self, query: Any, params: Any = None) -> Any:
        self._query = super()._convert_query(query, params)  # type: ignore[misc]  # as above
        return self._query


def one(sql: str, values: Values) -> tuple[Any, ...] | None:
    """The first row, None when there is none."""
    with _cursor() as cursor:
        cursor.execute(sql, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def rows(sql: str, values: Values) -> list[tuple[Any, ...]]:
    """All rows."""
    with _cursor() as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def do(sql: str, values: Values) -> int:
    """Write; answers how many rows."""
    with _cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.rowcount


def _cursor() -> CursorWrapper:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        # Django's own cursors merge the values into the text, so that no two statements are the same to PostgreSQL.
        bare = _Cursor(connection.connection)  # type: ignore[call-arg]  # as above
        worn: CursorWrapper = connection._prepare_cursor(bare)  # type: ignore[attr-defined]  # noqa: SLF001 (what every cursor of Django wears)
    return worn
