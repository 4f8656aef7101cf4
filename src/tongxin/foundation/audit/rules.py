"""How entries become a chain: hashes and nothing else."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

GENESIS = "0" * 64

_encoder = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical(value: Mapping[str, Any]) -> bytes:
    """One spelling for one value: sorted keys, no spaces, UTF-8. Only text, whole numbers, None and such."""
    return _encoder.encode(value).encode()


def content_hash(values: Mapping[str, Any]) -> str:
    """The SHA-256 of an entry's own content."""
    return hashlib.sha256(canonical(values)).hexdigest()


def link(previous: str, position: int, content: str) -> str:
    """The chain value at `position`: covers everything before it."""
    return hashlib.sha256(f"{previous}:{position}:{content}".encode()).hexdigest()


def head_message(position: int, chain: str, at: str) -> bytes:
    """What the sealer signs."""
    return f"tongxin.audit/1:{position}:{chain}:{at}".encode()
