"""django-machina, run inside its own environment by `peers_machina.py`: filled to a size, asked through Django's client; prints JSON.

One forum with N posts, four in ten of them beginning a topic, as in `voices_world.py`; its documented settings and defaults, a
search backend that does nothing, and every signed-in user may read and write. What is timed is a whole request without a socket.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings

HOST, NAME, SIZES = sys.argv[1], sys.argv[2], [int(one) for one in sys.argv[3].split(",")]
ROUNDS = 40
PAGE, TAKEN = 200, 302  # what a page and a form that was taken answer
FILES = tempfile.mkdtemp(prefix="machina-")

from machina import MACHINA_MAIN_STATIC_DIR, MACHINA_MAIN_TEMPLATE_DIR  # noqa: E402 - its documentation says so

settings.configure(
    SECRET_KEY="bench",  # noqa: S106 - a throw-away installation
    DEBUG=False,
    ALLOWED_HOSTS=["testserver"],
    USE_TZ=True,
    ROOT_URLCONF="machina_urls",
    STATIC_URL="/static/",
    STATICFILES_DIRS=[MACHINA_MAIN_STATIC_DIR],
    MEDIA_ROOT=FILES,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": HOST,
            "NAME": NAME,
            "USER": "tongxin",
            "CONN_MAX_AGE": None,
        }
    },
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.humanize",
        "django.contrib.staticfiles",
        "mptt",
        "haystack",
        "widget_tweaks",
        "machina",
        "machina.apps.forum",
        "machina.apps.forum_conversation",
        "machina.apps.forum_conversation.forum_attachments",
        "machina.apps.forum_conversation.forum_polls",
        "machina.apps.forum_feeds",
        "machina.apps.forum_moderation",
        "machina.apps.forum_search",
        "machina.apps.forum_tracking",
        "machina.apps.forum_member",
        "machina.apps.forum_permission",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "machina.apps.forum_permission.middleware.ForumPermissionMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [MACHINA_MAIN_TEMPLATE_DIR],
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.template.context_processors.static",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                    "machina.core.context_processors.metadata",
                ],
                "loaders": [
                    (
                        "django.template.loaders.cached.Loader",
                        [
                            "django.template.loaders.filesystem.Loader",
                            "django.template.loaders.app_directories.Loader",
                        ],
                    )
                ],
            },
        }
    ],
    CACHES={
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
        "machina_attachments": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": FILES,
        },
    },
    HAYSTACK_CONNECTIONS={"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}},
    MACHINA_DEFAULT_AUTHENTICATED_USER_FORUM_PERMISSIONS=[
        "can_see_forum",
        "can_read_forum",
        "can_start_new_topics",
        "can_reply_to_topics",
        "can_post_without_approval",
    ],
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - after setup
from django.core.management import call_command  # noqa: E402 - after setup
from django.db import connection  # noqa: E402 - after setup
from django.test import Client  # noqa: E402 - after setup
from django.test.utils import CaptureQueriesContext  # noqa: E402 - after setup
from machina.apps.forum.models import Forum  # noqa: E402 - after setup

TOPICS = """
INSERT INTO forum_conversation_topic (created, updated, forum_id, poster_id, subject, slug, type, status, approved, posts_count,
    views_count, last_post_on)
SELECT at, at, %(forum)s, 1 + g %% 60, '第' || g || '条', 'topic-' || g, 0, 0, true, 1, 0, at
FROM generate_series(%(first)s::int, %(last)s::int) g, LATERAL (SELECT now() - make_interval(secs => 8640000 - g * 8)) t(at)
"""
POSTS = """
INSERT INTO forum_conversation_post (created, updated, topic_id, poster_id, subject, content, approved, enable_signature,
    updates_count, _content_rendered)
SELECT t.created + make_interval(secs => g), t.created, t.id, 1 + (t.id + g) %% 60, t.subject,
    repeat('南瓜蒸透再压，不加水也很细。', 4), true, false, 0, '<p>' || repeat('南瓜蒸透再压，不加水也很细。', 4) || '</p>'
FROM forum_conversation_topic t, generate_series(0, CASE WHEN t.id %% 2 = 0 THEN 2 ELSE 1 END) g WHERE t.id >= %(key)s
"""
COUNTS = """
UPDATE forum_conversation_topic t SET first_post_id = p.first, last_post_id = p.last, posts_count = p.n
FROM (SELECT topic_id, min(id) first, max(id) last, count(*) n FROM forum_conversation_post GROUP BY 1) p WHERE p.topic_id = t.id
"""
FORUM = """
UPDATE forum_forum SET direct_posts_count = (SELECT count(*) FROM forum_conversation_post),
    direct_topics_count = (SELECT count(*) FROM forum_conversation_topic),
    last_post_id = (SELECT max(id) FROM forum_conversation_post), last_post_on = now()
"""


def fill(forum: Forum, before: int, size: int) -> int:
    """Topics up to four tenths of the size, two or three posts in each."""
    first, last = before * 4 // 10 + 1, size * 4 // 10
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) + 1 FROM forum_conversation_topic")
        key = cursor.fetchone()[0]
        cursor.execute(TOPICS, {"forum": forum.pk, "first": first, "last": last})
        cursor.execute(POSTS, {"key": key})
        cursor.execute(COUNTS)
        cursor.execute(FORUM)
        cursor.execute("VACUUM ANALYZE forum_conversation_topic, forum_conversation_post")
        cursor.execute("SELECT count(*) FROM forum_conversation_post")
        return int(cursor.fetchone()[0])


def timed(act: Callable[[], object]) -> dict[str, Any]:
    """Median and 95th percentile in milliseconds after three to warm up, and the statements of the third."""
    act()
    act()
    with CaptureQueriesContext(connection) as asked:
        act()
        statements = len(asked)  # before the next request empties the log
    spans = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        act()
        spans.append((time.perf_counter() - begun) * 1000)
    spans.sort()
    return {
        "median": statistics.median(spans),
        "p95": spans[int(len(spans) * 0.95) - 1],
        "statements": statements,
    }


def main() -> None:
    """Every size: the list of topics, one topic, a new topic."""
    call_command("migrate", verbosity=0)
    User.objects.bulk_create([User(username=f"u{n}", password="!") for n in range(60)])  # noqa: S106 - nobody signs in by it
    forum = Forum.objects.create(name="Weaning", type=Forum.FORUM_POST)
    client = Client()
    client.force_login(User.objects.get(username="u1"))
    rows: list[dict[str, Any]] = []
    before = 0
    for size in SIZES:
        posts = fill(forum, before, size)
        before = size
        acts = acts_on(client, f"/forum/{forum.slug}-{forum.pk}/")
        rows += [{"what": what, "size": size, "posts": posts, **timed(act)} for what, act in acts.items()]
    print(json.dumps(rows))


def acts_on(client: Client, place: str) -> dict[str, Callable[[], object]]:
    """What is asked of the forum at an address."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT slug, id FROM forum_conversation_topic WHERE posts_count = 3 ORDER BY id DESC LIMIT 1"
        )
        slug, key = cursor.fetchone()
    turns = iter(range(1_000_000))
    forms = {
        f"{name}-{field}": value
        for name in ("poll", "attachment")
        for field, value in (("TOTAL_FORMS", "0"), ("INITIAL_FORMS", "0"), ("MIN_NUM_FORMS", "0"), ("MAX_NUM_FORMS", "5"))
    }  # fmt: skip

    def get(path: str) -> None:
        reply = client.get(path)
        if reply.status_code != PAGE:
            sys.exit(f"{path}: {reply.status_code}")

    def new() -> None:
        said = {
            "subject": f"南瓜 {next(turns)}",
            "content": "南瓜蒸透再压，不加水也很细。" * 4,
            "topic_type": "0",
            "poll-question": "",
            "poll-max_options": "1",
            "poll-duration": "0",
        }
        reply = client.post(f"{place}topic/create/", said | forms)
        if reply.status_code != TAKEN:
            sys.exit(f"new topic: {reply.status_code}")

    return {
        "list of topics": lambda: get(place),
        "one topic": lambda: get(f"{place}topic/{slug}-{key}/"),
        "new topic": new,
    }


main()
