"""The pages of series, passes, proposals and kept places through Django's client: what is shown first, refused at its field, done."""

import re
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from access.actors import HERE, JOB, browser, standing_world
from access.things import Things, proposal_to_answer, series
from events.factories import published
from tongxin.events import actions
from tongxin.events.models import Occurrence, Pass, Pool, Registration, RitualProposal, Series
from tongxin.events.queries.pass_uses import pass_uses
from tongxin.events.terms import Seat, State
from tongxin.foundation import clock
from tongxin.people import queries as people
from tongxin.stores import queries as stores

pytestmark = pytest.mark.django_db
WEEKLY = {
    "key": "k1",
    "format": "tea",
    "title": "读书会",
    "every": "week",
    "days": "TH",
    "starts_on": "2026-04-02",
    "until": "2026-05-14",
    "start_time": "19:30",
    "minutes": "60",
    "places": "8",
    "holidays": "skip",
    "themes": "绘本\r\n科普",
}


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


@pytest.fixture
def champion(world):
    return browser(world.actors["champion"])


def shop(world):
    return stores.access_store(JOB, world.store(HERE)["id"])


def person_of(world, n):
    return people.access_customer(JOB, world.store(HERE)["members"][n]["id"]).pk


def weekly(world, **more) -> Series:
    plan = actions.SeriesIn(
        **(
            {
                "title": "读书会", "format": "tea", "rule": "FREQ=WEEKLY;BYDAY=TH;COUNT=4", "starts_on": clock.business_day(clock.now()) + timedelta(days=7),
                "start_time": clock.now().time().replace(hour=19, minute=30, second=0, microsecond=0), "minutes": 60, "places": 8,
            }
            | more
        )
    )  # fmt: skip
    made = actions.open_series(viewer=JOB, store=shop(world), series=plan)
    actions.publish_series(viewer=JOB, series_id=made.series.public_id)
    return Series.objects.get(pk=made.series.pk)


def dates(of: Series) -> list[Occurrence]:
    return list(Occurrence.objects.filter(series=of).order_by("starts_at"))


def text_of(reply) -> str:
    return re.sub(r"\s+", " ", reply.content.decode())


# ---- a new series


def test_the_dates_are_shown_before_anything_is_kept(champion):
    reply = champion.post("/organise/series/new/", WEEKLY | {"step": "look"})
    text = text_of(reply)
    assert reply.status_code == 200
    assert not Series.objects.filter(title="读书会").exists()
    assert "7 场，每周四" in text
    assert text.count("绘本") >= 3  # in the form, and in turn beside its dates
    assert '<option value="week" selected>' in text
    assert 'value="TH" checked' in text


def test_a_holiday_and_a_swapped_day_are_named_with_what_becomes_of_them(champion):
    """2026: 清明 is on 5 April, and Saturday 9 May is worked for 劳动节."""
    holidays = WEEKLY | {"days": ["SA", "SU"], "step": "look"}
    text = text_of(champion.post("/organise/series/new/", holidays))
    assert "清明" in text
    assert "调休" in text
    assert "停一次" in text
    moved = text_of(champion.post("/organise/series/new/", holidays | {"holidays": "shift"}))
    assert "顺延" in moved
    kept = text_of(champion.post("/organise/series/new/", holidays | {"holidays": "keep"}))
    assert "因为节假日和调休" not in kept


def test_a_series_is_opened_as_drafts_with_themes_in_turn(champion):
    reply = champion.post("/organise/series/new/", WEEKLY | {"step": "open"})
    made = Series.objects.get(title="读书会")
    assert (reply.status_code, reply["Location"]) == (302, f"/organise/series/{made.public_id}/")
    assert (made.rule, made.themes) == ("FREQ=WEEKLY;BYDAY=TH", ["绘本", "科普"])
    rows = dates(made)
    assert {row.state for row in rows} == {State.DRAFT}
    assert [row.theme for row in rows][:3] == ["绘本", "科普", "绘本"]


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"days": []}, "days", "至少选一天"),
        ({"places": "0"}, "places", "请填 1 到"),
        ({"title": ""}, "title", "请填写"),
        ({"starts_on": "morgen"}, "starts_on", "请选日期"),
        ({"fee_fen": "viel"}, "fee_fen", "请填金额"),
        ({"themes": "字" * 81}, "themes", "最多 60 个"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(champion, wrong, field, sentence):
    reply = champion.post("/organise/series/new/", WEEKLY | wrong | {"place": "靠窗长桌", "step": "open"})
    text = text_of(reply)
    assert reply.status_code == 422
    said = re.search(rf'id="e-{field}"[^>]*>(.*?)</p>', text)
    assert said is not None, field
    assert sentence in said[1]
    assert 'value="靠窗长桌"' in text
    assert not Series.objects.filter(title="读书会").exists()


def test_the_rules_of_repetition_that_the_form_can_say(champion):
    for every, days, rule in (
        ("2weeks", ["MO", "WE"], "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE"),
        ("-1", ["SA"], "FREQ=MONTHLY;BYDAY=-1SA"),
        ("monthday", [], "FREQ=MONTHLY;BYMONTHDAY=2"),
        ("day", [], "FREQ=DAILY"),
    ):
        form = WEEKLY | {
            "every": every,
            "days": days,
            "title": f"系列 {every}",
            "key": f"k{len(rule)}",
            "step": "open",
            "until": "2026-04-30",
        }
        assert champion.post("/organise/series/new/", form).status_code == 302, every
        assert Series.objects.get(title=f"系列 {every}").rule == rule


def test_a_form_that_is_sent_twice_opens_one_series(champion):
    form = WEEKLY | {"step": "open"}
    first, second = (champion.post("/organise/series/new/", form) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Series.objects.filter(title="读书会").count() == 1


def test_control_arm_two_keys_open_two_and_an_old_key_opens_nothing_else(champion):
    form = WEEKLY | {"step": "open"}
    for key in ("k1", "k2"):
        champion.post("/organise/series/new/", form | {"key": key})
    assert Series.objects.filter(title="读书会").count() == 2
    other = champion.post("/organise/series/new/", form | {"title": "茶会"})
    assert other.status_code == 422
    assert not Series.objects.filter(title="茶会").exists()
    fresh = re.search(r'name="key" value="(\w+)"', text_of(other))[1]
    assert champion.post("/organise/series/new/", form | {"title": "茶会", "key": fresh}).status_code == 302


def test_a_form_without_a_key_is_refused_and_mended_it_is_sent_with_the_same(champion):
    assert champion.post("/organise/series/new/", WEEKLY | {"step": "open", "key": ""}).status_code == 422
    wrong = champion.post("/organise/series/new/", WEEKLY | {"step": "open", "places": "0"})
    assert 'name="key" value="k1"' in text_of(wrong)
    assert not Series.objects.filter(title="读书会").exists()
    assert champion.post("/organise/series/new/", WEEKLY | {"step": "open"}).status_code == 302


def test_a_date_that_is_left_out_takes_its_theme_along_in_the_preview_too(champion):
    """Sundays: 5 April is 清明; the rows that come to be are those that were shown."""
    form = WEEKLY | {"days": "SU", "starts_on": "2026-03-29", "until": "2026-04-26"}
    shown = re.findall(
        r"<small>(绘本|科普)</small>",
        text_of(champion.post("/organise/series/new/", form | {"step": "look"})),
    )
    champion.post("/organise/series/new/", form | {"step": "open"})
    assert shown == [row.theme for row in dates(Series.objects.get(title="读书会"))]
    assert shown == ["绘本", "绘本", "科普", "绘本"]


# ---- this, this and following, one left out


def edited(of: Series, **more):
    kept = {
        "version": of.version, "title": of.title, "start_time": f"{of.start_time:%H:%M}", "minutes": of.minutes,
        "places": of.defaults["places"], "holidays": of.holidays, "until": "", "themes": "", "place": "", "summary": "",
    }  # fmt: skip
    return kept | more


def test_this_and_the_following_are_changed_and_what_is_before_stays(world, champion):
    made = weekly(world)
    rows = dates(made)
    page = champion.get(f"/organise/series/{made.public_id}/change/?from={rows[2].public_id}")
    assert "系列从这一场分成两段" in text_of(page)
    form = edited(
        made, **{"from": str(rows[2].public_id), "scope": "following", "start_time": "20:00", "minutes": "60"}
    )
    reply = champion.post(f"/organise/series/{made.public_id}/change/", form)
    assert reply.status_code == 302
    after = Series.objects.get(split_from=made)
    assert reply["Location"] == f"/organise/series/{after.public_id}/"
    assert [row.starts_at.minute for row in dates(made)] == [30, 30]
    assert [row.starts_at.minute for row in dates(after)] == [0, 0]


def test_who_was_slower_reads_both_texts_and_nothing_is_lost(world, champion):
    made = weekly(world)
    form = edited(made, title="我的名字")
    Series.objects.filter(pk=made.pk).update(title="别人的名字", version=made.version + 1)
    reply = champion.post(f"/organise/series/{made.public_id}/change/", form)
    text = text_of(reply)
    assert reply.status_code == 412
    assert 'value="我的名字"' in text
    assert "现在写的是：别人的名字" in text
    assert f'name="version" value="{made.version + 1}"' in text


def test_nothing_changed_is_said_and_changes_nothing(world, champion):
    made = weekly(world)
    reply = champion.post(f"/organise/series/{made.public_id}/change/", edited(made))
    assert (reply.status_code, "还没有改任何一处" in text_of(reply)) == (422, True)
    assert Series.objects.get(pk=made.pk).version == made.version


def test_one_date_is_changed_alone_or_left_out(world, champion):
    made = weekly(world)
    first, second, third, _last = dates(made)
    local = second.starts_at.astimezone(
        clock.day_start(clock.business_day(clock.now()), shop(world).zone).tzinfo
    )
    form = {
        "step": "change",
        "version": second.version,
        "theme": "客人来讲",
        "day": local.date().isoformat(),
        "time": "20:30",
        "minutes": "60",
        "place": "",
    }
    assert champion.post(f"/organise/dates/{second.public_id}/", form).status_code == 302
    second.refresh_from_db()
    assert (second.theme, second.detached, second.starts_at.minute) == ("客人来讲", True, 30)
    without = champion.post(f"/organise/dates/{third.public_id}/", {"step": "skip", "reason": " "})
    assert without.status_code == 422
    assert 'id="s-e"' in text_of(without)
    champion.post(f"/organise/dates/{third.public_id}/", {"step": "skip", "reason": "停电"})
    assert [row.state for row in dates(made)] == ["published", "published", "cancelled", "published"]
    first.refresh_from_db()
    assert first.detached is False


def test_an_event_that_stands_alone_is_no_date_of_a_series(world, champion):
    alone = published(shop(world))
    assert champion.get(f"/organise/dates/{alone.public_id}/").status_code == 404


def test_a_date_of_another_series_does_not_split_this_one(world, champion):
    made, other = weekly(world), weekly(world, title="别的")
    path = f"/organise/series/{made.public_id}/change/?from={dates(other)[1].public_id}"
    assert champion.get(path).status_code == 404


def test_the_series_page_asks_as_much_for_three_dates_as_for_one(world, champion):
    counted = []
    for n in (1, 3):
        made = weekly(world, title=f"{n}", rule=f"FREQ=WEEKLY;BYDAY=TH;COUNT={n}")
        champion.get(f"/organise/series/{made.public_id}/")
        with CaptureQueriesContext(connection) as asked:
            assert champion.get(f"/organise/series/{made.public_id}/").status_code == 200
        counted.append(len(asked))
    assert counted[0] == counted[1]


# ---- the whole series in one act


def test_a_member_takes_the_series_and_gives_it_back(world):
    made, member = weekly(world), browser(world.actors["member_outer"])
    path = f"/m/series/{made.public_id}/"
    assert "还有 4 场" in text_of(browser(world.actors["anonymous"]).get(path))
    picked = [str(row.public_id) for row in dates(made)[:3]]
    assert member.post(f"{path}take/", {"event": picked}).status_code == 302
    held = Pass.objects.get(series=made)
    assert Registration.objects.filter(taken_pass=held.pk, state=Seat.CONFIRMED).count() == 3
    assert text_of(member.get(path)).count("已经报了") == 3
    assert "我报的系列" in text_of(member.get("/m/events/"))
    member.post(f"/m/passes/{held.public_id}/back/")
    assert Registration.objects.filter(taken_pass=held.pk, state=Seat.CANCELLED).count() == 3


def test_one_full_date_takes_none_and_is_named(world):
    made, member = weekly(world, places=1), browser(world.actors["member_outer"])
    full = dates(made)[1]
    actions.register(viewer=JOB, event_id=full.public_id, person=person_of(world, 4))
    picked = [str(row.public_id) for row in dates(made)]
    reply = member.post(f"/m/series/{made.public_id}/take/", {"event": picked})
    assert reply.status_code == 409
    assert text_of(reply).count("这场不行") == 1
    assert not Pass.objects.filter(series=made).exists()
    none = member.post(f"/m/series/{made.public_id}/take/", {})
    assert (none.status_code, "至少选一场" in text_of(none)) == (422, True)


def test_a_champion_finds_somebody_takes_it_for_them_and_sees_what_is_used(world, champion):
    made = weekly(world)
    member = world.store(HERE)["members"][4]
    path = f"/organise/series/{made.public_id}/passes/"
    found = champion.post(path, {"step": "find", "q": member["phone"][-4:]})
    assert member["id"] in text_of(found)
    assert champion.post(path, {"step": "take", "member": member["id"], "q": "x"}).status_code == 302
    assert "来了 0，缺 0，前面 4" in text_of(champion.get(path))
    begins = dates(made)[0].starts_at
    first = Registration.objects.get(occurrence=dates(made)[0])
    with clock.held(begins):
        actions.check_in(
            viewer=JOB, event_id=dates(made)[0].public_id, nonce=first.public_id, registration=first.public_id
        )
    with clock.held(dates(made)[1].ends_at + timedelta(hours=1)):
        one = pass_uses(JOB, made.public_id)[0]  # the champion has long signed out by then
    assert (one.dates, one.came, one.missed, one.ahead) == (4, 1, 1, 2)
    again = champion.post(path, {"step": "take", "member": member["id"], "q": "x"})
    assert again.status_code == 409
    held = Pass.objects.get(series=made)
    champion.post(f"/organise/passes/{held.public_id}/back/", {"reason": "搬家"})
    assert Pass.objects.get(pk=held.pk).given_back_at is not None


# ---- proposals


WISH = {
    "format": "tea",
    "title": "读诗",
    "day": "2026-04-11",
    "time": "15:00",
    "minutes": "60",
    "places": "8",
    "words": "带一首来",
}


def test_a_member_proposes_and_the_champion_agrees(world, champion):
    member = browser(world.actors["member_outer"])
    assert member.post("/m/proposals/", WISH).status_code == 302
    made = RitualProposal.objects.get(title="读诗")
    assert "等主理人看" in text_of(member.get("/m/proposals/"))
    second = member.post("/m/proposals/", WISH | {"title": "再读"})
    assert (second.status_code, 'id="e-title"' in text_of(second)) == (409, True)
    assert "读诗" in text_of(champion.get("/organise/proposals/"))
    yes = {
        "answer": "yes",
        "day": "2026-04-12",
        "time": "16:00",
        "places": "6",
        "place": "窗边",
        "words": "好呀",
    }
    reply = champion.post(f"/organise/proposals/{made.public_id}/", yes)
    made.refresh_from_db()
    assert reply["Location"] == f"/champion/events/{made.occurrence.public_id}/"
    assert (made.approved, made.answer, made.occurrence.place) == (True, "好呀", "窗边")
    assert "好呀" in text_of(member.get("/m/proposals/"))


def test_a_no_needs_a_sentence_and_is_read_by_the_member(world, champion):
    thing: Things = proposal_to_answer(world, world.actors["champion"])
    path = f"/organise/proposals/{thing.own}/"
    bare = champion.post(path, {"answer": "no", "why": ""})
    assert (bare.status_code, 'id="e-why"' in text_of(bare)) == (422, True)
    assert champion.post(path, {"answer": "no", "why": "那天有市集"}).status_code == 302
    found = RitualProposal.objects.get(public_id=thing.own)
    assert (found.approved, found.answer) == (False, "那天有市集")
    assert "那天有市集" in text_of(champion.get(path))


# ---- kept places


def test_places_are_kept_changed_and_given_back(world, champion):
    event = published(shop(world), places=10)
    path = f"/organise/events/{event.public_id}/kept/"
    keep = {
        "version": event.version,
        "audience": "tag",
        "tag": "烘焙",
        "size": "4",
        "day": clock.business_day(event.starts_at - timedelta(days=1)).isoformat(),
        "time": "10:00",
    }
    assert champion.post(path, keep).status_code == 302
    pools = {p.audience: p for p in Pool.objects.filter(occurrence=event)}
    assert (pools[""].size, pools["tag:烘焙"].size) == (6, 4)
    assert pools["tag:烘焙"].release_at < event.starts_at
    page = text_of(champion.get(path))
    assert "带「烘焙」标签的人" in page
    too_many = champion.post(
        path, keep | {"version": Occurrence.objects.get(pk=event.pk).version, "size": "11"}
    )
    assert (too_many.status_code, 'id="e-size"' in text_of(too_many)) == (409, True)
    assert champion.post(path, keep).status_code == 412  # somebody was faster
    late = champion.post(
        path, keep | {"version": Occurrence.objects.get(pk=event.pk).version, "day": "2026-12-01"}
    )
    assert (late.status_code, 'id="e-day"' in text_of(late)) == (422, True)


def test_a_draw_keeps_nothing(world, champion):
    draw = {"draw": {"contact": "到店"}}
    event = published(
        shop(world), admission="lottery", closes_at=clock.now() + timedelta(days=1), details=draw
    )
    assert "抽签的活动不预留" in text_of(champion.get(f"/organise/events/{event.public_id}/kept/"))


def test_who_only_reads_sees_the_series_and_no_way_to_change_it(world):
    thing = series(world, world.actors["champion"]).own
    analyst = browser(world.actors["hq_analyst"])
    page = text_of(analyst.get(f"/organise/series/{thing}/"))
    assert "改这个系列" not in page
    assert analyst.get(f"/organise/series/{thing}/change/").status_code == 403
