"""The daily health check through its actions: answers, corrections, gaps, the list of headquarters, who may."""

import io
import json
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from PIL import Image

from stores.factories import TESTS, StoreFactory
from tongxin.champions import actions, queries
from tongxin.champions.actions import AnswerIn
from tongxin.champions.models import CheckAnswer, CheckList, ConcernAnswer
from tongxin.champions.terms import CheckWord, DayState
from tongxin.foundation import clock
from tongxin.foundation.access import Grant, Viewer
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.foundation.media.models import Picture
from tongxin.stores.terms import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

DAY = timedelta(days=1)
YES, NO = AnswerIn(CheckWord.YES), AnswerIn(CheckWord.NO, "烤箱在修")


@pytest.fixture
def store():
    return StoreFactory()


def of(store, role=Role.CHAMPION):
    return Viewer(account=None, name=str(role), grants=(Grant(role, places=frozenset({store.pk})),))


HQ = Viewer(account=None, name="hq", grants=(Grant(Role.HQ_EDITOR, everywhere=True),))


def answered(store, **said):
    return actions.answer_check(viewer=of(store), store=store, answers=said)


def states(store, days=3):
    return [one.state for one in queries.days_of(of(store), store, days)]


def png():
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "orange").save(out, "PNG")
    return out.getvalue()


def test_two_taps_make_a_day(store):
    assert states(store) == [DayState.SKIPPED, DayState.SKIPPED, DayState.OPEN]
    assert answered(store, board=YES, invited=AnswerIn(CheckWord.NOT_TODAY)) == 2
    assert states(store) == [DayState.SKIPPED, DayState.SKIPPED, DayState.DONE]
    assert [(line.key, line.answer) for line in queries.day_of(of(store), store).lines] == [
        ("board", CheckWord.YES),
        ("invited", CheckWord.NOT_TODAY),
    ]
    (entry,) = Entry.objects.filter(act="champions.checked")
    assert json.loads(entry.after) == {"answers": {"board": "yes", "invited": "not_today"}}


def test_the_same_again_writes_nothing_and_another_answer_is_a_correction(store):
    answered(store, board=YES)
    assert answered(store, board=YES) == 0
    assert answered(store, board=NO) == 1
    first, second = CheckAnswer.objects.order_by("id")
    assert (first.answer, second.answer, second.corrects_id) == ("yes", "no", first.pk)
    assert queries.day_of(of(store), store).lines[0].sentence == "烤箱在修"


def test_a_day_that_is_over_stays_as_it_was_and_a_skipped_one_has_no_row(store):
    with clock.held(clock.now() - DAY):
        answered(store, board=YES)
    with pytest.raises(Refused, match=r"champions\.day_over"):
        actions.answer_check(
            viewer=of(store), store=store, answers={"board": NO}, day=queries.today_in(store) - DAY
        )
    assert states(store) == [DayState.SKIPPED, DayState.PARTLY, DayState.OPEN]
    assert CheckAnswer.objects.count() == 1


def test_the_business_day_is_the_stores_own():
    late = StoreFactory(cutoff_hour=4)
    with clock.held(clock.now() + timedelta(hours=13)):  # one o'clock in the night of Friday
        answered(late, board=YES)
    assert CheckAnswer.objects.get().day == date(2026, 3, 5)


@pytest.mark.parametrize(("said", "code"), [({}, "champions.nothing"), ({"oven": YES}, "champions.no_item")])
def test_what_is_not_on_the_list_is_refused_and_nothing_is_written(store, said, code):
    with pytest.raises(Refused, match=code.replace(".", r"\.")):
        answered(store, **said)
    assert not CheckAnswer.objects.exists()


@pytest.mark.parametrize("role", [Role.DOOR, Role.HQ_EDITOR, Role.REGION_MANAGER, Role.AUDITOR])
def test_only_who_is_in_the_store_answers_for_it(store, role):
    with pytest.raises(Refused, match="absent"):
        actions.answer_check(viewer=of(store, role), store=store, answers={"board": YES})
    assert (
        actions.answer_check(viewer=of(store, Role.STORE_MANAGER), store=store, answers={"board": YES}) == 1
    )


def test_a_foreign_store_is_absent_to_read(store):
    other = of(StoreFactory())
    for read in (queries.day_of, queries.days_of):
        with pytest.raises(Refused, match="absent"):
            read(other, store)


def test_postgresql_lets_nobody_change_an_answer(store):
    answered(store, board=YES)
    for sql in ("UPDATE champions_checkanswer SET answer = 'no'", "DELETE FROM champions_checkanswer"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    with connection.cursor() as cursor:  # control: without the trigger it could be changed
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE champions_checkanswer DISABLE TRIGGER champions_answer_for_good")
        cursor.execute("UPDATE champions_checkanswer SET answer = 'no'")
    assert CheckAnswer.objects.get().answer == "no"


def test_a_photo_is_painted_anew_and_kept_through_a_correction(store, settings, tmp_path):
    settings.TONGXIN_MEDIA = tmp_path
    answered(store, board=AnswerIn(CheckWord.YES, photo=png()))
    answered(store, board=NO)
    assert Picture.objects.count() == 1
    line = queries.day_of(of(store), store).lines[0]
    assert line.photo
    assert queries.photo_of(of(store), line.id) == Picture.objects.get().name
    with pytest.raises(Refused, match="absent"):
        queries.photo_of(of(StoreFactory()), line.id)


def test_a_picture_that_cannot_be_read_leaves_neither_answer_nor_file(store, settings, tmp_path):
    settings.TONGXIN_MEDIA = tmp_path
    with pytest.raises(Refused, match="media"):
        answered(
            store,
            board=AnswerIn(CheckWord.YES, photo=png()),
            invited=AnswerIn(CheckWord.YES, photo=b"no picture"),
        )
    assert not CheckAnswer.objects.exists()
    assert not Picture.objects.exists()


def test_a_photo_goes_after_a_quarter_and_the_answer_stays(store, settings, tmp_path):
    settings.TONGXIN_MEDIA = tmp_path
    answered(store, board=AnswerIn(CheckWord.YES, photo=png()))
    with clock.held(clock.now() + 92 * DAY):
        assert actions.forget(viewer=TESTS) == 1
    with pytest.raises(Refused, match="absent"):
        queries.photo_of(of(store), CheckAnswer.objects.get().public_id)


# ---- the list of headquarters


def publish(*words, days=1, **more):
    return actions.publish_list(
        viewer=HQ, items=[(zh, "") for zh in words], since=date(2026, 3, 5) + days * DAY, **more
    )


def test_a_new_list_holds_from_its_day_and_days_before_keep_theirs(store):
    answered(store, board=YES, invited=YES)
    publish("烘焙坊干净吗？")
    assert queries.day_of(of(store), store).list == 0
    with clock.held(clock.now() + DAY):
        assert [line.zh for line in queries.day_of(of(store), store).lines] == ["烘焙坊干净吗？"]
        assert states(store, 2) == [DayState.DONE, DayState.OPEN]


def test_two_editors_do_not_overwrite_each_other(store):
    publish("甲", expected=0)
    with pytest.raises(Refused, match=r"edit\.stale"):
        publish("乙", expected=0)
    assert CheckList.objects.get().items[0]["zh"] == "甲"


def test_a_store_does_not_write_the_list(store):
    with pytest.raises(Refused, match="forbidden"):
        actions.publish_list(viewer=of(store), items=[("甲", "")], since=date(2026, 3, 6))
    assert not CheckList.objects.exists()


def test_postgresql_takes_no_list_of_six(store):
    made = publish("甲")
    six = CheckList(
        brand=made.brand,
        number=2,
        since=made.since,
        items=[{"key": str(n)} for n in range(6)],
        made_at=clock.now(),
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        six.save()
    six.items = six.items[:5]
    six.save()


def test_a_no_with_a_sentence_reaches_headquarters_until_it_is_answered_or_corrected(store):
    answered(store, board=NO, invited=AnswerIn(CheckWord.NO))
    (one,) = queries.concerns_for(HQ).items
    assert (one.sentence, one.item_zh, one.store_name) == ("烤箱在修", "社区告示板是今天的吗？", store.name)
    actions.settle_concern(viewer=HQ, answer_id=one.id, reply="明天派人来")
    assert queries.concerns_for(HQ).items == ()
    assert queries.concerns_for(of(store), open_only=False).items[0].reply == "明天派人来"
    with pytest.raises(Refused, match=r"champions\.settled"):
        actions.settle_concern(viewer=HQ, answer_id=one.id, reply="再说一次")
    assert ConcernAnswer.objects.count() == 1


def test_a_corrected_no_leaves_the_list(store):
    answered(store, board=NO)
    (one,) = queries.concerns_for(HQ).items
    answered(store, board=YES)
    assert queries.concerns_for(HQ).items == ()
    with pytest.raises(Refused, match=r"champions\.no_concern"):
        actions.settle_concern(viewer=HQ, answer_id=one.id, reply="好")


def test_a_champion_does_not_answer_for_headquarters(store):
    answered(store, board=NO)
    with pytest.raises(Refused, match="absent"):
        actions.settle_concern(viewer=of(store), answer_id=CheckAnswer.objects.get().public_id, reply="好")
    assert not ConcernAnswer.objects.exists()


def test_execution_counts_days_and_statements_do_not_grow(store):
    with clock.held(clock.now() - DAY):
        answered(store, board=YES)
    answered(store, board=YES)  # today does not count before it is over

    def read():
        with CaptureQueriesContext(connection) as said:
            found = queries.execution(HQ, days=7)
        return len(said), {one.code: (one.answered, one.due) for one in found}

    n, found = read()
    assert found == {store.code: (1, 7)}
    StoreFactory.create_batch(2)
    assert read()[0] == n


def test_the_list_of_concerns_takes_the_same_statements_for_one_and_three(store):
    answered(store, board=NO)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as said:
            queries.concerns_for(TESTS)
        counts.append(len(said))
        for _ in range(2):
            answered(StoreFactory(), board=NO)
    assert counts[0] == counts[1]
