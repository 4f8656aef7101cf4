"""Publishing writes the day-90 question down: before anybody came, whole, once, and nobody can change it afterwards."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from access.actors import Actor, api
from events.factories import published
from kits.kitchen import released
from rings.chain import staff
from stores.factories import TESTS, StoreFactory
from tongxin.events import actions as events
from tongxin.events.actions import Round
from tongxin.events.terms import Admission
from tongxin.faces.api.scopes import ALL
from tongxin.foundation import clock
from tongxin.foundation.accounts import actions as accounts
from tongxin.foundation.accounts.models import Account
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.measure import actions, queries
from tongxin.measure.actions import Published
from tongxin.measure.kit_codes import kit_codes
from tongxin.measure.models import Measurement, Study
from tongxin.measure.rules import Opening, digest, due_of, intact, protocol_of
from tongxin.stores.actions import grant
from tongxin.stores.terms import Role

DAY = timedelta(days=1)


def opening(**more):
    told = {
        "thing": ("events", "occurrence", "e-1"), "title": "小小烘焙师", "store": "S1", "kit": "little-baker", "version": 2,
        "kit_hash": "sha256:k", "instance": "i-1", "drawn": False, "goals": ({"title": "到场率", "target": 80, "unit": "%"},),
        "starts_at": AT, "ends_at": AT + timedelta(hours=2),
    } | more  # fmt: skip
    return Opening(**told)


AT = clock.day_start(date(2026, 3, 14)) + timedelta(hours=10)


# ---- the rule: what is written down


@pytest.mark.parametrize(
    ("more", "kind", "controls"),
    [({}, "two_control", "never_and_later_joiners"), ({"drawn": True}, "lottery", "lost_draw")],
)
def test_who_is_compared_follows_from_how_seats_are_given(more, kind, controls):
    written = protocol_of(opening(**more))
    assert (written["design"]["kind"], written["controls"]) == (kind, controls)
    assert written["treated"] == written["design"]["treated"] == "kit:little-baker@i-1"


@pytest.mark.parametrize(
    ("goal", "figures"),
    [
        ("到场率", ["orders_per_month", "spend_per_month"]),
        ("30 天内再来", ["orders_per_month", "spend_per_month"]),
        ("客单提升", ["basket_value", "orders_per_month", "spend_per_month"]),
    ],
)
def test_goals_that_a_till_can_answer_become_figures_and_all_goals_are_written_down(goal, figures):
    written = protocol_of(opening(goals=({"title": goal, "target": 60, "unit": "%", "key": "g"},)))
    assert written["design"]["kpis"] == figures
    assert written["goals"] == [{"title": goal, "target": 60, "unit": "%"}]


@pytest.mark.parametrize(("kind", "days"), [("occurrence", 90), ("series", 180)])
def test_an_event_is_answered_on_day_ninety_a_series_ninety_days_after_its_season(kind, days):
    asked = opening(thing=("events", kind, "e-1"))
    begins = asked.starts_at if kind == "series" else asked.ends_at
    assert due_of(asked) - begins == days * DAY


@pytest.mark.parametrize("weekday", range(7))
def test_the_windows_and_the_days_of_returns_are_over_on_day_ninety(weekday):
    event = date(2026, 3, 9) + weekday * DAY
    design = protocol_of(opening())["design"]
    last = clock.week_start(event) + timedelta(weeks=1 + max(design["windows"])) - DAY
    assert (last + 7 * DAY - event).days <= 90


def test_the_same_question_has_the_same_hash_and_seed_and_any_change_another_hash():
    one, same, other = protocol_of(opening()), protocol_of(opening()), protocol_of(opening(drawn=True))
    assert (digest(one), one["design"]["seed"]) == (digest(same), same["design"]["seed"])
    assert digest(one) != digest(other)


@pytest.mark.parametrize(
    ("change", "whole"),
    [({}, True), ({"kept": "sha256:x"}, False), ({"told": "sha256:x"}, False), ({"told": ""}, False),
     ({"design": {"windows": [1]}}, False)],
)  # fmt: skip
def test_intact_asks_the_hash_the_trail_and_the_design(change, whole):
    written = protocol_of(opening())
    facts = {
        "protocol": written,
        "kept": digest(written),
        "told": digest(written),
        "design": written["design"],
    }
    assert intact(**facts | change) is whole


# ---- publishing


def from_kit(version=None, store=None, *, days=6, drawn=False):
    made = events.draft_from_kit(
        viewer=TESTS,
        store=store or StoreFactory(),
        version_id=(version or released()).public_id,
        starts_at=clock.now() + days * DAY - timedelta(hours=2),
    )
    if drawn:
        events.change(
            viewer=TESTS, event_id=made.occurrence.public_id, version=1, admission=Admission.LOTTERY,
            closes_at=clock.now() + 2 * DAY, details=made.occurrence.details | {"draw": {"contact": "021-5555 0101"}},
        )  # fmt: skip
    return made


def opened(*args, **more):
    made = from_kit(*args, **more)
    return events.publish(viewer=TESTS, event_id=made.occurrence.public_id), made.instance


@pytest.fixture
def day(noon, db):
    return noon


@pytest.mark.parametrize("drawn", [False, True])
def test_a_publication_writes_the_question_down_with_its_hash_in_the_trail(day, drawn):
    event, instance = opened(drawn=drawn)
    study = Study.objects.get()
    assert (study.room, study.key, study.state, study.store_id) == (
        "events", str(event.public_id), "planned", event.store_id,
    )  # fmt: skip
    assert study.registered_at == clock.now() < event.starts_at
    assert study.due_at == event.ends_at + 90 * DAY
    assert study.treated == f"kit:little-baker@{instance.public_id}"
    assert study.design == study.protocol["design"]
    assert study.design["kind"] == ("lottery" if drawn else "two_control")
    assert study.protocol["goals"] == [{"title": "到场率", "target": 80, "unit": "%"}]
    assert study.protocol_digest == digest(study.protocol) == queries.told_digest(study.public_id)
    assert Entry.objects.filter(act="measure.study_registered").count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'measure.run_study'")
        assert cursor.fetchone()[0] == 0, "nothing runs before its day"


def test_a_draft_or_an_event_without_a_kit_or_a_kit_without_goals_asks_nothing(day):
    from_kit()
    published()
    opened(released(code="no-goals", kpis=[]))
    assert Study.objects.count() == 0


def test_publishing_again_or_another_date_of_a_series_asks_nothing_new(day):
    version, store = released(), StoreFactory()
    made = events.open_series_from_kit(
        viewer=TESTS, store=store, version_id=version.public_id,
        round_=Round(rule="FREQ=WEEKLY;BYDAY=SA", starts_on=clock.now().date()),
    )  # fmt: skip
    first, second, *_ = sorted(made.opened.occurrences, key=lambda row: row.starts_at)
    for row in (first, second, second):
        events.publish(viewer=TESTS, event_id=row.public_id)
    study = Study.objects.get()
    assert (study.key, study.due_at) == (str(made.opened.series.public_id), first.starts_at + 180 * DAY)


@pytest.mark.parametrize("many", [1, 3])
def test_registering_takes_four_statements_however_many_and_two_when_it_is_there(day, many):
    version = released()
    made = [from_kit(version) for _ in range(many)]
    rows = [Published(str(one.occurrence.public_id)) for one in made]
    for wanted, new in ((4, many), (2, 0)):
        with transaction.atomic(), CaptureQueriesContext(connection) as seen:
            assert actions.preregister(viewer=TESTS, room="events", events=rows) == new
        asked = [q["sql"] for q in seen.captured_queries if "SAVEPOINT" not in q["sql"]]
        assert len(asked) == wanted, "\n".join(asked)


def test_an_event_without_a_kit_pays_nothing_for_it(day):
    with CaptureQueriesContext(connection) as seen:
        published()
    assert not [
        q["sql"] for q in seen.captured_queries if "measure_study" in q["sql"] or "kits_use" in q["sql"]
    ]


# ---- afterwards


@pytest.mark.parametrize(
    "change",
    [{"design": {"windows": [1]}}, {"title": "别的"}, {"due_at": AT}, {"protocol": {}}, {"key": "e-2"}],
)
def test_nobody_changes_a_registered_question(day, change):
    opened()
    with pytest.raises(IntegrityError, match="stays as it was written"), transaction.atomic():
        Study.objects.update(**change)
    with pytest.raises(IntegrityError, match="stays as it was written"), transaction.atomic():
        Study.objects.all().delete()
    Study.objects.update(state="running")  # its answer comes later


def test_control_arm_a_study_asked_by_hand_has_no_such_guard(day):
    StoreFactory()
    actions.plan_study(viewer=TESTS, title="x")
    assert Study.objects.update(title="y") == 1


def unguarded(**change):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE measure_study DISABLE TRIGGER measure_study_protocol_stays")
        Study.objects.update(**change)
        cursor.execute("ALTER TABLE measure_study ENABLE TRIGGER measure_study_protocol_stays")


@pytest.mark.parametrize(
    ("how", "fault"),
    [("untouched", "measure.no_orders"), ("design", "measure.protocol_changed"), ("protocol", "measure.protocol_changed"),
     ("everything", "measure.protocol_changed")],
)  # fmt: skip
def test_a_question_that_was_bent_behind_our_back_is_not_run(day, tmp_path, settings, how, fault):
    settings.TONGXIN_LAKE = tmp_path / "lake"
    opened()
    study = Study.objects.get()
    bent = study.protocol | {"design": study.design | {"windows": [4]}}
    if how != "untouched":
        changes = {
            "design": {"design": bent["design"]},
            "protocol": {"protocol": bent, "design": bent["design"]},
            "everything": {"protocol": bent, "design": bent["design"], "protocol_digest": digest(bent)},
        }
        unguarded(**changes[how])
    with clock.held(study.due_at):
        done = actions.run_study(study_id=study.pk)
    assert (done.state, done.faults) == ("failed", [fault])


def test_nobody_looks_before_the_day(day):
    opened()
    study = Study.objects.get()
    with clock.held(study.due_at - timedelta(seconds=1)), pytest.raises(Refused, match=r"^measure\.not_due$"):
        actions.run_study(study_id=study.pk)
    study.refresh_from_db()
    assert (study.state, study.started_at) == ("planned", None)


def test_on_its_day_it_is_given_to_the_worker_once_and_later_when_the_event_was_moved(day):
    version = released()
    event, _ = opened(version)
    later, _ = opened(version)
    due = Study.objects.get(key=str(event.public_id)).due_at
    events.move(
        viewer=TESTS, event_id=later.public_id, version=later.version,
        starts_at=later.starts_at + 14 * DAY, ends_at=later.ends_at + 14 * DAY,
    )  # fmt: skip
    for at, started in ((due - DAY, 0), (due, 1), (due + DAY, 0), (due + 14 * DAY, 1)):
        with clock.held(at):
            assert actions.start_due() == started


def test_a_study_by_hand_can_wait_for_its_day_too(day):
    StoreFactory()
    study = actions.plan_study(viewer=TESTS, title="四十次抽签", due_at=day + 30 * DAY)
    assert actions.start_due() == 0
    with clock.held(study.due_at):
        assert actions.start_due() == 1


def test_who_reads_what_is_planned_for_an_event(day):
    event, _ = opened()
    elsewhere = StoreFactory()
    subject = ("events", str(event.public_id))
    for viewer, sees in (
        (staff(Role.HQ_ANALYST), True),
        (staff(Role.STORE_MANAGER, event.store), True),
        (staff(Role.STORE_MANAGER, elsewhere), False),
        (staff(Role.CHAMPION, event.store), False),
    ):
        found = queries.planned_for(viewer, subject)
        assert (found is not None) is sees
        if found is not None:
            assert (found.pre_registered, found.due_at) == (True, event.ends_at + 90 * DAY)
    assert queries.planned_for(TESTS, ("events", "nothing")) is None


def test_its_own_dates_have_a_code_of_their_own_and_other_stores_keep_the_kits(day):
    version = released()
    event, instance = opened(version)
    other, _ = opened(version)
    study = Study.objects.get(key=str(event.public_id))
    assert kit_codes(study) == {
        ("events", str(event.public_id)): f"little-baker@{instance.public_id}",
        ("events", str(other.public_id)): "little-baker",
    }
    assert set(kit_codes(Measurement()).values()) == {"little-baker"}


def test_the_api_shows_what_was_registered(day):
    event, _ = opened()
    account = Account.objects.create(handle="analyst-1", kind="staff")
    grant(viewer=TESTS, account=account, role=Role.HQ_ANALYST, brand=event.store.brand)
    _, token = accounts.issue_token(viewer=TESTS, account=account, scopes=ALL, name="test")
    actor = Actor("analyst", "staff", token=token)
    (line,) = api(actor, "GET", "/api/v1/studies").json()["items"]
    assert (line["pre_registered"], line["state"]) == (True, "planned")
    assert line["due_at"].startswith(f"{event.ends_at + 90 * DAY:%Y-%m-%d}")
    study = api(actor, "GET", f"/api/v1/studies/{line['id']}").json()
    assert study["protocol"]["controls"] == "never_and_later_joiners"
    assert study["protocol_digest"].startswith("sha256:")
