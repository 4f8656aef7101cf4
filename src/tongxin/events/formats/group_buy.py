"""拼团: neighbours buy together. A group that is complete in time keeps its pieces; otherwise all of them are free again.

Stock is held here; money changes hands at the till or behind a tracked link, after the group is complete. The rules of the
group are plain to see (`group_size`, `group_hours`), and its link is not served to who comes from Moments.
"""

from tongxin.events.formats.base import TAKEN, Format, amount, hours, people, way_to_pay, web_address
from tongxin.events.rules.channel_policy import Mechanic
from tongxin.events.terms import Admission

GROUP_BUY = Format(
    "group_buy",
    "拼团",
    "group buy",
    card_zh="凑齐就成团，不齐全退",
    card_en="complete in time, or all released",
    online=None,
    needs=("item", "price_fen", "pay", "group_size", "group_hours"),
    uses=("usual_fen", "pay_url", "collect_until"),
    unit_zh="份",
    unit_en="shares",
    fee=False,
    stock=True,
    admissions=(Admission.FIRST_COME,),
    seats=TAKEN,
    mechanic=Mechanic.GROUP_BUY,
    values={
        "price_fen": amount,
        "usual_fen": amount,
        "pay": way_to_pay,
        "pay_url": web_address,
        "group_size": people,
        "group_hours": hours,
    },
)
