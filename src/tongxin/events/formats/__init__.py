"""The visible list of formats."""

from tongxin.events.formats.base import Format
from tongxin.events.formats.flash_sale import FLASH_SALE
from tongxin.events.formats.group_buy import GROUP_BUY
from tongxin.events.formats.klass import CLASS
from tongxin.events.formats.low_threshold import LOW_THRESHOLD
from tongxin.events.formats.market import MARKET
from tongxin.events.formats.online_talk import ONLINE_TALK
from tongxin.events.formats.swap import SWAP
from tongxin.events.formats.tasting import TASTING
from tongxin.events.formats.tea import TEA

FORMATS: dict[str, Format] = {
    one.code: one
    for one in (
        CLASS,
        TASTING,
        MARKET,
        TEA,
        SWAP,
        ONLINE_TALK,
        FLASH_SALE,
        GROUP_BUY,
        LOW_THRESHOLD,
    )
}
