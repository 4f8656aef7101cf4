"""No word that anybody can write becomes a script on a page: two hundred tricks in every text column, read as a browser would.

Here some pages of each room; all of them, in Chromium, in bench/payloads.py.
"""

import pytest
from django.template import Context, Template

from access import poison
from access.actors import undone
from access.test_page_doors import browsing
from voices.payloads import PAYLOADS

pytestmark = pytest.mark.django_db
SOME = {
    "member.talk", "member.post", "member.topic", "member.community", "member.stars", "member.cocreate", "member.contest", "member.challenge",
    "hq.voices", "hq.desk", "hq.desk.case", "hq.editorial", "hq.community", "hq.panels", "hq.stars", "hq.segments", "champion.communities",
}  # fmt: skip


def test_no_word_of_anybody_becomes_a_script(world):
    poison.furnish(
        world, ("library_item", "brand_word", "calendar_entry", "voice_there", "segment", "my_star")
    )
    given = poison.pages(world, only=SOME)
    routes = {route for _, route, _ in given}
    assert routes >= {"member.post", "hq.voices", "hq.editorial"}
    seen = set()
    for actor in {actor.name: actor for actor, _, _ in given}.values():
        browsing(world, actor)  # signed in before anything is taken back again
    with undone():
        done, _ = poison.poison(0)
        assert len(done) > 100
        for actor, route, path in given:
            if route in seen:
                continue
            client = browsing(world, actor)
            client.raise_request_exception = False
            reply = client.get(path)
            if reply.status_code == 200 and "html" in reply["Content-Type"]:
                html = reply.content.decode()
                assert poison.faults(html) == [], path
                if "pwned" in html:
                    seen.add(route)
    assert len(seen) >= 12, routes - seen  # the words did stand on these pages


def test_control_a_page_that_trusts_them_is_found():
    for one in PAYLOADS[:40]:
        assert poison.faults(Template("<p>{{ one }}</p>").render(Context({"one": one}))) == []
    trusted = [
        one
        for one in PAYLOADS
        if poison.faults(Template("<p>{{ one|safe }}</p>").render(Context({"one": one})))
    ]
    assert len(trusted) > 100
