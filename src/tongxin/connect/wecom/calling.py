"""One call to the platform: the bucket, the breaker, the token, once more when the token was revoked, and what an answer means."""

import json
import logging
import random
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlencode

from tongxin.connect.wecom.config import Config
from tongxin.connect.wecom.errors import Fault, WeComFault, fault_of
from tongxin.connect.wecom.pacing import Pace, SharedPace
from tongxin.connect.wecom.tokens import Token, Tokens
from tongxin.foundation import clock
from tongxin.foundation.http import Blocked, Client, LeftAlone, NoAnswer, NotSent, Reply
from tongxin.foundation.limits import Breaker, Bucket

BUSY_TRIES = 3  # "-1: the system is busy, try again", at most three times
BLOCK = 60.0  # seconds that 45009 lasts (per minute)
Body = dict[str, Any]

log = logging.getLogger(__name__)


class Door(Protocol):
    """What carries a request: the guarded client, or the fake in the same process."""

    def ask(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """One request. Raises Blocked, NotSent or NoAnswer."""
        ...


def guarded(config: Config) -> Client:
    """The house's guarded client for the corp's platform. Its own bucket is wide: ours holds over all processes."""
    local = [config.host] if config.sandbox else []
    return Client(
        allow=[config.host.partition(":")[0]],
        local=local,
        insecure=config.sandbox,
        bucket=Bucket(rate=1000, burst=1000),
        breaker=Breaker(failures=10**9),  # ours counts by the house's clock
    )


class Caller:
    """Calls one corp's platform. Every failure is a WeComFault; whether something was done at the platform is in its fault."""

    def __init__(
        self,
        config: Config,
        *,
        door: Door | None = None,
        pace: Pace | None = None,
        breaker: Breaker | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.config = config
        self._door = door or guarded(config)
        self._pace = pace or SharedPace(config.corp)
        self._breaker = breaker or Breaker(ticking=lambda: clock.now().timestamp())
        self._pause = pause
        self._tokens = Tokens(f"{config.corp}:{config.agent}", self._fetch_token, pause=pause)

    def sign_in(self) -> None:
        """Have a token, or say why not. Raises WeComFault."""
        self._tokens.get()

    def get(self, path: str, **query: str | int) -> Body:
        """GET a path below /cgi-bin/."""
        return self._ask("GET", path, query, b"", {})

    def post(self, path: str, body: Body, **query: str | int) -> Body:
        """POST JSON. Characters as they are: escapes are refused (40033)."""
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        return self._ask("POST", path, query, text, {"Content-Type": "application/json; charset=utf-8"})

    def upload(self, path: str, name: str, content: bytes, kind: str, **query: str | int) -> Body:
        """POST a file as the field `media`."""
        edge = f"----tongxin{random.getrandbits(64):016x}"
        head = (
            f'--{edge}\r\nContent-Disposition: form-data; name="media"; filename="{name}"; filelength={len(content)}\r\n'
            f"Content-Type: {kind}\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
        return self._ask("POST", path, query, body, {"Content-Type": f"multipart/form-data; boundary={edge}"})

    def _ask(
        self, method: str, path: str, query: Mapping[str, str | int], body: bytes, headers: dict[str, str]
    ) -> Body:
        token, renewed, busy = self._tokens.get(), False, 0
        while True:
            answer = self._once(method, path, {"access_token": token.value, **query}, body, headers)
            number = int(answer.get("errcode") or 0)
            if number == 0:
                return answer
            fault = fault_of(number)
            if fault is Fault.TOKEN and not renewed:
                token, renewed = self._again(token), True
                continue
            if fault is Fault.BUSY and busy < BUSY_TRIES:
                busy += 1
                self._pause(_jittered(busy))
                continue
            raise WeComFault(fault, number, wait=BLOCK if fault is Fault.LIMIT else 0.0)

    def _again(self, token: Token) -> Token:
        return self._tokens.get(refused=token)

    def _fetch_token(self) -> tuple[str, int]:
        query = {"corpid": self.config.corp, "corpsecret": self.config.secret}
        answer = self._once("GET", "gettoken", query, b"", {})
        number = int(answer.get("errcode") or 0)
        if number:
            # What is refused here is the secret, never a token; a wait keeps us below the block after 2,000 wrong tries an hour.
            fault = Fault.CREDENTIALS if fault_of(number) is Fault.INPUT else fault_of(number)
            raise WeComFault(fault, number, wait=BLOCK)
        return str(answer["access_token"]), int(answer["expires_in"])

    def _once(
        self, method: str, path: str, query: Mapping[str, str | int], body: bytes, headers: dict[str, str]
    ) -> Body:
        if (wait := self._breaker.wait_for(self.config.host)) > 0:
            raise WeComFault(Fault.UNREACHED, wait=wait)
        if (wait := self._pace.take(path)) > 0:
            raise WeComFault(Fault.LIMIT, wait=wait)
        url = f"{self.config.base}/cgi-bin/{path}?{urlencode(query)}"
        try:
            reply = self._door.ask(method, url, headers=headers, body=body)
        except LeftAlone as fault:
            raise WeComFault(Fault.UNREACHED, wait=fault.wait) from None
        except (Blocked, NotSent):
            self._breaker.told(self.config.host, well=False)
            raise WeComFault(Fault.UNREACHED) from None
        except NoAnswer:
            self._breaker.told(self.config.host, well=False)
            raise WeComFault(Fault.UNKNOWN) from None
        self._breaker.told(self.config.host, well=reply.status < 500)
        return _read(reply)


def _read(reply: Reply) -> Body:
    if reply.status >= 500:
        raise WeComFault(Fault.UNKNOWN, reply.status)
    try:
        found = json.loads(reply.body)
    except ValueError:
        raise WeComFault(Fault.UNKNOWN, reply.status) from None
    if not isinstance(found, dict):
        raise WeComFault(Fault.UNKNOWN, reply.status)
    return found


def _jittered(n: int) -> float:
    """Twice as long each time, anywhere in the upper half: callers that failed together do not come back together."""
    longest = 0.2 * 2**n
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 (spreading, not a secret)
