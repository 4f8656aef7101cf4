"""Words of the outbox."""

from enum import StrEnum

from tongxin.foundation.errors import Sentence


class State(StrEnum):
    """Where a letter is."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    HELD = "held"
    EXPIRED = "expired"


STATES_ZH: dict[State, str] = {
    State.WAITING: "待发",
    State.SENDING: "发送中",
    State.SENT: "已发出",
    State.FAILED: "发送失败",
    State.UNKNOWN: "结果不明",
    State.HELD: "暂缓",
    State.EXPIRED: "已过期",
}

READERS = frozenset({"admin", "auditor", "system"})

ACTS: dict[str, str] = {
    "outbox.held": "暂缓发送",
    "outbox.released": "恢复发送",
    "outbox.settled": "人工确认发送结果",
}

REFUSALS: dict[str, Sentence] = {
    "outbox.other_letter": Sentence("这个编号已用于另一封信。", "This key was used for another letter.", 409),
    "outbox.not_unknown": Sentence(
        "只有“结果不明”的信需要人工确认。", "Only a letter of unknown outcome can be settled by hand.", 409
    ),
}
