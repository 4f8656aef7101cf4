"""The permission matrix of the pages: the same actors, with browsers and forms."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from access.actors import ACTORS, CHINESE, HERE, JOB, NOON, api, browser, rows_touched, undone
from access.requests import address
from access.test_harm import LEAVES_A_TRAIL
from access.test_matrix import check_headers, may, name, things_of
from access.things import FACTORIES, absent, margin_set, sheet
from tongxin.foundation import clock
from tongxin.foundation.access import ANYONE
from tongxin.foundation.accounts import queries as entries
from tongxin.people import queries as people
from tongxin.project.permissions import PAGES
from tongxin.rings import actions as rings
from tongxin.rings.terms import OverrideReason, Ring
from tongxin.stores import queries as stores

pytestmark = pytest.mark.django_db
CLOSED = [row for row in PAGES if ANYONE not in row.roles]
BROWSERS = [a for a in ACTORS if a not in ("device", "webhook", "unscoped")]
OPEN = [row for row in PAGES if ANYONE in row.roles]
# Steps that need more than a role: somebody invited, a file that was looked at. Their own tests walk them; here the door opens and
# the room refuses in its own words.
NEEDS_MORE = {
    "hq.editorial": (404, "absent"),  # words are for who edits for the whole brand
    "member.stars": (404, "absent"),  # somebody who was invited
    "hq.friends": (409, "amplify.no_agreement"),
    "hq.codes": (409, "wecom.no_users"),  # a colleague with an account in the corp
    "hq.wecom.handovers": (404, "absent"),
    "hq.grants": (404, "absent"),  # a grant that waits
    "member.teachers": (404, "absent"),  # somebody who was asked to teach
    "member.teacher": (409, "amplify."),  # a new member
    "member.contest": (422, "voices.contest_entry"),
    "hq.person.invite": (409, "rings."),
    "hq.person.confirm": (404, "absent"),
    "member.invitation": (404, "absent"),
    "member.path": (404, "absent"),
    "champion.photos": (422, "input.bad"),  # needs a file
    "hq.import": (
        422,
        "input.bad",
    ),  # a file is taken in by a process of its own, which does not see this transaction
    "hq.import.commit": (404, "absent"),
    "hq.import.refused": (404, "absent"),
    "hq.study.report": (404, "absent"),
    "hq.event.draw": (409, "events.not_lottery"),
    "champion.checkin.scan": (422, "events.ticket"),
    "champion.checkin.annul": (404, "absent"),
    "champion.checkin.find": (404, "absent"),
    "champion.checkin.sync": (404, "absent"),
    "champion.voucher": (404, "commerce.voucher_unknown"),
    "member.address": (409, "outreach.channel_off"),
    "champion.promise.back": (409, "commerce.no_refund_due"),
    "member.course.take": (422, "input.bad"),  # which dates are picked differs from series to series
    "organise.sponsored": (422, "input.bad"),  # an outcome cites an event
}


NONCE = str(uuid.UUID(int=4))
NEW_EVENT = {
    "key": "k1",
    "format": "tea",
    "title": "茶会",
    "day": "2026-04-01",
    "time": "10:00",
    "minutes": "60",
    "places": "8",
}
KIT_BASICS: dict[str, str] = {
    "part": "outline",
    "revision": "2",
    "dough.title": "和面",
    "dough.minutes": "30",
    "dough.note": "",
    "story.title": "讲故事",
    "story.minutes": "20",
    "story.note": "",
}


def _segment(world):
    sheet(world)
    return {"name": "常来的人", "rule": "天数(91) >= 4", "store": world.store(HERE)["id"]}


FORMS: dict[str, Any] = {
    "member.stars": {"do": "accept", "shown_as": "小林"},
    "member.cocreate": {"do": "idea", "words": "想要小包装"},
    "member.me": {"name": "豆豆妈"},
    "member.ambassador": lambda world: margin_set({"do": "code"}),
    "hq.stars": lambda world: {
        "do": "invite",
        "member": world.store(HERE)["members"][3]["id"],
        "why": "常帮人",
    },
    "hq.outside": {
        "do": "list",
        "name": "城东宝妈群",
        "platform": "wechat",
        "about": "辅食和遛娃",
        "claimed": "300",
    },
    "hq.panels": lambda world: {
        "name": "儿童食品共创会",
        "about": "先试新品",
        "confidential": "上市前不外传",
        "seats": "9",
        "store": world.store(HERE)["id"],
    },
    "member.teachers": {"do": "accept", "shown_as": "小林老师", "words": "从一炉饼干开始"},
    "member.teacher": lambda world: margin_set({"do": "name"}),
    "hq.grants": {"do": "second", "grant": str(uuid.UUID(int=9))},
    "hq.sharing": {
        "do": "pool",
        "title": "这一季",
        "sum": "3000",
        "since": "2026-04-01",
        "until": "2026-07-01",
        "p.posted": "2",
    },
    "hq.friends": lambda world: {
        "do": "invite",
        "member": world.store(HERE)["members"][3]["id"],
        "why": "常带大家",
        "weeks": "13",
    },
    "member.community.join": {"from": "poster"},
    "member.community.act": {"step": "say", "hello": "大家好"},
    "member.talk": {"body": "今天吃了南瓜", "kind": "question"},
    "member.post": {"do": "reply", "body": "谢谢你"},
    "hq.desk.case": {"verdict": "hide", "reason": "换个说法"},
    "champion.desk.case": {"verdict": "remove", "reason": "群规第二条", "strike": "yes"},
    "member.desk.case": {"verdict": "release"},
    "hq.voice": {"step": "label", "label": "gripe"},
    "hq.editorial": {"step": "word", "text": "对面的店", "category": "advert", "level": "hold"},
    "member.report": {"kind": "advert"},
    "member.case": {"said": "这是我自己的小店"},
    "member.contest": {"post": "00000000-0000-4000-8000-000000000000"},
    "member.challenge": {"step": "check_in"},
    "champion.together": {
        "key": "k1",
        "step": "challenge",
        "title": "一周三次",
        "target": "3",
        "starts_on": "2026-04-01",
        "ends_on": "2026-04-28",
    },
    "champion.application": {"gate": "application", "answer": "yes"},
    "champion.community_member": {"reason": "连续发广告"},
    "hq.communities": lambda world: {"name": "街角读书会", "store": world.store(HERE)["id"]},
    "champion.community.tend": {"step": "wake", "state": "dormant", "text": "想来随时来。"},
    "hq.community": {"step": "rules", "lines": "只聊喂养", "mandatory": "no"},
    "champion.review": {"went_well": "第一炉", "to_change": "围裙", "said_by_guests": "还来", "version": "0"},
    "champion.followup": {"text": "家长群", "url": "https://example.com/g", "version": "0"},
    "champion.photo.seen": {"child_visible": "yes", "version": "2"},
    "champion.photo.state": {"state": "group", "version": "2"},
    "hq.photo": {"state": "group", "version": "2"},
    "member.survey": {"score": "9"},
    "member.photo": {"use": "group", "granted": "yes"},
    "champion.check": {"answer.board": "yes", "answer.invited": "not_today"},
    "champion.invited": {"outcome": "invited"},
    "hq.checks": {"zh": ["烤箱干净吗？"], "en": [""], "since": "2026-03-09", "expected": "0"},
    "hq.check.reply": {"reply": "明天送到"},
    "hq.champion.leave": lambda world: {
        "successor": world.store(HERE)["champions"][1]["account"],
        "last_day": "2026-03-05",
    },
    "champion.training": {"item": "door"},
    "hq.person.override": {
        "ring": "middle",
        "reason": str(next(iter(OverrideReason))),
        "until": "2026-04-01",
        "note": "test",
    },
    "hq.person.tag": {"label": "烘焙"},
    "hq.person.invite": {"reason": "常帮人"},
    "hq.person.thank": {"kind": "praise", "words": "谢谢你"},
    "hq.rings": lambda world: {
        "step": "open",
        "title": "冬至小礼",
        "kind": "inside",
        "ring": "middle",
        "words": "谢谢常来",
        "share": "20",
        "store": world.store(HERE)["id"],
    },
    "hq.segments": _segment,
    "hq.person.phone": {"reason": "通知改期"},
    "hq.measures": {"kind": "concentration"},
    "hq.studies": {"title": "活动带来了什么", "treated": "participation"},
    "hq.rings_policy": {"expected": "1", "note": "again"},
    "member.consent": {"granted": "yes"},
    "member.personalise": {"on": "no"},
    "member.erase": {"sure": "yes"},
    "member.register": {"seen": "1"},
    "member.hear": {"on": "no"},
    "member.address": {"mail": "an@example.org"},
    "champion.checkin.scan": {"nonce": NONCE, "ticket": "TX1.A.A"},
    "champion.checkin.annul": {"nonce": NONCE, "scan": NONCE},
    "champion.checkin.walkin": {"nonce": NONCE, "nickname": "小桃"},
    "champion.checkin.find": {"door": NONCE, "text": "小桃"},
    "champion.checkin.sync": {"door": NONCE, "journal": "[]"},
    "champion.checkin.resolve": {"verdict": "看过了"},
    "champion.event.new": NEW_EVENT,
    "champion.event.move": {"version": "1", "day": "2026-04-02", "time": "10:00", "place": "二楼"},
    "champion.event.resize": {"version": "1", "size": "20"},
    "champion.event.cancel": {"reason": "停电"},
    "champion.event.tell": {"text": "请带水杯"},
    "champion.answer": {"answer": "approve"},
    "champion.voucher": {"code": "AAAA", "do": "look"},
    "champion.promise.paid": {"receipt": "A-1"},
    "champion.promise.unpaid": {"reason": "记错了"},
    "champion.promise.back": {"receipt": "A-2"},
    "hq.event.new": lambda world: NEW_EVENT | {"store": world.store(HERE)["id"]},
    "hq.event.cancel": {"reason": "停电"},
    "hq.kits": {"title": "读书会", "code": "book-club"},
    "hq.kit.change": KIT_BASICS,
    "hq.kit.release": {"revision": "2"},
    "hq.kit.offer": {"to": "everywhere"},
    "hq.event.costs": {"flour.quantity": "2000", "flour.yuan": "19.80"},
    "champion.event.costs": {"flour.quantity": "2000", "flour.yuan": "19.80"},
    "hq.kit.allow_word": {"word": "国家级", "why": "奖项原名"},
    "hq.kit_version.recall": {"reason": "糖霜批次有问题"},
    "hq.kit_report": {"answer": "下一版改"},
    "champion.kit": {"key": "k1", "day": "2026-04-01", "time": "10:00"},
    "champion.kit.report": {"step": "outline.story"},
    "champion.kit_instance": {"step": "adapt", "version": "1", "places": "10"},
    "hq.messages": lambda world: {
        "audience": f"persons|store|{world.store(HERE)['id']}",
        "message_class": "community",
        "channel": "manual",
        "text": "周末有市集",
    },
    "hq.message.cancel": {"reason": "改主意"},
    "hq.codes": lambda world: {
        "place": f"store:{world.store(HERE)['id']}",
        "kind": "store",
        "source": "store",
    },
    "hq.sequence.move": {"act": "end", "reason": "改主意"},
    "hq.sequences": lambda world: {
        "audience": f"persons|store|{world.store(HERE)['id']}",
        "kind": "onboarding",
        "title": "新人七天",
        "message_class": "community",
        "channel": "inbox",
        "day1": "0",
        "at1": "10:00",
        "text1": "欢迎你来",
    },
    "hq.commitment": {"answer": "approve", "reason": "值得"},
    "organise.series.new": {
        "key": "a4",
        "step": "open",
        "format": "tea",
        "title": "读书会",
        "every": "week",
        "days": "WE",
        "starts_on": "2026-04-01",
        "start_time": "10:00",
        "minutes": "60",
        "places": "8",
        "count": "2",
    },
    "organise.series.change": {
        "version": "1",
        "title": "早茶会",
        "start_time": "10:00",
        "minutes": "90",
        "places": "12",
        "holidays": "skip",
    },
    "organise.series.end": {"reason": "换地方"},
    "organise.series.day": {"step": "skip", "reason": "停电"},
    "organise.passes": {"step": "find", "q": "小桃"},
    "organise.kept": {"version": "1", "audience": "ring:middle", "size": "2"},
    "organise.proposal": {"answer": "no", "why": "那天有市集"},
    "organise.sale.new": {
        "key": "a5",
        "format": "group_buy",
        "title": "橙子",
        "item": "一箱",
        "price_fen": "29.9",
        "places": "9",
        "group_size": "3",
        "open_day": "2026-04-01",
        "open_time": "10:00",
        "from_day": "2026-04-03",
        "from_time": "10:00",
        "to_day": "2026-04-03",
        "to_time": "20:00",
    },
    "organise.envelope.new": lambda world: {
        "title": "春",
        "amount": "100",
        "opens_on": "2026-04-01",
        "closes_on": "2026-05-01",
        "store": world.store(HERE)["id"],
    },
    "organise.envelope": {"note": "面粉", "amount": "12", "key": "a1"},
    "organise.commitment": {"step": "spend", "amount": "3", "key": "a2"},
    "organise.partners": {"name": "花店", "kind": "business", "state": "talking"},
    "organise.partner": {"version": "0", "name": "花店", "state": "active"},
    "organise.sponsor": {"title": "运动会", "starts_on": "2026-04-11", "ends_on": "2026-04-11", "key": "a3"},
    "organise.sponsored": {"step": "held"},
    "member.group.begin": {},
    "member.group.join": {},
    "member.proposals": {
        "format": "tea",
        "title": "读诗",
        "day": "2026-04-11",
        "time": "15:00",
        "minutes": "60",
        "places": "8",
    },
}


def placed_by_hand(world, thing):
    """What `release` takes back."""
    admin = stores.viewer_for(
        entries.account_by_handle(JOB, world.actors["admin"].handle), second_factor=True
    )
    until = NOON + timedelta(days=9)
    reason = next(iter(OverrideReason))
    with clock.held(NOON + timedelta(minutes=30)):
        rings.override(viewer=admin, customer=thing, ring=Ring.MIDDLE, reason=reason, until=until, note="x")


def browsing(world, actor):
    """A browser with the cookie of an actor, who signed in once; the first request has settled the cookie.

    Each time a new browser: signing out forgets the cookie even when what happened on the server is taken back.
    """
    kept = world.made.setdefault("cookies", {})
    if actor.name not in kept:
        first = browser(actor)
        first.get(reverse("member.notice"))
        kept[actor.name] = first.cookies["sessionid"].value if "sessionid" in first.cookies else ""
    client = Client(**CHINESE)
    client.cookies["sessionid"] = kept[actor.name]
    return client


@pytest.fixture(autouse=True)
def _opened(world):
    """All browsers, before anything that is taken back again."""
    for who in BROWSERS:
        browsing(world, world.actors[who])


def ask(world, row, actor, thing, there=True):
    client, path = browsing(world, actor), address(row, thing, world)
    with undone():
        if row.route == "hq.person.release" and there and may(row, actor):
            placed_by_hand(world, thing)
        if row.method == "GET":
            return client.get(path)
        form = FORMS.get(row.route, {})
        return client.post(path, form(world) if callable(form) else form)


def whole(reply) -> bytes:
    """What was answered, a stream too."""
    return b"".join(reply.streaming_content) if reply.streaming else reply.content


def same(reply, *things) -> str:
    """A page without what differs in each: the form's token and the address that was asked for."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", reply.content.decode())
    for thing in things:
        text = text.replace(thing, "ID")
    return text


def check_page_headers(reply):
    """A report is a document of its own, with its style inside: it may have that, shut into a sandbox without any script."""
    if "sandbox" in reply["Content-Security-Policy"]:
        policy = dict(
            part.strip().partition(" ")[::2] for part in reply["Content-Security-Policy"].split(";")
        )
        assert policy["default-src"] == "'none'"
        assert "script-src" not in policy
        reply["Content-Security-Policy"] = "frame-ancestors 'none'"
    check_headers(reply)


@pytest.mark.parametrize("row", CLOSED, ids=name)
def test_pages(world, row):
    allowed = 0
    for actor in (world.actors[a] for a in BROWSERS):
        things = things_of(world, row, actor) if row.kind in KINDS else KINDS_NONE
        thing = things.own or things.foreign or (absent() if row.kind else None)
        before = rows_touched() if row.method == "GET" else 0
        reply = ask(world, row, actor, thing)
        case = f"{name(row)} as {actor.name}: {reply.status_code} {reply.get('Location', '')} {whole(reply)[:300]!r}"
        check_page_headers(reply)
        if row.method == "GET":  # reading a page changes nothing
            assert rows_touched() - before == (row.route in LEAVES_A_TRAIL and reply.status_code == 200), case
        if actor.name == "anonymous":
            assert reply.status_code == 302, case
            assert reply["Location"].startswith(reverse("enter.door") + "?next="), case
        elif not may(row, actor):
            assert reply.status_code == 403, case
        elif row.route in NEEDS_MORE:
            status, _ = NEEDS_MORE[row.route]
            assert reply.status_code in (200, 302, status), case
            allowed += 1
        elif things.own is not None or not row.kind:
            assert reply.status_code in (200, 302), case
            assert "/enter/" not in reply.get("Location", ""), case
            allowed += 1
        else:
            assert reply.status_code == 404, case
        if may(row, actor) and things.foreign is not None:
            nothing = absent()
            foreign, none = (
                ask(world, row, actor, things.foreign, there=False),
                ask(world, row, actor, nothing, there=False),
            )
            assert foreign.status_code == none.status_code == 404, f"{case} foreign {foreign.status_code}"
            assert same(foreign, things.foreign) == same(none, nothing), case
    assert allowed, f"{name(row)}: nobody in the matrix may do it"


KINDS = set(FACTORIES)
KINDS_NONE = type("Nothing", (), {"own": None, "foreign": None})


NAMED = {
    "photo",
    "member.post_photo",
    "member.survey.document",
    "member.store",
    "member.event",
    "member.community",
    "member.community.emblem",
    "member.group",
    "member.course",
    "member.draw",
    "member.draw.document",
}  # open to all, about a thing


@pytest.mark.parametrize("row", OPEN, ids=name)
def test_open_pages_answer_everybody_and_are_never_cached(world, row):
    for who in ("anonymous", "champion", "admin", "member_outer"):
        reply = ask(world, row, world.actors[who], absent() if row.route in NAMED else None)
        assert reply.status_code in (200, 302, 401, 404, 409, 422), (
            f"{name(row)} as {who}: {reply.status_code}"
        )
        check_headers(reply)


def test_a_champion_reads_no_mark_of_another_store_on_any_page(world):
    champion = world.actors["champion"]
    for row in CLOSED:
        if row.method == "GET" and not row.kind and may(row, champion):
            read = browsing(world, champion).get(address(row, None, world)).content
            assert b"MK-2-" not in read, row.route
            assert b"MK-1-2-" not in read, row.route


# ---- forms and programs do the same (a parity test per action that both offer)


def without_names(query):
    """The newest row of a table without what tells one write from the next."""
    return [
        {k: v for k, v in row.items() if k not in ("id", "public_id", "at", "recorded_at", "channel")}
        for row in query
    ]


@pytest.mark.parametrize(
    ("form", "program"),
    [
        (
            ("member.consent", {"granted": "yes"}),
            ("PUT", "/api/v1/me/consents/photo", {"granted": True, "notice_version": None}),
        ),
        (
            ("member.consent", {"granted": "no"}),
            ("PUT", "/api/v1/me/consents/photo", {"granted": False, "notice_version": None}),
        ),
        (("member.personalise", {"on": "no"}), ("PUT", "/api/v1/me/personalisation", {"on": False})),
        (("member.personalise", {"on": "yes"}), ("PUT", "/api/v1/me/personalisation", {"on": True})),
    ],
)
def test_page_and_api_write_the_same_consent(world, form, program):
    from tongxin.people.models import Consent, Customer

    member = world.actors["member_outer"]
    told = []
    with undone():
        row = next(r for r in PAGES if r.route == form[0])
        assert browsing(world, member).post(address(row, None, world), form[1]).status_code == 302
        newest = Consent.objects.order_by("-id")
        told.append(
            (
                without_names(newest.values()[:1]),
                list(Customer.objects.order_by("id").values_list("personalise")),
            )
        )
        notice = newest[0].notice_version
    with undone():
        method, path, body = program
        body = {k: notice if v is None else v for k, v in body.items()}
        assert api(member, method, path, body).status_code == 200
        newest = Consent.objects.order_by("-id")
        told.append(
            (
                without_names(newest.values()[:1]),
                list(Customer.objects.order_by("id").values_list("personalise")),
            )
        )
    assert told[0] == told[1]


def test_page_and_api_delete_the_same_tag(world):
    from tongxin.people.models import Tag

    member = world.actors["member_outer"]
    tag = next(
        m["tag"] for m in world.document["regions"][0]["stores"][0]["members"] if m["handle"] == member.handle
    )
    for knock in (
        lambda: browsing(world, member).post(reverse("member.untag", args=[tag])),
        lambda: api(member, "DELETE", f"/api/v1/me/tags/{tag}"),
    ):
        with undone():
            assert knock().status_code in (200, 302)
            assert not Tag.objects.filter(public_id=tag).exists()


def test_page_and_api_erase_the_same_person(world):
    member = world.actors["member_outer"]
    public_id = api(member, "GET", "/api/v1/me").json()["id"]
    for knock in (
        lambda: browsing(world, member).post(reverse("member.erase"), {"sure": "yes"}),
        lambda: api(member, "POST", "/api/v1/me/erase", {"reason": "member page"}),
    ):
        with undone():
            assert knock().status_code == 200
            assert people.survivor_of(public_id) is None
    assert people.survivor_of(public_id) is not None


def test_page_and_api_export_the_same_data(world):
    import json

    member = world.actors["member_outer"]
    with undone():
        page = json.loads(browsing(world, member).post(reverse("member.export")).content)
    with undone():
        program = api(member, "POST", "/api/v1/me/export").json()["data"]
    drop = ("at", "rooms")
    assert {k: v for k, v in page.items() if k not in drop}.keys() == {
        k: v for k, v in program.items() if k not in drop
    }.keys()
    assert page["public_ids"] == program["public_ids"]
    assert page["tables"].keys() == program["tables"].keys()


def test_page_and_api_plan_the_same_study_and_publish_the_same_policy(world):
    from tongxin.measure.models import Study
    from tongxin.rings.models import Policy

    editor = world.actors["hq_editor"]
    kept = []
    for knock in (
        lambda: browsing(world, editor).post(
            reverse("hq.studies"), {"title": "问题", "treated": "participation"}
        ),
        lambda: api(editor, "POST", "/api/v1/studies", {"title": "问题"}),
    ):
        with undone():
            assert knock().status_code in (201, 302)
            kept.append(
                Study.objects.order_by("-id").values("title", "treated", "design", "state", "asked_by_name")[
                    0
                ]
            )
    assert kept[0] == kept[1]
    bodies = []
    current = api(editor, "GET", "/api/v1/rings/policy").json()["body"]
    for knock in (
        lambda: browsing(world, editor).post(
            reverse("hq.rings_policy"), {"expected": "1", "note": "n", "middle.days": "5"}
        ),
        lambda: api(
            editor,
            "PUT",
            "/api/v1/rings/policy",
            {"body": current | {"middle": current["middle"] | {"days": 5}}, "note": "n"},
            **{"If-Match": '"1"'},
        ),
    ):
        with undone():
            assert knock().status_code in (200, 302)
            bodies.append(
                Policy.objects.order_by("-version").values("version", "body", "note", "author_name")[0]
            )
    assert bodies[0] == bodies[1]
