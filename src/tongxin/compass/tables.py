"""The twelve canonical tables: what a chain brings, and what every reader and writer agrees on.

Rules that hold for all of them (they are applied by `dataset` and by the importer):

* codes are text, leading zeros kept;
* a money column is yuan with at most two decimals under its own name, or integer fen under `<name>_fen`;
* a date-time without an offset is Asia/Shanghai;
* an unknown column is kept aside and named, a missing required column is a refusal;
* `updated_at` (or `version`) decides between two rows with the same natural key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "int", "money", "date", "datetime", "bool", "enum", "decimal"]
Need = Literal["required", "recommended", "optional"]

#: seconds are written with their zone; this is the zone of a date-time that does not say its own
NAIVE_ZONE = "Asia/Shanghai"


@dataclass(frozen=True)
class Column:
    """One column: its canonical English name, kind, how much it is needed, and what it means."""

    name: str
    kind: Kind
    need: Need = "optional"
    note: str = ""
    values: tuple[str, ...] = ()

    @property
    def headers(self) -> tuple[str, ...]:
        """Header names under which the column may stand in a file.

        >>> Column("total_paid", "money").headers
        ('total_paid', 'total_paid_fen')
        """
        return (self.name, f"{self.name}_fen") if self.kind == "money" else (self.name,)

    @property
    def stored(self) -> str:
        """Name under which the engine and the lake keep the column (money is always integer fen)."""
        return f"{self.name}_fen" if self.kind == "money" else self.name


@dataclass(frozen=True)
class Table:
    """One canonical table with its natural key; `newest_by` settles two rows of one key."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    note: str = ""
    newest_by: tuple[str, ...] = ("updated_at", "version")

    def column(self, name: str) -> Column:
        """Return the column of that canonical name; KeyError if there is none."""
        return self._by_name()[name]

    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    @property
    def names(self) -> tuple[str, ...]:
        """Canonical column names in order."""
        return tuple(column.name for column in self.columns)

    @property
    def headers(self) -> dict[str, Column]:
        """Every accepted header → its column (money columns appear twice)."""
        return {header: column for column in self.columns for header in column.headers}

    def needed(self, need: Need) -> tuple[Column, ...]:
        """Columns of one degree of need.

        >>> [column.name for column in TABLES["stores"].needed("required")]
        ['store_code', 'name']
        """
        return tuple(column for column in self.columns if column.need == need)


def _required(name: str, kind: Kind = "text", note: str = "", values: tuple[str, ...] = ()) -> Column:
    return Column(name, kind, "required", note, values)


def _recommended(name: str, kind: Kind = "text", note: str = "", values: tuple[str, ...] = ()) -> Column:
    return Column(name, kind, "recommended", note, values)


def _optional(name: str, kind: Kind = "text", note: str = "", values: tuple[str, ...] = ()) -> Column:
    return Column(name, kind, "optional", note, values)


_VERSION = (
    _recommended("updated_at", "datetime", "newest wins, in whatever order files come"),
    _optional("version", "int", "instead of updated_at: the larger number wins"),
)

MARGIN_CLASSES = ("high", "mid", "low")
STAFF_ROLES = ("champion", "manager", "hq")
CHANNELS = ("store", "mini", "delivery", "group-buy")
PARTICIPATION_WHATS = ("event", "ritual", "campaign", "challenge", "panel")
PARTICIPATION_STATUSES = ("registered", "waitlisted", "lost_draw", "checked_in", "no_show", "cancelled")
SURVEY_KINDS = ("nps", "csat", "job_done", *(f"bscs_{item}" for item in range(1, 9)))
SAMPLED = ("random", "volunteer")
TIE_KINDS = ("reply", "answer", "accepted", "like", "referral")

STORES = Table(
    "stores",
    (
        _required("store_code"),
        _required("name"),
        _recommended("region"),
        _recommended("city"),
        _recommended("district"),
        _recommended("address"),
        _recommended("lat", "decimal", "degrees, WGS 84"),
        _recommended("lng", "decimal", "degrees, WGS 84"),
        _recommended("opened_on", "date"),
        _recommended("closed_on", "date"),
        _recommended("format", note="kind of store, the chain's own words"),
        _recommended("wecom_department_id"),
        _recommended("timezone", note="IANA name; absent = Asia/Shanghai"),
    ),
    ("store_code",),
)

STAFF = Table(
    "staff",
    (
        _required("staff_code"),
        _required("name"),
        _required("store_code"),
        _recommended("phone"),
        _recommended("role", "enum", values=STAFF_ROLES),
        _recommended("wecom_userid"),
        _optional("member_code", note="the same person as a customer: left out of both arms of a study"),
    ),
    ("staff_code",),
)

MEMBERS = Table(
    "members",
    (
        _required("member_code"),
        _recommended("phone", note="E.164, or sha256: a hashed phone is an identity kind of its own"),
        _recommended("unionid"),
        _recommended("wecom_external_userid"),
        _recommended("name", note="never required"),
        _recommended("gender"),
        _recommended("birth_year", "int"),
        _recommended("registered_at", "datetime"),
        _recommended("home_store_code"),
        _recommended("tier"),
        _recommended("is_paid", "bool"),
        _recommended("consent_marketing", "bool"),
        _recommended("consent_measurement", "bool", "absent = the import's declared notice"),
        _recommended("consent_at", "datetime"),
        _recommended("source_channel"),
        _optional("updated_at", "datetime"),
    ),
    ("member_code",),
)

MEMBERSHIPS = Table(
    "memberships",
    (
        _required("member_code"),
        _required("program"),
        _required("status", note="the chain's own words, e.g. active / ended / paused"),
        _required("started_at", "datetime"),
        _recommended("ended_at", "datetime"),
        _recommended("fee", "money"),
        _recommended("auto_renew", "bool"),
    ),
    ("member_code", "program", "started_at"),
    "one row per period, gives paid-conversion dates",
)

CATEGORIES = Table(
    "categories",
    (
        _required("category_code"),
        _required("name"),
        _recommended("parent_code"),
        _recommended("margin_class", "enum", values=MARGIN_CLASSES),
        _recommended("is_private_label", "bool"),
        _recommended("is_imported", "bool"),
        _recommended("is_organic", "bool"),
    ),
    ("category_code",),
    "高毛利品类 of the source texts = own brand, imported, organic",
)

PRODUCTS = Table(
    "products",
    (
        _required("sku"),
        _required("name"),
        _required("category_code"),
        _recommended("brand"),
        _recommended("unit_cost", "money"),
        _recommended("list_price", "money"),
        _recommended("margin_class", "enum", "overrides the category's", MARGIN_CLASSES),
    ),
    ("sku",),
)

ORDERS = Table(
    "orders",
    (
        _required("order_no"),
        _required("ordered_at", "datetime"),
        _required("store_code"),
        _required("total_paid", "money"),
        *_VERSION,
        _recommended("member_code", note="an order without a member is kept"),
        _recommended("channel", "enum", values=CHANNELS),
        _recommended("total_list", "money"),
        _recommended("discount", "money"),
        _recommended("status"),
        _recommended("currency", note="ISO 4217; absent = the brand's"),
        _recommended("coupon_codes", note="several with commas between them"),
        _recommended("staff_code"),
        _optional("link_code", note="the channel code of the link or live code that the order came by"),
    ),
    ("store_code", "order_no"),
    "order numbers repeat across tills; the importer adds the source in front of the key",
)

ORDER_LINES = Table(
    "order_lines",
    (
        _required("order_no"),
        _required("line_no", "int"),
        _required("sku"),
        _required("qty", "decimal"),
        _required("paid_amount", "money", "negative = a return in the same file"),
        _recommended("store_code", note="needed where order numbers repeat across stores"),
        *_VERSION,
        _recommended("list_amount", "money"),
        _recommended("cost", "money"),
        _recommended("is_gift", "bool"),
    ),
    ("store_code", "order_no", "line_no"),
)

REFUNDS = Table(
    "refunds",
    (
        _required("refund_no"),
        _required("order_no"),
        _required("refunded_at", "datetime"),
        _required("amount", "money", "positive"),
        _recommended("store_code", note="needed where order numbers repeat across stores"),
        *_VERSION,
        _recommended("line_no", "int"),
        _recommended("qty", "decimal"),
        _recommended("reason"),
    ),
    ("store_code", "refund_no"),
    "negative lines in one file are accepted instead",
)

PARTICIPATION = Table(
    "participation",
    (
        _required("member_code"),
        _required("what", "enum", values=PARTICIPATION_WHATS),
        _required("what_code"),
        _required("status", "enum", values=PARTICIPATION_STATUSES),
        _required("happened_at", "datetime"),
        _recommended("registered_at", "datetime"),
        _recommended("store_code"),
        _recommended("kit_code"),
        _recommended("community_code"),
    ),
    ("member_code", "what", "what_code", "status", "happened_at"),
    "only checked_in is treatment by default; lost_draw is a randomised control",
)

SURVEYS = Table(
    "surveys",
    (
        _required("member_code"),
        _required("answered_at", "datetime"),
        _required("kind", "enum", values=SURVEY_KINDS),
        _required("score", "int"),
        _recommended("what_code"),
        _recommended("store_code"),
        _recommended("sampled", "enum", values=SAMPLED),
    ),
    ("member_code", "kind", "what_code", "answered_at"),
)

TIES = Table(
    "ties",
    (
        _required("from_member_code"),
        _required("to_member_code"),
        _required("kind", "enum", values=TIE_KINDS),
        _required("at", "datetime"),
        _recommended("community_code"),
    ),
    ("from_member_code", "to_member_code", "kind", "at"),
    "co-attendance is never listed: it follows from participation",
)

#: the visible list; a new table is one entry here
TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        STORES,
        STAFF,
        MEMBERS,
        MEMBERSHIPS,
        CATEGORIES,
        PRODUCTS,
        ORDERS,
        ORDER_LINES,
        REFUNDS,
        PARTICIPATION,
        SURVEYS,
        TIES,
    )
}
