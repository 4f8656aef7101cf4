"""The interpreter."""

import sys
from collections.abc import Iterator

from tongxin.faces.cli.answers import words
from tongxin.faces.cli.doctor.finding import Finding


def look() -> Iterator[Finding]:
    """The interpreter."""
    here = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    yield Finding(
        "python",
        "ok" if good else "bad",
        here,
        "" if good else words("需要 Python 3.11 以上", "Python 3.11 or newer is needed"),
    )
