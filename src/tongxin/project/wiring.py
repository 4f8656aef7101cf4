"""Which adapter plugs into which port: visible lists, nothing else.

Rooms below never import this module; `foundation/plugs.py` finds it by `settings.TONGXIN_WIRING`.
"""

from collections.abc import Callable, Sequence

from tongxin.amplify import terms as amplify
from tongxin.amplify import (
    terms_ambassadors,
    terms_demand,
    terms_outside,
    terms_panels,
    terms_referrals,
    terms_sharing,
    terms_teachers,
)
from tongxin.amplify.erasing import AmplifyEraser
from tongxin.amplify.figures import brought
from tongxin.amplify.messages import MESSAGES as AMPLIFY_MESSAGES
from tongxin.champions import terms as champions
from tongxin.champions.erasing import ChampionsEraser
from tongxin.commerce import terms as commerce
from tongxin.commerce.erasing import CommerceEraser
from tongxin.communities import terms as communities
from tongxin.communities.audiences import CommunityMembers
from tongxin.communities.erasing import CommunitiesEraser
from tongxin.communities.messages import MESSAGES as COMMUNITY_MESSAGES
from tongxin.communities.queries.names import community_numbers
from tongxin.connect.files import terms as files
from tongxin.connect.gateway.channel import Gateway
from tongxin.connect.gateway.screen import Screen
from tongxin.connect.gateway.webhook_out import WebhookOut
from tongxin.connect.mail.channel import Email
from tongxin.connect.mail.sending import Mail
from tongxin.connect.robot.carrying import GroupRobot
from tongxin.connect.wecom.channel import WeCom
from tongxin.connect.wecom.groups import WeComGroups, WeComMoments
from tongxin.connect.wecom.telling import AppMessage
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
from tongxin.measure.audiences import SegmentMembers
from tongxin.measure.rules_social import SocialSource
from tongxin.outreach import terms as outreach
from tongxin.outreach.audiences import StoreGroups, StoreMembers
from tongxin.outreach.channels.gated import Gated
from tongxin.outreach.channels.inbox import Inbox
from tongxin.outreach.channels.manual import Manual
from tongxin.outreach.erasing import OutreachEraser
from tongxin.outreach.ports import AudienceSource, Channel, GroupSource
from tongxin.outreach.terms import MessageKind
from tongxin.people import terms as people
from tongxin.people.ports import Eraser
from tongxin.rings import terms as rings
from tongxin.rings.actions import RingsEraser
from tongxin.rings.audiences import RingMembers
from tongxin.stores import terms as stores
from tongxin.voices import terms as voices
from tongxin.voices import terms_challenges, terms_feedback, terms_moderation
from tongxin.voices.erasing import VoicesEraser
from tongxin.voices.erasing_moderation import ModerationEraser
from tongxin.voices.figures import spared
from tongxin.voices.messages import MESSAGES as VOICE_MESSAGES
from tongxin.voices.messages_moderation import MESSAGES as MODERATION_MESSAGES

# How letters leave, by the name that `outbox.actions.post(carrier=…)` uses.
CARRIERS: dict[str, Carrier] = {
    "screen": Screen(),
    "webhook-out": WebhookOut(),
    # Messages to members: the gate is asked once more as they leave.
    "email": Gated("email", Mail()),
    "webhook_out": Gated("webhook_out", WebhookOut()),
    # Notices to colleagues.
    "robot": GroupRobot(),
    "wecom_app": AppMessage(),
}

# Who forgets a person and says what is held about one, besides `people` itself.
ERASERS: Sequence[Eraser] = (
    CommerceEraser(),
    RingsEraser(),
    OutreachEraser(),
    CommunitiesEraser(),
    EventsEraser(),
    VoicesEraser(),
    AmplifyEraser(),
    ModerationEraser(),
    ChampionsEraser(),
    MediaEraser(),
)

# Ways out for messages to members, and the sets of people a message can be for.
CHANNELS: Sequence[Channel] = (Inbox(), Manual(), Email(), Gateway(), WeCom())
AUDIENCES: dict[str, AudienceSource] = {
    "store": StoreMembers(),
    "ring": RingMembers(),
    "event": EventGuests(),
    "community": CommunityMembers(),
    "segment": SegmentMembers(),
}

# Names that rules of segments may use and that rooms above measure know: field → functions that give name → number in the book.
SEGMENT_NAMES: dict[str, Sequence[Callable[[], dict[str, int]]]] = {"community": (community_numbers,)}

# What the social side brings, for the measure of that name: each hands in the figures that it can count.
SOCIAL_FIGURES: Sequence[SocialSource] = (brought, spared)

# Groups that colleagues can post into, by who knows them.
GROUPS: dict[str, GroupSource] = {"store": StoreGroups(), "wecom": WeComGroups(), "moments": WeComMoments()}

# Kinds of service messages, room by room: kind → its words in both languages, the fields they need, may night not hold it back.
MESSAGE_KINDS: dict[str, MessageKind] = {
    **COMMUNITY_MESSAGES,
    **MESSAGES,
    **VOICE_MESSAGES,
    **MODERATION_MESSAGES,
    **AMPLIFY_MESSAGES,
}

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
    **voices.ACTS,
    **terms_moderation.ACTS,
    **terms_challenges.ACTS,
    **terms_feedback.ACTS,
    **amplify.ACTS,
    **terms_referrals.ACTS,
    **terms_ambassadors.ACTS,
    **terms_panels.ACTS,
    **terms_demand.ACTS,
    **terms_outside.ACTS,
    **terms_sharing.ACTS,
    **terms_teachers.ACTS,
    **champions.ACTS,
    **files.ACTS,
}
