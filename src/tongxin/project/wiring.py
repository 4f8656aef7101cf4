"""Which adapter plugs into which port: visible lists, nothing else.

Rooms below never import this module; `foundation/plugs.py` finds it by `settings.TONGXIN_WIRING`.
"""

from collections.abc import Sequence

from tongxin.champions import terms as champions
from tongxin.champions.erasing import ChampionsEraser
from tongxin.commerce import terms as commerce
from tongxin.commerce.erasing import CommerceEraser
from tongxin.communities import terms as communities
from tongxin.communities.audiences import CommunityMembers
from tongxin.communities.erasing import CommunitiesEraser
from tongxin.communities.messages import MESSAGES as COMMUNITY_MESSAGES
from tongxin.connect.files import terms as files
from tongxin.connect.gateway.channel import Gateway
from tongxin.connect.gateway.screen import Screen
from tongxin.connect.gateway.webhook_out import WebhookOut
from tongxin.connect.mail.channel import Email
from tongxin.connect.mail.sending import Mail
from tongxin.events import terms as events
from tongxin.events.audiences import EventGuests
from tongxin.events.erasing import EventsEraser
from tongxin.events.messages import MESSAGES
from tongxin.foundation.accounts import terms as accounts
from tongxin.foundation.audit import terms as audit
from tongxin.foundation.draw import terms as draw
from tongxin.foundation.media import terms as media
from tongxin.foundation.media.erasing import MediaEraser
from tongxin.foundation.outbox import terms as outbox
from tongxin.foundation.outbox.ports import Carrier
from tongxin.foundation.webhooks import terms as webhooks
from tongxin.kits import terms as kits
from tongxin.measure import terms as measure
from tongxin.outreach import terms as outreach
from tongxin.outreach.audiences import StoreMembers
from tongxin.outreach.channels.gated import Gated
from tongxin.outreach.channels.inbox import Inbox
from tongxin.outreach.channels.manual import Manual
from tongxin.outreach.erasing import OutreachEraser
from tongxin.outreach.ports import AudienceSource, Channel
from tongxin.outreach.terms import MessageKind
from tongxin.people import terms as people
from tongxin.people.ports import Eraser
from tongxin.rings import terms as rings
from tongxin.rings.actions import RingsEraser
from tongxin.rings.audiences import RingMembers
from tongxin.stores import terms as stores

# How letters leave, by the name that `outbox.actions.post(carrier=…)` uses.
CARRIERS: dict[str, Carrier] = {
    "screen": Screen(),
    "webhook-out": WebhookOut(),
    # Messages to members: the gate is asked once more as they leave.
    "email": Gated("email", Mail()),
    "webhook_out": Gated("webhook_out", WebhookOut()),
}

# Who forgets a person and says what is held about one, besides `people` itself.
ERASERS: Sequence[Eraser] = (
    CommerceEraser(),
    RingsEraser(),
    OutreachEraser(),
    CommunitiesEraser(),
    EventsEraser(),
    ChampionsEraser(),
    MediaEraser(),
)

# Ways out for messages to members, and the sets of people a message can be for.
CHANNELS: Sequence[Channel] = (Inbox(), Manual(), Email(), Gateway())
AUDIENCES: dict[str, AudienceSource] = {
    "store": StoreMembers(),
    "ring": RingMembers(),
    "event": EventGuests(),
    "community": CommunityMembers(),
}

# Kinds of service messages, room by room: kind → its words in both languages, the fields they need, may night not hold it back.
MESSAGE_KINDS: dict[str, MessageKind] = {**COMMUNITY_MESSAGES, **MESSAGES}

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
    **kits.ACTS,
    **outreach.ACTS,
    **commerce.ACTS,
    **rings.ACTS,
    **measure.ACTS,
    **communities.ACTS,
    **events.ACTS,
    **champions.ACTS,
    **files.ACTS,
}
