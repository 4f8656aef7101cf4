"""A study from the database and the lake gives the digits of one from the files; who must not be in it is not."""

import json
from types import SimpleNamespace

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from django.db import transaction
from django.test import override_settings

from rings.chain import SYSTEM
from tongxin.compass import design as designs
from tongxin.compass import study as compass
from tongxin.compass.dataset import open_sources
from tongxin.compass.simulate.world import Effect, make
from tongxin.connect.files.actions import Wish, import_files
from tongxin.measure import queries
from tongxin.measure.actions import plan_study, run_study, studies
from tongxin.people.actions import flag_staff, merge, set_consent
from tongxin.people.models import Customer
from tongxin.people.queries import people_by_code
from tongxin.people.terms import MergeReason, Purpose
from tongxin.stores.actions import open_brand

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
FULL = {"draws": 99, "min_cohort": 1, "kpis": ["spend_per_month", "orders_per_month"]}
# The rest is about who is in, not about every window and number.
ASKED = FULL | {"draws": 29, "windows": [3], "kpis": ["spend_per_month"]}


@pytest.fixture(scope="module")
def world():
    return make(
        "level", Effect(share=0.25), np.random.default_rng(5), members=800, stores=12, join_share=0.3
    ).tables


@pytest.fixture(scope="module")
def chain(world, tmp_path_factory, django_db_setup, django_db_blocker):
    """The world, imported as anybody's files are; once for the module, each test in a savepoint of its own."""
    folder = tmp_path_factory.mktemp("files")
    for name, table in world.items():
        pq.write_table(table, folder / f"{name}.parquet")
    lake = override_settings(TONGXIN_LAKE=tmp_path_factory.mktemp("chain") / "lake")
    with lake, django_db_blocker.unblock(), transaction.atomic():
        open_brand(viewer=SYSTEM, code="sim", name="模拟连锁")
        reports = import_files(viewer=SYSTEM, paths=[folder], wish=Wish(source="till"))
        assert [report.refused for report in reports] == [0] * len(reports)
        with django_db_blocker.block():
            yield SimpleNamespace(
                person=lambda code: Customer.objects.get(pk=people_by_code([code], source="till")[code])
            )
        transaction.set_rollback(True)


def numbers(plain):
    """The parts of study.json that carry digits; codes of people are not among them."""
    parts = ("population", "balance", "kpis", "event_study", "checks")
    return json.loads(json.dumps({part: plain[part] for part in parts}))


def test_the_same_digits_from_the_database_as_from_the_files(world, chain):
    study = plan_study(viewer=SYSTEM, title="参加之后", design=FULL)
    kept = run_study(study_id=study.pk)
    assert (kept.state, kept.faults) == ("done", [])
    dataset = open_sources(world)
    base, notes = designs.default_for(dataset)
    direct = compass.run(dataset, designs.from_mapping(FULL, base), notes=notes).as_json()
    assert numbers(kept.answer) == numbers(direct)
    assert kept.answer["words"] == direct["words"]
    assert kept.answer["kpis"][0]["effect"] is not None, "the world is large enough for a number"
    # what is kept beside the numbers
    assert kept.fingerprint.startswith("sha256:")
    assert kept.verdict == next(k["verdict"] for k in direct["kpis"] if k["primary"])
    assert set(kept.pictures["zh"]) == {"event_study", "forest", "love_plot", "naive_honest"}
    assert all(chart["svg"].startswith("<svg") for chart in kept.pictures["en"].values())
    assert kept.report_html.startswith("<!doctype html>")
    for name in (
        "event_study",
        "forest",
        "love_plot",
    ):  # the report shows what was drawn, in its own language
        assert kept.pictures["zh"][name]["svg"] in kept.report_html
        assert kept.pictures["en"][name]["svg"] in kept.report_en
    assert 'lang="en"' in kept.report_en
    assert queries.studies(SYSTEM).items[0].said_zh == direct["words"]["zh"]
    # no code of a person leaves with the answer
    said = json.dumps(kept.answer) + kept.report_html + json.dumps(kept.pictures)
    assert not any(code in said for code in world["members"]["member_code"].to_pylist())
    # done is done: the job may come twice
    again = run_study(study_id=study.pk)
    assert (again.at, again.started_at) == (kept.at, kept.started_at)


def joiners(world):
    rows = world["participation"].filter(pc.equal(world["participation"]["status"], "checked_in"))
    return sorted(rows["member_code"].unique().to_pylist())


def agreeing(world):
    """Codes of those who agree to be measured."""
    return world["members"].filter(world["members"]["consent_measurement"])["member_code"].to_pylist()


def excluded(study):
    return {row["reason"]: row["n"] for row in study.answer["population"]["excluded"]}


def test_switched_off_and_staff_leave_both_arms_and_are_counted(world, chain, undrawn):
    refused = pc.sum(pc.invert(world["members"]["consent_measurement"])).as_py()
    before = run_study(study_id=plan_study(viewer=SYSTEM, title="before", design=ASKED).pk)
    assert excluded(before)["measurement_refused"] == refused
    assert "staff" not in excluded(before)
    said_yes = set(
        world["members"].filter(world["members"]["consent_measurement"])["member_code"].to_pylist()
    )
    off, colleague = [code for code in joiners(world) if code in said_yes][:2]
    set_consent(
        viewer=SYSTEM,
        customer=chain.person(off),
        purpose=Purpose.MEASUREMENT,
        granted=False,
        notice_version="1",
        channel="desk",
    )
    flag_staff(viewer=SYSTEM, customer=chain.person(colleague), is_staff=True)
    after = run_study(study_id=plan_study(viewer=SYSTEM, title="after", design=ASKED).pk)
    assert excluded(after)["measurement_refused"] == refused + 1
    assert excluded(after)["staff"] == 1
    assert after.fingerprint != before.fingerprint


def test_merged_entries_are_one_member(world, chain, undrawn):
    # Two who agree to be measured, and one of them without a paid period: of two answers the newest one would hold for both.
    agreed = set(agreeing(world)) - set(world["memberships"]["member_code"].to_pylist())
    one = min(agreed & set(joiners(world)))
    # A person stands at the smallest of their codes; the random draws of an interval follow that order.
    other = min(code for code in agreed - set(joiners(world)) if code > one)
    merge(
        viewer=SYSTEM, source=chain.person(other), target=chain.person(one), reason=MergeReason.CARD_REPLACED
    )
    kept = run_study(study_id=plan_study(viewer=SYSTEM, title="merged", design=ASKED).pk)
    # the independent twin: the same files with one code in place of the other
    orders = world["orders"]
    mapped = pc.if_else(pc.equal(orders["member_code"], other), one, orders["member_code"])
    orders = orders.set_column(orders.column_names.index("member_code"), "member_code", mapped)
    people = world["members"].filter(pc.not_equal(world["members"]["member_code"], other))
    dataset = open_sources(world | {"orders": orders, "members": people})
    base, notes = designs.default_for(dataset)
    direct = compass.run(dataset, designs.from_mapping(ASKED, base), notes=notes).as_json()
    assert numbers(kept.answer)["population"] == numbers(direct)["population"]
    assert numbers(kept.answer)["kpis"] == numbers(direct)["kpis"]
    assert kept.answer["population"]["never_joiners"] == direct["population"]["never_joiners"]


def test_one_world_a_study(world, chain, undrawn):
    Customer.objects.filter(pk=chain.person(joiners(world)[0]).pk).update(simulated=True)
    real = run_study(study_id=plan_study(viewer=SYSTEM, title="real", design=ASKED).pk)
    assert (real.simulated, excluded(real)["simulated"]) == (False, 1)
    Customer.objects.update(simulated=True)
    acted = run_study(study_id=plan_study(viewer=SYSTEM, title="acted", design=ASKED).pk)
    assert acted.simulated
    assert "simulated" not in excluded(acted)


def test_a_study_of_one_store_holds_the_members_of_that_store(world, chain, undrawn):
    store = chain.person(joiners(world)[0]).home_store
    kept = run_study(study_id=plan_study(viewer=SYSTEM, title="one", design=ASKED, store=store).pk)
    assert kept.state == "done"
    assert excluded(kept)["elsewhere"] == Customer.objects.exclude(home_store=store).count()
    assert kept.answer["population"]["treated"] < 100
    assert kept.verdict == "cannot_be_said"


def test_what_the_engine_cannot_read_is_a_failed_study_with_its_faults(chain):
    kept = run_study(study_id=plan_study(viewer=SYSTEM, title="bad", design={"primary": "happiness"}).pk)
    assert kept.state == "failed"
    assert kept.faults[0].startswith("design.primary")


def test_a_fault_of_ours_is_not_hidden(chain, undrawn, monkeypatch):
    study = plan_study(viewer=SYSTEM, title="broken", design=ASKED)

    def breaks(*_args):
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(studies, "_answered", breaks)
        with pytest.raises(MemoryError):
            run_study(study_id=study.pk)
    study.refresh_from_db()
    assert (study.state, study.faults) == ("failed", ["fault: MemoryError"])
    assert run_study(study_id=study.pk).state == "done"
