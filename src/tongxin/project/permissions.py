"""THE permission table: every route and method, who may, on what kind of object, under which scope of a token.

A manager can check it line by line: the rows of the interface for programs stand in `permissions_api.py`, those of the pages
in `permissions_pages.py`, and the groups of roles that they name in `permission_roles.py`. Roles are the closed list of
`stores/terms.py`; how far a role *reaches* (which stores, which person) is decided by the query that fetches the object, and
what is out of reach answers as absent. A route without a row is refused and fails the tests; so does a row without a route.
"""

from collections.abc import Mapping
from types import MappingProxyType

from tongxin.foundation.access import Row
from tongxin.project.permissions_api import API
from tongxin.project.permissions_pages import PAGES

TABLE: tuple[Row, ...] = API + PAGES

BY_ROUTE: Mapping[str, Mapping[str, Row]] = MappingProxyType(
    {
        route: MappingProxyType({row.method: row for row in TABLE if row.route == route})
        for route in {row.route for row in TABLE}
    }
)
NO_ROWS: Mapping[str, Row] = MappingProxyType({})


def row_for(route: str) -> Mapping[str, Row]:
    """The rows of a route by method; none for a route that is not in the table."""
    return BY_ROUTE.get(route, NO_ROWS)


def scopes() -> dict[tuple[str, str], str]:
    """(route, METHOD) → what a token must carry, for the API's own document."""
    return {(row.route, row.method): row.scope for row in API}
