"""`/imports`: what was taken in from files. Importing itself is the command line's and the import page's."""

import uuid
from datetime import datetime
from typing import Any

from ninja import Router

from tongxin.commerce import queries
from tongxin.faces.api.shapes import Limit, Out
from tongxin.faces.asking import Asked

router = Router(tags=["imports"])


class Import(Out):
    """One file taken in as one table; the counts are rows."""

    id: uuid.UUID
    table: str
    source: str
    sha256: str
    file_name: str
    state: str
    rows: int
    new: int
    changed: int
    same: int
    refused: int
    warnings: list[Any]
    started_at: datetime
    finished_at: datetime | None


class Imports(Out):
    items: list[Import]


NAMES = tuple(name for name in Import.model_fields if name != "id")


@router.get("/imports", url_name="imports", operation_id="imports.list", response=Imports)
def list_imports(request: Asked, limit: Limit = 50) -> Imports:
    """The latest imports, newest first."""
    runs = queries.import_runs(request.viewer, limit=limit)
    return Imports(items=[Import(id=r.public_id, **{n: getattr(r, n) for n in NAMES}) for r in runs])
