"""Chinese type for pictures; without it widths are wrong and signs are boxes."""

import shutil
import subprocess
from collections.abc import Iterator

from tongxin.faces.cli.answers import words
from tongxin.faces.cli.doctor.finding import Finding


def look() -> Iterator[Finding]:
    """Chinese type for pictures; without it widths are wrong and signs are boxes."""
    mend = "apt-get install fonts-noto-cjk fontconfig"
    program = shutil.which("fc-list")
    if program is None:
        yield Finding("fonts", "warn", words("没有 fontconfig，无从查看", "no fontconfig to ask"), mend)
        return
    said = subprocess.run(  # noqa: S603 - fontconfig, found on PATH
        [program, ":lang=zh", "family"], capture_output=True, text=True, timeout=20, check=False
    ).stdout
    families = sorted({line.split(",")[0] for line in said.splitlines() if line})
    if families:
        yield Finding("fonts", "ok", ", ".join(families[:3]))
    else:
        yield Finding("fonts", "bad", words("没有中文字体", "no Chinese font"), mend)
