"""What may be repeated, and what is kept."""

import hashlib
from datetime import timedelta

from tongxin.foundation.access import Viewer

KEPT = timedelta(hours=25)  # promise P4 says at least 24; answers can be personal, so not much longer
LONGEST_KEY = 200


def acceptable(key: str) -> bool:
    """1–200 visible ASCII characters."""
    return 1 <= len(key) <= LONGEST_KEY and all("!" <= letter <= "~" for letter in key)


def storable(status: int) -> bool:
    """A conflict, a limit or a fault of ours may be different next time: never kept, and never with an effect."""
    return status not in {409, 429} and status < 500


def fingerprint(body: bytes) -> str:
    """What stands for a body: its SHA-256."""
    return hashlib.sha256(body).hexdigest()


def actor(viewer: Viewer) -> str:
    """Whose keys these are: one sender's key never meets another's."""
    if viewer.device is not None:
        return f"device:{viewer.device}"
    return f"account:{viewer.account}" if viewer.account is not None else f"name:{viewer.name}"
