"""限时秒杀: a small stock at a price that nobody sees before it opens. First come, first served, one piece a member, no line.

Stock is held here; money changes hands at the till or behind a tracked link.
"""

from tongxin.events.formats.base import TAKEN, Format, amount, way_to_pay, web_address
from tongxin.events.rules.channel_policy import Mechanic
from tongxin.events.terms import Admission, Seat

FLASH_SALE = Format(
    "flash_sale",
    "限时秒杀",
    "flash sale",
    card_zh="到点开抢，每人一件",
    card_en="opens on the hour, one each",
    online=None,
    needs=("item", "price_fen", "pay"),
    uses=("usual_fen", "pay_url", "collect_until"),
    unit_zh="件",
    unit_en="pieces",
    fee=False,
    stock=True,
    admissions=(Admission.FIRST_COME,),
    seats=(*TAKEN, Seat.WAITING),
    mechanic=Mechanic.FLASH_SALE,
    price_hidden=True,
    values={"price_fen": amount, "usual_fen": amount, "pay": way_to_pay, "pay_url": web_address},
)
