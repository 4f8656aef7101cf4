"""新手妈妈辅食群, in a real browser on a phone: from an event's page to a product that carries a mother's idea, and what headquarters sees.

The clock is ours: the days of the story pass, the browser's do not. Every page on the way that no other test reads is read by axe, by
day and by night.
"""

import io
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from PIL import Image

from browser.reading import faults
from tongxin.amplify import actions as amplify
from tongxin.communities import actions as communities
from tongxin.communities.actions import CommunityIn
from tongxin.communities.terms import ContainerKind, Part
from tongxin.events import actions as events
from tongxin.events.actions import EventIn
from tongxin.events.models import Registration
from tongxin.faces import entrance
from tongxin.foundation import clock
from tongxin.foundation.access import Grant, Viewer, system
from tongxin.foundation.accounts import actions as accounts
from tongxin.foundation.accounts import queries as account_queries
from tongxin.people import queries as people
from tongxin.people.models import Companion, Customer
from tongxin.rings import actions as rings
from tongxin.stores import actions as stores
from tongxin.stores import queries as places
from tongxin.stores.models import Staff
from tongxin.voices.actions import challenges

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

JOB = system("tests")
PHONE, DESK = 390, 1440
HELD = clock._held  # what is held inside the story goes on working
DAY = timedelta(days=1)
BABY = "豆豆"
MASKED = "小*"  # how headquarters reads her name
SAID = "宝宝六个月，第一口辅食选米粉还是肉泥？"
PEER = "我家第一口是高铁米粉，三天后加的肉泥，一次一小勺。"
EXPERT = "两样都行，先一样，连吃三天，看看脸上和大便。"
ASKED = "南瓜和山药可以同一天加吗？"
TOLD = "我家隔了三天，先南瓜后山药，脸上没红点再往下走。"
WANTED = "想要按月龄分好的小包装，一次一格。"
ANSWER = "下一批就按月龄分格，四月上架。"


class Days:
    """The clock of the story: `pass_on(days=…)` and it is later for every thread."""

    def __init__(self):
        self.ahead = timedelta(0)

    def now(self):
        return HELD.get() or datetime.now(UTC) + self.ahead

    def pass_on(self, **by):
        self.ahead += timedelta(**by)


@pytest.fixture(scope="module")
def days():
    """Our own clock in place of the real one, for this module."""
    story = Days()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", story.now)
        yield story


@pytest.fixture(scope="module")
def village(world, days, django_db_blocker):
    """The community of the source text with its nutritionist, neighbours who have been in it for long, a class tomorrow."""
    with django_db_blocker.unblock(), transaction.atomic():
        shop = places.access_store(JOB, world.store["id"])
        now = clock.now()
        with clock.held(now - 60 * DAY):
            circle = _circle(shop)
            old = [_neighbour(world, circle, n) for n in (0, 1)]
        _persona(world, circle)
        challenge = challenges.open_challenge(
            viewer=JOB, community_id=circle.public_id, title="七天七口", about="每天一口新食材", weekly_target=4,
            starts_on=clock.business_day(now), ends_on=clock.business_day(now + 27 * DAY),
        )  # fmt: skip
        event = events.draft(
            viewer=JOB, store=shop,
            event=EventIn(title="亲子辅食课", theme="第一口", format="class", places=12, party_most=2, starts_at=now + DAY, ends_at=now + DAY + timedelta(hours=2)),
        )  # fmt: skip
        events.publish(viewer=JOB, event_id=event.public_id)
        mother = Customer.objects.get(public_id=world.store["members"][2]["id"])
        mother.nickname = "小林"
        mother.save(update_fields=["nickname"])
        return {"circle": circle, "event": event, "challenge": challenge, "mother": mother, "old": old}


def _circle(shop):
    row = communities.found(
        viewer=JOB,
        community=CommunityIn(
            name="新手妈妈辅食群",
            slogan="一口一口来",
            purpose={
                "who": "0～2 岁宝宝的家庭",
                "when": "开始添加辅食的时候",
                "wants": "帮助 0～2 岁的宝宝家庭，轻松、科学地解决辅食喂养难题",
                "so_that": "宝宝吃得好，大人不焦虑",
                "proof": "每周一问：这周的辅食难题解决了吗",
            },
            interests=("辅食", "睡眠"),
            rituals=({"name": "妈妈早茶会", "when": "周五上午", "words": "带宝宝来坐坐"},),
        ),
    )
    given = {"viewer": JOB, "community_id": row.public_id}
    months = {"name": "months", "kind": "choice", "zh": "宝宝多大了", "choices": ["0～6 个月", "7～12 个月"]}
    communities.set_gates(gates=[("application", {"questions": [months]})], **given)
    communities.publish_rules(lines=["只聊喂养，不发广告。", "说自己的经验，不替别人下诊断。"], **given)
    communities.add_container(
        kind=ContainerKind.WECOM, name="辅食一群", external_id="wrOgAAA1", store=shop, **given
    )
    communities.offer_after(after=[("events", "format", "class")], **given)
    return communities.open_up(**given)


def _neighbour(world, circle, n):
    """A member of long standing."""
    person = people.access_customer(JOB, world.store["members"][n]["id"]).pk
    who = Viewer(account=None, name=f"m-{person}", person=person, grants=(Grant("member"),))
    asked = communities.apply(
        viewer=who,
        community_id=circle.public_id,
        answers={"application": {"months": "7～12 个月"}},
        accepts=(1, clock.now()),
    )
    communities.decide(viewer=JOB, application_id=asked.public_id, gate="application", yes=True)
    communities.say_hello(viewer=who, community_id=circle.public_id, hello="两娃妈，爱做南瓜泥。")
    return who


def _persona(world, circle):
    """The champion answers as the nutritionist."""
    handle = world.store["champions"][0]["handle"]
    account = account_queries.account_by_handle(JOB, handle)
    staff = Staff.objects.get(code=handle)
    if staff.account_id is None:
        stores.link_account(viewer=JOB, staff=staff, account=account)
    communities.give_part(
        viewer=JOB, community_id=circle.public_id, part=Part.EXPERT, staff=staff.public_id, shown_as="周医师",
        specialty="儿童营养", until=clock.now() + 300 * DAY,
    )  # fmt: skip


@pytest.fixture
def stands(world, village, visit, days):
    """`with stands("mother") as page:` a page of one of the story's people, signed in at the story's hour."""
    handles = {
        "hq": world.document["hq"]["admin"]["handle"],
        "champion": world.store["champions"][0]["handle"],
        "mother": world.store["members"][2]["handle"],
        "peer": world.store["members"][1]["handle"],
    }

    @contextmanager
    def opened(who):
        account = account_queries.account_by_handle(JOB, handles[who])
        session = SessionStore()
        session[entrance.KEY] = str(accounts.open_session(account=account, second_factor=True).public_id)
        session.save()
        world.cookies[who] = str(session.session_key)
        with visit(who, width=DESK if who == "hq" else PHONE) as page:
            yield page

    return opened


def reads(page):
    """Axe, night and widths."""
    assert faults(page, page.url) == []


def tap(page, name, *, exact=False):
    """Press a button and wait until the page that follows stands."""
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.get_by_role("button", name=name, exact=exact).first.click()


def follow(page, name):
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.get_by_role("link", name=name).first.click()


def jpeg():
    """A photo as a phone gives it, with a place in its metadata."""
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = "GPS-SECRET"
    Image.new("RGB", (640, 480), (214, 150, 92)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def night(days, hours=6):
    """The evening passes, the nightly job places everybody anew."""
    days.pass_on(hours=hours)
    with transaction.atomic():
        rings.recompute(viewer=JOB)


@dataclass
class Tale:
    """What the chapters share."""

    village: dict
    stands: Any
    days: Days
    question: str = ""

    @property
    def event(self):
        return f"/m/events/{self.village['event'].public_id}/"

    @property
    def circle(self):
        return f"/m/communities/{self.village['circle'].public_id}/"

    @property
    def who(self):
        return f"/hq/people/{self.village['mother'].public_id}/"


def registers_with_the_baby(tale):
    """An event with the baby, which is a companion and nothing else."""
    customers = Customer.objects.count()
    with tale.stands("mother") as page:
        page.goto(tale.event)
        page.get_by_text("带孩子来").click()
        page.get_by_label("昵称").first.fill(BABY)
        page.get_by_label("几岁").first.fill("0")
        page.get_by_text("我是监护人，同意").click()
        tap(page, "报名，占一个位子")
        page.goto("/member/me/")
        assert BABY in page.inner_text("main")
        if page.get_by_role("button", name="打开", exact=True).count():
            tap(page, "打开", exact=True)
    assert (Customer.objects.count(), Companion.objects.filter(guardian=tale.village["mother"]).count()) == (
        customers,
        1,
    )


def comes_and_is_invited_on(tale):
    """She comes; afterwards the event's page invites her on, and she asks to come in."""
    tale.days.pass_on(hours=24, minutes=5)
    seat = Registration.objects.get(person=tale.village["mother"])
    with transaction.atomic():
        events.check_in(
            viewer=JOB, event_id=tale.village["event"].public_id, nonce=uuid4(), registration=seat.public_id
        )
    tale.days.pass_on(hours=3)
    with tale.stands("mother") as page:
        page.goto(tale.event)
        assert "活动之后，接着聊" in page.inner_text("main")
        reads(page)
        follow(page, "进去看看")
        reads(page)
        page.get_by_label("宝宝多大了").select_option("0～6 个月")
        page.get_by_text("看过上面的群规，同意").click()
        tap(page, "加入", exact=True)
        assert "等社群答复" in page.inner_text("main")


def is_let_in(tale):
    """The host lets her in."""
    with tale.stands("champion") as page:
        page.goto("/champion/communities/")
        reads(page)
        tap(page, "通过")
        assert "小林" in page.inner_text("main")
        reads(page)


def introduces_herself_and_asks(tale):
    """She says hello and asks; a newcomer's first words are looked at before they are shown."""
    with tale.stands("mother") as page:
        page.goto(tale.circle)
        assert "第一周，慢慢来" in page.inner_text("main")
        page.get_by_label("一句话介绍自己").fill("豆豆妈，刚开始加辅食。")
        page.locator("label.chip", has_text="辅食").click()
        tap(page, "保存")
        follow(page, "说点什么")
        page.locator(".seg label", has_text="提问").click()
        page.get_by_label("内容", exact=True).fill(SAID)
        tap(page, "发出去")
        tale.question = page.url
    with tale.stands("champion") as page:
        page.goto("/champion/communities/")
        follow(page, "审核台")
        follow(page, "看一看")
        tap(page, "放行")


def is_answered(tale):
    """A neighbour answers, the nutritionist answers, she accepts."""
    for who, words in (("peer", PEER), ("champion", EXPERT)):
        with tale.stands(who) as page:
            page.goto(tale.question)
            page.get_by_label("你的回答").fill(words)
            tap(page, "回答")
    with tale.stands("mother") as page:
        page.goto(tale.question)
        assert "周医师" in page.inner_text("main")
        page.locator("article", has_text=PEER).get_by_role("button", name="采纳").click()
        page.get_by_text("提问人采纳").wait_for()


def punches_in_for_a_week(tale):
    """Seven days, one tap each."""
    with tale.stands("mother") as page:
        page.goto(f"{tale.circle}together/")
        reads(page)
        follow(page, "七天七口")
        tap(page, "参加", exact=True)
        for _day in range(7):
            tap(page, "今天打卡")
            assert "今天打过了" in page.inner_text("main")
            tale.days.pass_on(days=1)
            page.reload()
        reads(page)


def posts_a_photo(tale):
    """A photo, painted anew; she is no newcomer any more."""
    night(tale.days)
    with tale.stands("mother") as page:
        page.goto(f"{tale.circle}talk/")
        page.get_by_label("内容", exact=True).fill("第七口：南瓜泥，吃光了。")
        page.get_by_text("话题、照片和谁能看").click()
        page.get_by_label("照片（选填）").set_input_files(
            {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
        )
        page.get_by_text("照片给群里的人看").click()
        tap(page, "发出去")
        photo = page.request.get(page.locator(".photos img").first.get_attribute("src"))
        assert photo.ok
        assert b"GPS-SECRET" not in photo.body()
        assert Image.open(io.BytesIO(photo.body())).getexif() == {}
        posted = page.url
    with tale.stands("peer") as page:
        page.goto(posted)
        tap(page, "喜欢")


def becomes_a_star(tale):
    """Headquarters sees her path and asks her to be a Star; she licenses one work."""
    with tale.stands("hq") as page:
        page.goto(tale.who)
        follow(page, "请做社区之星")
        page.get_by_label("为什么请 TA").first.fill("问得细，也常把结果告诉大家")
        tap(page, "去请")
        assert MASKED in page.inner_text("main")
    with tale.stands("mother") as page:
        page.goto("/m/stars/")
        page.get_by_label("用什么名字").fill("豆豆妈")
        tap(page, "我愿意")
        chosen = page.get_by_label("从我发过的里面选")
        chosen.select_option(chosen.locator("option", has_text="照片").first.get_attribute("value"))
        tap(page, "放进来")
        tap(page, "同意这样展示")
        reads(page)
    with tale.stands("hq") as page:
        page.goto("/hq/stars/")
        tap(page, "上墙")
        reads(page)


def is_worth_talking_to(tale):
    """Four weeks later she is the one who answers; she is on the list of people worth talking to."""
    tale.days.pass_on(days=22)
    with tale.stands("peer") as page:
        page.goto(f"{tale.circle}talk/")
        page.locator(".seg label", has_text="提问").click()
        page.get_by_label("内容", exact=True).fill(ASKED)
        tap(page, "发出去")
        asked = page.url
    with tale.stands("mother") as page:
        page.goto(asked)
        page.get_by_label("你的回答").fill(TOLD)
        tap(page, "回答")
    with tale.stands("peer") as page:
        page.goto(asked)
        page.locator("article", has_text=TOLD).get_by_role("button", name="采纳").click()
        page.get_by_text("提问人采纳").wait_for()
    night(tale.days)
    with tale.stands("hq") as page:
        page.goto("/hq/panels/")
        tap(page, "列一份")
        with transaction.atomic():
            amplify.draw_up_lists(viewer=JOB)
        page.reload()
        place = page.locator("li", has=page.get_by_role("link", name=MASKED))
        assert place.locator("small").count() >= 2


def sits_at_the_table(tale):
    """The panel of the food for children: she sits, and tries a product."""
    with tale.stands("hq") as page:
        page.goto("/hq/panels/")
        page.get_by_text("设一个共创会").click()
        page.get_by_label("名字", exact=True).fill("儿童食品共创会")
        page.get_by_label("做什么").fill("先试新品，说给我们听")
        page.get_by_label("请大家保密什么").fill("上市前不外传")
        tap(page, "设立")
        page.goto(tale.who)
        follow(page, "请入共创会")
        page.get_by_label("为什么请 TA").first.fill("喂过一轮，说得清楚")
        tap(page, "去请")
    with tale.stands("mother") as page:
        page.goto("/m/cocreate/")
        assert "儿童食品共创会" in page.inner_text("main")
        page.get_by_text("我答应：").click()
        tap(page, "我来坐")
    with tale.stands("hq") as page:
        page.goto("/hq/panels/")
        page.get_by_text("请人入席、开始试用").click()
        page.get_by_label("试什么").fill("南瓜小米泥")
        page.get_by_label("要打分的问题").fill("宝宝爱不爱吃\n开盖方便吗")
        page.locator("[id^=pu-]").fill(f"{clock.business_day(clock.now() + 14 * DAY):%Y-%m-%d}")
        tap(page, "开始试用")
    with tale.stands("mother") as page:
        page.goto("/m/cocreate/")
        reads(page)
        for question_ in ("宝宝爱不爱吃", "开盖方便吗"):
            page.get_by_label(question_).select_option("9")
        tap(page, "写好了")


def has_an_idea_that_is_made(tale):
    """What she wants is tried, then made, and carries her name."""
    with tale.stands("mother") as page:
        page.goto("/m/cocreate/")
        page.get_by_label("想要什么").fill(WANTED)
        tap(page, "告诉我们")
    with tale.stands("hq") as page:
        page.goto("/hq/panels/")
        for stage, made in (("在试做", ""), ("做成了", "月龄分格南瓜泥")):
            row = page.locator("li", has_text=WANTED)
            row.locator("summary").click()
            row.get_by_label("写给作者").fill(ANSWER)
            row.get_by_label("到哪一步").select_option(label=stage)
            row.get_by_label("做成了什么").fill(made)
            with page.expect_navigation(wait_until="domcontentloaded"):
                row.get_by_role("button", name="答复").click()
        reads(page)
    with tale.stands("mother") as page:
        page.goto("/m/cocreate/")
        assert ANSWER in page.inner_text("main")
        page.get_by_label("署名").fill("豆豆妈")
        tap(page, "保存")
        assert "豆豆妈的点子" in page.inner_text("main")
        page.goto("/member/")
        reads(page)
        page.goto("/member/path/")
        text = page.inner_text("main")
        assert not [word for word in ("外环", "中环", "内环", "拉新", "转化") if word in text]
        reads(page)


def is_evidence(tale):
    """Headquarters: each step is evidence, and her ring comes with its reasons."""
    night(tale.days, hours=20)
    with tale.stands("hq") as page:
        page.goto(f"/hq/communities/{tale.village['circle'].public_id}/")
        reads(page)
        page.goto(tale.who)
        text = page.inner_text("main")
        assert BABY not in page.content()
        for _page in range(3):
            if not page.get_by_role("link", name="下一页").count():
                break
            follow(page, "下一页")
            text += page.inner_text("main")
        for deed in (
            "报名", "到场签到", "加入社群", "发了帖", "打了卡", "作品入选精选", "参加了共创会", "点子被采用",
        ):  # fmt: skip
            assert deed in text, deed
        assert "互动层" in text


CHAPTERS = (
    registers_with_the_baby,
    comes_and_is_invited_on,
    is_let_in,
    introduces_herself_and_asks,
    is_answered,
    punches_in_for_a_week,
    posts_a_photo,
    becomes_a_star,
    is_worth_talking_to,
    sits_at_the_table,
    has_an_idea_that_is_made,
    is_evidence,
)


def test_a_mother_walks_from_an_event_to_a_product_with_her_name(village, stands, days):
    """Every chapter begins where the last one ended."""
    tale = Tale(village, stands, days)
    for chapter in CHAPTERS:
        chapter(tale)
