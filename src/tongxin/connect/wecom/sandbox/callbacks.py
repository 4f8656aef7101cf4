"""What the platform tells us by itself: encrypted, five seconds' patience, three tries, and on demand twice, shuffled or not at all."""

import random
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from tongxin.connect.wecom.crypto import Crypt
from tongxin.connect.wecom.sandbox.state import World

TRIES = 3
# (address with its parameters, body) → status of the answer; None when none came.
Sender = Callable[[str, bytes], int | None]


def xml(fields: dict[str, Any]) -> str:
    """Flat fields as the platform writes them; a list becomes repeated <Item>."""
    parts = []
    for name, value in fields.items():
        if isinstance(value, list):
            inside = "".join(f"<Item>{escape(str(one))}</Item>" for one in value)
            parts.append(f"<{name}>{inside}</{name}>")
        elif isinstance(value, int):
            parts.append(f"<{name}>{value}</{name}>")
        else:
            parts.append(f"<{name}><![CDATA[{value}]]></{name}>")
    return f"<xml>{''.join(parts)}</xml>"


class Post:
    """The queue of events that are not delivered yet. Not in the journal: a killed platform loses some, as the true one does."""

    def __init__(self, world: World, seed: int = 7) -> None:
        self._world, self._chance = world, random.Random(seed)  # noqa: S311 (faults, not secrets)
        self.queue: list[tuple[str, int]] = []
        self.lost = self.told = 0

    def note(self, event: str, change: str, **fields: Any) -> None:
        """Something happened. Lost with the chance of `lose`, told twice with that of `twice` (of a thousand)."""
        world = self._world
        if self._chance.randrange(1000) < int(world.setting("lose")):
            self.lost += 1
            return
        text = xml(
            {
                "ToUserName": world.setting("corp"),
                "FromUserName": "sys",
                "CreateTime": int(world.now()),
                "MsgType": "event",
                "Event": event,
                "ChangeType": change,
                **fields,
            }
        )
        self.queue.append((text, 0))
        if self._chance.randrange(1000) < int(world.setting("twice")):
            self.queue.append((text, 0))

    def sealed(self, text: str) -> tuple[str, bytes]:
        """Parameters and body of one callback."""
        world = self._world
        crypt = Crypt(world.setting("callback_token"), world.setting("callback_key"), world.setting("corp"))
        encrypted = crypt.seal(text)
        stamp, nonce = str(int(world.wall())), str(self._chance.randrange(10**9))
        query = urlencode(
            {"msg_signature": crypt.sign(stamp, nonce, encrypted), "timestamp": stamp, "nonce": nonce}
        )
        body = (
            f"<xml><ToUserName><![CDATA[{world.setting('corp')}]]></ToUserName><AgentID>{world.setting('agent')}</AgentID>"
            f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        )
        return query, body.encode()

    def deliver(self, send: Sender) -> int:
        """Tell what waits, in the order it happened or (with `shuffle`) another; answers how many arrived."""
        waiting, self.queue = self.queue, []
        if int(self._world.setting("shuffle")):
            self._chance.shuffle(waiting)
        arrived = 0
        for text, tries in waiting:
            query, body = self.sealed(text)
            status = send(f"{self._world.setting('callback')}?{query}", body)
            if status == 200:
                arrived += 1
            elif tries + 1 < TRIES:
                self.queue.append((text, tries + 1))
            else:
                self.lost += 1
        self.told += arrived
        return arrived
