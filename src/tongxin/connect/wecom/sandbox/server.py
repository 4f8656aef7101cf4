"""The fake on a port of this machine: the interface below /cgi-bin/, the two phones as a page, the switches below /_sandbox/."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tongxin.connect.wecom.sandbox import phones
from tongxin.connect.wecom.sandbox.platform import Cut, Fake
from tongxin.connect.wecom.sandbox.state import DEFAULTS
from tongxin.foundation.http import Blocked, Client, NoAnswer, NotSent
from tongxin.foundation.limits import Bucket

LARGEST = 24 * 2**20
LOOPBACK = "127.0.0.1"
PATIENCE = 5.0  # seconds the platform waits for the answer to a callback
HOLD = 60.0  # longest that a hanging call is held


class Server(ThreadingHTTPServer):
    """Listens on loopback only."""

    daemon_threads = True

    def __init__(self, fake: Fake, port: int = 0) -> None:
        self.fake = fake
        super().__init__((LOOPBACK, port), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hangs up in the middle is no news."""

    @property
    def url(self) -> str:
        """Where it stands."""
        return f"http://{LOOPBACK}:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """Reads."""
        self._serve()

    def do_POST(self) -> None:
        """Writes."""
        self._serve()

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST:
            self.close_connection = True
            return
        body = self.rfile.read(length)
        if not self._from_here():
            self._answer(403, b"this machine only", "text/plain")
            return
        if parts.path.startswith("/cgi-bin/"):
            self._platform(parts.path.removeprefix("/cgi-bin/"), query, body)
        else:
            status, kind, answer = phones.page(self.server.fake, self.command, parts.path, query, body)
            if status == 303:
                self.send_response(303)
                self.send_header("Location", answer.decode())
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self._answer(status, answer, kind)

    def _from_here(self) -> bool:
        """No page of another site, and no other name for this machine, may press these buttons."""
        host = self.headers.get("Host", "").rpartition(":")[0]
        origin = self.headers.get("Origin", "")
        return host in {LOOPBACK, "localhost"} and origin in {"", f"http://{self.headers.get('Host')}"}

    def _platform(self, path: str, query: dict[str, str], body: bytes) -> None:
        try:
            found = self.server.fake.ask(
                self.command,
                path,
                query,
                body,
                kind=self.headers.get("Content-Type", ""),
                address=self.client_address[0],
            )
        except Cut as cut:
            time.sleep(min(cut.hold, HOLD))
            self.close_connection = True
            return
        self._answer(200, json.dumps(found, ensure_ascii=False).encode(), "application/json; charset=UTF-8")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name it has there)
        """Addresses carry tokens: nothing is written."""


def tell(fake: Fake) -> int:
    """Deliver the callbacks that wait to the address that was set; answers how many arrived."""
    address = str(fake.world.setting("callback"))
    host = urlsplit(address).netloc
    if not host or host.partition(":")[0] not in {LOOPBACK, "localhost"}:
        return 0
    client = Client(allow=(), local=[host], insecure=True, total=PATIENCE, bucket=Bucket(rate=500, burst=500))

    def send(url: str, body: bytes) -> int | None:
        try:
            return client.post(url, body=body, headers={"Content-Type": "text/xml"}).status
        except (Blocked, NotSent, NoAnswer):
            return None

    return fake.post.deliver(send)


def environment(port: int) -> dict[str, str]:
    """The settings with which the house calls this fake."""
    return {
        "TONGXIN_WECOM_CORP": DEFAULTS["corp"],
        "TONGXIN_WECOM_SECRET": DEFAULTS["secret"],
        "TONGXIN_WECOM_AGENT": str(DEFAULTS["agent"]),
        "TONGXIN_WECOM_TOKEN": DEFAULTS["callback_token"],
        "TONGXIN_WECOM_KEY": DEFAULTS["callback_key"],
        "TONGXIN_WECOM_BASE": f"http://{LOOPBACK}:{port}",
    }


def serve(
    port: int, journal: Path | None, *, callback: str = "", stop: threading.Event | None = None
) -> None:
    """Listen until stopped; every second hung calls are done and callbacks told."""
    fake = Fake(journal)
    if callback:
        fake.world.set("callback", callback)
    if not fake.world.tables["users"]:
        phones.settle(fake)
    server = Server(fake, port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    ended = stop or threading.Event()
    try:
        while not ended.wait(1.0):
            fake.catch_up()
            tell(fake)
    finally:
        server.shutdown()
        server.server_close()
        fake.world.close()
