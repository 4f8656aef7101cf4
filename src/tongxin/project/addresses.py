"""Finding an address among hundreds: by its words, and those without a parameter once."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from django.urls import URLPattern, URLResolver, include, path
from django.urls.resolvers import ResolverMatch, RoutePattern

Addresses = Sequence[URLPattern | URLResolver]


def by_words(patterns: Addresses) -> list[URLPattern | URLResolver]:
    """The same addresses in the same order of precedence, those that begin with the same words one under another.

    Neighbours only: nothing is tried before what stood in front of it.
    """
    found: list[URLPattern | URLResolver] = []
    for word, group in groupby(patterns, _first_word):
        same = list(group)
        if not word or len(same) < 2:
            found += same
        else:
            found.append(path(word, include(by_words([_without(word, one) for one in same]))))
    return found


def _first_word(one: URLPattern | URLResolver) -> str:
    """`events/` of `events/<uuid:id>/seats`; nothing where a parameter comes first, or no second word at all."""
    word, slash, _ = str(one.pattern).partition("/")
    plain = (
        isinstance(one, URLPattern) and isinstance(one.pattern, RoutePattern) and slash and "<" not in word
    )
    return word + slash if plain else ""


def _without(word: str, one: Any) -> URLPattern:
    return path(str(one.pattern).removeprefix(word), one.callback, one.default_args, one.name)


class Remembering(URLResolver):
    """Looks an address without a parameter up once. Only such as there are: what is asked for cannot make it grow."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._known: dict[str, ResolverMatch] = {}

    def resolve(self, path: str) -> ResolverMatch:
        """The view of an address. Raises Resolver404."""
        found = self._known.get(path)
        if found is None:
            found = super().resolve(path)
            if not found.kwargs and not found.args:
                self._known[path] = found
        return found


def under(
    prefix: str,
    patterns: Iterable[URLPattern | URLResolver],
    *,
    app: str | None = None,
    space: str | None = None,
) -> URLResolver:
    """All these addresses behind a prefix, as `path(prefix, include(…))` would put them there."""
    return Remembering(RoutePattern(prefix), by_words(list(patterns)), app_name=app, namespace=space)
