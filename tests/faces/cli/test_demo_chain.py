"""The simulated chain, smaller: what was planted in its orders is what the study over its draws finds.

The seed of a draw is secret, so every run is another lot. The interval here is one of 99.99 %: at 95 % this file would fail one
time in twenty, rightly. What is planted is twice the demo's, because eight small draws see thirty yuan only most of the time.
"""

import sys

import pytest
from django.test import override_settings

from events.after_setup import staff
from tongxin.compass import design as designs
from tongxin.compass import study as compass
from tongxin.compass.simulate.world import Effect
from tongxin.events.queries import counters_wrong
from tongxin.faces.cli import demo_chain, demo_chain_desk
from tongxin.faces.cli.demo_chain import Size
from tongxin.foundation import clock
from tongxin.kits.models import Use
from tongxin.measure import actions as measure
from tongxin.measure import queries
from tongxin.measure.actions import worker
from tongxin.measure.extract import extract
from tongxin.measure.models import Study
from tongxin.people.models import Customer, Deed
from tongxin.rings import actions as rings
from tongxin.rings.models import Placement
from tongxin.stores.terms import Role

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
SMALL = Size(
    stores=8, members=32, months=5, before=7, draws=8, entrants=30, regulars=2, tastings=2, open_draws=1,
    check_days=1,
    level=0.9999, threshold=20.0,
)  # fmt: skip


def test_the_study_over_all_draws_finds_what_was_planted_and_nothing_where_nothing_was(
    noon, tmp_path, monkeypatch, undrawn
):
    monkeypatch.delitem(sys.modules, worker.WEB, raising=False)
    year = demo_chain.live(noon, SMALL)
    registered = Study.objects.get(pk=year.study)
    assert registered.registered_at == clock.day_start(year.first), "before the first draw"

    # Everything was done by the actions: nobody is real, nothing lies ahead, every counter is right.
    assert not Customer.objects.filter(simulated=False).exists()
    assert not Deed.objects.filter(occurred_at__gt=noon).exists()
    assert counters_wrong() == []
    counts = year.days.counts
    assert (counts["draws"], counts["won"], counts["lost"]) == (8, 112, 128)
    assert counts["talk"] == Deed.objects.filter(source_system="demo-chain").count() > 0
    assert Deed.objects.filter(kind="lost_draw").count() == 128
    assert Use.objects.values("version__number").distinct().count() >= 2
    assert Placement.objects.exists()
    # every round of a kit has its question written down, each before it began
    asked = Study.objects.exclude(key="")
    assert asked.count() >= 8 + 8
    assert all(study.registered_at.isoformat() < study.protocol["due_at"] for study in asked)
    assert asked.filter(protocol__controls="lost_draw").count() == 8 + 1, "one is open still"

    # what waits for headquarters: who keeps a place going is a candidate, and is asked by a named person
    with clock.held(noon):
        rings.recompute(viewer=demo_chain.BUILDER)
    headquarters = staff(year.chain.stores[0], Role.ADMIN)
    desk = demo_chain_desk.build(noon, year.chain, headquarters)
    assert (desk["reports"], desk["plans"]) == (1, 1)
    assert desk["invited"] >= desk["inner"] > 0
    assert Placement.objects.filter(ring="inner", period__upper_inf=True).count() == desk["inner"]

    # control arm: the same year, the same lots, with no effect in the orders
    with override_settings(TONGXIN_LAKE=tmp_path / "without"):
        truth = demo_chain.ring_up(year, Effect())
        assert truth["gained"] == 0
        nothing = primary(answered(registered, noon))
    assert nothing["verdict"] in {"no_evidence", "cannot_be_said"}
    assert nothing["ci"] is None or nothing["ci"][0] <= 0 <= nothing["ci"][1]

    with override_settings(TONGXIN_LAKE=tmp_path / "with"):
        truth = demo_chain.ring_up(year, Effect(yuan=60.0))
        with clock.held(noon):
            study = measure.run_study(study_id=year.study)
    assert 45 < truth["gained"] < 60
    assert (study.state, study.simulated, study.verdict) == ("done", True, "positive")
    found = primary(study.answer)
    assert found["ci"][0] <= truth["gained"] <= found["ci"][1]
    assert found["ci"][0] > 0, (
        "three months of sixty yuan are seen (eight standard errors from a lot that would hide them)"
    )
    assert study.answer["design"]["pre_registered"] is True
    assert study.answer["checks"]["draw"]["blocks"] == 8
    assert "由抽签决定" in queries.studies(demo_chain.BUILDER).items[-1].said_zh


def answered(registered, now):
    """The same registered design, read but not kept."""
    with clock.held(now), extract(registered) as found:
        base, notes = designs.default_for(found.dataset)
        design = designs.from_mapping(registered.design, base)
        return compass.run(found.dataset, design, now=now, notes=notes).as_json()


def primary(answer):
    return next(kpi for kpi in answer["kpis"] if kpi["primary"])
