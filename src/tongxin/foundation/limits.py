"""Manners towards other people's servers: a breaker and a token bucket. Pure but for the clock they are given."""

import threading
import time
from collections.abc import Callable


class Breaker:
    """After `failures` in a row a host is left alone for `rest` seconds, then tried with one call at a time."""

    def __init__(
        self, *, failures: int = 5, rest: float = 30.0, ticking: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._rest, self._ticking = failures, rest, ticking
        self._failed: dict[str, int] = {}
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait_for(self, host: str) -> float:
        """Seconds until `host` may be called; 0 is now. An open breaker lets one call through after its rest."""
        with self._lock:
            until = self._until.get(host)
            if until is None:
                return 0.0
            left = until - self._ticking()
            if left <= 0:
                self._until[host] = (
                    self._ticking() + self._rest
                )  # this caller tries; the others go on waiting
            return max(left, 0.0)

    def told(self, host: str, *, well: bool) -> None:
        """How a call went."""
        with self._lock:
            if well:
                self._failed.pop(host, None)
                self._until.pop(host, None)
                return
            self._failed[host] = self._failed.get(host, 0) + 1
            if self._failed[host] >= self._most:
                self._until[host] = self._ticking() + self._rest


class Bucket:
    """At most `rate` calls a second to a host, with a burst of `burst`."""

    def __init__(
        self, *, rate: float = 10.0, burst: int = 20, ticking: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._ticking = rate, burst, ticking
        self._held: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def wait_for(self, host: str) -> float:
        """Take a token: 0 when there was one, otherwise the seconds until there is."""
        with self._lock:
            at = self._ticking()
            tokens, since = self._held.get(host, (float(self._burst), at))
            tokens = min(self._burst, tokens + (at - since) * self._rate)
            if tokens < 1:
                self._held[host] = (tokens, at)
                return (1 - tokens) / self._rate
            self._held[host] = (tokens - 1, at)
            return 0.0
