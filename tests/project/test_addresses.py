"""Addresses are found faster and stay the same: every one leads where it led, in the same order of precedence."""

from uuid import UUID

import pytest
from django.urls import Resolver404, URLPattern, path
from django.urls.resolvers import RoutePattern, URLResolver

from tongxin.faces import routes
from tongxin.faces.api.routes import api
from tongxin.project.addresses import Remembering, by_words, under

SAMPLES = {
    "uuid": str(UUID(int=7)),
    "uuidstr": str(UUID(int=7)),
    "int": "7",
    "slug": "a-b",
    "str": "word",
    "path": "a/b",
}


def spelled(pattern: URLPattern) -> str:
    """An address that the pattern takes."""
    text = str(pattern.pattern)
    for name, converter in pattern.pattern.converters.items():
        kind = type(converter).__name__.removesuffix("Converter").lower()
        for said in (f"<{kind}:{name}>", f"<uuidstr:{name}>", f"<{name}>"):
            text = text.replace(said, SAMPLES.get(kind, SAMPLES["uuid"] if "uuid" in kind else "word"))
    return text


def seen(resolver: URLResolver, address: str):
    found = resolver.resolve(address)
    return found.func, found.kwargs, found.route, found.url_name


@pytest.mark.parametrize("patterns", [api.urls[0], routes.urlpatterns], ids=["api", "pages"])
def test_every_address_leads_where_it_led(patterns):
    plain, quick = URLResolver(RoutePattern("x/"), patterns), under("x/", patterns)
    for pattern in patterns:
        address = f"x/{spelled(pattern)}"
        assert seen(quick, address) == seen(plain, address), address
        assert seen(quick, address) == seen(plain, address), address  # and again, now from memory


def test_what_stood_in_front_is_tried_first():
    def view(request):
        return request

    named = [path(text, view, name=name) for text, name in (
        ("a/b", "one"), ("a/<str:x>", "two"), ("<str:y>/c", "three"), ("a/c", "four"), ("a/d/e", "five"),
    )]  # fmt: skip
    quick = under("", named)
    assert [quick.resolve(text).url_name for text in ("a/b", "a/c", "a/d/e", "q/c")] == [
        "one",
        "two",
        "five",
        "three",
    ]
    assert [str(one.pattern) for one in by_words(named)] == ["a/", "<str:y>/c", "a/"]


def test_only_addresses_without_a_parameter_are_remembered():
    quick = under("x/", api.urls[0])
    assert isinstance(quick, Remembering)
    for n in range(20):
        with pytest.raises(Resolver404):
            quick.resolve(f"x/no-such-{n}")
        quick.resolve(f"x/stores/{UUID(int=n)}")
    assert quick._known == {}
    quick.resolve("x/checkins")
    assert list(quick._known) == ["x/checkins"]
