"""Letters as a signed POST to the operator's gateway, which turns them into text messages or mail.

`POST TONGXIN_SMS_GATEWAY` with `{"id", "kind", "to", "body"}`, signed as Standard Webhooks say with TONGXIN_SMS_SECRET. The
gateway answers 2xx when it has taken the letter. `webhook-id` stays the same at every attempt; a gateway that drops repeats
is declared with TONGXIN_SMS_DEDUPES and then gets letters of unknown outcome again.
"""

import json
from functools import lru_cache

from django.conf import settings
from standardwebhooks.webhooks import Webhook

from tongxin.foundation import clock
from tongxin.foundation.http import Blocked, Client, NoAnswer, NotSent
from tongxin.foundation.outbox.ports import Outcome, Parcel

NOT_NOW = frozenset({408, 425, 429, 503})


@lru_cache(maxsize=8)
def _client(host: str, local: tuple[str, ...]) -> Client:
    return Client(allow=[host], local=local)


def judge(status: int) -> Outcome:
    """What a status says about a letter: taken, not now, never, or nobody knows."""
    if 200 <= status < 300:
        return Outcome("sent", str(status))
    if status in NOT_NOW:
        return Outcome("failed", str(status))
    if 400 <= status < 500 or 300 <= status < 400:
        return Outcome("failed", str(status), final=True)
    return Outcome("unknown", str(status))


class WebhookOut:
    """Carries letters to `settings.TONGXIN_SMS_GATEWAY`."""

    @property
    def dedupes(self) -> bool:
        """Does the operator say that the gateway drops repeats?"""
        return bool(getattr(settings, "TONGXIN_SMS_DEDUPES", False))

    def carry(self, letter: Parcel) -> Outcome:
        """One signed POST."""
        url = getattr(settings, "TONGXIN_SMS_GATEWAY", "")
        secret = getattr(settings, "TONGXIN_SMS_SECRET", "")
        if not url or not secret:
            return Outcome("failed", "no gateway configured", final=True)
        text = json.dumps(
            {"id": str(letter.id), "kind": letter.kind, "to": letter.to, "body": letter.body},
            ensure_ascii=False,
        )
        at, name = clock.now(), f"msg_{letter.id.hex}"
        headers = {
            "Content-Type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign(name, at, text),
        }
        local = tuple(getattr(settings, "TONGXIN_HTTP_LOCAL", ()))
        host = url.partition("://")[2].partition("/")[0].partition(":")[0]
        try:
            return judge(_client(host, local).post(url, body=text.encode(), headers=headers).status)
        except Blocked as fault:
            return Outcome("failed", f"blocked: {fault}", final=True)
        except NotSent as fault:
            return Outcome("failed", str(fault))
        except NoAnswer as fault:
            return Outcome("unknown", str(fault))
