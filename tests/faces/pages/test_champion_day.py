"""The champion's day through the pages: taps counted, corrections, photos, people to invite, headquarters' list, statements."""

import io
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from access.actors import JOB, NOON, browser, standing_world
from events.factories import published
from outreach.town import agree
from tongxin.champions import actions, queries
from tongxin.champions.actions import AnswerIn
from tongxin.champions.models import CheckAnswer, Invite
from tongxin.champions.terms import CheckWord, InviteReason
from tongxin.foundation import clock
from tongxin.outreach import actions as outreach
from tongxin.outreach.terms import MessageClass
from tongxin.people import queries as people
from tongxin.stores import queries as stores

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def _django_db_helper():
    """The world of the module stands in one transaction; each test takes back what it did."""


@pytest.fixture(scope="module")
def standing(django_db_setup, django_db_blocker):
    with standing_world(django_db_blocker) as built:
        yield built


@pytest.fixture
def world(standing):
    with transaction.atomic():
        yield standing
        transaction.set_rollback(True)


def here(world):
    document = world.document["regions"][0]["stores"][0]
    return stores.access_store(JOB, document["id"]), document["members"]


def page(world, name="champion", path="/champion/"):
    return browser(world.actors[name]).get(path)


def taps(html):
    """What a thumb has to do: one choice an item, and one button."""
    form = html[html.index("checkform") :]
    return form[: form.index("</form>")].count("<fieldset") + 1


def test_the_check_takes_at_most_seven_taps_and_is_done_by_one_form(world):
    store, _ = here(world)
    html = page(world).content.decode()
    assert "社区告示板是今天的吗？" in html
    assert taps(html) == 3
    client = browser(world.actors["champion"])
    said = {"answer.board": "yes", "answer.invited": "no", "sentence.invited": "下雨，没有人"}
    reply = client.post(reverse("champion.check", args=[store.public_id]), said)
    assert reply["Location"] == f"/champion/?store={store.public_id}"
    html = client.get(reply["Location"]).content.decode()
    assert "今天的体检做完了" in html
    assert "下雨，没有人" in html
    (one,) = queries.concerns_for(JOB).items
    assert one.sentence == "下雨，没有人"


def test_five_items_take_six_taps(world):
    with clock.held(clock.now() - DAY):
        actions.publish_list(viewer=JOB, items=[(zh, "") for zh in "一二三四五"], since=NOON.date())
    assert taps(page(world).content.decode()) == 6


def test_nothing_chosen_says_so_and_writes_nothing(world):
    store, _ = here(world)
    client = browser(world.actors["champion"])
    reply = client.post(
        reverse("champion.check", args=[store.public_id]), {"answer.board": "perhaps"}, follow=True
    )
    assert "请至少选一项" in reply.content.decode()
    assert not CheckAnswer.objects.exists()


def test_a_photo_is_served_to_the_store_and_to_nobody_elses(world, settings, tmp_path):
    settings.TONGXIN_MEDIA = tmp_path
    store, _ = here(world)
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "MK-secret-place"
    Image.new("RGB", (40, 30), "red").save(out, "JPEG", exif=exif)
    assert b"MK-secret-place" in out.getvalue()
    sent = {
        "answer.board": "yes",
        "photo.board": SimpleUploadedFile("a.jpg", out.getvalue(), content_type="image/jpeg"),
    }
    browser(world.actors["champion"]).post(reverse("champion.check", args=[store.public_id]), sent)
    path = reverse("check.photo", args=[CheckAnswer.objects.get().public_id])
    reply = page(world, path=path)
    served = b"".join(reply.streaming_content)
    assert (reply["Content-Type"], reply["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert b"MK-secret-place" not in served
    assert page(world, "champion_elsewhere", path).status_code == 404


def filled(world, people_named=3):
    store, members = here(world)
    for n in range(1, 4):
        with clock.held(clock.now() - n * DAY):
            if n != 2:
                answers = {"board": AnswerIn(CheckWord.YES), "invited": AnswerIn(CheckWord.NOT_TODAY)}
                actions.answer_check(viewer=JOB, store=store, answers=answers)
    published(store, starts_at=clock.now() + 2 * HOUR, theme="第一炉星星饼干", places=12, place="烘焙坊")
    for n in range(people_named):
        person = people.access_customer(JOB, members[-1 - n]["id"])
        Invite.objects.create(
            store=store,
            day=queries.today_in(store),
            place=n + 1,
            person=person,
            why=(InviteReason.MISSED, InviteReason.NEW, InviteReason.NEW)[n],
            facts={"times": 5, "every": 14, "since": 40},
            picked_at=clock.now(),
        )
        agree(person)
    return store


def plan(store, text):
    made = outreach.plan_message(
        viewer=JOB,
        message_class=MessageClass.COMMUNITY,
        channel="manual",
        audience="store",
        audience_key=str(store.public_id),
        store=store,
        text=text,
        expires_at=clock.now() + DAY,
    )
    outreach.approve_message(viewer=JOB, public_id=made.public_id)
    outreach.expand_due(viewer=JOB)
    outreach.drain()


def test_the_page_shows_the_whole_day(world):
    store = filled(world)
    html = page(world).content.decode()
    for words in (
        "没做",
        "第一炉星星饼干",
        "没有人候补",
        "来过 5 次，平常约 14 天来一次",
        "近四周",
        "今天可以请谁",
    ):
        assert words in html, words
    assert html.count("champion/invites/") == 3
    invite = Invite.objects.filter(store=store).first()
    browser(world.actors["champion"]).post(
        reverse("champion.invited", args=[invite.public_id]), {"outcome": "not_now"}
    )
    assert "先不打扰" in page(world).content.decode()


def test_the_next_letter_is_copied_and_marked_in_two_taps(world):
    store, members = here(world)
    for member in members:
        agree(people.access_customer(JOB, member["id"]))
    plan(store, "早上好！今天 10:00 开炉。")
    html = page(world).content.decode()
    assert 'data-copy="letter"' in html
    assert "早上好！今天 10:00 开炉。" in html
    browser(world.actors["champion"]).post(re.search(r'action="(/champion/tasks/[^"]+/sent/)"', html)[1])
    assert "下一条要发" not in page(world).content.decode()


def test_the_page_takes_the_same_statements_for_one_and_three(world):
    filled(world, 1)
    store, members = here(world)
    counts = []
    client = browser(world.actors["champion"])
    for more in ((2, 3), ()):
        client.get("/champion/")
        with CaptureQueriesContext(connection) as said:
            client.get("/champion/")
        counts.append(len(said))
        for n in more:
            published(store, starts_at=clock.now() + 3 * HOUR)
            person = people.access_customer(JOB, members[-n]["id"])
            agree(person)
            Invite.objects.create(
                store=store,
                day=queries.today_in(store),
                place=n,
                person=person,
                why=InviteReason.NEW,
                facts={"since": 3},
                picked_at=clock.now(),
            )
    assert counts[0] == counts[1]


def test_headquarters_reads_answers_and_publishes(world):
    store, _ = here(world)
    actions.answer_check(viewer=JOB, store=store, answers={"board": AnswerIn(CheckWord.NO, "告示板要换")})
    client = browser(world.actors["hq_editor"])
    html = client.get("/hq/checks/").content.decode()
    assert "告示板要换" in html
    action = re.search(r'action="(/hq/checks/[^"]+/reply/)"', html)[1]
    client.post(action, {"reply": "明天送到"})
    assert "告示板要换" not in client.get("/hq/checks/").content.decode()
    day = (NOON + DAY).date().isoformat()
    client.post("/hq/checks/", {"zh": ["地面干净吗？", ""], "en": ["", ""], "since": day, "expected": "0"})
    assert "第 1 版从" in client.get("/hq/checks/").content.decode()
    late = client.post("/hq/checks/", {"zh": ["又一项"], "en": [""], "since": day, "expected": "0"})
    assert late.status_code == 412
