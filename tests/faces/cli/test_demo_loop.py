"""The loop event → group → till is lived by the actions, the fake WeCom and the importer, and stands on her one timeline in order."""

import os
import socket
import subprocess
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest

from people.factories import CustomerFactory
from stores.factories import TESTS, StaffFactory, StoreFactory
from tongxin.connect.wecom.sandbox.server import environment
from tongxin.events.models import Registration, Scan
from tongxin.faces import till
from tongxin.faces.cli import demo_loop
from tongxin.foundation import clock
from tongxin.foundation.http import Blocked, Client, NoAnswer, NotSent
from tongxin.outreach.queries import life, wecom_groups
from tongxin.outreach.queries.wecom import funnel, path_of
from tongxin.outreach.terms_wecom import Source
from tongxin.people import queries as people
from tongxin.people.models import Customer
from tongxin.project import supervisor

pytestmark = pytest.mark.django_db


@pytest.fixture
def lived(noon, settings, tmp_path):
    settings.HOME, settings.TONGXIN_LAKE = tmp_path / "home", tmp_path / "lake"
    for name, value in environment(1).items():
        setattr(settings, name, value)
    store = StoreFactory()
    staff = StaffFactory(store=store, wecom_userid=demo_loop.USERID)
    neighbours = [CustomerFactory(home_store=store) for _ in range(4)]
    near = [SimpleNamespace(public_id=one.public_id, store=store.pk) for one in neighbours]
    return demo_loop.build(noon, near, staff, tmp_path / "journal")


LOOP = [
    "added", "welcomed", "joined", "became_member", "told", "registered", "checked_in", "told", "purchase",
]  # fmt: skip


def test_poster_to_order_stands_on_one_timeline(lived, noon):
    """Also that its pages follow one another without a gap, and what the corp's pages have to show."""
    beside = {"till_rows": till.rows(TESTS, lived.member), "others": life.lines_of(TESTS, lived.member)}
    items = people.timeline(TESTS, lived.member, limit=50, **beside).items[::-1]
    shown = [one.kind for one in items]
    assert sorted(shown) == sorted(LOOP)
    # The platform dates a friendship in whole seconds; the welcome follows it by our clock.
    assert shown == LOOP
    added = next(one for one in items if one.kind == "added")
    assert (added.zh, added.subject_title) == ("扫海报码（小红书），加了店员的企业微信", "面包课海报·小红书")
    assert [one.subject_title for one in items if one.kind == "told"] == ["面包课暖场", "谢谢你来"]
    assert next(one for one in items if one.kind == "purchase").net_fen == 6860
    the_book_alone = people.timeline(TESTS, lived.member, limit=50).items
    assert {one.kind for one in the_book_alone} == {"became_member", "registered", "checked_in"}, "control"
    pages_follow(lived.member, beside, [one.key for one in items[::-1]])

    place = Registration.objects.get(person__public_id=lived.member)
    assert (place.channel, place.state) == (lived.code, "confirmed")
    came = Scan.objects.get(registration=place)
    assert (came.via, came.did) == ("ticket", "admitted")
    assert Customer.objects.get(public_id=lived.member).source_channel == "xiaohongshu"
    first = path_of(TESTS, lived.member)[0]
    assert (first.kind, first.source) == ("added", "xiaohongshu")
    the_corps_pages_have_something(noon)


def pages_follow(member, beside, whole):
    paged, cursor = [], None
    while True:
        page = people.timeline(TESTS, member, limit=2, cursor=cursor, **beside)
        paged += [one.key for one in page.items]
        if (cursor := page.cursor) is None:
            break
    assert paged == whole


def the_corps_pages_have_something(noon):
    rows = {one.source: one for one in funnel(TESTS, since=noon - timedelta(days=30), until=noon)}
    assert set(rows) >= set(Source) - {Source.OTHER}
    one = rows[Source.XIAOHONGSHU]
    assert (one.came, one.added, one.joined, one.members, one.attended) == (2, 2, 2, 1, 1)
    with clock.held(noon):
        (group,) = wecom_groups.group_cards(TESTS)
        days = wecom_groups.group_page(TESTS, group.public_id).days
    assert (group.name, len(days), sum(day.leaves for day in days)) == (demo_loop.GROUP, 9, 1)
    assert all(day.stock == day.before + day.joins - day.leaves + day.corrected for day in days)
    told = wecom_groups.corrections_for(TESTS)
    assert {(row.what, row.where) for row in told} >= {("group", demo_loop.GROUP)}, (
        "one joined while callbacks were lost"
    )


def test_the_served_phones_stand_alone_and_end_when_told(tmp_path):
    """What the demo's supervisor keeps running beside the site: no Django, a journal, a bounded end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    child = supervisor.phones(port, 1)
    env = {"PATH": os.environ["PATH"], "TONGXIN_HOME": str(tmp_path)}
    with subprocess.Popen(child.command, env=env) as running:
        try:
            page = first_answer(port)
        finally:
            running.terminate()
        assert running.wait(timeout=10) == 0
    assert "主理人的手机" in page
    assert (tmp_path / "sandbox" / "wecom.jsonl").stat().st_size > 0


def first_answer(port):
    for _ in range(200):
        client = Client(
            allow=(), local=[f"127.0.0.1:{port}"], insecure=True
        )  # a fresh one: its breaker opens after some noes
        try:
            return client.get(f"http://127.0.0.1:{port}/").body.decode()
        except (Blocked, NotSent, NoAnswer):
            time.sleep(0.1)
    raise AssertionError("it never answered")
