"""The ways out, in the order of preference: one line each. `project/wiring.py` plugs the adapters into CHANNELS.

`notices` says that a notice of an upper room may take this way by itself, besides the web inbox, where it always stands.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Way:
    """A channel by its id and its words."""

    id: str
    zh: str
    en: str
    notices: bool = False
    staff: bool = False  # for colleagues only: never for members


INBOX = "inbox"
MANUAL = "manual"

LISTED: tuple[Way, ...] = (
    Way(INBOX, "站内信", "inbox"),
    Way(MANUAL, "人工发送", "sent by hand"),
    Way("wecom", "企业微信", "WeCom"),
    Way("email", "邮件", "email", notices=True),
    Way("webhook_out", "短信网关", "gateway (text messages)", notices=True),
)
LABELS: dict[str, tuple[str, str]] = {way.id: (way.zh, way.en) for way in LISTED}
