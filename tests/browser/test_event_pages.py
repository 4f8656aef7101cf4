"""The pages of events in a real browser: from the link in a group to a seat and back, the champion's list, the month; axe and widths."""

import re
from datetime import timedelta

import pytest

from browser.reading import chinese, faults
from tongxin.commerce import actions as budgets
from tongxin.commerce import queries as commerce
from tongxin.events import actions
from tongxin.events.actions import EventIn
from tongxin.events.models import Registration
from tongxin.events.terms import Admission
from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.outreach import actions as outreach
from tongxin.outreach.models import Message, Task
from tongxin.outreach.terms import MessageClass
from tongxin.people import queries as people
from tongxin.stores import queries as stores

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

JOB = system("tests")


def published(shop, title, form="tasting", days=3, **more):
    starts = clock.now() + timedelta(days=days)
    event = EventIn(
        **(
            {
                "title": title,
                "format": form,
                "places": 12,
                "starts_at": starts,
                "ends_at": starts + timedelta(hours=2),
            }
            | more
        )
    )
    return actions.publish(viewer=JOB, event_id=actions.draft(viewer=JOB, store=shop, event=event).public_id)


@pytest.fixture(scope="module")
def town(world, django_db_blocker):
    """Events in every state that the pages know, with the second member of the store in most of them."""
    with django_db_blocker.unblock():
        shop = stores.access_store(JOB, world.store["id"])
        first, me = (people.access_customer(JOB, world.store["members"][n]["id"]).pk for n in (0, 1))
        made, own = {}, {}

        def joined(name, *persons, **more):
            made[name] = published(shop, f"Event {name}", **more)
            for person in persons:
                found = actions.register(viewer=JOB, event_id=made[name].public_id, person=person)
                if person == me:
                    own[name] = str(found.public_id)

        joined(
            "open",
            first,
            theme="A theme",
            summary="What it is about.",
            place="Upstairs",
            party_most=3,
            fee_fen=3900,
            voucher_fen=3900,
        )
        joined("paid", me, fee_fen=3900, voucher_fen=3900)
        joined("full", first, me, places=1, days=4)
        joined(
            "asked",
            me,
            first,
            admission=Admission.APPROVAL,
            days=5,
            questions=({"id": "q", "text": "Why", "required": False},),
        )
        starts = clock.now() + timedelta(days=9)
        draw = {"details": {"draw": {"contact": "the store"}}, "closes_at": starts - timedelta(days=2)}
        joined("draw", me, admission=Admission.LOTTERY, days=9, **draw)
        joined("big", first, days=6, places=200, form="market")
        joined("online", me, days=7, form="online_talk", online_url="https://example.com/x")
        joined("offered", first, me, days=8, places=1)
        # the first gives the seat back, so it is offered on
        gone = Registration.objects.get(occurrence=made["offered"], person=first)
        actions.cancel_registration(viewer=JOB, registration_id=gone.public_id)
        joined("off", me, days=10)
        actions.cancel(viewer=JOB, event_id=made["off"].public_id, reason="No power.")
        made["draft"] = actions.draft(
            viewer=JOB,
            store=shop,
            event=EventIn(
                title="Event draft",
                format="tea",
                places=8,
                starts_at=starts,
                ends_at=starts + timedelta(hours=1),
            ),
        )
        outreach.drain()
        plan = outreach.plan_message(
            viewer=JOB, message_class=MessageClass.COMMUNITY, channel="manual", audience="store", audience_key=world.store["id"],
            text="Come on Saturday.", title="Saturday", expires_at=clock.now() + timedelta(days=2), store=shop,
        )  # fmt: skip
        task = Task.objects.create(
            message=Message.objects.get(pk=plan.pk),
            store=shop,
            channel="manual",
            created_at=clock.now(),
            expires_at=clock.now() + timedelta(days=1),
        )
        today = clock.business_day(clock.now())
        purse = budgets.open_envelope(
            viewer=JOB,
            title="Spring",
            amount_fen=50_000,
            opens_on=today,
            closes_on=today + timedelta(days=90),
            store=shop,
        )
        budgets.commit(
            viewer=JOB, envelope_id=purse.public_id, amount_fen=12_000, subject=("events", "a"), note="Flour"
        )
        budgets.commit(
            viewer=JOB,
            envelope_id=purse.public_id,
            amount_fen=90_000,
            subject=("events", "b"),
            note="Oven",
            ask=True,
        )
        fee = commerce.promise_for(("events", own["paid"]))
        return {
            "events": {name: str(one.public_id) for name, one in made.items()},
            "own": own,
            "task": str(task.public_id),
            "message": str(plan.public_id),
            "fee": str(fee.public_id),
        }


def addresses(world, town) -> dict[str, list[str]]:
    events, own = town["events"], town["own"]
    return {
        "": [f"/m/stores/{world.store['id']}/", *(f"/m/events/{events[n]}/" for n in ("open", "big", "full", "draw", "off"))],
        "member": [
            "/m/events/", "/m/events/?tab=past", "/m/inbox/", "/m/wallet/", *(f"/m/events/{events[n]}/" for n in ("open", "full")),
            *(f"/m/registrations/{one}/" for one in own.values()),
        ],
        "champion": [
            "/champion/events/", "/champion/events/?tab=draft", "/champion/events/new/", "/champion/till/", "/champion/tasks/",
            *(f"/champion/events/{events[n]}/" for n in ("open", "big", "off", "draft")), f"/champion/fees/{town['fee']}/",
            *(f"/champion/events/{events[n]}/people/" for n in ("open", "asked")), f"/champion/events/{events['full']}/people/?tab=waiting",
            f"/champion/tasks/{town['task']}/",
        ],
        "hq": [
            "/hq/events/", "/hq/events/?tab=cancelled", "/hq/events/?view=month", "/hq/events/new/", "/hq/messages/", "/hq/sequences/", "/hq/envelopes/",
            *(f"/hq/events/{events[n]}/" for n in ("open", "draw", "draft", "off")), f"/hq/messages/{town['message']}/",
        ],
        "analyst": [f"/hq/events/{events['open']}/"],
    }  # fmt: skip


# ---- what people do


def test_from_the_link_in_a_group_to_a_seat_and_back(world, town, visit):
    """Not signed in yet: the link opens, the code comes, and after it the same event is there."""
    event = town["events"]["open"]
    with visit(width=390) as page:
        page.goto(f"/m/events/{event}/")
        assert "到店付" in page.locator(".promise").inner_text()
        page.get_by_role("link", name="登录后报名").click()
        page.get_by_label("手机号").fill(world.store["members"][1]["phone"])
        page.get_by_role("button", name="发验证码").click()
        page.get_by_label("六位验证码").fill(page.locator(".letter b").inner_text())
        page.get_by_role("button", name="登录").click()
        assert page.url.endswith(f"/m/events/{event}/")
        page.get_by_text("带孩子来").click()
        page.get_by_label("昵称").first.fill("Milly")
        page.get_by_label("几岁").first.fill("5")
        page.get_by_role("button", name="报名，占一个位子").click()
        assert "监护人" in page.get_by_role("alert").inner_text()
        page.get_by_label("昵称").first.fill("Milly")
        page.get_by_label("几岁").first.fill("5")
        page.get_by_label(re.compile("我是监护人")).check()
        page.get_by_role("button", name="报名，占一个位子").click()
        assert page.locator("#h-now").inner_text() == "报好了，位子给你留着。"
        assert "Milly" in page.locator(".facts").inner_text()
        page.goto("/m/events/")
        page.get_by_role("link", name=re.compile("Event open")).first.click()
        page.get_by_role("button", name="取消报名").click()
        assert "位子会让给别人" in page.get_by_role("status").inner_text()
        assert page.locator("#h-now").inner_text() == "已经取消，位子让给别人了。"
        page.goto("/m/events/?tab=past")
        assert "已取消" in page.locator("main").inner_text()


def test_an_offer_is_taken_with_one_tap(town, visit):
    with visit("member", width=390) as page:
        page.goto(f"/m/registrations/{town['own']['offered']}/")
        assert page.locator("#h-now").inner_text() == "有空位了，要来吗？"
        assert page.locator(".line.hist li").count() >= 1
        page.get_by_role("button", name="要来，占下").click()
        assert page.locator("#h-now").inner_text() == "报好了，位子给你留着。"


def test_registering_needs_no_script(town, visit):
    with visit("member", width=390, java_script_enabled=False) as page:
        page.goto(f"/m/events/{town['events']['big']}/")
        assert page.locator("progress").is_visible()
        page.get_by_role("button", name="报名，占一个位子").click()
        assert page.locator("#h-now").inner_text() == "报好了，位子给你留着。"
        page.get_by_role("button", name="取消报名").click()
        assert page.get_by_role("status").is_visible()


def test_the_bar_covers_nothing_that_has_the_focus(town, visit):
    """WCAG 2.4.11: whatever the keyboard reaches on the event page is not under the fixed bar."""
    with visit("member", width=390) as page:
        page.goto(f"/m/events/{town['events']['open']}/")
        for _ in range(14):
            page.keyboard.press("Tab")
            hidden = page.evaluate(
                """() => { const e = document.activeElement, bar = document.querySelector('.actions');
                if (bar.contains(e) || e === document.body) return false;
                return e.getBoundingClientRect().top >= bar.getBoundingClientRect().top; }"""
            )
            assert not hidden, page.evaluate("document.activeElement.outerHTML")


def test_a_champion_admits_somebody_and_notes_a_fee(town, visit):
    with visit("champion", width=390) as page:
        page.goto(f"/champion/events/{town['events']['asked']}/")
        page.get_by_role("link", name="名单").click()
        page.get_by_role("button", name=re.compile("^通过")).first.click()
        assert "已通过" in page.get_by_role("status").inner_text()
        page.goto(f"/champion/fees/{town['fee']}/")
        page.get_by_label("小票号").fill("A-1")
        page.get_by_role("button", name="收到了，记下").click()
        assert "A-1" in page.locator("main").inner_text()
        page.get_by_label(re.compile("记错了")).fill("不是这一笔")
        page.get_by_role("button", name="撤回这笔收款").click()
        assert "还没收" in page.get_by_role("status").inner_text()


def test_headquarters_looks_at_a_plan_and_the_champion_sends_it(town, visit):
    """The forecast before the button; then copy, and done, with one hand."""
    with visit("hq", width=1440) as page:
        page.goto(f"/hq/messages/{town['message']}/")
        assert "会收到" in page.get_by_role("heading", level=2).nth(1).inner_text()
        page.get_by_role("button", name="批准").click()
        assert "已批准" in page.get_by_role("status").inner_text()
    with visit("champion", width=390) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.goto(f"/champion/tasks/{town['task']}/")
        page.get_by_role("button", name="复制").click()
        page.get_by_role("button", name="已复制").wait_for()
        assert "Come on Saturday." in page.evaluate("navigator.clipboard.readText()")
        assert page.locator(".taps .btn").count() == 4


def test_a_champion_plans_an_event_and_publishes_it(visit):
    with visit("champion", width=390) as page:
        page.goto("/champion/events/")
        page.get_by_role("link", name="新活动").click()
        page.get_by_label("做什么").select_option("swap")
        page.get_by_label("名称").fill("Swap corner")
        page.get_by_label("店里哪儿").fill("By the window")
        page.get_by_role("button", name="存成草稿").click()
        page.get_by_role("button", name="发布，开放报名").click()
        assert "发布了" in page.get_by_role("status").inner_text()
        page.get_by_text("看会员看到的页面").click()
        assert page.get_by_role("heading", level=1).inner_text() == "Swap corner"


def test_headquarters_sees_the_month_and_takes_the_file(town, visit):
    with visit("hq") as page:
        page.goto("/hq/events/?view=month")
        page.get_by_role("link", name="下个月").click()
        assert page.locator("table.monthgrid th").count() == 7
        page.goto(f"/hq/events/{town['events']['full']}/")
        with page.expect_download() as download:
            page.get_by_role("link", name="导出名单").click()
        assert download.value.suggested_filename.endswith(".csv")


# ---- every page


@pytest.mark.parametrize("role", ["", "member", "champion", "hq", "analyst"])
def test_axe_finds_nothing_by_day_or_night_and_nothing_overflows(world, town, visit, role):
    found = []
    with visit(role, width=390 if role in {"", "member", "champion"} else 1440) as page:
        for path in addresses(world, town)[role]:
            page.said.clear()
            reply = page.goto(path)
            found += [] if reply.status == 200 else [f"{path}: {reply.status}"]
            page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true })")
            found += faults(page, path)
            found += [f"{path}: {text}" for text in page.said]
    assert found == []


@pytest.mark.parametrize("role", ["", "member", "champion", "hq"])
def test_english_pages_leave_no_chinese_but_data(world, town, visit, role):
    with visit(role, language="en", width=390) as page:
        for path in addresses(world, town)[role]:
            # a letter is kept in the language in which its receiver read us when it was written
            assert chinese(page, path) == [] or path == "/m/inbox/"
