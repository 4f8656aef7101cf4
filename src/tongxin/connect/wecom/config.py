"""Which corp, with which secret, through which address: from the settings, so from the environment."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings

from tongxin.connect.wecom.crypto import Crypt

PLATFORM = "https://qyapi.weixin.qq.com"


@dataclass(frozen=True)
class Config:
    """One app of one corp. Secrets do not show in its repr."""

    corp: str = ""
    secret: str = field(default="", repr=False)
    agent: int = 0
    base: str = PLATFORM
    callback_token: str = field(default="", repr=False)
    callback_key: str = field(default="", repr=False)

    @property
    def ready(self) -> bool:
        """Is there enough to call the platform?"""
        return bool(self.corp and self.secret)

    @property
    def hears(self) -> bool:
        """Is there enough to take callbacks?"""
        return bool(self.corp and self.callback_token and self.callback_key)

    @property
    def host(self) -> str:
        """The host with its port."""
        return urlsplit(self.base).netloc

    @property
    def sandbox(self) -> bool:
        """Is it the fake on this machine?"""
        return self.host.partition(":")[0] in {"127.0.0.1", "localhost"}

    def crypt(self) -> Crypt:
        """What opens callbacks. Raises BadEnvelope for a key that is none."""
        return Crypt(self.callback_token, self.callback_key, self.corp)


def configured() -> Config:
    """What the operator set: TONGXIN_WECOM_CORP, _SECRET, _AGENT, _BASE, _TOKEN, _KEY."""
    agent = str(getattr(settings, "TONGXIN_WECOM_AGENT", "") or "0")
    return Config(
        corp=getattr(settings, "TONGXIN_WECOM_CORP", ""),
        secret=getattr(settings, "TONGXIN_WECOM_SECRET", ""),
        agent=int(agent) if agent.isdigit() else 0,
        base=getattr(settings, "TONGXIN_WECOM_BASE", "") or PLATFORM,
        callback_token=getattr(settings, "TONGXIN_WECOM_TOKEN", ""),
        callback_key=getattr(settings, "TONGXIN_WECOM_KEY", ""),
    )
