"""The ways out: which carriers are plugged in, and whether the SMS or mail gateway can be reached."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import words
from tongxin.faces.cli.doctor.finding import Finding, has


def look() -> Iterator[Finding]:
    """The ways out: which carriers are plugged in, and whether the SMS or mail gateway can be reached."""
    if not has("django"):
        return
    answers.platform()
    # Django is not in the base install
    from django.conf import settings

    from tongxin.foundation.plugs import wiring

    names = sorted(getattr(wiring(), "CARRIERS", {}))
    yield Finding("channels", "ok" if names else "bad", ", ".join(names) or words("没有", "none"))
    gateway = getattr(settings, "TONGXIN_SMS_GATEWAY", "")
    mend = words(
        "设置 TONGXIN_SMS_GATEWAY（短信或邮件网关），否则会员收不到验证码",
        "set TONGXIN_SMS_GATEWAY (text messages or mail), or members get no sign-in codes",
    )
    if not gateway:
        yield Finding("gateway", "ok" if settings.DEMO else "warn", words("没有网关", "no gateway"), mend)
        return
    if not getattr(settings, "TONGXIN_SMS_SECRET", ""):
        yield Finding(
            "gateway", "bad", words("网关没有密钥", "the gateway has no secret"), "TONGXIN_SMS_SECRET"
        )
    parts = urlsplit(gateway)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=3).close()
    except OSError as fault:
        reason = fault.strerror or type(fault).__name__
        yield Finding(
            "gateway",
            "bad",
            f"{parts.hostname}:{port} {reason}",
            words("检查网关地址与网络", "check its address and the network"),
        )
    else:
        yield Finding("gateway", "ok", f"{parts.hostname}:{port}")
