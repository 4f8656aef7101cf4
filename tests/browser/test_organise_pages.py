"""The pages of series, sales, draws, budgets and partners in a real browser: what people do with them; axe, widths, two languages."""

import re
from datetime import time, timedelta

import pytest

from browser.reading import chinese, faults
from tongxin.commerce import actions as money
from tongxin.commerce.terms import Measure, PartnerKind, SponsorState
from tongxin.events import actions
from tongxin.events.actions import EventIn, SeriesIn, allotments, group_buys, lottery, rituals
from tongxin.events.actions.rituals import ProposalIn
from tongxin.foundation import clock
from tongxin.foundation.access import Grant, Viewer, system
from tongxin.people import queries as people
from tongxin.stores import queries as stores

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

JOB = system("tests")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
ORANGES = {
    "item": "Oranges",
    "price_fen": 2990,
    "usual_fen": 3990,
    "pay": "till",
    "group_size": 3,
    "group_hours": 24,
}


@pytest.fixture(scope="module")
def town(world, django_db_blocker):
    """One of each thing that these pages show."""
    with django_db_blocker.unblock():
        shop, now = stores.access_store(JOB, world.store["id"]), clock.now()
        today = clock.business_day(now)
        persons = [people.access_customer(JOB, one["id"]).pk for one in world.store["members"]]
        first, me = (
            Viewer(account=None, name="member", person=one, grants=(Grant("member"),)) for one in persons[:2]
        )

        def published(title, form, starts, **more):
            event = EventIn(
                **(
                    {
                        "title": title,
                        "format": form,
                        "places": 12,
                        "starts_at": starts,
                        "ends_at": starts + HOUR,
                    }
                    | more
                )
            )
            return actions.publish(
                viewer=JOB, event_id=actions.draft(viewer=JOB, store=shop, event=event).public_id
            )

        plan = SeriesIn(title="Reading", format="tea", rule="FREQ=WEEKLY;BYDAY=WE;COUNT=5", starts_on=today + DAY, start_time=time(19, 30), minutes=60, places=8, themes=("One", "Two"))  # fmt: skip
        series = actions.open_series(viewer=JOB, store=shop, series=plan)
        actions.publish_series(viewer=JOB, series_id=series.series.public_id)
        actions.take_pass(viewer=first, series_id=series.series.public_id)
        oranges = published("Oranges", "group_buy", now + 4 * DAY, details=ORANGES)
        group = group_buys.open_group(viewer=first, event_id=oranges.public_id)
        cake = {"item": "Cake", "price_fen": 1990, "pay": "till"}
        flash = published("Cake", "flash_sale", now + 5 * DAY, details=cake, opens_at=now + DAY)
        market = published("Market", "market", now + 6 * DAY, places=60)
        allotments.allot(
            viewer=JOB,
            event_id=market.public_id,
            version=market.version,
            audience="ring:middle",
            size=9,
            release_at=now + 3 * DAY,
        )
        with clock.held(now - 2 * DAY):
            draw = published(
                "Bowls",
                "class",
                now + 2 * DAY,
                places=1,
                admission="lottery",
                closes_at=now - DAY,
                details={"draw": {"contact": "ask"}},
            )
            actions.register(viewer=first, event_id=draw.public_id)
            actions.register(viewer=me, event_id=draw.public_id)
        with clock.held(now - DAY + HOUR):
            lottery.commit(viewer=JOB, event_id=draw.public_id)
        with clock.held(now - DAY + 3 * HOUR):
            lottery.draw(viewer=JOB, event_id=draw.public_id)
        wish = ProposalIn("tea", "Trees", now + 9 * DAY, 60, 8, "Walk around.")
        proposal = rituals.propose_ritual(viewer=first, store=shop, proposal=wish)
        purse = money.open_envelope(
            viewer=JOB,
            title="Spring",
            amount_fen=50_000,
            opens_on=today,
            closes_on=today + 90 * DAY,
            store=shop,
            ring="middle",
            hour_fen=2_000,
        )
        part = money.commit(
            viewer=JOB, envelope_id=purse.public_id, amount_fen=12_000, subject=("events", "a"), note="Flour"
        )
        money.log_hours(viewer=JOB, commitment_id=part.public_id, minutes=30, worked_on=today, key="h")
        partner = money.note_partner(
            viewer=JOB, store=shop, kind=PartnerKind.SCHOOL, name="School", brings="A yard"
        )
        fair = money.plan_sponsorship(
            viewer=JOB, store=shop, title="Fair", starts_on=today, ends_on=today, key="f", partner_id=partner.public_id, we_hope={"visitors": 90},
            envelope_id=purse.public_id, cost_fen=5_000,
        )  # fmt: skip
        money.move_sponsorship(viewer=JOB, sponsored_id=fair.public_id, to=SponsorState.HELD)
        money.note_outcome(
            viewer=JOB,
            sponsored_id=fair.public_id,
            measure=Measure.VISITORS,
            value=80,
            subject=("events", str(market.public_id)),
            key="o",
        )
        names = {
            "series": series.series, "date": series.occurrences[1], "oranges": oranges, "group": group, "flash": flash, "market": market, "draw": draw,
            "proposal": proposal, "purse": purse, "partner": partner, "fair": fair,
        }  # fmt: skip
        return {name: str(one.public_id) for name, one in names.items()}


def addresses(town) -> dict[str, list[str]]:
    t = town
    organise = [
        "series/", "series/new/", f"series/{t['series']}/", f"series/{t['series']}/change/?from={t['date']}", f"dates/{t['date']}/",
        f"series/{t['series']}/passes/", "proposals/", f"proposals/{t['proposal']}/", "sales/", "sales/?tab=past", "sales/new/",
        f"sales/{t['oranges']}/", f"sales/{t['flash']}/", f"events/{t['market']}/kept/", f"events/{t['draw']}/kept/", "partners/",
        f"partners/{t['partner']}/", "sponsored/new/", f"sponsored/{t['fair']}/", f"envelopes/{t['purse']}/",
    ]  # fmt: skip
    shown = [f"/organise/{one}" for one in organise]
    open_to_all = [
        f"/m/events/{t['oranges']}/", f"/m/events/{t['flash']}/", f"/m/groups/{t['group']}/", f"/m/groups/{t['group']}/?from=timeline",
        f"/m/series/{t['series']}/", f"/m/draws/{t['draw']}/",
    ]  # fmt: skip
    return {
        "": open_to_all,
        "member": ["/m/events/", "/m/proposals/", *open_to_all[:5]],
        "champion": [
            *shown,
            "/organise/envelopes/",
            "/champion/events/",
            "/champion/till/",
            f"/champion/events/{t['market']}/",
        ],
        # What stands in the pages was read as the champion; around some of them headquarters have a frame of their own.
        "hq": [
            *shown[::4],
            "/organise/envelopes/new/",
            "/hq/envelopes/",
            "/hq/events/",
            f"/hq/events/{t['draw']}/",
        ],
    }


# ---- what people do


def test_a_champion_looks_at_the_dates_and_opens_a_series(town, visit):
    with visit("champion", width=390) as page:
        page.goto("/champion/events/")
        page.get_by_role("link", name="系列").click()
        page.get_by_role("link", name="新系列").click()
        page.get_by_label("名称").fill("Crafts")
        page.get_by_text("周六", exact=True).click()
        page.get_by_role("button", name="先看日期").click()
        assert page.locator("#dates .datelist > li").count() >= 8
        page.get_by_role("button", name="就这样，存成草稿").click()
        assert "都是草稿" in page.get_by_role("status").inner_text()
        page.get_by_role("button", name="发布前面的每一场").click()
        assert "会员可以报名了" in page.get_by_role("status").inner_text()


def test_buying_together_needs_no_script(town, visit):
    with visit("member", width=390, java_script_enabled=False) as page:
        page.goto(f"/m/events/{town['oranges']}/")
        page.get_by_role("link", name=re.compile("还差 2 位")).click()
        page.get_by_role("button", name="加入这个团").click()
        assert "还差 1 位就成团" in page.locator("#h-miss").inner_text()
        page.get_by_role("link", name="看我的这一份").click()
        assert "等凑齐成团" in page.locator("main").inner_text()


def test_a_field_that_is_wrong_takes_its_sentence_along_for_the_screen_reader(town, visit):
    with visit("champion", width=390) as page:
        page.goto("/organise/sales/new/")
        for label, words in (
            ("名称", "Pears"),
            ("卖什么", "A box"),
            ("价格", "39"),
            ("平时价（选填）", "20"),
        ):
            page.get_by_label(label, exact=True).fill(words)
        page.get_by_role("button", name="存成草稿").click()
        wrong = page.get_by_label("平时价（选填）", exact=True)
        assert wrong.get_attribute("aria-invalid") == "true"
        said = wrong.get_attribute("aria-describedby").split()[0]
        assert "平时价要比现在高" in page.locator(f"#{said}").inner_text()
        assert page.get_by_label("卖什么").input_value() == "A box"


def test_a_form_is_filled_in_with_the_keyboard_alone(town, visit):
    with visit("hq") as page:
        page.goto("/organise/partners/")
        page.get_by_label("伙伴的名字").focus()
        page.keyboard.type("Florist")
        for _ in range(4):
            page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "记下"
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/organise/partners/[0-9a-f-]{36}/"))
        assert page.get_by_role("heading", level=1).inner_text() == "Florist"


# ---- every page


@pytest.mark.parametrize("role", ["", "member", "champion", "hq"])
def test_axe_finds_nothing_by_day_or_night_and_nothing_overflows(town, visit, role):
    found = []
    with visit(role, width=1440 if role == "hq" else 390) as page:
        for path in addresses(town)[role]:
            page.said.clear()
            reply = page.goto(path)
            found += [] if reply.status == 200 else [f"{path}: {reply.status}"]
            page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true })")
            found += [*faults(page, path), *(f"{path}: {text}" for text in page.said)]
    assert found == []


@pytest.mark.parametrize("role", ["", "member", "champion", "hq"])
def test_english_pages_leave_no_chinese_but_data(town, visit, role):
    with visit(role, language="en", width=390) as page:
        for path in addresses(town)[role]:
            # what is quoted in its own language says so: rules of a draw, clauses of a channel
            assert chinese(page, path, "main [lang]") == []
