"""Are the keys real ones?"""

import os
from collections.abc import Iterator

from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import words
from tongxin.faces.cli.doctor.finding import Finding, has, home


def look() -> Iterator[Finding]:
    """Are the keys real ones?"""
    if not has("cryptography"):
        return
    here = home()
    if not (here / "secrets.json").exists() and not os.environ.get("TONGXIN_SECRET_KEY"):
        yield Finding("secrets", "warn", words("还没有", "not made yet"), "tongxin init")
        return
    answers.platform()
    # Django is not in the base install
    from django.conf import settings

    if settings.SECRETS.demo:
        state = "ok" if settings.DEMO else "bad"
        yield Finding(
            "secrets",
            state,
            words("示范密钥", "demo secrets"),
            ""
            if settings.DEMO
            else words("换一个 TONGXIN_HOME 后 tongxin init", "tongxin init in a fresh TONGXIN_HOME"),
        )
        return
    yield Finding(
        "secrets",
        "ok",
        words(
            f"{len(settings.TONGXIN_PII_KEYS)} 把个人信息密钥",
            f"{len(settings.TONGXIN_PII_KEYS)} keys for personal data",
        ),
    )
