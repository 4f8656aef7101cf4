"""The fake without a network: what the guarded client is for the true platform, for tests in one process."""

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from tongxin.connect.wecom.sandbox.platform import Cut, Fake
from tongxin.foundation.http import NoAnswer, Reply


class FakeDoor:
    """Answers `ask` like `foundation.http.Client`. Raises NoAnswer where the line was cut or hung."""

    def __init__(self, fake: Fake, address: str = "127.0.0.1") -> None:
        self._fake, self._address = fake, address

    def ask(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """One request."""
        parts = urlsplit(url)
        path = parts.path.removeprefix("/cgi-bin/")
        try:
            found = self._fake.ask(
                method,
                path,
                dict(parse_qsl(parts.query, keep_blank_values=True)),
                body,
                kind=headers.get("Content-Type", ""),
                address=self._address,
            )
        except Cut:
            raise NoAnswer("ReadTimeout") from None
        return Reply(
            200, {"content-type": "application/json"}, json.dumps(found, ensure_ascii=False).encode()
        )
