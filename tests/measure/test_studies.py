"""Planning and reading studies; the one in the worker stands in test_run.py."""

import sys
from types import ModuleType

import pytest
from django.db import connection, transaction

from rings.chain import SYSTEM, open_chain, staff
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.measure import actions, queries, tasks, terms
from tongxin.measure.actions import worker
from tongxin.measure.models import Study
from tongxin.stores.actions import open_region
from tongxin.stores.terms import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def stores():
    return open_chain()


def jobs():
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args, lock, queueing_lock FROM procrastinate_jobs ORDER BY id")
        return cursor.fetchall()


def refused(code):
    return pytest.raises(Refused, match=f"^{code}$")


def test_a_plan_is_a_row_a_job_and_an_act(stores):
    before = len(jobs())
    analyst = staff(Role.HQ_ANALYST)
    study = actions.plan_study(viewer=analyst, title=" 参加之后 ", treated="event:E1", design={"seed": 3})
    assert (study.title, study.state, study.asked_by_name) == ("参加之后", "planned", analyst.name)
    assert study.design == {"treated": "event:E1", "seed": 3}
    ((name, args, lock, queueing),) = jobs()[before:]
    assert (name, str(args).count(str(study.pk)) > 0, lock, queueing) == (
        "measure.run_study",
        True,
        "measure",
        None,
    )
    assert Entry.objects.get(act="measure.study_planned").subject_id == str(study.public_id)


@pytest.mark.parametrize("fails", [True, False])
def test_no_row_without_its_job(stores, fails):
    before = len(jobs())
    with transaction.atomic():
        actions.plan_study(viewer=SYSTEM, title="x")
        transaction.set_rollback(fails)
    assert (Study.objects.count(), len(jobs()) - before) == ((0, 0) if fails else (1, 1))


def test_who_may_not_ask_leaves_nothing_behind(stores):
    for viewer in (
        staff(Role.STORE_MANAGER, stores[0]),
        staff(Role.CHAMPION, stores[0]),
        staff(Role.AUDITOR),
    ):
        with refused("forbidden"):
            actions.plan_study(viewer=viewer, title="x")
    with refused("measure.design_bad"):
        actions.plan_study(viewer=SYSTEM, title="x", design={"nonsense": 1})
    assert Study.objects.count() == 0


def test_who_reads_what(stores):
    region = open_region(viewer=SYSTEM, code="E", name="华东")
    stores[0].region = region
    stores[0].save()
    plan = {
        "chain": actions.plan_study(viewer=SYSTEM, title="chain"),
        "near": actions.plan_study(viewer=SYSTEM, title="near", store=stores[0]),
        "far": actions.plan_study(viewer=SYSTEM, title="far", store=stores[1]),
        "region": actions.plan_study(viewer=SYSTEM, title="region", region=region),
    }
    sees = {
        staff(Role.ADMIN): {"chain", "near", "far", "region"},
        staff(Role.HQ_ANALYST): {"chain", "near", "far", "region"},
        staff(Role.AUDITOR): {"chain", "near", "far", "region"},
        staff(Role.REGION_MANAGER, stores[0]): {"chain", "near", "region"},
        staff(Role.REGION_MANAGER): {"chain", "near", "far", "region"},
        staff(Role.STORE_MANAGER, stores[1]): {"chain", "far"},
        staff(Role.CHAMPION, stores[0]): set(),
        staff(Role.DOOR, stores[0]): set(),
    }
    for viewer, titles in sees.items():
        assert {line.title for line in queries.studies(viewer).items} == titles
        for title, study in plan.items():
            if title in titles:
                assert queries.access_study(viewer, str(study.public_id)).title == title
            else:
                with refused("absent"):
                    queries.access_study(viewer, study.public_id)
    with refused("absent"):
        queries.access_study(SYSTEM, "nonsense")
    first = queries.studies(SYSTEM, limit=3)
    rest = queries.studies(SYSTEM, limit=3, cursor=first.cursor)
    assert [line.title for line in (*first.items, *rest.items)] == ["region", "far", "near", "chain"]


def test_a_web_worker_runs_no_study(stores, monkeypatch):
    study = actions.plan_study(viewer=SYSTEM, title="x")
    monkeypatch.setitem(sys.modules, worker.WEB, ModuleType(worker.WEB))
    with refused("measure.in_web_worker"):
        actions.run_study(study_id=study.pk)
    study.refresh_from_db()
    assert study.state == "planned"


def test_control_arm_without_a_web_server_the_study_is_tried(stores):
    study = actions.plan_study(viewer=SYSTEM, title="x")
    with refused("absent"):
        actions.run_study(study_id=0)
    run = actions.run_study(study_id=study.pk)
    assert (run.state, run.faults) == ("failed", ["measure.no_orders"])
    assert Entry.objects.filter(act="measure.study_failed").count() == 1


def test_every_state_has_its_words():
    assert set(terms.STATES) == set(terms.StudyState)


def test_the_job_answers_with_the_state(stores):
    study = actions.plan_study(viewer=SYSTEM, title="x")
    assert tasks.run_study(study_id=study.pk) == "failed"
