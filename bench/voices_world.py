"""The posts that `voices.py` measures, and the measuring. Run with TONGXIN_HOME of an empty installation; prints JSON.

Posts of a size are written by SQL (four in ten are roots, the others replies; nine in ten in one community, a fifth of the roots
under one topic); people, membership and every measured act go through the actions. The database is durable.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # before this folder, which has a voices.py too
django.setup()

from django.contrib.sessions.backends.db import SessionStore  # noqa: E402 - after setup
from django.core.management import call_command  # noqa: E402 - after setup
from django.db import connection, transaction  # noqa: E402 - after setup
from django.test import Client  # noqa: E402 - after setup
from django.test.utils import CaptureQueriesContext  # noqa: E402 - after setup

from communities.factories import comes_in, opened  # noqa: E402 - after setup
from stores.factories import BrandFactory  # noqa: E402 - after setup
from tongxin.faces import entrance  # noqa: E402 - after setup
from tongxin.foundation import clock  # noqa: E402 - after setup
from tongxin.foundation.access import system  # noqa: E402 - after setup
from tongxin.foundation.accounts.actions import open_session  # noqa: E402 - after setup
from tongxin.foundation.accounts.models import Account  # noqa: E402 - after setup
from tongxin.voices import actions, queries  # noqa: E402 - after setup
from tongxin.voices.models import Post  # noqa: E402 - after setup
from tongxin.voices.queries import feeds  # noqa: E402 - after setup
from tongxin.voices.terms import PostKind, ReactionKind  # noqa: E402 - after setup
from voices.factories import settled, text  # noqa: E402 - after setup

JOB = system("bench")
SIZES = (1_000, 100_000, 1_000_000)
PEOPLE, OTHERS, ROUNDS, WRITES = 60, 19, 40, 40
PAGE, TAKEN = 200, 302  # what a page and a form that was taken answer

_ROOTS = """
INSERT INTO voices_post (public_id, community_id, topic_id, kind, state, visibility, person_id, membership_id, peer, body, content,
    fingerprint, reasons, replies, useful, liked, same, photos, returns, version, written_at, shown_at, gone_by)
SELECT gen_random_uuid(), CASE WHEN g %% 10 = 0 THEN (%(others)s::bigint[])[1 + g %% cardinality(%(others)s::bigint[])] ELSE %(main)s END,
    CASE WHEN g %% 5 = 1 THEN %(topic)s END, CASE WHEN g %% 3 = 0 THEN 'question' ELSE 'post' END,
    CASE WHEN g %% 50 = 3 THEN 'waiting' ELSE 'published' END, CASE WHEN g %% 20 = 7 THEN 'public' ELSE 'community' END,
    (%(people)s::bigint[])[1 + g %% cardinality(%(people)s::bigint[])], (%(members)s::bigint[])[1 + g %% cardinality(%(members)s::bigint[])], true,
    '第' || g || '条：' || repeat('南瓜蒸透再压，不加水也很细。', 4), '', g, '[]', 0, g %% 7, g %% 5, 0, 0, 0, 1,
    at, CASE WHEN g %% 50 = 3 THEN NULL ELSE at END, ''
FROM generate_series(%(from)s, %(to)s) g, LATERAL (SELECT now() - make_interval(secs => 8640000 + (%(whole)s - g) * 30)) t(at)
"""
_REPLIES = """
INSERT INTO voices_post (public_id, community_id, root_id, kind, state, visibility, person_id, membership_id, peer, body, content,
    fingerprint, reasons, replies, useful, liked, same, photos, returns, version, written_at, shown_at, gone_by)
SELECT gen_random_uuid(), r.community_id, r.id, CASE WHEN r.kind = 'question' THEN 'answer' ELSE 'comment' END, 'published',
    'community', (%(people)s::bigint[])[1 + g %% cardinality(%(people)s::bigint[])], (%(members)s::bigint[])[1 + g %% cardinality(%(members)s::bigint[])], true,
    '回' || g || '：' || repeat('先蒸后打，混一勺南瓜泥。', 3), '', -g, '[]', 0, g %% 3, 0, 0, 0, 0, 1,
    r.written_at + interval '1 hour', r.written_at + interval '1 hour', ''
FROM generate_series(%(from)s, %(to)s) g JOIN voices_post r ON r.id = (%(first)s + (g::bigint * 7919) %% %(roots)s) AND r.root_id IS NULL
"""


def timed(act: Callable[[], Any], rounds: int = ROUNDS) -> tuple[float, float, int]:
    """Median and 95th percentile in milliseconds after a first one, and the statements of that first one."""
    with CaptureQueriesContext(connection) as asked:
        act()
        said = list(asked.captured_queries)  # before another request empties the log
    spans = []
    for _ in range(rounds):
        begun = time.perf_counter()
        act()
        spans.append((time.perf_counter() - begun) * 1000)
    spans.sort()
    own = [one for one in said if not one["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))]
    return statistics.median(spans), spans[int(len(spans) * 0.95) - 1], len(own)


def fill(world: dict[str, Any], size: int) -> None:
    """Bring the table up to a size."""
    before = world["size"]
    roots, replies = (size - before) * 4 // 10, (size - before) * 6 // 10
    given = {
        "whole": max(SIZES),
        "topic": world["topic"],
        **{key: world[key] for key in ("main", "others", "people", "members")},
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) + 1 FROM voices_post")
        first = cursor.fetchone()[0]
        cursor.execute(_ROOTS, given | {"from": before + 1, "to": before + roots})
        cursor.execute(
            _REPLIES, given | {"from": before + 1, "to": before + replies, "first": first, "roots": roots}
        )
        cursor.execute(
            "UPDATE voices_post p SET replies = n.n FROM (SELECT root_id, count(*) n FROM voices_post WHERE root_id >= %s GROUP BY 1) n"
            " WHERE p.id = n.root_id",
            [first],
        )
        cursor.execute(
            "INSERT INTO voices_postlicence (post_id, granted, notice, channel, by, at) SELECT id, true, 'post/1', 'bench', 'bench', written_at"
            " FROM voices_post WHERE id >= %s AND visibility = 'public'",
            [first],
        )
        cursor.execute("VACUUM ANALYZE voices_post, voices_postlicence")
    world["size"] = size


def plan(sql: str, values: dict[str, Any]) -> str:
    """The nodes of a plan that read the table of posts: none may scan it whole."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {sql}", values)
        lines = [row[0] for row in cursor.fetchall()]
    return "; ".join(line.strip(" ->") for line in lines if "voices_post" in line and "Scan" in line)


def measure(world: dict[str, Any]) -> list[dict[str, Any]]:
    """Reads, then writes, at the size that is there."""
    reader, key = world["viewers"][0], world["community"].public_id
    cursor = queries.feed(reader, key, limit=20).cursor
    for _ in range(20):
        cursor = queries.feed(reader, key, limit=20, cursor=cursor).cursor
    deep = cursor
    question = (
        Post.objects.filter(kind=PostKind.QUESTION, community=world["main"], state="published", replies__gt=0)
        .order_by("-id")
        .first()
    )
    assert question is not None
    reads: dict[str, Callable[[], Any]] = {
        "feed of a community": lambda: queries.feed(reader, key, limit=20),
        "feed, page 21": lambda: queries.feed(reader, key, limit=20, cursor=deep),
        "feed of all one's communities": lambda: queries.my_feed(reader, limit=20),
        "questions only": lambda: queries.feed(reader, key, kind="question", limit=20),
        "public page": lambda: queries.public_feed(reader, key, limit=20),
        "topic page": lambda: queries.topic_page(reader, world["topic_id"], limit=20),
        "a question with its answers": lambda: queries.thread(reader, question.public_id),
    }
    found = []
    for what, act in reads.items():
        median, worst, statements = timed(act)
        found.append(
            {"what": what, "size": world["size"], "median": median, "p95": worst, "statements": statements}
        )
    turns = iter(range(1_000_000))

    def who() -> Any:
        return world["viewers"][next(turns) % len(world["viewers"])]

    fresh = iter(
        Post.objects.filter(community=world["main"], state="published", root=None).order_by("id")[:400]
    )

    def tap() -> None:
        viewer = who()
        post = next(one for one in fresh if one.person_id != viewer.person)
        actions.react(viewer=viewer, post_id=post.public_id, kind=ReactionKind.USEFUL)

    writes: dict[str, Callable[[], Any]] = {
        "posting": lambda: actions.write_post(viewer=who(), community_id=key, body=text()),
        "asking": lambda: actions.write_post(
            viewer=who(), community_id=key, body=text(), kind=PostKind.QUESTION
        ),
        "answering (the asker is told)": lambda: actions.reply(
            viewer=who(), post_id=question.public_id, body=text()
        ),
        "a tap": tap,
    }
    for what, act in writes.items():
        median, worst, statements = timed(act, WRITES)
        found.append(
            {
                "what": what,
                "size": world["size"],
                "median": median,
                "p95": worst,
                "statements": statements,
                "write": True,
            }
        )
    # tomorrow they may write as much again
    world["now"] += timedelta(days=2)
    return found


def pages(world: dict[str, Any]) -> list[dict[str, Any]]:
    """The same as whole pages through Django's client, with session, permission and template: what a forum beside us is asked too."""
    viewer, key = world["viewers"][0], world["community"].public_id
    opened_session = open_session(account=Account.objects.get(pk=viewer.account))
    session = SessionStore()
    session[entrance.KEY] = str(opened_session.public_id)
    session.save()
    client = Client(HTTP_HOST="localhost")
    client.cookies["sessionid"] = session.session_key
    place = f"/m/communities/{key}/talk/"

    def get(path: str) -> None:
        reply = client.get(path)
        if reply.status_code != PAGE:
            sys.exit(f"{path}: {reply.status_code}")

    written = iter(range(1_000_000))

    def write() -> None:
        if next(written) % 15 == 0:  # nobody writes faster than that
            world["now"] += timedelta(days=1)
        with clock.held(world["now"]):
            reply = client.post(place, {"body": text(), "kind": "post"})
        if reply.status_code != TAKEN:
            sys.exit(f"{place}: {reply.status_code}")

    acts: dict[str, Callable[[], Any]] = {
        "list (the feed's page)": lambda: get(place),
        "a topic's page": lambda: get(f"/m/topics/{world['topic_id']}/"),
        "new post": write,
    }
    found = []
    for what, act in acts.items():
        act()
        median, worst, statements = timed(act)
        row = {"what": what, "size": world["size"], "median": median, "p95": worst, "statements": statements}
        found.append(row | {"page": True})
    return found


def main() -> None:
    """Every size; the plan of the feed at the last one."""
    call_command("migrate", verbosity=0)
    BrandFactory()
    now = clock.now()
    with clock.held(now - timedelta(days=60)):
        community = opened()
        others = [opened() for _ in range(OTHERS)]
    with transaction.atomic():
        viewers = [settled(community) for _ in range(PEOPLE)]
    with clock.held(now - timedelta(days=59)), transaction.atomic():
        from tongxin.people.models import Customer  # noqa: PLC0415 - after setup

        for one in others[:2]:
            comes_in(one, Customer.objects.get(pk=viewers[0].person))
    topic = actions.open_topic(viewer=JOB, community_id=community.public_id, name="第一口肉泥")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person_id, id FROM communities_membership WHERE community_id = %s ORDER BY id",
            [community.pk],
        )
        rows = cursor.fetchall()
    world: dict[str, Any] = {
        "size": 0, "community": community, "main": community.pk, "others": [one.pk for one in others], "viewers": viewers,
        "people": [row[0] for row in rows], "members": [row[1] for row in rows], "topic": topic.pk, "topic_id": topic.public_id, "now": now,
    }  # fmt: skip
    found: list[dict[str, Any]] = []
    for size in [one for one in SIZES if one <= int(sys.argv[1])]:
        fill(world, size)
        with clock.held(world["now"]):
            found += measure(world)
        with clock.held(world["now"]):
            found += pages(world)
    last = {
        "community": community.pk,
        "communities": [community.pk, *world["others"][:2]],
        "topic": topic.pk,
        "at": feeds.NEWEST[0],
        "key": feeds.NEWEST[1],
    }
    asked = {
        "feed": ("feed", ""),
        "feed of all one's communities": ("mine", ""),
        "questions": ("feed", "question"),
        "public": ("feed", "public"),
        "topic": ("topic", ""),
    }
    plans = {what: plan(feeds.statement(*which, feeds.FEW + 1), last) for what, which in asked.items()}
    print(json.dumps({"rows": found, "plans": plans}))


main()
