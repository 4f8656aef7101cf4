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
    a_minute: int = 0  # a way for colleagues is a carrier, not a channel: its platform's limit stands here
    clause: str = ""


INBOX = "inbox"
MANUAL = "manual"

LISTED: tuple[Way, ...] = (
    Way(INBOX, "站内信", "inbox"),
    Way(MANUAL, "人工发送", "sent by hand"),
    Way("wecom", "企业微信", "WeCom"),
    Way("email", "邮件", "email", notices=True),
    Way("webhook_out", "短信网关", "gateway (text messages)", notices=True),
    Way("robot", "群机器人", "group robot", staff=True, a_minute=20, clause="企业微信文档 99110（2025-08）"),
    Way(
        "wecom_app",
        "企业微信应用消息",
        "WeCom app message",
        staff=True,
        a_minute=30,
        clause="企业微信文档 90454（2023-08）",
    ),
)
# What members can be reached by, and refuse.
LABELS: dict[str, tuple[str, str]] = {way.id: (way.zh, way.en) for way in LISTED if not way.staff}
