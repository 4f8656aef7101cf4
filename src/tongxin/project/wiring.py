"""Which adapter plugs into which port: visible lists, nothing else.

Rooms below never import this module; `foundation/plugs.py` finds it by `settings.TONGXIN_WIRING`.
"""

from collections.abc import Sequence

from tongxin.commerce import terms as commerce
from tongxin.commerce.erasing import CommerceEraser
from tongxin.connect.files import terms as files
from tongxin.connect.gateway.screen import Screen
from tongxin.connect.gateway.webhook_out import WebhookOut
from tongxin.foundation.accounts import terms as accounts
from tongxin.foundation.audit import terms as audit
from tongxin.foundation.draw import terms as draw
from tongxin.foundation.media import terms as media
from tongxin.foundation.media.erasing import MediaEraser
from tongxin.foundation.outbox import terms as outbox
from tongxin.foundation.outbox.ports import Carrier
from tongxin.foundation.webhooks import terms as webhooks
from tongxin.measure import terms as measure
from tongxin.people import terms as people
from tongxin.people.ports import Eraser
from tongxin.rings import terms as rings
from tongxin.rings.actions import RingsEraser
from tongxin.stores import terms as stores

# How letters leave, by the name that `outbox.actions.post(carrier=…)` uses.
CARRIERS: dict[str, Carrier] = {
    "screen": Screen(),
    "webhook-out": WebhookOut(),
}

# Who forgets a person and says what is held about one, besides `people` itself.
ERASERS: Sequence[Eraser] = (CommerceEraser(), RingsEraser(), MediaEraser())

# Every act of the audit trail, room by room: also the catalogue of events that webhooks can subscribe to.
ACTS: dict[str, str] = {
    **accounts.ACTS,
    **audit.ACTS,
    **draw.ACTS,
    **media.ACTS,
    **outbox.ACTS,
    **webhooks.ACTS,
    **stores.ACTS,
    **people.ACTS,
    **commerce.ACTS,
    **rings.ACTS,
    **measure.ACTS,
    **files.ACTS,
}
