"""The templates: data in `templates.toml`, read once."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DEFAULT = "family"


@dataclass(frozen=True)
class Template:
    """Ground, inks and picture of a poster; `zh` and `en` are its names for who chooses."""

    key: str
    zh: str
    en: str
    dark: bool
    scene: str
    ground: tuple[str, ...]
    ink: str
    second: str
    pill: str
    pill_ink: str
    fade: str


@cache
def templates() -> dict[str, Template]:
    """All of them, in the order of the file."""
    read = tomllib.loads((Path(__file__).parent / "templates.toml").read_text(encoding="utf-8"))
    return {key: Template(key, **{**row, "ground": tuple(row["ground"])}) for key, row in read.items()}


def template(key: str) -> Template:
    """One of them; a key that is not (or no longer) known gets the first."""
    return templates().get(key) or templates()[DEFAULT]
