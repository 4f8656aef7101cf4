"""Secrets: from the environment, otherwise made once and kept in the installation's own folder, mode 0600."""

import json
import os
import secrets as source
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Secrets:
    """Django's signing key, the personal-data keys (newest first, each `id:hex`), the audit key, the key of tickets; `demo` marks
    throw-away ones."""

    django: str
    personal: tuple[str, ...]
    audit: str
    tickets: str
    demo: bool


def load(home: Path) -> Secrets:
    """The secrets of the installation in `home`; makes `secrets.json` there on the first call."""
    kept = _kept(home / "secrets.json")
    from_environment = os.environ.get("TONGXIN_PII_KEYS", "")
    return Secrets(
        django=os.environ.get("TONGXIN_SECRET_KEY") or kept["django"],
        personal=tuple(k for k in from_environment.split(",") if k) or tuple(kept["personal"]),
        audit=os.environ.get("TONGXIN_AUDIT_KEY") or kept["audit"],
        # An installation from before there were tickets: its codes follow from what it has.
        tickets=os.environ.get("TONGXIN_TICKET_KEY") or kept.get("tickets") or f"tickets {kept['audit']}",
        demo=bool(kept["demo"]) and not os.environ.get("TONGXIN_SECRET_KEY"),
    )


def _kept(file: Path) -> dict[str, Any]:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = {
            "django": source.token_urlsafe(48),
            "personal": [f"k1:{source.token_hex(32)}"],
            "audit": source.token_hex(32),
            "tickets": source.token_hex(32),
            "demo": os.environ.get("TONGXIN_DEMO") == "1",
        }
        partial = file.with_suffix(f".{os.getpid()}")
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(fresh))
        try:
            os.link(partial, file)  # the first process wins; the others read what it wrote
        except FileExistsError:
            pass
        finally:
            partial.unlink()
    return dict(json.loads(file.read_text()))
