"""What lies in the lake: five tables, their columns and keys, and where each partition stands.

Columns are the canonical ones of `compass.tables` plus what the lake adds. Money is integer fen, instants are UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tongxin.compass.tables import TABLES

#: the partition of lines whose order has not come yet (or cannot be told)
UNKNOWN = "unknown"
UNSORTED_NAME = "待归类"

_SQL = {
    "text": "VARCHAR",
    "enum": "VARCHAR",
    "int": "BIGINT",
    "money": "BIGINT",
    "date": "DATE",
    "datetime": "TIMESTAMP WITH TIME ZONE",
    "bool": "BOOLEAN",
    "decimal": "DOUBLE",
}


@dataclass(frozen=True)
class LakeTable:
    """One table of the lake.

    `key` is what makes two rows the same row; `given` are the columns that come from a file; `added` (name → SQL type)
    are ours; `follows` says that the store (and for lines the month) is taken from the order.
    """

    name: str
    key: tuple[str, ...]
    given: dict[str, str]
    added: dict[str, str]
    by_month: bool
    dated_by: str = ""
    follows: bool = False

    @property
    def columns(self) -> dict[str, str]:
        """Every stored column with its SQL type, in order."""
        return self.given | self.added

    @property
    def versioned(self) -> bool:
        """Whether rows can say which of two is newer."""
        return "updated_at" in self.given

    def path(self, lake: Path, month: str) -> Path:
        """The one file of a partition."""
        if self.by_month:
            return lake / self.name / f"month={month}" / "part.parquet"
        return lake / f"{self.name}.parquet"

    def months(self, lake: Path) -> dict[str, Path]:
        """The partitions that exist."""
        if not self.by_month:
            file = self.path(lake, "")
            return {"": file} if file.exists() else {}
        return {
            file.parent.name.removeprefix("month="): file
            for file in sorted((lake / self.name).glob("month=*/part.parquet"))
        }


def _given(name: str) -> dict[str, str]:
    return {column.stored: _SQL[column.kind] for column in TABLES[name].columns}


# `arrival` and `row_no` say where a row without a version came from (import number, row in its file): there, and only
# there, the later file decides. Rows with a version carry none, so their state does not depend on the order of files.
_CAME = {"arrival": "BIGINT", "row_no": "BIGINT"}
# The store as the file said it ('' = it did not): the part of the key that no later order can change.
_STATED = {"source": "VARCHAR", "stated_store": "VARCHAR"}
_DAY = {"business_date": "DATE"}

LAKE: dict[str, LakeTable] = {
    table.name: table
    for table in (
        LakeTable(
            "orders",
            ("source", "store_code", "order_no"),
            _given("orders"),
            {"source": "VARCHAR"} | _DAY | _CAME,
            by_month=True,
            dated_by="ordered_at",
        ),
        LakeTable(
            "order_lines",
            ("source", "stated_store", "order_no", "line_no"),
            _given("order_lines"),
            _STATED | {"first_of_order": "BOOLEAN"} | _CAME,
            by_month=True,
            follows=True,
        ),
        LakeTable(
            "refunds",
            # a refund of three articles is three rows with one number
            ("source", "stated_store", "refund_no", "line_key"),
            _given("refunds"),
            _STATED | {"line_key": "BIGINT"} | _DAY | _CAME,
            by_month=True,
            dated_by="refunded_at",
            follows=True,
        ),
        # Articles and categories are the chain's, not a till's: one row a code, whichever source brought it.
        LakeTable("products", ("sku",), _given("products"), {"source": "VARCHAR"} | _CAME, by_month=False),
        LakeTable(
            "categories",
            ("category_code",),
            _given("categories"),
            {"source": "VARCHAR"} | _CAME,
            by_month=False,
        ),
    )
}
