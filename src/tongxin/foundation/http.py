"""The one guarded HTTP client (promise P22). Nothing else of ours opens a connection to a foreign host.

A host must be on the allow-list; its name is resolved once, every address must be public, and the connection goes to
exactly the address that was checked (so a second answer of the name server changes nothing). No redirects, no proxies from
the environment, bounded times and sizes, a breaker and a token bucket per host.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import httpcore
import httpx

from tongxin.foundation.limits import Breaker, Bucket

CONNECT, TOTAL = 3.0, 15.0  # seconds (promise 15 of promises.md)
QUEUE = 5.0  # seconds that a call waits for its token
LARGEST = 1024 * 1024  # bytes of an answer
PORTS = {"https": frozenset({443, 8443}), "http": frozenset({80, 8080})}

Resolver = Callable[[str, int], list[str]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Blocked(Exception):
    """The guard says no: this address may not be asked. Nothing was sent."""


class NotSent(Exception):
    """The other side could not be reached, or is being left alone: certainly nothing was delivered."""


class LeftAlone(NotSent):
    """Not even tried: the host failed often, or was asked too much. `wait` says for how many seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__("left alone")
        self.wait = wait


class NoAnswer(Exception):
    """Something was sent and no whole answer came back: whether it was delivered is unknown."""


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system says."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_public(text: str) -> bool:
    """Is this the address of a host on the public internet? Also looks inside IPv6 addresses that carry an IPv4 one.

    6to4 is given up (RFC 7526) and no host is asked there; the tables of Python 3.11 differ about it from release to release.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.sixtofour is not None:
        return False
    return all(part.is_global and not part.is_multicast for part in (address, *_carried(address)))


def _carried(address: Address) -> Iterable[Address]:
    """IPv4 addresses inside an IPv6 one: mapped, compatible, Teredo, NAT64 (RFC 4291, 4380, 6052)."""
    if isinstance(address, ipaddress.IPv4Address):
        return
    number = int(address)
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.teredo is not None:
        yield from address.teredo
    if number >> 32 == 0 or number >> 32 == 0x64FF9B << 64:
        yield ipaddress.IPv4Address(number & 0xFFFFFFFF)


@lru_cache(maxsize=1)
def _authorities() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)  # reading them takes 50 ms


class _Guard(httpcore.NetworkBackend):
    """Opens connections only to addresses it has checked itself, and lets no request outlive its deadline."""

    def __init__(self, resolver: Resolver, local: frozenset[str], until: float) -> None:
        self._resolver, self._local, self._until = resolver, local, until
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            addresses = self._resolver(host, port)
        except (OSError, UnicodeError):
            raise httpcore.ConnectError("the name does not resolve") from None
        if not addresses:
            raise httpcore.ConnectError("the name does not resolve")
        if f"{host}:{port}" not in self._local and not all(is_public(a) for a in addresses):
            raise Blocked("not a public address")
        patience = min(timeout or CONNECT, max(self._until - time.monotonic(), 0.001))
        return _Bounded(
            self._plain.connect_tcp(addresses[0], port, patience, local_address, socket_options), self._until
        )


class _Bounded(httpcore.NetworkStream):
    """A stream whose every step ends by one deadline: a server that drips a byte a second gains nothing."""

    def __init__(self, stream: httpcore.NetworkStream, until: float) -> None:
        self._stream, self._until = stream, until

    def _left(self, timeout: float | None) -> float:
        return max(min(timeout or TOTAL, self._until - time.monotonic()), 0.001)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if time.monotonic() >= self._until:
            raise httpcore.ReadTimeout("the deadline has passed")
        return self._stream.read(max_bytes, self._left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left(timeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Bounded(
            self._stream.start_tls(ssl_context, server_hostname, self._left(timeout)), self._until
        )

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class Client:
    """Asks other people's servers, carefully.

    `allow` are host names, `.example.com` for all below one, or `*` for every public host (webhook addresses that users type).
    `local` are exact `host:port` pairs that may be private: a gateway in one's own network, named by the operator.
    `insecure` allows http beside https.
    """

    def __init__(
        self,
        *,
        allow: Iterable[str],
        local: Iterable[str] = (),
        insecure: bool = False,
        resolver: Resolver = resolve,
        breaker: Breaker | None = None,
        bucket: Bucket | None = None,
        trust: ssl.SSLContext | None = None,
        total: float = TOTAL,
        queue: float = QUEUE,
    ) -> None:
        self._allow = tuple(name.lower() for name in allow)
        self._local = frozenset(local)
        self._insecure = insecure
        self._resolver = resolver
        self._breaker = breaker or Breaker()
        self._bucket = bucket or Bucket()
        self._trust = trust or _authorities()
        self._total = total
        self._queue = queue

    def check(self, url: str) -> httpx.URL:
        """The URL, if it may be asked at all (its addresses are looked at when connecting). Raises Blocked."""
        try:
            parsed = httpx.URL(url)
            port = parsed.port or {"https": 443, "http": 80}.get(parsed.scheme, 0)
        except (httpx.InvalidURL, UnicodeError, TypeError):
            raise Blocked("not a URL") from None
        host = parsed.host.lower()
        if parsed.userinfo or not host or "\\" in url or parsed.scheme not in PORTS:
            raise Blocked("not a plain web address")
        if f"{host}:{port}" in self._local:
            return parsed
        if parsed.scheme == "http" and not self._insecure:
            raise Blocked("https only")
        if port not in PORTS[parsed.scheme]:
            raise Blocked("not a port of the web")
        if not any(self._matches(host, name) for name in self._allow):
            raise Blocked("not on the list of allowed hosts")
        return parsed

    @staticmethod
    def _matches(host: str, name: str) -> bool:
        return name in {"*", host} or (name.startswith(".") and host.endswith(name))

    def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Reply:
        """POST `body`. Raises Blocked, NotSent or NoAnswer; any status is a reply."""
        return self.ask("POST", url, body=body, headers=headers)

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Reply:
        """GET. Raises Blocked, NotSent or NoAnswer."""
        return self.ask("GET", url, headers=headers or {})

    def ask(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """One request, no redirects. Raises Blocked, NotSent or NoAnswer."""
        parsed = self.check(url)
        host = parsed.netloc.decode()
        self._wait_turn(host)
        try:
            reply = self._ask(method, parsed, headers, body)
        except (NotSent, NoAnswer):
            self._breaker.told(host, well=False)
            raise
        self._breaker.told(host, well=reply.status < 500)
        return reply

    def _wait_turn(self, host: str) -> None:
        if (wait := self._breaker.wait_for(host)) > 0:
            raise LeftAlone(wait)
        until = time.monotonic() + self._queue
        while (wait := self._bucket.wait_for(host)) > 0:
            if time.monotonic() + wait > until:
                raise LeftAlone(wait)
            time.sleep(wait)

    def _ask(self, method: str, url: httpx.URL, headers: Mapping[str, str], body: bytes) -> Reply:
        until = time.monotonic() + self._total
        pool = httpcore.ConnectionPool(
            ssl_context=self._trust, network_backend=_Guard(self._resolver, self._local, until)
        )
        transport = httpx.HTTPTransport(trust_env=False, verify=self._trust)
        transport._pool = pool  # noqa: SLF001 (httpx has no public door for a network backend, httpcore has)
        limits = httpx.Timeout(self._total, connect=CONNECT)
        try:
            with (
                httpx.Client(
                    transport=transport, trust_env=False, follow_redirects=False, timeout=limits
                ) as client,
                client.stream(method, url, headers=dict(headers), content=body) as reply,
            ):
                return Reply(reply.status_code, dict(reply.headers), _read(reply))
        except (
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.PoolTimeout,
            httpx.UnsupportedProtocol,
        ) as fault:
            raise NotSent(type(fault).__name__) from None
        except httpx.HTTPError as fault:
            raise NoAnswer(type(fault).__name__) from None


def _read(reply: httpx.Response) -> bytes:
    body = b""
    for chunk in reply.iter_bytes():
        body += chunk
        if len(body) > LARGEST:
            raise NoAnswer("the answer is too large")
    return body
