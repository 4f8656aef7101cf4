"""What a check answers with, and what all of them ask."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is (`ok`, `warn`, `bad`), what was found, and how to mend it."""

    what: str
    state: str
    found: str
    mend: str = ""


Check = Callable[[], Iterator[Finding]]


def has(library: str) -> bool:
    """Is it installed? The base install has the engine only."""
    return find_spec(library) is not None


def home() -> Path:
    """The folder of this installation."""
    return Path(os.environ.get("TONGXIN_HOME", "var")).resolve()


def short(fault: Exception) -> str:
    """A fault in one line."""
    first = str(fault).strip().splitlines()
    return f"{type(fault).__name__}: {first[0][:160]}" if first else type(fault).__name__
