"""Words of webhooks."""

from enum import StrEnum

from tongxin.foundation.errors import Sentence


class State(StrEnum):
    """Where one delivery is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"


STATES_ZH: dict[State, str] = {
    State.WAITING: "待送达",
    State.DELIVERED: "已送达",
    State.FAILED: "送达失败",
    State.DROPPED: "已停止",
}

KEEPERS = frozenset({"admin", "system"})

ACTS: dict[str, str] = {
    "webhooks.subscribed": "新增订阅",
    "webhooks.unsubscribed": "取消订阅",
    "webhooks.enabled": "恢复订阅",
    "webhooks.disabled": "停用订阅",
    "webhooks.secret_rotated": "更换签名密钥",
    "webhooks.redelivered": "重新投递",
}

REFUSALS: dict[str, Sentence] = {
    "webhooks.bad_url": Sentence(
        "回调地址须是公网可达的 https 地址。", "The address must be https on the public internet.", 422
    ),
    "webhooks.unknown_act": Sentence("没有这种事件：{act}。", "There is no such event: {act}.", 422),
    "webhooks.signature": Sentence(
        "签名不对，或请求已过时效。", "The signature is wrong or the message too old.", 401
    ),
    "webhooks.bad_body": Sentence("内容不是 JSON 对象。", "The body is not a JSON object.", 422),
}
