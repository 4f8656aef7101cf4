"""A small server on loopback that remembers what it was asked."""

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Listener:
    """`answers` is a list of (status, headers, body); the last one repeats. `requests` is what came."""

    def __init__(self):
        self.requests, self.answers, self.connections, self.pause, self.drip = (
            [],
            [(200, {}, b"ok")],
            0,
            0.0,
            0.0,
        )
        self.cut = False

    @property
    def address(self):
        return f"127.0.0.1:{self.server.server_address[1]}"

    @property
    def url(self):
        return f"http://{self.address}/hook"


@contextmanager
def listening(context=None):
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def setup(self):
            listener.connections += 1
            super().setup()

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            listener.requests.append((self.path, dict(self.headers), body))
            time.sleep(listener.pause)
            if listener.cut:
                self.connection.close()
                return
            at = min(len(listener.requests), len(listener.answers)) - 1
            status, headers, answer = listener.answers[at]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            for byte in answer if listener.drip else [answer]:
                time.sleep(listener.drip)
                self.wfile.write(bytes([byte]) if listener.drip else byte)

        do_GET = do_POST  # noqa: N815 (the name that http.server looks for)

        def log_message(self, *_):
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            pass

    listener.server = Quiet(("127.0.0.1", 0), Handler)
    if context is not None:
        listener.server.socket = context.wrap_socket(listener.server.socket, server_side=True)
    thread = threading.Thread(
        target=listener.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield listener
    finally:
        listener.server.shutdown()
        listener.server.server_close()
