"""Words that the tables of this room share."""

KEPT = "kept without the person: an opaque number after erasure"
BODY_CONTEXT = "outreach.body"
BODY = "30 days after it is done"


def words(enum: type) -> list[tuple[str, str]]:
    """The choices of a column."""
    return [(word.value, word.value) for word in enum]  # type: ignore[attr-defined]  # any StrEnum
