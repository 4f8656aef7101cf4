"""The pages through Django's client: what a form does, what is refused, how many questions a page asks the database."""

import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.actors import browser, standing_world
from tongxin.faces import context
from tongxin.faces.hq import words
from tongxin.faces.templatetags import tongxin as tags
from tongxin.foundation import clock

pytestmark = pytest.mark.django_db


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


def client(world, name):
    return browser(world.actors[name])


def member_of(world, n=0):
    return world.document["regions"][0]["stores"][0]["members"][n]


@pytest.mark.parametrize(
    ("actor", "place"),
    [
        ("admin", "/hq/"),
        ("hq_analyst", "/hq/"),
        ("region_manager", "/hq/"),
        ("store_manager", "/hq/"),
        ("champion", "/champion/"),
        ("anonymous", "/enter/"),
        ("door", "/champion/checkin/"),
    ],
)
def test_everybody_comes_to_their_own_first_page(world, actor, place):
    assert client(world, actor).get("/")["Location"] == place


def test_a_member_comes_to_the_fire(world):
    from access.actors import MEMBER_ACTORS

    assert client(world, MEMBER_ACTORS[0]).get("/")["Location"] == "/member/"


@pytest.mark.parametrize(
    "wish", ["//evil.example/", "https://evil.example/", "javascript:alert(1)", "\\\\evil"]
)
def test_nobody_is_sent_away_from_our_pages(world, wish):
    reply = client(world, "anonymous").post("/enter/theme/", {"theme": "dark", "next": wish})
    assert reply["Location"] == "/"
    assert (
        client(world, "anonymous").post("/enter/language/", {"language": "en", "next": "/hq/"})["Location"]
        == "/hq/"
    )


def test_theme_and_language_are_cookies_for_our_eyes_only(world):
    reply = client(world, "anonymous").post("/enter/theme/", {"theme": "dark"})
    assert reply.cookies[context.THEME_COOKIE]["httponly"]
    assert (
        client(world, "anonymous")
        .post("/enter/theme/", {"theme": "pink"})
        .cookies[context.THEME_COOKIE]
        .value
        == ""
    )
    assert (
        "tongxin_language"
        not in client(world, "anonymous").post("/enter/language/", {"language": "xx"}).cookies
    )


def test_one_click_doors_are_shut_outside_a_demo(world, settings):
    settings.DEMO = False
    for method in ("get", "post"):
        assert getattr(client(world, "anonymous"), method)("/enter/demo/hq/").status_code == 404
    settings.DEMO = True
    assert client(world, "anonymous").get("/enter/demo/hq/").status_code == 200
    assert client(world, "anonymous").get("/enter/demo/nobody/").status_code == 404


def test_a_wrong_phone_is_told_inline(world):
    reply = client(world, "anonymous").post("/enter/code/", {"phone": "12"})
    assert reply.status_code == 422
    assert 'aria-invalid="true"' in reply.content.decode()


def test_no_code_page_without_a_phone_and_no_factor_without_a_password(world):
    assert client(world, "anonymous").get("/enter/member/")["Location"] == "/enter/"
    assert client(world, "anonymous").get("/enter/factor/")["Location"] == "/enter/"
    assert client(world, "admin").get("/enter/factor/")["Location"] == "/"


def test_the_policy_is_published_from_the_form_and_a_stale_form_is_refused(world):
    editor = client(world, "hq_editor")
    page = editor.get("/hq/rings/")
    version = page.context["newest"].version
    sent = {
        "expected": version,
        "note": "少一点",
        "middle.checkins": "2",
        "middle.contribution": "12.5",
        "strategy.inner": "一起做",
    }
    assert editor.post("/hq/rings/", sent).status_code == 302
    again = editor.get("/hq/rings/")
    assert again.context["newest"].version == version + 1
    assert {name: value for _, _, fields in again.context["parts"] for name, _, _, value in fields}[
        "middle.checkins"
    ] == 2
    assert editor.post("/hq/rings/", sent | {"middle.checkins": "3"}).status_code == 412
    assert editor.post("/hq/rings/", {"middle.checkins": "viele"}).status_code == 422


def test_a_budget_is_split_over_the_rings_by_the_policy_or_by_holdouts_to_the_fen(world):
    """By the shares of the policy until somebody fills in what holdouts said; then the next yuan brings the same in each ring."""
    editor, page = client(world, "hq_editor"), reverse("hq.rings")
    version = editor.get("/hq/rings/").context["newest"].version
    shares = {"budget.outer": "20", "budget.middle": "60", "budget.inner": "20"}
    assert editor.post("/hq/rings/", {"expected": version, "note": "中间多些"} | shares).status_code == 302
    split = editor.get(page, {"yuan": "1000"}).context["split"]
    assert [(ring.value, fen) for ring, fen, _ in split["rows"]] == [
        ("inner", 18_000), ("middle", 54_000), ("outer", 18_000),
    ]  # fmt: skip
    assert (split["explore"], split["evidence"]) == (10_000, False)
    assert editor.get(page, {"yuan": "viel"}).context["split"]["fault"]
    told = {
        f"{name}_{ring}": number
        for ring in ("outer", "middle", "inner")
        for name, number in (("a", "90"), ("k", "30"))
    }
    found = editor.get(page, {"yuan": "1000.01"} | told).context["split"]
    assert found["evidence"]
    assert sum(fen for _, fen, _ in found["rows"]) + found["explore"] + found["unspent"] == 100_001
    assert {ring.value: round(marginal, 2) for ring, _, marginal in found["rows"] if marginal > 1} == {
        "outer": 1.67
    }, "one person each stands in the others, and the floor gives them more than they ask for"


def test_a_bad_override_is_refused_and_nothing_moves(world):
    person = member_of(world)["id"]
    admin = client(world, "admin")
    late = (clock.business_day(clock.now()) + timedelta(days=400)).isoformat()
    for sent, status in (
        ({}, 422),
        ({"ring": "inner", "reason": "care", "until": "x"}, 422),
        ({"ring": "middle", "reason": "care", "until": late}, 422),
    ):
        assert admin.post(reverse("hq.person.override", args=[person]), sent).status_code == status
    assert admin.post(reverse("hq.person.tag", args=[person]), {"label": " "}).status_code == 422
    assert admin.post(reverse("hq.person.confirm", args=[person])).status_code == 404
    assert admin.post(reverse("hq.person.invite", args=[person])).status_code == 422, (
        "a word without a reason"
    )
    why = {"reason": "常常帮大家"}
    assert admin.post(reverse("hq.person.invite", args=[person]), why).status_code == 409


@pytest.mark.parametrize("query", ["", "?ring=outer", "?q=MK", "?kind=member", "?ring=nothing"])
def test_the_list_asks_the_same_number_of_questions_for_one_and_for_three(
    world, query, monkeypatch, django_assert_num_queries
):
    from django.db import connection

    from tongxin.faces.hq import people

    admin, counted = client(world, "admin"), []
    admin.get("/hq/people/")  # the first visit writes the session
    for size in (1, 3):
        monkeypatch.setattr(people, "PAGE", size)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            page = admin.get(f"/hq/people/{query}")
        assert len(page.context["lines"]) == size
        counted.append(len(seen))
    assert counted[0] == counted[1]


def test_an_analyst_gets_no_name_and_no_number_from_any_list(world):
    for path in ("/hq/people/", "/hq/people/?ring=outer", f"/hq/people/{member_of(world)['id']}/"):
        page = client(world, "hq_analyst").get(path)
        assert "MK-1-1-1" not in page.content.decode().split("<main", 1)[1].replace("MK-1-1-0", "")


def test_a_store_manager_sees_the_own_store_only(world):
    page = client(world, "store_manager").get("/hq/people/?ring=outer")
    assert {line.home_store_code for line, _ in page.context["lines"]} == {"R1S1"}
    far = world.document["regions"][1]["stores"][0]["members"][0]["id"]
    assert client(world, "store_manager").get(f"/hq/people/{far}/").status_code == 404


def test_a_champion_comes_back_to_the_phone_after_a_decision(world):
    person = member_of(world)["id"]
    assert client(world, "champion").get(f"/champion/people/{person}/").status_code == 200
    reply = client(world, "champion").post(reverse("hq.person.tag", args=[person]), {"label": "爱聊天"})
    assert reply["Location"] == f"/champion/people/{person}/"


def test_a_study_is_planned_with_what_it_is_about(world):
    analyst = client(world, "hq_analyst")
    reply = analyst.post(
        "/hq/studies/", {"title": "值不值", "treated": "campaign", "code": "18", "negative_control": "FUEL"}
    )
    page = analyst.get(reply["Location"])
    assert page.context["study"].treated == "campaign:18"
    assert page.context["study"].design["negative_control"] == "FUEL"
    assert analyst.post("/hq/studies/", {"title": "x", "treated": "nonsense"}).status_code == 422


def test_an_upload_needs_a_file_and_a_commit_its_own_token(world):
    editor = client(world, "hq_editor")
    assert editor.post("/hq/import/").status_code == 422
    assert editor.post(f"/hq/import/{'0' * 32}/commit/").status_code == 404
    assert editor.get("/hq/import/00000000-0000-0000-0000-000000000000/refused/").status_code == 404


def test_a_file_is_looked_at_then_taken_in_once(world, monkeypatch, tmp_path, settings):
    from django.core.files.uploadedfile import SimpleUploadedFile

    from tongxin.connect.files import actions
    from tongxin.connect.files.report import Fault, Report

    settings.HOME = tmp_path
    asked = []

    def stand_in(
        *, viewer, name, data, table="", dry_run=False, source="default"
    ):  # the child process has a test of its own
        asked.append((name, data.read_bytes(), table, dry_run, source))
        return Report(
            name,
            "stores",
            "dry_run" if dry_run else "done",
            rows=2,
            new=1,
            refused=1,
            faults=(Fault(name, 3, "name", "", "text"),),
        )

    monkeypatch.setattr(actions, "import_upload", stand_in)
    editor = client(world, "hq_editor")
    page = editor.post(
        "/hq/import/",
        {"file": SimpleUploadedFile("门店.csv", b"a,b"), "table": "stores", "source": "pos 1/../"},
    )
    token = page.context["token"]
    assert "门店.csv" in page.content.decode()
    assert len(token) == 32
    assert client(world, "admin").post(f"/hq/import/{token}/commit/").status_code == 404
    assert editor.post(f"/hq/import/{token}/commit/").status_code == 302
    assert editor.post(f"/hq/import/{token}/commit/").status_code == 404
    assert asked == [
        ("门店.csv", b"a,b", "stores", True, "pos1.."),
        ("门店.csv", b"a,b", "stores", False, "pos1.."),
    ]
    assert list((tmp_path / "uploads").iterdir()) == []


def test_members_answer_for_themselves(world):
    from access.actors import MEMBER_ACTORS

    me = client(world, MEMBER_ACTORS[0])
    assert me.post("/member/consents/photo/", {"granted": "yes"}).status_code == 302
    assert "已打开" in me.get("/member/me/").content.decode()
    assert me.post("/member/consents/nothing/", {"granted": "yes"}).status_code == 404
    assert me.post("/member/invitation/", {"answer": "accept"}).status_code == 404
    tag = me.get("/member/me/").context["card"].tags[0]
    assert me.post(reverse("member.untag", args=[tag.public_id])).status_code == 302
    document = json.loads(me.post("/member/export/").content)
    assert document
    assert me.post("/member/erase/").status_code == 422


def test_the_member_never_hears_of_rings(world):
    from access.actors import MEMBER_ACTORS

    for actor in MEMBER_ACTORS:
        for path in ("/member/", "/member/me/", "/member/erase/", "/member/notice/"):
            shown = client(world, actor).get(path).content.decode()
            assert not [word for word in ("外环", "中环", "内环", "拉新", "转化") if word in shown]


def test_text_of_people_is_escaped(world):
    admin = client(world, "admin")
    person = member_of(world)["id"]
    admin.post(reverse("hq.person.tag", args=[person]), {"label": "<b>x</b>"})
    assert "<b>x</b>" not in admin.get(f"/hq/people/{person}/").content.decode()
    assert "<script>" not in admin.get("/hq/people/?q=<script>alert(1)</script>").content.decode()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("区间 −$17.91～+$28.52，含零", '区间 <span class="nowrap">−$17.91～+$28.52</span>，含零'),
        ("<b>", "&lt;b&gt;"),
    ],
)
def test_intervals_do_not_break(given, shown):
    assert tags.unbroken(given) == shown


def test_numbers_and_days_as_we_write_them(noon):
    assert tags.num(-1234) == "−1,234"
    assert tags.num(None) == tags.day(None) == "—"
    assert (tags.percent(0.0001), tags.percent(0.297)) == ("<0.1%", "29.7%")
    assert (tags.day(noon), tags.full_day(noon), tags.weekday(noon)) == ("3月5日", "2026年3月5日", "周四")
    assert (tags.plainly(4.0), tags.plainly(0.8), tags.hour(noon.isoformat())) == ("4", "0.8", "12:00")
    assert (tags.said(("中", "en")), tags.said({"zh": "中"}), tags.initial("")) == ("中", "中", "·")


def test_acts_are_spoken_and_an_unknown_one_is_shown_as_it_is():
    assert words.act_said("people.merged") == ("合并会员", "people: merged")
    assert words.act_said("nothing") == ("nothing", "nothing")


def whole_phone(person):
    from access.actors import JOB
    from tongxin.people import queries as people
    from tongxin.people.models import Identity
    from tongxin.people.terms import IdentityKind

    owner = people.access_customer(JOB, person)
    return Identity.objects.get(customer=owner, kind=IdentityKind.PHONE).value.removeprefix("+86")


@pytest.mark.parametrize(
    ("actor", "template", "page"),
    [
        ("store_manager", "hq/person.html", "hq.person"),
        ("champion", "champion/person.html", "champion.person"),
    ],
)
def test_a_number_is_shown_once_for_a_reason(world, actor, template, page):
    person = member_of(world)["id"]
    number, staff = whole_phone(person), client(world, actor)
    path, ask = reverse(page, args=[person]), reverse("hq.person.phone", args=[person])
    before = staff.get(path).content.decode()
    assert number not in before
    assert f'action="{ask}#whole"' in before
    reply = staff.post(ask, {"reason": "活动改期，打电话通知"})
    shown = reply.content.decode()
    assert reply.status_code == 200
    assert template in [t.name for t in reply.templates]
    assert number in shown
    assert (reply["Cache-Control"], reply.get("Location")) == ("private, no-store", None)
    assert reply.context["here"] == path
    assert f'action="{ask}' not in shown
    assert number not in staff.get(path).content.decode()
    for reason, status in (("", 422), (f"打给{number}", 422)):
        again = staff.post(ask, {"reason": reason})
        assert again.status_code == status
        assert 'aria-invalid="true"' in again.content.decode()
        assert again.context["number"] == ""
    assert staff.get(ask).status_code == 405


def test_a_number_is_not_for_analysts_and_not_for_other_stores(world):
    person = member_of(world)["id"]
    ask = reverse("hq.person.phone", args=[person])
    assert client(world, "hq_analyst").post(ask, {"reason": "看一看"}).status_code == 403
    assert ask not in client(world, "hq_analyst").get(reverse("hq.person", args=[person])).content.decode()
    assert client(world, "champion_elsewhere").post(ask, {"reason": "看一看"}).status_code == 404


def test_no_further_number_after_the_last_of_the_day(world, monkeypatch):
    from tongxin.people.actions import reveals

    monkeypatch.setattr(reveals, "REVEALS_A_DAY", 1)
    person, admin = member_of(world)["id"], client(world, "admin")
    ask = reverse("hq.person.phone", args=[person])
    assert [admin.post(ask, {"reason": "活动改期"}).status_code for _ in "12"] == [200, 429]


def test_the_champion_is_greeted_by_name(world):
    from access.actors import JOB
    from stores.factories import StaffFactory
    from tongxin.foundation.accounts import queries as entries

    unknown = client(world, "champion").get("/champion/")
    assert unknown.context["name"] == ""
    account = entries.account_by_handle(JOB, world.actors["champion"].handle)
    StaffFactory(name="小满", store=None, account=account)
    assert "，小满</h1>" in client(world, "champion").get("/champion/").content.decode()
