"""The refusals of all rooms, in one visible list, and how every face says them."""

from collections import defaultdict
from types import MappingProxyType

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
from tongxin.champions import terms as champions
from tongxin.commerce import terms as commerce
from tongxin.communities import terms as communities
from tongxin.connect.files import terms as files
from tongxin.events import terms as events
from tongxin.foundation import errors
from tongxin.foundation.accounts import terms as accounts
from tongxin.foundation.audit import terms as audit
from tongxin.foundation.draw import terms as draw
from tongxin.foundation.errors import Refused, Sentence
from tongxin.foundation.idempotency import terms as idempotency
from tongxin.foundation.media import terms as media
from tongxin.foundation.outbox import terms as outbox
from tongxin.foundation.webhooks import terms as webhooks
from tongxin.kits import terms as kits
from tongxin.measure import terms as measure
from tongxin.outreach import terms as outreach
from tongxin.people import terms as people
from tongxin.rings import terms as rings
from tongxin.stores import terms as stores
from tongxin.voices import terms as voices
from tongxin.voices import terms_challenges, terms_feedback, terms_moderation

OWN: dict[str, Sentence] = {
    "fault": Sentence(
        "系统出错了，我们已记录。请稍后再试。", "Something broke on our side; it has been noted.", 500
    ),
    "form.stale": Sentence(
        "页面放得太久了，请刷新后重试。", "The form is too old; reload the page and try again.", 403
    ),
    "match.needed": Sentence("修改前请带上 If-Match。", "Send If-Match with the ETag that you read.", 428),
    "phone.bad": Sentence("请填写 11 位手机号码。", "Please enter a valid phone number.", 422),
    "request.bad": Sentence("请求格式有误。", "The request is malformed.", 400),
    "route.method": Sentence("这个地址不支持这种操作。", "This address does not take this method.", 405),
    "route.unlisted": Sentence("这个地址还没有开放。", "This address is not open.", 403),
    "token.unknown": Sentence("令牌无效、已撤销或已过期。", "The token is unknown, revoked or expired.", 401),
}

ROOMS = (
    errors.REFUSALS,
    accounts.REFUSALS,
    audit.REFUSALS,
    idempotency.REFUSALS,
    draw.REFUSALS,
    media.REFUSALS,
    outbox.REFUSALS,
    webhooks.REFUSALS,
    stores.REFUSALS,
    people.REFUSALS,
    kits.REFUSALS,
    outreach.REFUSALS,
    commerce.REFUSALS,
    rings.REFUSALS,
    measure.REFUSALS,
    communities.REFUSALS,
    events.REFUSALS,
    terms_moderation.REFUSALS,
    terms_challenges.REFUSALS,
    terms_feedback.REFUSALS,
    voices.REFUSALS,
    amplify.REFUSALS,
    terms_referrals.REFUSALS,
    terms_ambassadors.REFUSALS,
    terms_panels.REFUSALS,
    terms_demand.REFUSALS,
    terms_outside.REFUSALS,
    terms_sharing.REFUSALS,
    terms_teachers.REFUSALS,
    champions.REFUSALS,
    files.REFUSALS,
    OWN,
)

SENTENCES = MappingProxyType({code: sentence for room in ROOMS for code, sentence in room.items()})

UNSPOKEN = Sentence("这一步没有成功（{code}）。", "This was refused ({code}).", 409)


def say(refused: Refused, language: str = "zh") -> str:
    """The refusal as a sentence; a field that the data lacks shows as `?`."""
    sentence = SENTENCES.get(refused.code, UNSPOKEN)
    text = sentence.en if language == "en" else sentence.zh
    return text.format_map(defaultdict(lambda: "?", refused.data | {"code": refused.code}))


def status_of(refused: Refused) -> int:
    """The HTTP status of a refusal."""
    return SENTENCES.get(refused.code, UNSPOKEN).status
