"""What headquarters and stores see of WeCom: groups with their days and corrections, the last trial of the set-up, recalls told to stores."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connect.wecom import corp
from connect.wecom.neighbours import week
from stores.factories import TESTS, StaffFactory, StoreFactory, viewer
from tongxin.connect.wecom.mirroring import Mirror
from tongxin.connect.wecom.sandbox import acts
from tongxin.connect.wecom.setting_up import try_out
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import WecomGroup, WecomTrial
from tongxin.outreach.queries.wecom_groups import corrected_by_night, corrections_for, group_cards, group_page
from tongxin.outreach.queries.wecom_setup import last_trial
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db
NOBODY = Viewer(account=1, name="somebody")


def test_after_a_week_of_lost_callbacks_the_corrections_are_shown(noon):
    store = StoreFactory()
    StaffFactory(store=store, wecom_userid="lin", name="林小满")
    other = StoreFactory()
    _, corrections, time = week(noon, compares=True)
    with time.now():
        cards = group_cards(TESTS)
        assert {card.owner_name for card in cards} == {"林小满"}
        assert sum(card.corrected for card in cards) == 0  # a day is kept once it has been compared
        seen = corrections_for(TESTS, most=1000)
        assert len([one for one in seen if one.at > noon]) == corrections
        assert {(one.zh, one.en) for one in seen} == {("客户群", "group"), ("客户关系", "contact")}
        assert {one.where for one in seen if one.what == "contact"} <= {"林小满", "chen"}
        manager = viewer(Role.STORE_MANAGER, store=store)
        assert len(group_cards(manager)) == len(cards)
        assert 0 < len(corrections_for(manager, most=1000)) <= len(seen)
        stranger = viewer(Role.STORE_MANAGER, store=other)
        assert (group_cards(stranger), corrections_for(stranger)) == ([], [])
        assert sum(corrected_by_night(TESTS).values()) == len(seen)
        page = group_page(manager, cards[0].public_id)
        for day in page.days:
            assert day.stock == day.before + day.joins - day.leaves + day.corrected
        assert len(page.days) >= 5
        for work in (
            lambda: group_page(stranger, cards[0].public_id),
            lambda: group_page(TESTS, "x"),
        ):
            with pytest.raises(Refused, match="absent"):
                work()
        for query in (group_cards, corrections_for, corrected_by_night):
            with pytest.raises(Refused, match="forbidden"):
                query(NOBODY)


def test_groups_are_read_in_as_many_statements_however_many(noon):
    StaffFactory(store=StoreFactory(), wecom_userid="lin")
    platform = corp.fake()
    counts = []
    for _ in (1, 2):
        acts.open_group(platform, "lin", "烘焙邻里"), acts.open_group(platform, "lin", "烘焙邻里")
        Mirror(corp.caller(platform)).compare()
        with CaptureQueriesContext(connection) as asked:
            assert len(group_cards(TESTS)) == WecomGroup.objects.count()
        counts.append(len(asked) - 1)
    assert counts[0] == counts[1]


def test_a_trial_of_the_set_up_is_kept_with_how_to_mend_it(noon, settings):
    settings.TONGXIN_WECOM_CORP = ""
    assert last_trial(TESTS) is None
    made = try_out(viewer=TESTS)
    assert last_trial(TESTS) == made
    first = made.steps[0]
    assert (first["name"], first["ok"]) == ("settings", False)
    assert first["cure"][0].startswith("还没有设置：TONGXIN_WECOM_CORP")
    assert {step["ok"] for step in made.steps[1:]} == {None}
    for work in (lambda: try_out(viewer=NOBODY), lambda: last_trial(NOBODY)):
        with pytest.raises(Refused, match="forbidden"):
            work()
    with clock.held(noon + timedelta(hours=1)):
        for _ in range(25):
            try_out(viewer=TESTS)
    assert WecomTrial.objects.count() == 20
