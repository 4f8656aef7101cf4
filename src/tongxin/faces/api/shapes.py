"""What goes over the wire. Input refuses unknown fields and takes no truthy strings for booleans; output is plain."""

import uuid
from datetime import date, datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import AwareDatetime, ConfigDict, Field, StrictBool, StrictInt, StringConstraints

# PostgreSQL cannot keep NUL in a text, and other control letters have no business in a name.
PLAIN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=PLAIN)]
Long = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=PLAIN)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=PLAIN)]
Moment = AwareDatetime
Yes = StrictBool
Count = StrictInt
Limit = Annotated[int, Field(ge=1, le=200)]
Cursor = Annotated[str, StringConstraints(max_length=400, pattern=r"^[A-Za-z0-9_-]*$")]


class In(Schema):
    """A body from outside."""

    model_config = ConfigDict(extra="forbid")


class Out(Schema):
    """A body from us. Built from the answers of queries, field by field, so nothing slips out unnamed."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Problem(Out):
    """RFC 9457, with our code."""

    type: str
    title: str
    status: int
    code: str
    data: dict[str, Any] = Field(default_factory=dict)
    errors: list[dict[str, Any]] | None = None


class Done(Out):
    """An act without a thing of its own."""

    done: bool = True


__all__ = [
    "Count",
    "Cursor",
    "Done",
    "In",
    "Limit",
    "Long",
    "Moment",
    "Out",
    "Problem",
    "Reason",
    "Short",
    "Yes",
    "date",
    "datetime",
    "uuid",
]
