"""What the rooms of the fake share: a call, a no, pages of a list, and who is in the visible range."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tongxin.connect.wecom.sandbox.state import World


class No(Exception):
    """The platform's errcode and a word."""

    def __init__(self, number: int, word: str = "") -> None:
        super().__init__(word or "no")
        self.number = number


@dataclass(frozen=True)
class Call:
    """One call."""

    method: str
    path: str
    query: dict[str, str]
    json: dict[str, Any] = field(default_factory=dict)
    body: bytes = b""
    kind: str = ""
    address: str = "127.0.0.1"

    def need(self, name: str) -> Any:
        """A field that must be there: 40058 without."""
        value = self.json.get(name)
        if value in (None, "", []):
            raise No(40058, name)
        return value

    def asked(self, name: str) -> str:
        """A parameter of the address that must be there: 40058 without."""
        value = self.query.get(name, "")
        if not value:
            raise No(40058, name)
        return value


def page(rows: Sequence[Any], call: Call, most: int) -> tuple[list[Any], str]:
    """Some of the rows, and the cursor that leads on ("" at the end). 40058 for a cursor it did not give."""
    limit = int(call.json.get("limit") or most)
    cursor = str(call.json.get("cursor") or call.query.get("cursor") or "")
    if not 1 <= limit <= most or not (cursor == "" or cursor.isdigit()):
        raise No(40058, "limit or cursor")
    start = int(cursor or 0)
    end = start + limit
    return list(rows[start:end]), str(end) if end < len(rows) else ""


def in_sight(world: World, userid: str) -> bool:
    """Is this colleague in the app's visible range?"""
    visible = world.setting("visible")
    return world.get("users", userid) is not None and (visible is None or userid in visible)


def needs_sight(world: World, userid: str) -> None:
    """Refuses 60111 for nobody, 84061 for one outside the visible range."""
    if world.get("users", userid) is None:
        raise No(60111, "userid not found")
    if not in_sight(world, userid):
        raise No(84061, "no relation")
