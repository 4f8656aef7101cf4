"""The ways to members: what each channel says of itself (the mail server is asked to let us in)."""

from collections.abc import Iterator

from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import words
from tongxin.faces.cli.doctor.finding import Finding, has


def look() -> Iterator[Finding]:
    """The ways to members: what each channel says of itself (the mail server is asked to let us in)."""
    if not has("django"):
        return
    answers.platform()
    from tongxin.foundation.plugs import wiring  # Django is not in the base install

    for channel in wiring().CHANNELS:
        for check in channel.health():
            found = check.detail or words("可用", "ready")
            mend = "" if check.ok else words("检查设置与网络", "check the settings and the network")
            yield Finding(f"channel {channel.id}", "ok" if check.ok else "bad", found, mend)
