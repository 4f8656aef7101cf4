"""Standard Webhooks signatures, CloudEvents bodies, and when a delivery is tried again. Pure."""

import base64
import binascii
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from standardwebhooks.webhooks import Webhook

TOLERANCE = timedelta(minutes=5)
KEPT_IDS = timedelta(days=8)  # promise P23: at least 7 days

# The schedule that the Standard Webhooks specification recommends: ten tries in 75.6 hours.
WAITS = tuple(timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400))
GONE = 410


@dataclass(frozen=True)
class Event:
    """What is told of one act."""

    id: str
    act: str
    subject: tuple[str, str, str]
    at: datetime
    before: Any
    after: Any


def wanted(act: str, patterns: Iterable[str]) -> bool:
    """Does a subscription to `patterns` (`people.merged`, `people.*`, `*`) want `act`?"""
    return any(p in {"*", act} or (p.endswith(".*") and act.startswith(p[:-1])) for p in patterns)


def cloud_event(event: Event, source: str) -> str:
    """The body: CloudEvents 1.0, structured mode. Ids and states only; who did it and why stay in the trail."""
    return json.dumps(
        {
            "specversion": "1.0",
            "id": event.id,
            "source": source,
            "type": f"tongxin.{event.act}.v1",
            "subject": "/".join(event.subject),
            "time": event.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "data": {"before": event.before, "after": event.after},
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def signed(*, name: str, text: str, at: datetime, secrets: Iterable[str]) -> dict[str, str]:
    """The headers of a message; one signature per secret, so that a secret can be changed without a gap."""
    return {
        "content-type": "application/cloudevents+json",
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(
            Webhook(secret).sign(name, at.astimezone(UTC), text) for secret in secrets
        ),
    }


def genuine(*, headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now: datetime) -> str | None:
    """The id of a message signed with one of `secrets` within the last (or next) five minutes; None otherwise."""
    given = {name.lower(): value for name, value in headers.items()}
    try:
        name = given["webhook-id"]
        at = datetime.fromtimestamp(int(given["webhook-timestamp"]), UTC)
        text = body.decode()
        signatures = [
            _bytes(part) for part in given["webhook-signature"].split(" ") if part.startswith("v1,")
        ]
    except (KeyError, ValueError, OverflowError, OSError):
        return None
    if abs(now - at) > TOLERANCE or not name:
        return None
    ours = [_bytes(Webhook(secret).sign(name, at, text)) for secret in secrets]
    # No short cut: every pair is compared, in constant time.
    return name if any([hmac.compare_digest(a, b) for a in ours for b in signatures]) else None  # noqa: C419 (as said)


def _bytes(signature: str) -> bytes:
    try:
        return base64.b64decode(signature.removeprefix("v1,"), validate=True)
    except binascii.Error:
        return b""


def next_try(attempts: int, now: datetime) -> datetime | None:
    """When to try again after `attempts` tries; None: given up."""
    return now + WAITS[attempts - 1] if attempts <= len(WAITS) else None
