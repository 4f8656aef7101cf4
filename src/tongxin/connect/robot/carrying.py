"""Staff notices through the robot of a group: one POST, ten a minute of the twenty that the platform allows a robot (document 99110)."""

import json
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from tongxin.connect.wecom.errors import AGAIN, NUMBERS
from tongxin.connect.wecom.pacing import SharedPace, Size
from tongxin.foundation.http import Blocked, Client, NoAnswer, NotSent
from tongxin.foundation.outbox.ports import Outcome, Parcel
from tongxin.outreach.models import Robot
from tongxin.outreach.terms_handover import ROBOT_A_MINUTE, ROBOT_BYTES

HALF = Size(
    burst=ROBOT_A_MINUTE // 4, rate=ROBOT_A_MINUTE / 4 / 60
)  # five at once, five a minute: ten in any minute
ALL = Size(burst=1000, rate=100.0)


def composed(body: dict[str, Any]) -> dict[str, Any]:
    """The text with where it leads, within the platform's 2,048 bytes; what does not fit is cut from the text, never from the address."""
    url = str(body.get("url") or "")
    tail = f"\n{url}" if url else ""
    room = ROBOT_BYTES - len(tail.encode())
    text = str(body.get("text") or "").encode()[:room].decode(errors="ignore")
    return {"msgtype": "text", "text": {"content": f"{text}{tail}"}}


def judge(status: int, body: bytes) -> Outcome:
    """What an answer says of a notice: by errcode, never by errmsg."""
    if status >= 500:
        return Outcome("unknown", str(status))
    try:
        number = int(json.loads(body)["errcode"])
    except (ValueError, KeyError, TypeError):
        return Outcome("unknown", str(status))
    if number == 0:
        return Outcome("sent", "0")
    return Outcome("failed", str(number), final=NUMBERS.get(number) not in AGAIN)


class GroupRobot:
    """`CARRIERS["robot"] = GroupRobot()`. A letter's `to` is the robot's public id: its address stays where it is sealed."""

    dedupes = False

    def carry(self, letter: Parcel) -> Outcome:
        """One notice."""
        row = Robot.objects.filter(public_id=letter.to, closed_at=None).first()
        if row is None:
            return Outcome("failed", "no such robot", final=True)
        parts = urlsplit(row.url)
        pace = SharedPace(f"robot:{row.public_id}", interface=HALF, here=ALL)
        if pace.take("send") > 0:
            return Outcome("failed", "pace")
        text = json.dumps(composed(letter.body), ensure_ascii=False).encode()
        near = parts.hostname in {"127.0.0.1", "localhost"}
        try:
            reply = _client(parts.netloc, near).post(
                row.url, body=text, headers={"Content-Type": "application/json; charset=utf-8"}
            )
        except (Blocked, NotSent) as fault:
            return Outcome("failed", type(fault).__name__)
        except NoAnswer:
            return Outcome("unknown", "NoAnswer")
        return judge(reply.status, reply.body)


@lru_cache(maxsize=4)
def _client(host: str, near: bool) -> Client:  # noqa: FBT001 (the key of a cache)
    return Client(allow=[] if near else [host], local=[host] if near else [], insecure=near)
