"""The advertising-law linter on the way out of a kit: what is forbidden stops it, unless a person allowed the word and said why."""

from collections.abc import Iterable, Mapping
from typing import Any

from tongxin.foundation.errors import Refused
from tongxin.kits.copylint import lint
from tongxin.kits.models import CopyException, Kit
from tongxin.kits.rules.naming import path_words


def check_copy(
    *, kit: Kit, texts: Iterable[tuple[str, str]], content: Mapping[str, Any] | None = None
) -> None:
    """Look at each (path, text). Refuses `kits.copy_forbidden` with the first word, its clause and where it stands."""
    shown = list(texts)
    if shown:
        allowed = CopyException.objects.filter(kit=kit).values_list("word", flat=True)
        _look(shown, tuple(allowed), content)


def look(*, code: str = "", texts: Iterable[tuple[str, str]]) -> None:
    """The same for the words of an event in the room above; `code` is its kit's, whose recorded exceptions hold, "" without one.

    Refuses `kits.copy_forbidden`.
    """
    shown = [(path, text) for path, text in texts if text]
    if shown:
        allowed = CopyException.objects.filter(kit__code=code).values_list("word", flat=True) if code else ()
        _look(shown, tuple(allowed), None)


def _look(
    texts: Iterable[tuple[str, str]], allowed: tuple[str, ...], content: Mapping[str, Any] | None
) -> None:
    for path, text in texts:
        for hit in lint(text, allowed=allowed):
            if hit.level == "forbidden":
                zh, en = path_words(path, content or {})
                raise Refused(
                    "kits.copy_forbidden",
                    word=hit.word,
                    clause=hit.clause,
                    why=hit.zh,
                    why_en=hit.en,
                    path=path,
                    said=zh,
                    said_en=en,
                )
