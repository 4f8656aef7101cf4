"""Measurements: asked once, answered in the worker, kept without a person, read by who reaches the place."""

import pytest
from django.db import connection
from django.test import override_settings

from rings.chain import SYSTEM, open_chain, staff
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.measure import actions, queries, tasks
from tongxin.measure.actions import measurements, worker
from tongxin.measure.models import Measurement
from tongxin.stores.actions import open_region
from tongxin.stores.terms import Role

pytestmark = [pytest.mark.django_db]


def jobs():
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, lock FROM procrastinate_jobs ORDER BY id")
        return cursor.fetchall()


def refused(code):
    return pytest.raises(Refused, match=f"^{code}$")


@pytest.mark.usefixtures("noon")
def test_asking_is_a_row_a_job_and_an_act():
    open_chain()
    before = len(jobs())
    asked = actions.ask_measurement(viewer=staff(Role.HQ_ANALYST), kind="concentration")
    assert jobs()[before:] == [("measure.run_measurement", "measure")]
    assert (asked.state, Measurement.objects.count()) == ("planned", 1)
    assert Entry.objects.get(act="measure.measurement_asked").subject_id == str(asked.public_id)


@pytest.mark.usefixtures("noon")
def test_who_may_ask_and_for_what():
    store, _ = open_chain()
    for viewer in (staff(Role.STORE_MANAGER, store), staff(Role.AUDITOR), staff(Role.CHAMPION, store)):
        with refused("forbidden"):
            actions.ask_measurement(viewer=viewer, kind="concentration")
    with refused("measure.kind_unknown"):
        actions.ask_measurement(viewer=SYSTEM, kind="happiness")
    assert not Measurement.objects.exists()


@pytest.mark.usefixtures("noon")
def test_who_reads_what():
    near, far = open_chain()
    region = open_region(viewer=SYSTEM, code="east", name="华东")
    asked = {
        name: actions.ask_measurement(viewer=SYSTEM, kind="concentration", **place)
        for name, place in {"chain": {}, "near": {"store": near}, "far": {"store": far}, "region": {"region": region}}.items()
    }  # fmt: skip

    def seen(viewer):
        return {name for name, row in asked.items() if row.public_id in
                {line.public_id for line in queries.measurements(viewer).items}}  # fmt: skip

    assert seen(staff(Role.AUDITOR)) == set(asked)
    assert seen(staff(Role.STORE_MANAGER, near)) == {"chain", "near"}
    assert seen(staff(Role.CHAMPION, near)) == set()
    with refused("absent"):
        queries.access_measurement(staff(Role.STORE_MANAGER, near), asked["far"].public_id)
    with refused("absent"):
        queries.access_measurement(SYSTEM, "nonsense")
    assert queries.measurements(SYSTEM, kind="ees").items == ()


@pytest.mark.usefixtures("noon")
def test_never_in_a_process_that_serves_pages(monkeypatch):
    open_chain()
    asked = actions.ask_measurement(viewer=SYSTEM, kind="concentration")
    monkeypatch.setitem(worker.sys.modules, worker.WEB, worker.sys)
    with refused("measure.in_web_worker"):
        actions.run_measurement(measurement_id=asked.pk)


@pytest.mark.usefixtures("noon")
def test_without_orders_it_fails_and_says_why(tmp_path):
    open_chain()
    asked = actions.ask_measurement(viewer=SYSTEM, kind="concentration")
    with override_settings(TONGXIN_LAKE=tmp_path / "lake"):
        assert tasks.run_measurement(asked.pk) == "failed"
    asked.refresh_from_db()
    assert asked.faults == ["measure.no_orders"]
    with refused("absent"):
        actions.run_measurement(measurement_id=0)


@pytest.mark.usefixtures("noon")
def test_a_fault_of_ours_is_not_hidden(tmp_path, monkeypatch):
    open_chain()
    asked = actions.ask_measurement(viewer=SYSTEM, kind="concentration")

    def breaks(*_args):
        raise MemoryError

    monkeypatch.setattr(measurements, "_answered", breaks)
    with pytest.raises(MemoryError):
        actions.run_measurement(measurement_id=asked.pk)
    asked.refresh_from_db()
    assert (asked.state, asked.faults) == ("failed", ["fault: MemoryError"])
