"""茶会: sitting together; a member may host it."""

from tongxin.events.formats.base import Format

TEA = Format(
    "tea", "茶会", "tea", card_zh="坐下来聊聊", card_en="sit and talk", uses=("topic",), member_hosted=True
)
