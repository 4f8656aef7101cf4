"""The notice board: the week that begins today, the next ritual, how fresh it is, and the sheet with its code."""

from datetime import timedelta
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from events.after_setup import After
from events.factories import drafted, published
from stores.factories import StoreFactory
from tongxin.champions import actions, queries
from tongxin.champions.actions import AnswerIn
from tongxin.champions.papers import page, sheets
from tongxin.champions.papers.sheets import OnBoard
from tongxin.champions.terms import CheckWord
from tongxin.events import actions as events
from tongxin.events.terms import Kind
from tongxin.foundation import clock
from tongxin.foundation.access import Grant, Viewer
from tongxin.foundation.errors import Refused
from tongxin.kits.poster import drawing
from tongxin.stores.terms import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LINK = "https://example.org/m/stores/75b97fd7-407b-477a-9b85-e56a3139ddbd/?from=board"


def of(store):
    return Viewer(account=None, name="champion", grants=(Grant(Role.CHAMPION, places=frozenset({store.pk})),))


def test_what_hangs_is_the_week_that_begins_today():
    store = StoreFactory()
    shown = [published(store, starts_at=clock.now() + n * DAY, title=f"第{n}天") for n in (1, 6)]
    published(store, starts_at=clock.now() + 7 * DAY)
    published(StoreFactory(), starts_at=clock.now() + DAY)
    drafted(store, starts_at=clock.now() + DAY)
    found = queries.board_of(of(store), store)
    assert [line.public_id for line in found.events] == [one.public_id for one in shown]
    assert (found.ritual, found.until - found.today) == (None, 6 * DAY)


def test_the_next_ritual_stands_alone():
    store = StoreFactory()
    published(store, starts_at=clock.now() + HOUR)
    tea = published(store, starts_at=clock.now() + DAY, kind=Kind.RITUAL, title="早茶会")
    published(store, starts_at=clock.now() + 2 * DAY, kind=Kind.RITUAL)
    assert queries.board_of(of(store), store).ritual.public_id == tea.public_id


@pytest.mark.parametrize(
    ("said", "days"),
    [((), None), (((3, "yes"),), 3), (((3, "yes"), (1, "no")), 3), (((3, "yes"), (1, "yes")), 1)],
    ids=["never", "once", "then not", "again"],
)
def test_fresh_is_the_last_yes(said, days):
    store = StoreFactory()
    for ago, word in said:
        with clock.held(clock.now() - ago * DAY):
            actions.answer_check(viewer=of(store), store=store, answers={"board": AnswerIn(CheckWord(word))})
    assert queries.board_of(of(store), store).stale_days == days


def test_a_foreign_board_is_absent():
    with pytest.raises(Refused, match="absent"):
        queries.board_of(of(StoreFactory()), StoreFactory())


def hung(monkeypatch, n, language="zh", *, star=False):
    """The pages of the sheet as they were drawn."""
    drawn: list[Image.Image] = []
    monkeypatch.setattr(page, "as_pdf", lambda pages: drawn.extend(pages) or drawing.as_pdf(pages))
    one = OnBoard("3月7日 周六 10:00", "小小烘焙师：第一炉星星饼干", "二楼烘焙坊", 3)
    data = sheets.board(
        store="同心示范店·翠苑", brand="邻里同心", week="3月7日～3月13日", hung="3月7日", events=[one] * n,
        ritual=one, star=star, link=LINK, mark="", language=language,
    )  # fmt: skip
    assert data.startswith(b"%PDF")
    return drawn


def test_the_star_is_who_was_nominated_in_the_last_four_weeks_and_nobody_otherwise():
    after = After(2)
    assert queries.board_of(after.champion, after.store).stars == ()
    with clock.held(after.over):
        events.submit_review(
            viewer=after.champion,
            event_id=after.event.public_id,
            answers={"went_well": "一炉", "to_change": "围裙", "said_by_guests": "还来"},
            star=after.seats[1].public_id,
            star_why="帮三个孩子擀面",
        )
        (one,) = queries.board_of(after.champion, after.store).stars
        assert (one.name, one.why, one.event) == ("邻*", "帮三个孩子擀面", after.event.public_id)
    with clock.held(after.over + 28 * DAY + HOUR):
        assert queries.board_of(after.champion, after.store).stars == ()


def test_the_sheet_has_a_line_to_write_on_only_where_somebody_is_nominated(monkeypatch):
    said = []
    monkeypatch.setattr(page.Writer, "line", lambda self, text, **how: said.append(text))
    hung(monkeypatch, 1)
    hung(monkeypatch, 1, star=True)
    assert [sheets.SAID["star_none"][0] in said, sheets.SAID["star_blank"][0] in said] == [True, True]


@pytest.mark.parametrize("n", [0, 4, 6])
def test_the_sheet_is_one_page_and_its_code_leads_to_the_store(monkeypatch, n):
    (sheet,) = hung(monkeypatch, n)
    assert sheet.size == (1654, 2339)
    assert [one.text for one in zxingcpp.read_barcodes(sheet)] == [LINK]


def test_the_card_is_one_page_in_both_languages_and_a_long_hand_over_turns_the_page():
    for language in ("zh", "en"):
        assert sheets.card(brand="邻里同心", mark="", language=language).count(b"/Type /Page\n") == 1
    many = [("活动", [f"第 {n} 场" for n in range(60)])]
    made = sheets.handover(
        store="店", brand="邻里同心", leaver="小满", successor="阿豪", last_day="2026-03-07", groups=many, mark="",
        language="zh",
    )  # fmt: skip
    assert made.count(b"/Type /Page\n") == 3


def test_every_heading_of_the_printed_page_stands_in_the_guide():
    guide = (Path(__file__).parents[2] / "docs" / "champion.zh.md").read_text(encoding="utf-8")
    for (zh, _), lines in sheets.card_parts():
        assert zh in guide
        assert len(lines[0]) == len(lines[1])
