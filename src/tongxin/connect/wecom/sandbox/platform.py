"""The fake's front: who calls, with which token, how often, which fault strikes; then the room that answers."""

import json
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tongxin.connect.wecom.sandbox import (
    callbacks,
    contacts,
    groups,
    messages,
    moments,
    people,
    sundry,
    ways,
)
from tongxin.connect.wecom.sandbox.faults import CODES, SILENT, Switches
from tongxin.connect.wecom.sandbox.room import Call, No
from tongxin.connect.wecom.sandbox.state import World

ROOMS: dict[str, Callable[[World, Call], dict[str, Any]]] = {
    **people.PATHS,
    **contacts.PATHS,
    **groups.PATHS,
    **messages.PATHS,
    **moments.PATHS,
    **ways.PATHS,
    **sundry.PATHS,
}
WITHOUT_TOKEN = frozenset({"gettoken", "webhook/send"})
MINUTE = 60.0


class Cut(Exception):
    """No answer comes. `hold` is how long the caller is kept waiting for it."""

    def __init__(self, hold: float = 0.0) -> None:
        super().__init__("cut")
        self.hold = hold


@dataclass
class Seen:
    """What the fake counted of calls: in all, and the most within any sixty seconds, by path."""

    calls: Counter[str] = field(default_factory=Counter)
    peak: Counter[str] = field(default_factory=Counter)
    recent: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def note(self, path: str, at: float) -> int:
        """Count a call; answers how many there were within the last sixty seconds."""
        mine = self.recent[path]
        mine.append(at)
        while mine and mine[0] <= at - MINUTE:
            mine.popleft()
        self.calls[path] += 1
        self.peak[path] = max(self.peak[path], len(mine))
        return len(mine)


class Fake:
    """The platform. One lock: calls come one after the other."""

    def __init__(
        self, journal: Path | None = None, *, ticking: Callable[[], float] | None = None, seed: int = 7
    ) -> None:
        self.world = World(journal) if ticking is None else World(journal, ticking=ticking)
        self.faults = Switches(seed)
        self.seen = Seen()
        self.post = callbacks.Post(self.world, seed)
        self._late: list[tuple[float, str, Call]] = []
        self._lock = threading.RLock()

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: bytes = b"",
        *,
        kind: str = "",
        address: str = "127.0.0.1",
    ) -> dict[str, Any]:
        """One call below /cgi-bin/. Raises Cut when no answer is to come."""
        with self._lock:
            self.catch_up()
            at = self.world.now()
            crowded = self.seen.note(path, at) > self.world.setting("minute_limit")
            try:
                call = Call(method, path, dict(query), _json(body, kind), body, kind, address)
            except ValueError:
                return {"errcode": 40033, "errmsg": "Warning: wrong json format. invalid charset"}
            strike = self.faults.strike(path)
            if strike is not None and strike.kind == "hang":
                self._late.append((at + strike.late, path, call))
                raise Cut(strike.late)
            if strike is not None and strike.kind == "lost":
                raise Cut
            if strike is not None and strike.kind in {"revoked", "expired"}:
                token = self.world.get("tokens", call.query.get("access_token", ""))
                if token is not None:
                    self.world.put("tokens", token["token"], token | {"over": CODES[strike.kind]})
            if strike is not None and strike.kind in {"busy", "limit", "crowd"}:
                return {"errcode": CODES[strike.kind], "errmsg": "fault"}
            if crowded:
                return {"errcode": 45009, "errmsg": "api freq out of limit"}
            answer = self._answer(call)
        if strike is not None and strike.kind in SILENT:
            raise Cut
        return answer

    def catch_up(self) -> None:
        """Do what hung until now: nobody waits for its answer any more."""
        at = self.world.now()
        due = [one for one in self._late if one[0] <= at]
        self._late = [one for one in self._late if one[0] > at]
        for _, _, call in due:
            self._answer(call)

    def _answer(self, call: Call) -> dict[str, Any]:
        try:
            if call.path not in WITHOUT_TOKEN:
                _admit(self.world, call)
            room = ROOMS.get(call.path)
            if room is None:
                return {"errcode": 40066, "errmsg": "invalid url"}
            return {"errcode": 0, "errmsg": "ok"} | room(self.world, call)
        except No as no:
            return {"errcode": no.number, "errmsg": str(no)}


def _json(body: bytes, kind: str) -> dict[str, Any]:
    if not body or kind.startswith("multipart/"):
        return {}
    if b"\\u" in body:
        raise ValueError("escapes")  # the platform refuses them: 40033
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("no object")  # noqa: TRY004 (as bad JSON)
    return found


def _admit(world: World, call: Call) -> None:
    given = call.query.get("access_token", "")
    if not given:
        raise No(41001, "access_token missing")
    token = world.get("tokens", given)
    if token is None:
        raise No(40014, "invalid access_token")
    if token.get("over"):
        raise No(int(token["over"]), "revoked")
    if token["until"] <= world.now():
        raise No(42001, "access_token expired")
    if call.address not in world.setting("trusted"):
        raise No(60020, "not allow to access from your ip")
