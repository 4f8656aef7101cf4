"""The pages in a real browser: signing in, reading, deciding; axe, widths, keyboard, without script."""

import re

import pyotp
import pytest

from browser import reading
from browser.reading import SURFACE, chinese, faults, too_pale, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


def addresses(world) -> dict[str, list[str]]:
    person, study = world.person, world.studies
    return {
        "": ["/enter/", "/member/notice/", "/nothing-here/"],
        "hq": [
            "/hq/", "/hq/people/", "/hq/people/?ring=middle", "/hq/people/?q=nobody-at-all", f"/hq/people/{person}/", "/hq/studies/",
            *(f"/hq/studies/{study[name]}/" for name in study), "/hq/measures/",
            *(f"/hq/measures/{one}/" for one in world.measurements.values()), "/hq/rings/", "/hq/import/", "/hq/stores/", "/hq/stores/?unsorted=1", "/hq/audit/", "/hq/checks/",
        ],
        "analyst": ["/hq/", f"/hq/people/{person}/", "/hq/rings/"],
        "champion": ["/champion/", f"/champion/people/{person}/"],
        "member": ["/member/", "/member/me/", "/member/erase/"],
    }  # fmt: skip


ROLES = ["", "hq", "analyst", "champion", "member"]


SCRIPTS_AND_TITLES = """html => ['script', 'h1'].map(
    one => new DOMParser().parseFromString(html, 'text/html').querySelectorAll(one).length)"""


# ---- signing in


def test_staff_sign_in_with_password_and_a_second_factor_set_up_by_qr(world, visit):
    admin = world.document["hq"]["hq_editor"]
    with visit() as page:
        page.goto("/hq/people/")
        assert "/enter/" in page.url
        page.get_by_label("账号").fill(admin["handle"])
        page.get_by_label("密码").fill("wrong")
        page.locator("section[aria-labelledby=h-staff]").get_by_role("button", name="登录").click()
        assert page.locator(".err").is_visible()
        page.get_by_label("密码").fill(admin["password"])
        page.locator("section[aria-labelledby=h-staff]").get_by_role("button", name="登录").click()
        assert page.locator(".qr svg").bounding_box()["width"] > 150
        secret = page.locator("code").inner_text().replace(" ", "")
        page.get_by_label("验证码").last.fill(pyotp.TOTP(secret).now())
        page.get_by_role("button", name="确定").click()
        assert page.locator(".paper li").count() == 10
        page.get_by_role("link", name="抄好了，进去").click()
        assert page.get_by_role("heading", level=1).inner_text() in {"成员", "今日"}
        page.get_by_role("button", name="退出").click()
        page.goto("/hq/")
        assert "/enter/" in page.url


def test_a_champion_signs_in_with_a_password(world, visit):
    champion = world.store["champions"][1]
    with visit(width=390) as page:
        page.goto("/")
        page.get_by_label("账号").fill(champion["handle"])
        page.get_by_label("密码").fill(champion["password"])
        page.locator("section[aria-labelledby=h-staff]").get_by_role("button", name="登录").click()
        assert page.url.endswith("/champion/")
        assert page.goto("/hq/audit/").status == 403


def test_a_member_signs_in_with_the_code_on_the_screen(world, visit):
    with visit(width=390) as page:
        page.goto("/enter/")
        page.get_by_label("手机号").fill(world.store["members"][0]["phone"])
        page.get_by_role("button", name="发验证码").click()
        code = page.locator(".letter b").inner_text()
        page.get_by_label("六位验证码").fill(code)
        page.get_by_role("button", name="登录").click()
        assert page.url.endswith("/member/")
        assert "欢迎回来" in page.locator("main").inner_text()


# ---- what the pages say


def test_the_person_page_explains_the_ring(world, visit):
    with visit("hq") as page:
        page.goto(f"/hq/people/{world.person}/")
        text = page.locator("main").inner_text()
        assert "中环 互动层" in text
        assert "规则第 1 版" in text
        assert page.locator(".gatetbl tbody tr").count() >= 5
        assert page.locator("#h-place").inner_text().strip()
        assert page.locator("svg.placed").get_attribute("aria-label") == "中环 互动层"
        assert page.locator(".line.hist li").count() >= 1
        assert re.search(r"199\*{4}\d{4}", text) or "****" in text
        assert world.store["members"][1]["phone"] not in text


def test_a_ring_is_set_by_hand_with_a_reason_and_given_back(world, visit):
    person = world.store["members"][0]["id"]
    with visit("hq") as page:
        page.goto(f"/hq/people/{world.person}/")
        page.get_by_text("调整圈层", exact=True).click()
        page.get_by_label("调到").select_option("outer")
        page.get_by_label("理由").select_option("care")
        page.get_by_role("button", name="调整，并留下记录").click()
        assert "人工调整" in page.locator("#h-place").locator("xpath=../..").inner_text()
        assert page.get_by_role("status").is_visible()
        page.get_by_role("button", name="现在就恢复").click()
        assert "中环 互动层" in page.locator(".place").inner_text()
        page.goto(f"/hq/people/{person}/")
        page.get_by_label("新标签").last.fill("愿意回答")
        page.get_by_role("button", name="加标签").click()
        assert "愿意回答" in page.locator("#h-know").locator("xpath=../..").inner_text()


def test_the_study_page_shows_verdict_intervals_pictures_and_the_naive_number_struck_through(world, visit):
    with visit("hq") as page:
        page.goto(f"/hq/studies/{world.studies['answered']}/")
        assert "看不出差异" in page.locator("#h-v").inner_text()
        assert "～" in page.locator(".honest").inner_text()
        assert page.locator(".naive s").count() == 1
        rows = page.locator(".verdict ~ section table").first.locator("tbody tr")
        given = rows.filter(has=page.locator("td:nth-child(4) small"))
        assert 5 < given.count() <= rows.count(), "a figure that cannot be said has no interval to draw"
        assert page.locator("td svg[role=img]").count() == given.count()
        for name in ("event_study", "love_plot", "forest"):
            picture = page.locator(f"section[aria-labelledby=h-{name}] svg.kept")
            assert picture.bounding_box()["width"] > 200
            assert picture.get_attribute("role") == "img"
        page.get_by_text("查看数据表").first.click()
        assert page.locator("details[open] td").count() > 3
        assert "数据指纹" in page.locator("main").inner_text()
        with page.expect_download() as download:
            page.get_by_role("link", name="下载报告").click()
        assert download.value.suggested_filename.endswith(".html")


def test_what_cannot_be_measured_is_a_dashed_card_without_a_figure(world, visit):
    with visit("hq") as page:
        page.goto(f"/hq/studies/{world.studies['refused']}/")
        card = page.locator(".refuse")
        assert "不可测量" in card.inner_text()
        assert "再等等" in card.inner_text()
        assert page.locator(".honest .v").inner_text() == "—"


def test_a_measure_shows_its_sentence_picture_and_table_and_a_refusal_its_reasons(world, visit):
    with visit("hq") as page:
        page.goto("/hq/measures/")
        page.get_by_role("link", name="集中度").last.click()
        assert "10%" in page.locator("#h-said").inner_text()
        assert page.locator("svg.kept").bounding_box()["width"] > 200
        assert page.locator("table tbody tr").count() > 3
        page.goto(f"/hq/measures/{world.measurements['ees']}/")
        assert "还不能下结论" in page.locator("main").inner_text()
        assert page.locator("ul.believe li").count() >= 1


def test_a_question_is_registered_and_waits(world, visit):
    with visit("analyst") as page:
        page.goto("/hq/studies/")
        page.get_by_label("你想知道什么").fill("Does it pay")
        page.get_by_role("button", name="登记并计算").click()
        assert page.locator("progress").is_visible()
        assert "Does it pay" in page.get_by_role("heading", level=1).inner_text()


def test_an_analyst_sees_pseudonyms(world, visit):
    with visit("analyst") as page:
        page.goto(f"/hq/people/{world.person}/")
        assert "MK-" not in page.locator("h1").inner_text()
        assert page.get_by_role("button", name="加标签").count() == 0


def test_a_member_switches_consent_and_personalisation_and_hears_no_word_of_rings(world, visit):
    with visit("member", width=390) as page:
        page.goto("/member/me/")
        page.get_by_role("button", name=re.compile("^打开：公开我的照片")).click()
        assert page.get_by_role("button", name=re.compile("^关闭：公开我的照片")).is_visible()
        page.goto("/member/me/")
        page.locator("form[action$='/personalise/'] button").click()
        assert "空白档案" in page.get_by_role("status").inner_text()
        page.locator("form[action$='/personalise/'] button").click()
        for path in ("/member/", "/member/me/", "/member/erase/", "/member/notice/"):
            page.goto(path)
            assert not re.search("外环|中环|内环|拉新|转化", page.locator("body").inner_text())


def test_a_member_takes_their_data_and_leaves(world, visit):
    with visit("eraser", width=390) as page:
        page.goto("/member/me/")
        with page.expect_download() as download:
            page.get_by_role("button", name="导出我的全部数据").click()
        assert download.value.suggested_filename.endswith(".json")
        page.goto("/member/erase/")
        page.get_by_role("button", name="注销，并删除我的信息").click()
        assert page.locator(".err").is_visible()
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name="注销，并删除我的信息").click()
        assert page.get_by_role("heading", level=1).inner_text() == "已注销"
        page.goto("/member/")
        assert "/enter/" in page.url


# ---- every page


@pytest.mark.parametrize("role", ROLES)
def test_axe_finds_nothing_by_day_or_night_and_nothing_overflows(world, visit, role):
    """Each page is loaded once by day and read again after nightfall, as on a machine that changes over in the evening."""
    found = []
    with visit(role) as page:
        for path in addresses(world)[role]:
            page.said.clear()
            page.goto(path)
            found += faults(page, path)
            found += [f"{path}: {text}" for text in page.said if "404" not in text]
    assert found == []


def test_a_page_that_is_opened_by_night_is_dark_and_clean(world, visit):
    with visit("hq", theme="dark") as page:
        page.goto("/hq/")
        opened = page.evaluate(SURFACE)
        assert violations(page) == []
        page.emulate_media(color_scheme="light")
        assert page.evaluate(SURFACE) != opened


def test_control_arm_axe_finds_a_planted_fault(visit):
    with visit() as page:
        page.goto("/enter/")
        assert violations(page) == []
        page.evaluate("document.querySelector('label[for=phone]').remove()")
        assert violations(page) != []


def test_control_arm_axe_finds_what_is_too_pale_by_night_only(visit):
    with visit() as page:
        page.goto("/enter/")
        pale = "@media (prefers-color-scheme: dark) { label { color: #333 !important; background: #222 } }"
        page.evaluate(
            "css => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets = [s]; }",
            pale,
        )
        assert violations(page) == []
        page.emulate_media(color_scheme="dark")
        assert "color-contrast" in str(violations(page))


@pytest.mark.parametrize(
    "spoiled",
    [
        "document.querySelector('main p').style.color = '#ccc'",
        "document.querySelector('main').style.background = getComputedStyle(document.querySelector('main p')).color",
        "document.querySelector('main p').style.opacity = '0.2'",
        """const one = document.querySelector('main p').cloneNode(true);
        one.style.cssText = 'background: #777; color: #888'; document.querySelector('main').append(one)""",
    ],
    ids=["colour", "background", "opacity", "a twin"],
)
def test_control_arm_a_look_that_passed_is_read_again_when_it_changes(visit, spoiled):
    with visit() as page:
        page.goto("/member/notice/")
        assert violations(page) == []
        before = len(reading.PASSED)
        assert too_pale(page) == []
        assert len(reading.PASSED) == before > 0, "nothing new the second time"
        page.evaluate(spoiled)
        assert "color-contrast" in str(too_pale(page))


def test_pages_need_no_script(world, visit):
    with visit("hq") as page:
        for path in addresses(world)["hq"]:
            html = page.context.request.get(path).text()
            assert page.evaluate(SCRIPTS_AND_TITLES, html) == [0, 1], path


def test_the_keyboard_reaches_the_content_and_shows_where_it_is(visit):
    with visit("hq") as page:
        page.goto("/hq/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.keyboard.press("Tab")
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style == "solid"


@pytest.mark.parametrize("role", ["", "hq", "champion", "member"])
def test_english_pages_leave_no_chinese_but_data(world, visit, role):
    with visit(role, language="en") as page:
        for path in addresses(world)[role]:
            assert chinese(page, path, ".strategy p", ".two", ".datum", data=("中文", "出厂设定")) == []


def test_theme_and_language_are_remembered_without_script(visit):
    with visit("hq", java_script_enabled=False) as page:
        page.goto("/hq/stores/")
        page.get_by_role("button", name="深色").click()
        assert page.locator("html").get_attribute("data-theme") == "dark"
        page.get_by_role("button", name="English").click()
        assert page.url.endswith("/hq/stores/")
        assert page.get_by_role("heading", level=1).inner_text() == "Stores"
