"""Statements of the quick paths: PostgreSQL plans each once a connection, afterwards it is only handed the values.

A check-in asks the same few questions all evening. Composed by the model and planned anew they cost four times the processor
time on both sides. Written by hand and asked here, they are counted, logged and killed in tests like any other statement.
Every value is a parameter of the protocol: where PostgreSQL cannot see its type (a NULL in a SELECT list), say it with a cast.

A connection also keeps a cursor a statement: the driver then knows already how to write and read its values.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper

Values = Mapping[str, Any] | Sequence[Any]

MOST = 64  # statements that a connection keeps a cursor for: ours are constants, and far fewer


class _Cursor(ServerBindingCursor):  # django-stubs know neither its driver's side nor the wrapper below
    """Remembers what was asked: the driver forgets it for a statement that is kept planned, and Django's log reads it there."""

    def _convert_query(self, query: Any, params: Any = None) -> Any:
        self._query = super()._convert_query(query, params)  # type: ignore[misc]  # as above
        return self._query


def one(sql: str, values: Values) -> tuple[Any, ...] | None:
    """The first row, None when there is none."""
    cursor = _asked(sql, values)
    row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def rows(sql: str, values: Values) -> list[tuple[Any, ...]]:
    """All rows."""
    found: list[tuple[Any, ...]] = _asked(sql, values).fetchall()
    return found


def do(sql: str, values: Values) -> int:
    """Write; answers how many rows."""
    return _asked(sql, values).rowcount


def _asked(sql: str, values: Values) -> CursorWrapper:
    db: Any = connections[DEFAULT_DB_ALIAS]
    db.ensure_connection()
    kept: dict[str, Any] = db.connection.__dict__.setdefault("tongxin_cursors", {})
    bare = kept.get(sql)
    if bare is None or bare.closed:
        if len(kept) >= MOST:
            kept.clear()
        # Django's own cursors merge the values into the text, so that no two statements are the same to PostgreSQL.
        with db.wrap_database_errors:
            bare = kept[sql] = _Cursor(db.connection)  # type: ignore[call-arg]  # as above
    worn: CursorWrapper = db._prepare_cursor(bare)  # noqa: SLF001 (what every cursor of Django wears)
    worn.execute(sql, values)
    return worn
