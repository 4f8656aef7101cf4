"""A small load generator: keep-alive HTTP/1.1 over loopback, closed or open loop, bounded in count and time.

It speaks to 127.0.0.1 only and stops by itself. Latency in the open loop counts from the instant at which a request was due,
so a server that falls behind cannot hide it.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

HOST = "127.0.0.1"
PATIENCE = 120.0  # seconds after which a run is broken off


@dataclass(frozen=True)
class Call:
    """One request. `body` None sends none."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: Any = None

    def wire(self) -> bytes:
        """The request as it goes over the wire."""
        data = b"" if self.body is None else json.dumps(self.body).encode()
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {len(data)}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if data:
            lines.append("Content-Type: application/json")
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + data


@dataclass
class Tally:
    """What came back: statuses, latencies in seconds, the last body of each status, how long it all took."""

    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    bodies: dict[int, bytes] = field(default_factory=dict)
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    seconds: float = 0.0

    def quantile(self, q: float) -> float:
        """The q-th quantile of the latencies in milliseconds."""
        found = sorted(self.latencies)
        return 1000 * found[min(len(found) - 1, int(q * len(found)))] if found else 0.0

    @property
    def faults(self) -> int:
        """Answers of 500 and above, and requests that got none."""
        return sum(n for status, n in self.statuses.items() if status >= 500 or status == 0)


class Wire:
    """One connection that asks one thing after another, opened anew when the server closes it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, call: Call) -> tuple[int, bytes]:
        """(status, body); status 0 when there was no answer."""
        for _ in range(2):
            try:
                if self.writer is None:
                    self.reader, self.writer = await asyncio.open_connection(HOST, self.port)
                self.writer.write(call.wire())
                await self.writer.drain()
                return await self._answer()
            except (ConnectionError, asyncio.IncompleteReadError, IndexError):
                await self.close()
        return 0, b""

    async def _answer(self) -> tuple[int, bytes]:
        assert self.reader is not None
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head[1:])}
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16):
                body += await self.reader.readexactly(size)
                await self.reader.readexactly(2)
            await self.reader.readexactly(2)
        else:
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        if headers.get("connection") == "close":
            await self.close()
        return int(head[0].split()[1]), body

    async def close(self) -> None:
        """Hang up."""
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


def closed(port: int, calls: Sequence[Call], connections: int, *, keep: bool = False) -> Tally:
    """All calls over so many connections, each asking its next one as soon as it has an answer."""
    return asyncio.run(asyncio.wait_for(_closed(port, list(calls), connections, keep=keep), PATIENCE))


async def _closed(port: int, calls: list[Call], connections: int, *, keep: bool) -> Tally:
    tally, queue = Tally(), iter(calls)

    async def one() -> None:
        wire = Wire(port)
        for call in queue:
            began = time.perf_counter()
            _note(tally, *await wire.ask(call), time.perf_counter() - began, keep=keep)
        await wire.close()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    tally.seconds = time.perf_counter() - began
    return tally


def opened(port: int, make: Callable[[int], Call], rate: float, seconds: float) -> Tally:
    """`rate` calls a second for so long, each at its own time whatever became of the others."""
    return asyncio.run(asyncio.wait_for(_opened(port, make, rate, seconds), seconds + PATIENCE))


async def _opened(port: int, make: Callable[[int], Call], rate: float, seconds: float) -> Tally:
    tally, free = Tally(), [Wire(port) for _ in range(8)]

    async def one(n: int, due: float) -> None:
        wire = free.pop() if free else Wire(port)
        status, body = await wire.ask(make(n))
        _note(tally, status, body, time.perf_counter() - due)
        free.append(wire)

    began = time.perf_counter()
    running = []
    for n in range(int(rate * seconds)):
        due = began + n / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        running.append(asyncio.create_task(one(n, due)))
    await asyncio.gather(*running)
    tally.seconds = time.perf_counter() - began
    for wire in free:
        await wire.close()
    return tally


def _note(tally: Tally, status: int, body: bytes, took: float, *, keep: bool = False) -> None:
    tally.statuses[status] += 1
    tally.latencies.append(took)
    tally.bodies[status] = body
    if keep:
        tally.answers.append((status, body))
